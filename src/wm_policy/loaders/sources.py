"""Which files make up a policy: the metadata, the network, and an overlay that completes them.

A user may name any of them, or their folder. What lies inside an ONNX file comes before what lies
beside it; where more than one reading is possible, the policy is refused and the readings named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wm_control.share import ShareNotFoundError, share_directory
from wm_policy.errors import MissingValueError, PolicyFileError
from wm_policy.loaders import holosoma, leapp, mjlab, own, unitree_deploy
from wm_policy.loaders.overlay import NOTHING, Overlay, is_overlay, read_overlay
from wm_policy.loaders.yaml_file import read_yaml_file
from wm_policy.network import NetworkFile, read_network

Translate = Callable[[NetworkFile, Path, Sequence[str], Overlay], dict[str, Any]]

BARE: Final = "bare"
"""Family of a network that carries nothing; its overlay says everything."""

_SUFFIXES: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Source:
    """A policy's files. file: where its metadata is. translate: its format's loader."""

    family: str
    file: Path
    network: NetworkFile
    overlay: Overlay
    translate: Translate


def find_source(path: Path, overlay: Path | None = None) -> Source:
    """Return the files that ``path`` means: a network, a metadata file, an overlay or a folder.

    overlay: given by the user; without one, a shipped overlay of this very network is taken
    (``config/policies/``). PolicyFileError when something is absent or ambiguous.
    """
    if path.is_dir():
        path = _in_folder(path)
    if not path.is_file():
        raise PolicyFileError(path, "file", "a policy", "no such file")
    said = None if overlay is None else read_overlay(overlay)
    if path.suffix not in _SUFFIXES:
        return _of_network(read_network(path), said)
    content = read_yaml_file(path)
    keys = tuple(str(key) for key in content)
    if is_overlay(content):
        return _of_overlay(path, said)
    if own.is_own(keys):
        return _source(own.FAMILY, path, own.network_path(path), own.translate, said)
    if leapp.is_leapp(keys):
        network = path.parent / leapp.network_name(path)
        return _source(leapp.FAMILY, path, network, leapp.translate, said)
    if unitree_deploy.is_deploy(keys):
        network = _network_of_deploy(path)
        return _source(unitree_deploy.FAMILY, path, network, unitree_deploy.translate, said)
    expected = "manifest_version, overlay_version, joint_ids_map (deploy.yaml) or models (LEAPP)"
    raise PolicyFileError(path, "file", expected, ", ".join(keys[:8]) or "nothing")


def _source(
    family: str, file: Path, network: Path, translate: Translate, overlay: Overlay | None
) -> Source:
    return _complete(family, file, read_network(network), translate, overlay)


def _complete(
    family: str, file: Path, network: NetworkFile, translate: Translate, overlay: Overlay | None
) -> Source:
    if overlay is not None:
        overlay.check_network(network)
    if overlay is None and family != own.FAMILY:  # our own manifests say everything themselves
        overlay = shipped_overlay(network)
    chosen = overlay or NOTHING
    return Source(family, file, network, chosen, translate)


def _of_network(network: NetworkFile, overlay: Overlay | None) -> Source:
    """Metadata inside the file first, then beside it, then an overlay that says everything."""
    if mjlab.is_mjlab(network.metadata):
        return _complete(mjlab.FAMILY, network.path, network, mjlab.translate, overlay)
    if holosoma.is_holosoma(network.metadata):
        return _complete(holosoma.FAMILY, network.path, network, holosoma.translate, overlay)
    beside = list(_beside(network.path))
    if len(beside) > 1:
        names = ", ".join(path.name for path, _, _ in beside)
        raise PolicyFileError(network.path, "metadata", "one file beside it", names)
    if beside:
        file, family, translate = beside[0]
        return _complete(family, file, network, translate, overlay)
    chosen = overlay or shipped_overlay(network)
    if chosen is None:
        expected = "metadata in it, a manifest beside it, or an overlay (docs/policies.md)"
        raise MissingValueError(network.path, "metadata", expected, "nothing")
    return _complete(BARE, network.path, network, _nothing, chosen)


def _nothing(
    network: NetworkFile, file: Path, robot_joints: Sequence[str], overlay: Overlay
) -> dict[str, Any]:
    del network, file, robot_joints, overlay
    return {"manifest_version": 1, "family": own.FAMILY}


def _beside(network: Path) -> Iterator[tuple[Path, str, Translate]]:
    """Find metadata files of this network in its folder and in Unitree's ../params."""
    folders = [network.parent, network.parent.parent / "params"]
    files = [f for folder in folders for s in _SUFFIXES for f in sorted(folder.glob(f"*{s}"))]
    for file in files:
        content = _try_yaml(file)
        keys = tuple(str(key) for key in content)
        if own.is_own(keys) and _same(file.parent / _file_of(content), network):
            yield file, own.FAMILY, own.translate
        elif leapp.is_leapp(keys) and _same(file.parent / leapp.network_name(file), network):
            yield file, leapp.FAMILY, leapp.translate
        elif unitree_deploy.is_deploy(keys) and _same(_network_of_deploy(file), network):
            yield file, unitree_deploy.FAMILY, unitree_deploy.translate


def _try_yaml(file: Path) -> Mapping[str, Any]:
    """Content of a file beside a network; one that means no policy is none of our business."""
    if file.stem == "deploy" or "manifest" in file.name:
        return read_yaml_file(file)
    try:
        return read_yaml_file(file)
    except Exception:  # not a policy's file, whatever it is
        return {}


def _file_of(content: Mapping[str, Any]) -> str:
    network = content.get("network")
    name = network.get("file") if isinstance(network, Mapping) else None
    return name if isinstance(name, str) else "?"


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _of_overlay(path: Path, said: Overlay | None) -> Source:
    """Follow an overlay that was named as the policy: it must say which network it means."""
    overlay = read_overlay(path)
    if said is not None:
        raise PolicyFileError(path, "file", "one overlay", f"another, {said.file}")
    if overlay.network is None:
        raise MissingValueError(path, "network", "the path of the network's file", "nothing")
    return _of_network(read_network(overlay.network), overlay)


def _network_of_deploy(path: Path) -> Path:
    """Return ``policy.onnx`` beside a deploy.yaml, in ../exported, or the only ONNX file there."""
    for folder in (path.parent, path.parent.parent / "exported"):
        if (folder / "policy.onnx").is_file():
            return folder / "policy.onnx"
    found = sorted(path.parent.glob("*.onnx"))
    if len(found) != 1:
        names = ", ".join(file.name for file in found) or "none"
        raise PolicyFileError(path, "network", "policy.onnx or one ONNX file beside it", names)
    return found[0]


def _in_folder(folder: Path) -> Path:
    """Return the one policy in a folder: its only network, or the manifest that names one."""
    networks = sorted(folder.glob("*.onnx"))
    manifests = [
        file
        for suffix in _SUFFIXES
        for file in sorted(folder.glob(f"*{suffix}"))
        if {"manifest_version", "overlay_version"} & set(_try_yaml(file))
    ]
    candidates = manifests if len(manifests) == 1 else networks
    if len(candidates) != 1:
        names = ", ".join(file.name for file in candidates) or "no ONNX file"
        raise PolicyFileError(folder, "folder", "one policy", names)
    return candidates[0]


def shipped_overlay(network: NetworkFile) -> Overlay | None:
    """Return the overlay of ``config/policies`` that belongs to this network, None without one."""
    try:
        folder = share_directory() / "config" / "policies"
    except ShareNotFoundError:
        return None
    for file in sorted(folder.glob("*.yaml")):
        overlay = read_overlay(file)
        if network.sha256 == overlay.sha256 or network.weights_sha256 == overlay.weights_sha256:
            return overlay
    return None
