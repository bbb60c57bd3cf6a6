"""One manifest term, or several, from what a file and an overlay say of a foreign one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wm_policy.errors import ConflictError, FieldError, MissingValueError, UnknownTermError
from wm_policy.loaders.fields import Fields, finite_number, is_list
from wm_policy.loaders.overlay import Overlay
from wm_policy.terms import TERMS

Plain = dict[str, Any]

LONGEST_HISTORY = 1000
"""Frames."""


@dataclass(frozen=True, slots=True)
class ForeignTerm:
    """A term under its foreign name, as a file states it; None: the file does not say."""

    name: str
    scale: object = None
    clip: object = None
    history_length: object = None
    joints: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """The manifest's terms that stand for a foreign one, and the number of its frames."""

    terms: tuple[Plain, ...]
    length: int


def known_term(name: str, table: Mapping[str, str], file: Path, field: str) -> str:
    """Return the manifest's name of a foreign term; UnknownTermError lists those that are known."""
    if name not in table:
        expected = f"one of {', '.join(sorted(table))}, or terms.{name} of an overlay"
        raise UnknownTermError(file, field, expected, f"'{name}'")
    return table[name]


def observed(
    term: ForeignTerm, table: Mapping[str, str], overlay: Overlay, file: Path, field: str
) -> Observed:
    """Translate a foreign term: as the overlay says what it is, else by the table."""
    if overlay.means(term.name):
        done = _with_overlay(term, overlay, file)
        plain = overlay_terms(done, overlay)
        return Observed(plain, history_length(done, file, field))
    ours = known_term(term.name, table, file, field)
    done = complete(term, overlay, file, field)
    _check_said_frame(ours, term.name, overlay)
    plain = (manifest_term(ours, done, file, field),)
    return Observed(plain, history_length(done, file, field))


def complete(term: ForeignTerm, overlay: Overlay, file: Path, field: str) -> ForeignTerm:
    """Fill what the file does not say from the overlay; ConflictError when both say it."""
    done = _with_overlay(term, overlay, file)
    if done.scale is None:
        expected = f"the term's scale, here or as terms.{term.name}.scale of an overlay"
        raise MissingValueError(file, f"{field}.scale", expected, "nothing")
    return done


def _with_overlay(term: ForeignTerm, overlay: Overlay, file: Path) -> ForeignTerm:
    said = overlay.of_term(term.name)
    values: dict[str, Any] = {}
    for name in ("scale", "clip", "history_length"):
        own = getattr(term, name)
        if name in said and overlay.means(term.name):
            own = None  # the overlay says what the term is, and so all of it
        if own is not None and name in overlay.terms.get(term.name, {}) and said[name] != own:
            place = f"terms.{term.name}.{name}"
            raise ConflictError(overlay.file, place, f"{own} as {file} says", said[name])
        values[name] = said.get(name) if own is None else own
    return replace(term, **values)


def _check_said_frame(ours: str, name: str, overlay: Overlay) -> None:
    """FieldError where the overlay says another frame of a foreign term than ``ours`` is seen in.

    What it says of every term, or of one that consists of several, is about those with a frame.
    """
    own = overlay.terms.get(name, {})
    if "frame" in own and "terms" not in own:
        _check_frame(ours, own["frame"], overlay.file, f"terms.{name}.frame")
    elif TERMS[ours].frame:
        place = f"terms.{name if 'frame' in own else '*'}.frame"
        _check_frame(ours, overlay.of_term(name).get("frame"), overlay.file, place)


def _check_frame(ours: str, said: object, file: Path, field: str) -> None:
    """FieldError for a frame in which the builder does not see this term."""
    known = TERMS[ours].frame
    if said is not None and said != known:
        raise FieldError(file, field, known or f"none, for '{ours}' has no frame", said)


def overlay_terms(term: ForeignTerm, overlay: Overlay) -> tuple[Plain, ...]:
    """Return the manifest's terms that an overlay says a foreign one, or an input, consists of."""
    said = overlay.terms[term.name]
    place = f"terms.{term.name}"
    parts = said.get("terms", [said])
    if not is_list(parts) or not parts:
        raise FieldError(overlay.file, f"{place}.terms", "a list of terms", parts)
    if "terms" not in said:
        plain: tuple[Plain, ...] = (_part(Fields(said, overlay.file, place), term),)
    else:
        term = replace(term, scale=_common(term.scale))
        plain = tuple(
            _part(Fields(part, overlay.file, f"{place}.terms[{i}]"), term)
            for i, part in enumerate(parts)
        )
    for part in plain:
        _check_said_frame(part["name"], term.name, overlay)
    return plain


def _common(scale: object) -> object:
    """Return the one scale of all values, None where there are several."""
    if not isinstance(scale, (list, tuple)):
        return scale
    return scale[0] if scale and all(value == scale[0] for value in scale) else None


def _part(fields: Fields, term: ForeignTerm) -> Plain:
    file, name = Path(fields.file), fields.text("name")
    if name not in TERMS:
        expected = f"one of {', '.join(TERMS)}"
        raise UnknownTermError(file, fields.at("name"), expected, f"'{name}'")
    _check_frame(name, fields.optional("frame"), file, fields.at("frame"))
    plain: Plain = {"name": name, "scale": _part_scale(fields, name, term)}
    if TERMS[name].frame:
        plain["frame"] = TERMS[name].frame
    if fields.has("value"):
        plain["value"] = _part_value(fields)
    for key in ("pick", "joints"):
        if fields.has(key):
            plain[key] = fields.required(key)
    clip = fields.optional("clip") or term.clip
    if clip is not None:
        plain["clip"] = bounds(clip, file, fields.at("clip"))
    fields.nothing_else(("value", "width", "pick", "joints", "history_length", "frame"))
    return plain


def _part_scale(fields: Fields, name: str, term: ForeignTerm) -> object:
    """Return what the part says, else what the file says of the term; of a constant it is 1."""
    said = fields.optional("scale")
    scale = term.scale if said is None else said
    if name == "constant" and said is None:
        return 1.0  # what is seen is the value itself
    if scale is None:
        raise MissingValueError(fields.file, fields.at("scale"), "the scale of the term", "nothing")
    return _scale(scale, Path(fields.file), fields.at("scale"))


def _part_value(fields: Fields) -> list[float]:
    """Return the values of a constant; one number, ``width`` times."""
    value = fields.required("value")
    if is_list(value):
        return list(fields.numbers("value"))
    width = fields.optional("width")
    width = 1 if width is None else width
    if type(width) is not int or not 1 <= width <= 10_000:
        raise FieldError(fields.file, fields.at("width"), "a whole number from 1 to 10000", width)
    return [fields.number("value")] * width


def manifest_term(name: str, term: ForeignTerm, file: Path, field: str) -> Plain:
    """Return the plain manifest term ``name``; its frame is that of the term table."""
    plain: Plain = {"name": name, "scale": _scale(term.scale, file, f"{field}.scale")}
    if TERMS[name].frame:
        plain["frame"] = TERMS[name].frame
    if term.joints is not None:
        plain["joints"] = list(term.joints)
    if term.clip is not None:
        plain["clip"] = bounds(term.clip, file, f"{field}.clip")
    return plain


def _scale(value: object, file: Path, field: str) -> object:
    if isinstance(value, (list, tuple)):
        return [finite_number(item, file, f"{field}[{i}]") for i, item in enumerate(value)]
    return finite_number(value, file, field)


def bounds(value: object, file: Path, field: str) -> list[float | None]:
    """Return a lower and an upper bound; an infinite one becomes None."""
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise FieldError(file, field, "a lower and an upper bound", value)
    low = None if value[0] in (None, -math.inf) else finite_number(value[0], file, field)
    high = None if value[1] in (None, math.inf) else finite_number(value[1], file, field)
    if low is not None and high is not None and not low < high:
        raise FieldError(file, field, "a lower bound below the upper one", value)
    return [low, high]


def history_length(term: ForeignTerm, file: Path, field: str) -> int:
    """Return the number of frames; 0 and 1 both mean the frame of now alone."""
    if term.history_length is None:
        return 1
    value = finite_number(term.history_length, file, f"{field}.history_length")
    if value not in range(LONGEST_HISTORY + 1):
        expected = f"a whole number from 0 to {LONGEST_HISTORY}"
        raise FieldError(file, f"{field}.history_length", expected, value)
    return max(1, int(value))


def blocks_of(seen: Sequence[Observed], *, per_frame: bool, fill: str) -> list[Plain]:
    """Return blocks of neighbouring terms with the same number of frames, oldest first.

    What stands for one foreign term stays together in each of its frames.
    """
    blocks: list[Plain] = []
    for part in seen:
        several = len(part.terms) > 1 and part.length > 1
        history = None
        if part.length > 1:
            history = {
                "length": part.length,
                "layout": "per_frame" if per_frame or several else "per_term",
                "order": "oldest_first",
                "fill": fill,
                "current": True,
            }
        alone = several and not per_frame
        if blocks and blocks[-1].get("history") == history and not alone:
            blocks[-1]["terms"] += part.terms
        else:
            blocks.append({"terms": list(part.terms), **({"history": history} if history else {})})
    return blocks
