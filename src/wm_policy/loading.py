"""From the path of a policy to a policy that may run, or to the reasons why it may not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wm_control.robot.description import RobotDescription
from wm_policy.checking.consistency import problems
from wm_policy.checking.golden import golden_problems
from wm_policy.checking.plausibility import doubts
from wm_policy.errors import PolicyError, PolicyFileError, UnforeseenError
from wm_policy.loaders.overlay import apply_overlay
from wm_policy.loaders.refusal import refusals
from wm_policy.loaders.sources import Source, find_sources
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
    best: Examination | None = None
    try:
        for source in find_sources(path, overlay):
            found = _examine(path, source, robot, clock)
            if best is None or found.manifest is not None:
                best = found
            if best.manifest is not None:
                break  # the first that says everything
    except Exception as error:  # whatever strangers write into files, it must only be refused
        if best is None:
            return Examination(path, _network_alone(path), None, None, None, _reasons(path, error))
    assert best is not None, "there is a source, or the reason why not"
    return best


def _examine(
    path: Path, source: Source, robot: RobotDescription, clock: Callable[[], float]
) -> Examination:
    """Examine one reading of a policy's files."""
    manifest: Manifest | None = None
    policy: Policy | None = None
    try:
        manifest = read_manifest(source, robot)
        found = find_problems(manifest, source, robot)
        if not found:
            policy = Policy(manifest, source.network, robot, clock)
            found = golden_problems(policy, robot, source.file)
        reasons = tuple(found)
    except Exception as error:
        reasons = _reasons(path, error)
    reasons = tuple(_by_its_author(reason, source) for reason in reasons)
    return Examination(path, source.network, source, manifest, policy, reasons)


def _by_its_author(reason: PolicyError, source: Source) -> PolicyError:
    """Name the overlay where it is the overlay that says the field, not the policy's own file."""
    parts = re.split(r"[.\[ ]", reason.field)
    path = parts[:2] if parts[0] in ("action", "gains", "phase", "command") else parts[:1]
    if reason.file != str(source.file) or source.overlay.said(*path) is None:
        return reason
    return type(reason)(source.overlay.file, reason.field, reason.expected, reason.found)


def _reasons(path: Path, error: Exception) -> tuple[PolicyError, ...]:
    """Return an error as reasons for a refusal; one that nobody thought of is one as well."""
    if isinstance(error, ManifestErrors):
        return tuple(error.errors)
    if isinstance(error, PolicyError):
        return (error,)
    if isinstance(error, OSError):
        return (PolicyFileError(path, "file", "a file that can be read", error.strerror),)
    text = f"{type(error).__name__}: {error} (please report this)"
    return (UnforeseenError(path, "content", "what a loader can read", text),)


def _network_alone(path: Path) -> NetworkFile | None:
    """Read what a file says as a network although its policy is not known."""
    try:
        return read_network(path) if path.suffix.lower() == ".onnx" else None
    except Exception:  # the reason is already known
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
    found = problems(manifest, source.network, robot, source.file)
    return found or doubts(manifest, source.network, robot, source.file)


def network_entry(source: Source) -> dict[str, Any]:
    """Return the manifest's ``network`` for files that do not state hashes."""
    network = source.network
    entry: dict[str, Any] = {"file": network.path.name, "sha256": network.sha256}
    return {**entry, "data": dict(network.data)} if network.data else entry
