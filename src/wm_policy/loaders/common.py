"""What the loaders share: one manifest term from what a file and an overlay say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wm_policy.errors import (
    ConflictError,
    FieldError,
    MissingValueError,
    NetworkError,
    UnknownTermError,
)
from wm_policy.loaders.fields import finite_number
from wm_policy.loaders.overlay import Overlay
from wm_policy.network import NetworkFile
from wm_policy.terms import TERMS

Plain = dict[str, Any]

LONGEST_HISTORY = 1000
"""Frames."""

LICENCE_FILES = ("LICENSE*", "LICENCE*", "COPYING*")


@dataclass(frozen=True, slots=True)
class ForeignTerm:
    """A term under its foreign name, as a file states it; None: the file does not say."""

    name: str
    scale: object = None
    clip: object = None
    history_length: object = None
    joints: tuple[str, ...] | None = None


def known_term(name: str, table: Mapping[str, str], file: Path, field: str) -> str:
    """Return the manifest's name of a foreign term; UnknownTermError lists those that are known."""
    if name not in table:
        raise UnknownTermError(file, field, f"one of {', '.join(sorted(table))}", f"'{name}'")
    return table[name]


def complete(term: ForeignTerm, overlay: Overlay, file: Path, field: str) -> ForeignTerm:
    """Fill what the file does not say from the overlay; ConflictError when both say it."""
    said = overlay.of_term(term.name)
    values = {}
    for name in ("scale", "clip", "history_length"):
        own = getattr(term, name)
        if own is not None and name in overlay.terms.get(term.name, {}) and said[name] != own:
            place = f"terms.{term.name}.{name}"
            raise ConflictError(overlay.file, place, f"{own} as {file} says", said[name])
        values[name] = said.get(name) if own is None else own
    if values["scale"] is None:
        expected = f"the term's scale, here or as terms.{term.name}.scale of an overlay"
        raise MissingValueError(file, f"{field}.scale", expected, "nothing")
    return ForeignTerm(term.name, **values, joints=term.joints)


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
    """Return a lower and an upper bound; infinite ones become None."""
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise FieldError(file, field, "a lower and an upper bound", value)
    infinite = (None, float("-inf"), float("inf"))
    low, high = (None if side in infinite else finite_number(side, file, field) for side in value)
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


def blocks_of(terms: Sequence[tuple[Plain, int]], *, per_frame: bool, fill: str) -> list[Plain]:
    """Return blocks of neighbouring terms with the same number of frames, oldest first."""
    blocks: list[Plain] = []
    for term, length in terms:
        history = None
        if length > 1:
            history = {
                "length": length,
                "layout": "per_frame" if per_frame else "per_term",
                "order": "oldest_first",
                "fill": fill,
                "current": True,
            }
        if blocks and blocks[-1].get("history") == history:
            blocks[-1]["terms"].append(term)
        else:
            blocks.append({"terms": [term], **({"history": history} if history else {})})
    return blocks


def recurrent_states(network: NetworkFile, observed: Sequence[str]) -> list[Plain]:
    """Pair inputs that hold no observation with outputs: ``h_in`` with ``h_out`` and so on.

    NetworkError for an input without its output.
    """
    states = []
    for name in network.inputs:
        if name in observed:
            continue
        stem = name.removesuffix("_in")
        candidates = [f"{stem}_out", f"{name}_out"]
        outputs = [output for output in candidates if output in network.outputs]
        if not outputs:
            expected = f"an observation ({', '.join(observed)}) or a state with its output"
            raise NetworkError(network.path, "inputs", expected, f"'{name}'")
        states.append({"input": name, "output": outputs[0]})
    return states


def only_output(network: NetworkFile, states: Sequence[Plain]) -> str:
    """Return the output that is no state; NetworkError unless there is exactly one."""
    handed_on = {state["output"] for state in states}
    outputs = [name for name in network.outputs if name not in handed_on]
    if len(outputs) != 1:
        raise NetworkError(network.path, "outputs", "one action tensor", ", ".join(outputs))
    return outputs[0]


def observation_input(network: NetworkFile, name: str, file: Path) -> str:
    """Return the input that takes the observation: ``name``, or the only one there is."""
    if name in network.inputs:
        return name
    if len(network.inputs) == 1:
        return next(iter(network.inputs))
    raise NetworkError(file, "inputs", f"an input '{name}'", ", ".join(network.inputs))


def licence_beside(path: Path) -> str:
    """Say which licence file lies beside a network, or that none does."""
    for pattern in LICENCE_FILES:
        for file in sorted(path.parent.glob(pattern)):
            return f"see {file.name}"
    return "not stated"
