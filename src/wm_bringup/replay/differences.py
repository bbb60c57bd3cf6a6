"""Where two values first differ: the name of the field and both sides, bit by bit or within bounds.

Not a number equals not a number, and minus zero is not zero: what is compared was computed twice by
the same code, and has to be the same down to the last bit.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

import numpy as np

TOLERANCES: Final[Mapping[str, float]] = {
    "*": 0.0,
    "*.solve_time": math.inf,
}
"""Largest difference by field, where no other is asked for: time measured on a computer is never
the same twice, everything else is. Of several patterns the longest that fits holds."""


@dataclass(frozen=True, slots=True)
class Difference:
    """field: dotted, with the joint or index in brackets. mine, other: as text, exact."""

    field: str
    mine: str
    other: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.field}: {self.mine} and {self.other}"


class Tolerances:
    """Largest difference that counts as none, by field; ``TOLERANCES`` unless others are asked."""

    def __init__(self, asked: Mapping[str, float] | None = None) -> None:
        """asked: others, by pattern."""
        self._known = {**TOLERANCES, **(asked or {})}
        self._of: dict[str, float] = {}

    def of(self, field: str) -> float:
        """Of a field, without what is in brackets."""
        if field not in self._of:
            fits = (pattern for pattern in self._known if fnmatchcase(field, pattern))
            self._of[field] = self._known[max(fits, key=len)]
        return self._of[field]


EXACT = Tolerances({"*.solve_time": 0.0})
"""For what is computed again from the same numbers."""


def differences(
    mine: object, other: object, field: str, within: Tolerances, joints: Sequence[str] = ()
) -> Iterator[Difference]:
    """Yield where two values of the same kind differ, depth first, in the order of their fields.

    joints: names for the indices of vectors that are as long.
    """
    if mine is other:
        return
    if isinstance(mine, np.ndarray) and isinstance(other, np.ndarray):
        yield from _in_arrays(mine, other, field, within, joints)
    elif is_dataclass(mine) and type(mine) is type(other):
        for one in fields(mine):
            a, b = getattr(mine, one.name), getattr(other, one.name)
            yield from differences(a, b, _below(field, one.name), within, joints)
    elif isinstance(mine, Mapping) and isinstance(other, Mapping):
        for key in dict.fromkeys((*mine, *other)):
            a, b = mine.get(key, _ABSENT), other.get(key, _ABSENT)
            yield from differences(a, b, _below(field, str(key)), within, joints)
    elif isinstance(mine, tuple | list) and isinstance(other, tuple | list):
        for index in range(max(len(mine), len(other))):
            a, b = (x[index] if index < len(x) else _ABSENT for x in (mine, other))
            yield from differences(a, b, f"{field}[{index}]", within, joints)
    elif not _same_leaf(mine, other, within.of(_plain(field))):
        yield Difference(field, _text(mine), _text(other))


def _same_leaf(mine: object, other: object, bound: float) -> bool:
    """Whether two values that have nothing below them, or are of two kinds, are the same."""
    if bound == math.inf:
        return True
    if isinstance(mine, float | int) and isinstance(other, float | int):
        return alike(float(mine), float(other), bound)
    if isinstance(mine, np.ndarray) or isinstance(other, np.ndarray):
        return False
    return mine == other


class _Absent:
    """Stands for what one side does not have."""

    def __repr__(self) -> str:
        return "nothing"


_ABSENT: Any = _Absent()


def _text(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"an array {value.shape}"
    text = " ".join(repr(value).splitlines())
    return text if len(text) <= 120 else f"{text[:117]}..."


def _below(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _plain(field: str) -> str:
    """Without what is in brackets."""
    if "[" not in field:
        return field
    return "".join(part.partition("]")[2] if i else part for i, part in enumerate(field.split("[")))


def _in_arrays(
    mine: Any,  # noqa: ANN401 - an array of numbers or flags
    other: Any,  # noqa: ANN401 - likewise
    field: str,
    within: Tolerances,
    joints: Sequence[str],
) -> Iterator[Difference]:
    bound = within.of(_plain(field))
    if bound == math.inf:
        return
    if mine.shape != other.shape:
        yield Difference(field, _text(mine), _text(other))
        return
    if mine.tobytes() == other.tobytes():
        return
    for index in np.ndindex(mine.shape):
        a, b = mine[index], other[index]
        if not alike(float(a), float(b), bound):
            named = len(index) == 1 and len(joints) == mine.shape[0]
            where = joints[index[0]] if named else ",".join(map(str, index))
            yield Difference(f"{field}[{where}]", repr(a.item()), repr(b.item()))


def alike(a: float, b: float, bound: float) -> bool:
    """Whether two numbers differ by no more than ``bound``; of zero, not in a single bit."""
    if bound > 0.0:
        return a == b or abs(a - b) <= bound or (math.isnan(a) and math.isnan(b))
    return struct.pack("<d", a) == struct.pack("<d", b) or (math.isnan(a) and math.isnan(b))
