"""From plain data to a ``Manifest``, with errors that name file, field, expected and found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from wm_policy.errors import FieldError, MissingValueError, PolicyError
from wm_policy.manifest import Manifest

_ADAPTER: TypeAdapter[Manifest] = TypeAdapter(Manifest)


class ManifestErrors(Exception):  # noqa: N818 - a bundle of errors
    """Everything that is wrong with a manifest."""

    def __init__(self, errors: list[PolicyError]) -> None:
        """Keep the errors; there is at least one."""
        self.errors = errors
        super().__init__(str(errors[0]))


def build_manifest(content: Mapping[str, Any], file: str | Path) -> Manifest:
    """Validate plain data; ManifestErrors holds one MissingValueError or FieldError per fault."""
    try:
        return _ADAPTER.validate_python(dict(content))
    except ValidationError as error:
        own = [fault for fault in error.errors() if not _follows(fault)]
        faults = {field_name(fault["loc"]): fault for fault in reversed(own)}
        raise ManifestErrors([_explain(f, file) for f in reversed(faults.values())]) from error


def plain(manifest: Manifest) -> dict[str, Any]:
    """Return the manifest as lists, dictionaries and numbers, without what was left out."""
    content: dict[str, Any] = json.loads(_ADAPTER.dump_json(manifest, exclude_none=True))
    return content


def _follows(fault: Mapping[str, Any]) -> bool:
    """Whether a list is called too short only because what is in it was refused before."""
    return bool(fault["type"] == "too_short" and len(fault["input"]) >= fault["ctx"]["min_length"])


def _explain(error: Mapping[str, Any], file: str | Path) -> PolicyError:
    field = field_name(error["loc"])
    if error["type"] in ("missing", "missing_argument"):
        expected = "a value, here or in an overlay (docs/policies.md)"
        return MissingValueError(file, field, expected, "nothing")
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return FieldError(file, field, "no such field", error["input"])
    expected = error["msg"].removeprefix("Input should be ")
    return FieldError(file, field, expected, repr(error["input"]))


def field_name(location: tuple[int | str, ...]) -> str:
    """Return ``inputs[0].blocks[1].terms[2].scale`` for pydantic's location of it.

    The names that pydantic adds for the members of a union are left out.
    """
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        elif not any(character in part for character in "[]() "):
            text += f".{part}" if text else part
    return text.removesuffix(".float") or "file"
