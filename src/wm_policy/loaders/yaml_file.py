"""Reading YAML that others wrote: nothing in it is ever executed, nothing in it is overlooked.

Training frameworks dump Python objects into their YAML. Tuples are read as lists and slices as an
inert ``Slice``; any other Python tag is refused by name, and so is a key that is written twice,
of which a YAML parser would silently keep the last.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from wm_policy.errors import FieldError, PolicyFileError, PythonTagError, absence

LARGEST_FILE = 4_000_000
"""Bytes; metadata of a policy is some kilobytes."""

_PYTHON = "tag:yaml.org,2002:python/"


@dataclass(frozen=True, slots=True)
class Slice:
    """A Python slice as data: which of a sequence's entries are meant."""

    start: int | None
    stop: int | None
    step: int | None

    def indices(self, count: int) -> tuple[int, ...]:
        """Return the indices it selects out of ``count``."""
        return tuple(range(count)[slice(self.start, self.stop, self.step)])


class _InertLoader(yaml.SafeLoader):
    """SafeLoader with tuples and slices as data."""


class _DuplicateKeyError(yaml.constructor.ConstructorError):
    pass


class _PythonTagFoundError(yaml.constructor.ConstructorError):
    pass


# YAML 1.1 reads 1e-3 as text; people and programs mean the number.
_InertLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+$"),
    list("-+0123456789"),
)


def _mapping(loader: _InertLoader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = loader.construct_object(key_node, deep=True)
        if isinstance(key, Hashable) and key in seen:
            raise _DuplicateKeyError(problem=str(key), problem_mark=key_node.start_mark)
        seen.add(key if isinstance(key, Hashable) else str(key))
    loader.flatten_mapping(node)
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


def _tuple(loader: _InertLoader, node: yaml.Node) -> list[Any]:
    if not isinstance(node, yaml.SequenceNode):
        raise _PythonTagFoundError(problem=node.tag, problem_mark=node.start_mark)
    return loader.construct_sequence(node, deep=True)


def _slice(loader: _InertLoader, suffix: str, node: yaml.Node) -> Slice:
    if not isinstance(node, yaml.SequenceNode) or suffix != "":
        raise _PythonTagFoundError(problem=node.tag, problem_mark=node.start_mark)
    bounds = loader.construct_sequence(node, deep=True)
    if not 1 <= len(bounds) <= 3 or not all(type(b) is int or b is None for b in bounds):
        raise _PythonTagFoundError(problem=f"{node.tag} of {bounds}", problem_mark=node.start_mark)
    if len(bounds) == 1:
        bounds = [None, *bounds]
    start, stop, step = (*bounds, None)[:3]
    if step == 0:
        raise _PythonTagFoundError(problem="a slice of step 0", problem_mark=node.start_mark)
    return Slice(start, stop, step)


def _any_python(loader: _InertLoader, suffix: str, node: yaml.Node) -> None:
    del loader, suffix
    raise _PythonTagFoundError(problem=node.tag, problem_mark=node.start_mark)


_InertLoader.add_constructor("tag:yaml.org,2002:map", _mapping)
_InertLoader.add_constructor(f"{_PYTHON}tuple", _tuple)
_InertLoader.add_multi_constructor(f"{_PYTHON}object/apply:builtins.slice", _slice)
_InertLoader.add_multi_constructor(_PYTHON, _any_python)


def read_yaml_file(path: Path) -> dict[str, Any]:
    """Read a YAML file that must hold a mapping.

    PolicyFileError when it cannot be read, PythonTagError for a Python tag, FieldError for a key
    that is there twice or a content that is no mapping; each names line and column.
    """
    if not path.is_file():
        raise PolicyFileError(path, "file", "a readable text file", absence(path))
    try:
        if path.stat().st_size > LARGEST_FILE:
            size = f"{path.stat().st_size} bytes"
            raise PolicyFileError(path, "file", f"at most {LARGEST_FILE} bytes", size)
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise PolicyFileError(path, "file", "a readable text file", error.strerror) from error
    except UnicodeDecodeError as error:
        raise PolicyFileError(path, "file", "readable text, in UTF-8", str(error)) from error
    return parse_yaml(text, path)


def parse_yaml(text: str, path: Path) -> dict[str, Any]:
    """Parse what ``read_yaml_file`` has read; ``path`` is for messages."""
    try:
        content = deepcopy(_parsed(text))
    except _PythonTagFoundError as error:
        raise PythonTagError(
            path, _place(error), "plain data (Python tags are never executed)", f"{error.problem}"
        ) from error
    except _DuplicateKeyError as error:
        raise FieldError(
            path, _place(error), "every key once", f"'{error.problem}' again"
        ) from error
    except yaml.MarkedYAMLError as error:
        found = str(error.problem).removeprefix("found ")
        raise PolicyFileError(path, _place(error), "valid YAML", found) from error
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        raise PolicyFileError(path, "file", "valid YAML", str(error)) from error
    if not isinstance(content, dict):
        raise FieldError(path, "file", "a mapping of keys to values", type(content).__name__)
    return content


@lru_cache(maxsize=8)
def _parsed(text: str) -> Any:  # noqa: ANN401 - whatever was written
    """Parse; a policy's file is asked for several times by each episode that it drives."""
    return yaml.load(text, _InertLoader)


def _place(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark else "file"
