"""Which files make up a policy: the metadata, the network, and an overlay that completes them.

A user may name any of them, or their folder. What lies inside an ONNX file comes before what lies
beside it, unless only the latter says everything: ``find_sources`` yields one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wm_control.configuration.share import ShareNotFoundError, share_directory
from wm_policy.errors import MissingValueError, PolicyFileError, absence
from wm_policy.loaders import holosoma, leapp, mjlab, own, unitree_deploy
from wm_policy.loaders.folders import (
    EXPORTED,
    PARAMS,
    SUFFIXES,
    metadata_files,
    network_of_deploy,
    policy_in_folder,
    try_yaml,
)
from wm_policy.loaders.overlay import NOTHING, Overlay, is_overlay, read_overlay
from wm_policy.loaders.yaml_file import read_yaml_file
from wm_policy.network import NetworkFile, read_network

Translate = Callable[[NetworkFile, Path, Sequence[str], Overlay], dict[str, Any]]

BARE: Final = "bare"
"""Family of a network that carries nothing; its overlay says everything."""


@dataclass(frozen=True, slots=True)
class Source:
    """A policy's files. file: where its metadata is. translate: its format's loader."""

    family: str
    file: Path
    network: NetworkFile
    overlay: Overlay
    translate: Translate


_INSIDE: Final[tuple[tuple[Callable[[Mapping[str, str]], bool], str, Translate], ...]] = (
    (mjlab.is_mjlab, mjlab.FAMILY, mjlab.translate),
    (holosoma.is_holosoma, holosoma.FAMILY, holosoma.translate),
)
"""Families that write metadata into the ONNX file: how it is known, its name and its loader."""


def find_sources(path: Path, overlay: Path | None = None) -> Iterator[Source]:
    """Yield what ``path`` may mean, the first choice first: a network, a metadata file, a folder.

    overlay: given by the user; without one, a shipped overlay of this very network is taken
    (``config/policies/``). PolicyFileError when something is absent or ambiguous.
    """
    if path.is_dir():
        path = policy_in_folder(path)
    if not path.is_file():
        raise PolicyFileError(path, "file", "a policy", absence(path))
    said = None if overlay is None else read_overlay(overlay)
    if path.suffix.lower() not in SUFFIXES:
        return _of_network(read_network(path), said)
    content = read_yaml_file(path)
    if is_overlay(content):
        return _of_overlay(path, said)
    return iter((_of_metadata(path, content, said),))


def _of_metadata(path: Path, content: Mapping[str, Any], said: Overlay | None) -> Source:
    keys = tuple(str(key) for key in content)
    if own.is_own(keys):
        return _source(own.FAMILY, path, own.network_path(path), own.translate, said)
    if leapp.is_leapp(keys):
        network = path.parent / leapp.network_name(path)
        return _source(leapp.FAMILY, path, network, leapp.translate, said)
    if unitree_deploy.is_deploy(keys):
        network = network_of_deploy(path)
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


def _of_network(network: NetworkFile, overlay: Overlay | None) -> Iterator[Source]:
    """Metadata inside the file first, then beside it, then an overlay that says everything."""
    inside = [(name, translate) for is_it, name, translate in _INSIDE if is_it(network.metadata)]
    for family, translate in inside:
        yield _complete(family, network.path, network, translate, overlay)
    beside = list(_beside(network.path))
    if len(beside) > 1:
        names = ", ".join(path.name for path, _, _ in beside)
        raise PolicyFileError(network.path, "metadata", "one file beside it", names)
    for file, family, translate in beside:
        yield _complete(family, file, network, translate, overlay)
    if inside or beside:
        return
    chosen = overlay or shipped_overlay(network)
    if chosen is None:
        expected = "metadata in it, a manifest beside it, or an overlay (docs/policies.md)"
        raise MissingValueError(network.path, "metadata", expected, "nothing")
    yield _complete(BARE, network.path, network, _nothing, chosen)


def _nothing(
    network: NetworkFile, file: Path, robot_joints: Sequence[str], overlay: Overlay
) -> dict[str, Any]:
    del network, file, robot_joints, overlay
    return {"manifest_version": 1, "family": own.FAMILY}


def _beside(network: Path) -> Iterator[tuple[Path, str, Translate]]:
    """Find metadata files of this network in its folder and in Unitree's ../params."""
    folders = [network.parent, network.parent.parent / PARAMS, network.parent / PARAMS]
    different = {folder.resolve(): folder for folder in folders}.values()
    for file in (file for folder in different for file in metadata_files(folder)):
        content = try_yaml(file)
        keys = tuple(str(key) for key in content)
        if own.is_own(keys) and _same(file.parent / _file_of(content), network):
            yield file, own.FAMILY, own.translate
        elif leapp.is_leapp(keys) and _same(file.parent / leapp.network_name(file), network):
            yield file, leapp.FAMILY, leapp.translate
        elif unitree_deploy.is_deploy(keys) and _describes(file, network):
            yield file, unitree_deploy.FAMILY, unitree_deploy.translate


def _file_of(content: Mapping[str, Any]) -> str:
    network = content.get("network")
    name = network.get("file") if isinstance(network, Mapping) else None
    return name if isinstance(name, str) else "?"


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _describes(deploy: Path, network: Path) -> bool:
    """Whether a deploy.yaml is about a network: a run's is about all that the run exported."""
    run = deploy.parent.name == PARAMS and network.parent.name == EXPORTED
    if run and _same(deploy.parent.parent, network.parent.parent):
        return True
    return _same(network_of_deploy(deploy), network)


def _of_overlay(path: Path, said: Overlay | None) -> Iterator[Source]:
    """Follow an overlay that was named as the policy: it must say which network it means."""
    overlay = read_overlay(path)
    if said is not None:
        raise PolicyFileError(path, "file", "one overlay", f"another, {said.file}")
    if overlay.network is None:
        raise MissingValueError(path, "network", "the path of the network's file", "nothing")
    return _of_network(read_network(overlay.network), overlay)


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
