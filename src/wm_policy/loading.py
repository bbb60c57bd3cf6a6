"""From the path of a policy to a policy that may run, or to the reasons why it may not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wm_control.robot.description import RobotDescription
from wm_policy.checking.consistency import problems
from wm_policy.checking.golden import golden_problems
from wm_policy.checking.plausibility import doubts
from wm_policy.errors import PolicyError, UnforeseenError
from wm_policy.loaders.overlay import apply_overlay
from wm_policy.loaders.refusal import refusals
from wm_policy.loaders.sources import Source, find_source
from wm_policy.manifest import Manifest
from wm_policy.network import NetworkFile, read_network
from wm_policy.policy import Policy
from wm_policy.schema import ManifestErrors, build_manifest


@dataclass(frozen=True, slots=True)
class Examination:
    """All that is known of a policy file.

    network, source, manifest, policy: as far as it came. problems: why it must not start; empty
    when it may.
    """

    path: Path
    network: NetworkFile | None
    source: Source | None
    manifest: Manifest | None
    policy: Policy | None
    problems: tuple[PolicyError, ...]

    @property
    def ok(self) -> bool:
        """Whether the policy may start."""
        return self.policy is not None and not self.problems


def load_policy(
    path: Path,
    robot: RobotDescription,
    overlay: Path | None = None,
    clock: Callable[[], float] = lambda: 0.0,
) -> Policy:
    """Return a policy that may run; PolicyError, the first of its problems, otherwise.

    path: ONNX file, metadata file, overlay or folder. clock: for the time of an inference.
    """
    examination = examine(path, robot, overlay, clock)
    for problem in examination.problems:
        raise problem
    assert examination.policy is not None
    return examination.policy


def examine(
    path: Path,
    robot: RobotDescription,
    overlay: Path | None = None,
    clock: Callable[[], float] = lambda: 0.0,
) -> Examination:
    """Find out everything about a policy file; raises nothing for what is wrong with it."""
    source: Source | None = None
    manifest: Manifest | None = None
    policy: Policy | None = None
    try:
        source = find_source(path, overlay)
        manifest = read_manifest(source, robot)
        found = find_problems(manifest, source, robot)
        if not found:
            policy = Policy(manifest, source.network, robot, clock)
            found = golden_problems(policy, robot, source.file)
    except ManifestErrors as error:
        found = error.errors
    except PolicyError as error:
        found = [error]
    except Exception as error:  # whatever strangers write into files, it must only be refused
        text = f"{type(error).__name__}: {error} (please report this)"
        found = [UnforeseenError(path, "content", "what a loader can read", text)]
    network = source.network if source else _network_alone(path)
    return Examination(path, network, source, manifest, policy, tuple(found))


def _network_alone(path: Path) -> NetworkFile | None:
    """Read what a file says as a network although its policy is not known."""
    try:
        return read_network(path) if path.suffix == ".onnx" else None
    except PolicyError:
        return None


def read_manifest(source: Source, robot: RobotDescription) -> Manifest:
    """Translate, complete and validate the metadata; PolicyError or ManifestErrors if wrong."""
    content = source.translate(source.network, source.file, robot.joint_names, source.overlay)
    content = apply_overlay(content, source.overlay, robot.joint_names)
    wrong = list(refusals(content))
    if wrong:
        raise ManifestErrors(wrong)
    content.setdefault("network", network_entry(source))
    return build_manifest(content, source.file)


def find_problems(manifest: Manifest, source: Source, robot: RobotDescription) -> list[PolicyError]:
    """Compare the manifest with network and robot."""
    found = problems(manifest, source.network, robot.joint_names, source.file)
    return found or doubts(manifest, source.network, robot, source.file)


def network_entry(source: Source) -> dict[str, Any]:
    """Return the manifest's ``network`` for files that do not state hashes."""
    network = source.network
    entry: dict[str, Any] = {"file": network.path.name, "sha256": network.sha256}
    return {**entry, "data": dict(network.data)} if network.data else entry
