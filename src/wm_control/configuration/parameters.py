"""Parameters: a frozen dataclass per component is the schema, YAML only overrides it.

A component declares its parameters as::

    from pydantic import Field
    from pydantic.dataclasses import dataclass
    from wm_control.configuration.parameters import STRICT

    @dataclass(frozen=True, slots=True, config=STRICT)
    class GaitParameters:
        step_duration: float = Field(0.34, gt=0.1, lt=2.0, description="single support [s]")

and is configured by ``load_parameters(GaitParameters, path)``, which stops on the first unknown
key or value out of bounds and names key, value, bound and file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from wm_control.configuration.plain_yaml import parse_plain
from wm_control.errors import ParameterError, UnreadableFileError

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
"""Unknown keys and non-finite numbers are errors."""

WORDS = {
    "missing": "must be said",
    "string_type": "must be text; in double quotes text stays text",
    "unexpected_keyword_argument": "no such parameter",
    "tuple_type": "must be a list, also of one",
}
"""What is wrong, in words of the files' authors, where pydantic speaks of Python's types."""

T = TypeVar("T")


def read_yaml(path: Path) -> Mapping[str, Any]:
    """Read one YAML file that must hold a mapping; UnreadableFileError otherwise."""
    try:
        content = parse_plain(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UnreadableFileError(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableFileError(path, f"is not UTF-8 text: {error}") from error
    except yaml.YAMLError as error:
        raise UnreadableFileError(path, f"is not valid YAML: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, Mapping):
        found = type(content).__name__
        raise UnreadableFileError(path, f"must be a mapping of keys to values, found {found}")
    return content


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the mapping with nested changes put in."""
    result = dict(base)
    for key, value in changes.items():
        below = result.get(key)
        nested = isinstance(value, Mapping) and isinstance(below, Mapping)
        result[key] = merged(below, value) if nested and isinstance(below, Mapping) else value
    return result


def load_parameters(
    schema: type[T], source: Path | Mapping[str, Any] | None = None, *, origin: str = ""
) -> T:
    """Build ``schema`` from its defaults, overridden by a YAML file or a mapping.

    origin: name used in error messages when ``source`` is a mapping.
    """
    if isinstance(source, Path):
        source, origin = read_yaml(source), str(source)
    try:
        return TypeAdapter(schema).validate_python(dict(source or {}))
    except ValidationError as error:
        found = error.errors()
        first = next((e for e in found if e["type"] != "missing"), found[0])
        key = ".".join(str(part) for part in first["loc"])
        value = "(missing)" if first["type"] == "missing" else first.get("input")
        bound = WORDS.get(first["type"], first["msg"].removeprefix("Value error, "))
        raise ParameterError(key, value, bound, origin) from error
    except ParameterError as error:  # of a schema that compares its keys with each other
        raise ParameterError(error.key, error.value, error.bound, origin) from error
