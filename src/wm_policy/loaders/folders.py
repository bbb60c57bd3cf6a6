"""Which file of a folder is meant, in the layouts that exporters leave behind.

Unitree's runs have ``exported/policy.onnx`` and ``params/deploy.yaml``; others put everything into
one folder, networks of several checkpoints among it. One candidate is a choice, several are named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from wm_policy.errors import PolicyFileError
from wm_policy.loaders import leapp, unitree_deploy
from wm_policy.loaders.yaml_file import read_yaml_file

EXPORTED, PARAMS = "exported", "params"
"""Folders of a run, of networks and of what describes them."""

SUFFIXES: Final = (".yaml", ".yml")
_NAMED: Final = "policy.onnx"
"""Which of several networks Unitree's runner takes, given a deploy.yaml."""

_MOST: Final = 12
"""Candidates that a refusal names."""


def policy_in_folder(folder: Path) -> Path:
    """Return the file that a folder means; PolicyFileError when none or several may be meant.

    A manifest or overlay in it, else the only network in it and its ``exported/``, else
    ``policy.onnx`` where a deploy.yaml lies with it, else the only file that describes a network.
    """
    said = {file: set(try_yaml(file)) for file in metadata_files(folder)}
    manifests = [f for f, keys in said.items() if {"manifest_version", "overlay_version"} & keys]
    if len(manifests) == 1:
        return manifests[0]
    if manifests:
        expected = "one policy, one manifest or overlay"
        raise PolicyFileError(folder, "folder", expected, _list(manifests, folder))
    networks = _networks(folder) + _networks(folder / EXPORTED)
    if not networks:
        return _described(folder, said)
    if len(networks) == 1:
        return networks[0]
    named = [network for network in networks if network.name == _NAMED]
    if len(named) == 1 and _has_deploy(folder):
        return named[0]
    raise PolicyFileError(folder, "folder", "one policy", _list(networks, folder))


def network_of_deploy(path: Path) -> Path:
    """Return ``policy.onnx`` with a deploy.yaml, or the only ONNX file there.

    Beside it, in ``exported/``, or in ``../exported``; from ``params/`` also in ``..``.
    """
    folders = [path.parent, path.parent / EXPORTED, path.parent.parent / EXPORTED]
    if path.parent.name == PARAMS:
        folders.append(path.parent.parent)
    for folder in folders:
        if (folder / _NAMED).is_file():
            return folder / _NAMED
    expected = f"{_NAMED} or one ONNX file beside it"
    for folder in folders:
        found = _networks(folder)
        if len(found) == 1:
            return found[0]
        if found:
            raise PolicyFileError(path, "network", expected, _list(found, path.parent))
    raise PolicyFileError(path, "network", expected, "none")


def metadata_files(folder: Path) -> list[Path]:
    """Return the YAML files of a folder, but hidden ones; none where there is no such folder."""
    return [file for file in _visible(folder) if file.suffix.lower() in SUFFIXES]


def try_yaml(file: Path) -> Mapping[str, Any]:
    """Content of a file beside a network; one that means no policy is none of our business."""
    if file.stem == "deploy" or "manifest" in file.name:
        return read_yaml_file(file)
    try:
        return read_yaml_file(file)
    except Exception:  # not a policy's file, whatever it is
        return {}


def _visible(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(f for f in folder.iterdir() if f.is_file() and not f.name.startswith("."))


def _networks(folder: Path) -> list[Path]:
    return [file for file in _visible(folder) if file.suffix.lower() == ".onnx"]


def _has_deploy(folder: Path) -> bool:
    places = (folder, folder / PARAMS, folder.parent / PARAMS)
    return any((place / "deploy.yaml").is_file() for place in places)


def _described(folder: Path, said: Mapping[Path, set[str]]) -> Path:
    """Return the only file in a folder without networks that describes one."""
    described = [
        file
        for file, keys in said.items()
        if unitree_deploy.is_deploy(tuple(keys)) or leapp.is_leapp(tuple(keys))
    ]
    if len(described) == 1:
        return described[0]
    if described:
        raise PolicyFileError(folder, "folder", "one policy", _list(described, folder))
    raise PolicyFileError(folder, "folder", "one policy", f"no ONNX file{_instead(folder)}")


def _instead(folder: Path) -> str:
    """Say what there is where no network is: networks further down, or weights of other kinds."""
    deeper = [*folder.glob("*/*.onnx"), *folder.glob(f"*/{EXPORTED}/*.onnx")]
    if deeper:
        return f"; further down {_list(sorted(deeper), folder)}"
    places = (folder, folder / EXPORTED)
    others = [f for place in places for f in _visible(place) if f.suffix in (".pt", ".pth", ".jit")]
    return f"; {_list(others, folder)} must be exported to ONNX" if others else ""


def _list(files: Sequence[Path], folder: Path) -> str:
    """Names relative to a folder, as many as are worth reading."""
    names = [
        str(f.relative_to(folder)) if f.is_relative_to(folder) else str(f)
        for f in islice(files, _MOST)
    ]
    more = len(files) - len(names)
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")
