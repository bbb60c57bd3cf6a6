"""Files that say only what is different: ``extends: robot.yaml``, and then the changes.

Mappings are merged key by key; anything else takes the place of what was there; ``null`` takes a
key away. Every file of the chain must be whole by itself, so that a mistake is told of the file
that it is in.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from wm_control.configuration.parameters import load_parameters, merged, read_yaml
from wm_control.errors import ParameterError

EXTENDS = "extends"
"""The key that names the file below, relative to the file that it stands in."""

T = TypeVar("T")


def load_extending(schema: type[T], path: Path) -> T:
    """Build ``schema`` from a file and all that it extends.

    ParameterError for an unknown key, a value out of bounds, a ``null`` for what is not there and
    files that extend each other; it names the file that holds the mistake.
    """
    base, *above = reversed(_chain(path))
    file, content = base
    loaded = load_parameters(schema, content, origin=str(file))
    for file, changes in above:
        _check_nulls(content, changes, file)
        content = _pruned(merged(content, changes))
        loaded = load_parameters(schema, content, origin=str(file))
    return loaded


def _chain(path: Path) -> list[tuple[Path, dict[str, Any]]]:
    """Files and what they say, the given one first; without ``extends``."""
    chain: list[tuple[Path, dict[str, Any]]] = []
    file: Path | None = path
    while file is not None:
        content = dict(read_yaml(file))
        name = content.pop(EXTENDS, None)
        chain.append((file, content))
        file = None if name is None else _below(name, [seen for seen, _ in chain])
    return chain


def _below(name: object, above: list[Path]) -> Path:
    """Path of the file that the last of ``above`` extends."""
    file = above[-1]
    if not isinstance(name, str):
        raise ParameterError(EXTENDS, name, "must be the name of one file", str(file))
    below = file.parent / name
    if not below.is_file():
        raise ParameterError(EXTENDS, name, f"there is no {below}", str(file))
    if any(below.samefile(seen) for seen in above):
        turn = " extends ".join(seen.name for seen in (*above, below))
        raise ParameterError(EXTENDS, name, f"goes in a circle: {turn}", str(file))
    return below


def _check_nulls(
    below: Mapping[str, Any], changes: Mapping[str, Any], file: Path, where: str = ""
) -> None:
    for key, value in changes.items():
        if value is None and key not in below:
            raise ParameterError(f"{where}{key}", None, "takes away what is not there", str(file))
        if isinstance(value, Mapping):
            under = below.get(key)
            _check_nulls(under if isinstance(under, Mapping) else {}, value, file, f"{where}{key}.")


def _pruned(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the mapping without keys whose value is None, at any depth."""
    return {
        key: _pruned(value) if isinstance(value, Mapping) else value
        for key, value in content.items()
        if value is not None
    }
