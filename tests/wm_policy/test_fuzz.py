"""Hundreds of mutations of metadata: refused with a message, or the very same commands come out.

Every policy here has golden answers, as docs/policies.md advises: without them a number that is
changed within plausible bounds cannot be known to be wrong.
"""

import copy
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import yaml
from foreign_metadata import MJLAB_OVERLAY, holosoma_metadata, mjlab_metadata
from policy_files import G1, deploy_yaml, leg_manifest, write_yaml
from tiny_networks import linear, recurrent

from wm_policy.checking.golden import (
    record_golden,
    record_story,
    synthetic_command,
    synthetic_estimate,
)
from wm_policy.errors import UnforeseenError
from wm_policy.loading import examine, load_policy
from wm_policy.network import read_network
from wm_policy.policy import Policy

MUTATIONS_PER_FAMILY = 60
ODD_VALUES = [
    None,
    True,
    "",
    "0.25",
    "nan",
    -1,
    0,
    1e30,
    float("nan"),
    float("inf"),
    [],
    {},
    [[]],
    "../../etc/passwd",
    10**400,
]


@dataclass(frozen=True)
class Family:
    """A good policy: what is mutated, how it is written, which overlay completes it."""

    content: dict[str, Any]
    write: Callable[[Any, Path], Path]
    overlay: Path | None


def pinned(path: Path, folder: Path, network: Path, fill: dict[str, Any]) -> Path:
    """Write an overlay with golden answers for the network in whatever file carries its weights."""
    overlay = folder / "overlay.yaml"
    content = {
        "overlay_version": 1,
        "weights_sha256": read_network(network).weights_sha256,
        "fill": fill,
    }
    write_yaml(content, overlay)
    policy = load_policy(path, G1, overlay)
    golden = {"golden": [record_golden(policy)], "story": record_story(policy, G1)}
    return write_yaml({**content, "fill": {**fill, **golden}}, overlay)


def own(folder: Path) -> Family:
    network = recurrent(folder / "legs.onnx", 47, 12)
    content = leg_manifest(network)
    content["states"] = [
        {"input": "h_in", "output": "h_out"},
        {"input": "c_in", "output": "c_out"},
    ]
    policy = load_policy(write_yaml(content, folder / "legs.yaml"), G1)
    content["golden"] = [record_golden(policy)]
    content["story"] = record_story(policy, G1)
    return Family(content, lambda c, f: write_yaml(c, f / "legs.yaml"), None)


def deploy(folder: Path) -> Family:
    network = linear(folder / "policy.onnx", 5 * 96, 29)
    content = deploy_yaml(history=5)
    path = write_yaml(content, folder / "deploy.yaml")
    overlay = pinned(path, folder, network, {})
    return Family(content, lambda c, f: write_yaml(c, f / "deploy.yaml"), overlay)


def with_metadata(metadata: Any, path: Path) -> Path:
    model = onnx.load(str(path))
    del model.metadata_props[:]
    for key, value in metadata.items():
        entry = model.metadata_props.add()
        entry.key = key
        entry.value = value if isinstance(value, str) else json.dumps(value, default=str)
    onnx.save(model, str(path))
    return path


def mjlab(folder: Path) -> Family:
    network = linear(folder / "p.onnx", 96, 29, metadata=mjlab_metadata())
    overlay = pinned(network, folder, network, MJLAB_OVERLAY)
    split = {k: v.split(",") if "," in v else v for k, v in mjlab_metadata().items()}

    def write(content: Any, at: Path) -> Path:
        joined = {
            k: ",".join(map(str, v)) if isinstance(v, list) else v for k, v in content.items()
        }
        return with_metadata(joined, at / "p.onnx")

    return Family(split, write, overlay)


def holosoma(folder: Path) -> Family:
    metadata = holosoma_metadata()
    network = linear(folder / "p.onnx", 100, 29, metadata=metadata, input_name="actor_obs")
    fill = {
        "rate": 50.0,
        "default_position": [float(q) for q in G1.default_position],
        "action": {"scale": 0.25},
        "phase": {"frequency": 1.0},
    }
    overlay = pinned(network, folder, network, fill)
    content = {key: json.loads(text) for key, text in metadata.items()}
    return Family(content, lambda c, f: with_metadata(c, f / "p.onnx"), overlay)


THIRD_PARTY = Path(__file__).parents[3] / "shared" / "policies"


def leapp(folder: Path) -> Family:
    """The real one, where it is: a tiny network with as many tensors would say no more."""
    source = THIRD_PARTY / "wbc_agile_grove"
    if not source.is_dir():
        pytest.skip(f"the third-party policies are not in {THIRD_PARTY}")
    for file in source.glob("*"):
        (folder / file.name).write_bytes(file.read_bytes())
    (path,) = folder.glob("*.yaml")
    content = yaml.safe_load(path.read_text())
    return Family(content, lambda c, f: write_yaml(c, f / path.name), None)


FAMILIES = {
    "own": own,
    "deploy": deploy,
    "mjlab": mjlab,
    "holosoma": holosoma,
    "leapp": leapp,
}


def places(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in nested data but the root."""
    items = (
        content.items()
        if isinstance(content, dict)
        else enumerate(content)
        if isinstance(content, list)
        else ()
    )
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def mutate(content: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Change one thing: remove, rename, replace, scale, swap, drop or repeat."""
    changed = copy.deepcopy(content)
    by_top: dict[Any, list[tuple[Any, ...]]] = {}
    for place in places(changed):
        by_top.setdefault(place[0], []).append(place)
    *way, last = rng.choice(by_top[rng.choice(sorted(by_top))])
    parent = changed
    for key in way:
        parent = parent[key]
    value = parent[last]
    kind = rng.choice(["remove", "rename", "odd", "scale", "swap", "repeat"])
    if kind == "remove":
        del parent[last]
    elif kind == "rename" and isinstance(parent, dict):
        parent[f"{last}_"] = parent.pop(last)
    elif kind == "scale" and isinstance(value, (int, float)) and not isinstance(value, bool):
        parent[last] = value * rng.choice([-1, 0.5, 1.5, 2]) + rng.choice([0, 0.1])
    elif kind == "swap" and isinstance(value, list) and len(value) > 1:
        i, j = rng.sample(range(len(value)), 2)
        value[i], value[j] = value[j], value[i]
    elif kind == "repeat" and isinstance(value, list) and value:
        value.insert(rng.randrange(len(value)), copy.deepcopy(rng.choice(value)))
    else:
        parent[last] = copy.deepcopy(rng.choice(ODD_VALUES))
    return changed


def commands(policy: Policy) -> np.ndarray:
    """All that a policy commands over a synthetic walk, and when."""
    policy.reset()
    rows = []
    for k in range(60):
        step = policy.step(synthetic_estimate(G1, 0.02 * k), synthetic_command(0.02 * k))
        rows.append(np.concatenate([step.position, step.stiffness, step.damping]))
    return np.append(np.concatenate(rows), policy.manifest.rate)


@pytest.mark.parametrize("name", FAMILIES)
def test_mutated_metadata_is_refused_or_changes_no_command(name: str, tmp_path: Path) -> None:
    family = FAMILIES[name](tmp_path)
    good = examine(family.write(family.content, tmp_path), G1, family.overlay)
    assert good.ok
    expected = commands(good.policy)
    rng = random.Random(name)
    refused = 0
    for number in range(MUTATIONS_PER_FAMILY):
        content = mutate(family.content, rng)
        try:
            path = family.write(content, tmp_path)
        except (OverflowError, ValueError):
            continue  # this mutation cannot be written down
        found = examine(path, G1, family.overlay)
        for problem in found.problems:
            assert not isinstance(problem, UnforeseenError), (number, str(problem))
            assert problem.file, number
            assert problem.field, number
            assert ": expected " in str(problem)
            assert ", found " in str(problem)
        refused += not found.ok
        if found.ok:
            assert commands(found.policy) == pytest.approx(expected, rel=1e-3, abs=1e-3), number
    assert refused > MUTATIONS_PER_FAMILY / 5  # some files say much that is not needed


@pytest.mark.parametrize("name", ["own", "deploy"])
def test_mutated_text_is_refused_or_changes_no_command(name: str, tmp_path: Path) -> None:
    """Lines dropped, repeated, cut, indented, or spiked with tags and bytes."""
    family = FAMILIES[name](tmp_path)
    path = family.write(family.content, tmp_path)
    expected = commands(examine(path, G1, family.overlay).policy)
    lines = path.read_text().splitlines()
    rng = random.Random(name)
    for number in range(MUTATIONS_PER_FAMILY // 2):
        changed = list(lines)
        at = rng.randrange(len(changed))
        kind = rng.choice(["drop", "repeat", "cut", "indent", "tag", "byte"])
        line = changed[at]
        changed[at : at + 1] = {
            "drop": [],
            "repeat": [line, line],
            "cut": [line[: len(line) // 2]],
            "indent": [f"  {line}"],
            "tag": [f"{line} !!python/object/apply:os.getcwd []"],
            "byte": [line + chr(rng.choice([0, 7, 133, 8232, 65533]))],
        }[kind]
        path.write_text("\n".join(changed))
        found = examine(path, G1, family.overlay)
        if found.ok:
            assert commands(found.policy) == pytest.approx(expected, rel=1e-3, abs=1e-3), number
