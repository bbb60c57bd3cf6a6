"""YAML as its readers take it: text stays text, and every key counts.

YAML 1.1, which PyYAML reads, takes ``off`` for false, ``1:30`` for 90, ``2026-11-25`` for a date
and ``010`` for 8, but ``1e-3`` for text; of a key that is written twice it keeps the last. Here
scalars are what YAML 1.2 makes of them (its core schema, yaml.org/spec/1.2.2, section 10.3), and a
key that comes again is an error.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from copy import deepcopy
from functools import lru_cache
from typing import Any

import yaml

_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"

_SCALARS = (
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
        r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
)
"""What is no text, unless in quotes: tag, pattern, and the letters it may begin with."""


class PlainLoader(yaml.SafeLoader):
    """SafeLoader that reads scalars as YAML 1.2 does and refuses a key that comes again."""


PlainLoader.yaml_implicit_resolvers = {"<": [(_MERGE, re.compile(r"^<<$"))]}
for _name, _pattern, _first in _SCALARS:
    PlainLoader.add_implicit_resolver(
        f"{_TAG}{_name}", re.compile(f"^(?:{_pattern})$"), [c.strip("\0") for c in _first]
    )


def _mapping(loader: PlainLoader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True) if key_node.tag != _MERGE else None
        if key is not None and isinstance(key, Hashable) and key in seen:
            raise yaml.constructor.ConstructorError(
                problem=f"the key '{key}' comes again", problem_mark=key_node.start_mark
            )
        seen.add(key if isinstance(key, Hashable) else str(key))
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


def _decimal(loader: PlainLoader, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node))


PlainLoader.add_constructor(f"{_TAG}map", _mapping)
PlainLoader.add_constructor(f"{_TAG}int", _decimal)


def parse_plain(text: str) -> Any:  # noqa: ANN401 - whatever was written
    """Parse one YAML document; yaml.YAMLError for what is none.

    Every episode asks for the same few files: what was parsed is kept, and a copy returned.
    """
    return deepcopy(_parsed(text))


@lru_cache(maxsize=64)
def _parsed(text: str) -> Any:  # noqa: ANN401
    try:
        return yaml.load(text, PlainLoader)
    except (RecursionError, ValueError) as error:
        raise yaml.YAMLError(f"{type(error).__name__}: {error}") from error


class PlainDumper(yaml.SafeDumper):
    """SafeDumper that quotes text which ``PlainLoader`` would take for something else."""


PlainDumper.yaml_implicit_resolvers = PlainLoader.yaml_implicit_resolvers


def write_plain(content: Any) -> str:  # noqa: ANN401 - whatever is to be written
    """Return plain data as a YAML document that ``parse_plain`` reads back the same."""
    return str(yaml.dump(content, Dumper=PlainDumper, sort_keys=False, allow_unicode=True))
