"""Which fields two bags are compared in, so that a tolerance for none of them is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from wm_bringup.cycle.loop import TickRecord
from wm_bringup.robots.base import GroundTruth

COMPARED: Final = (
    "observation",
    "heard",
    "estimate",
    "velocity",
    "results",
    "decision",
    "driver",
    "background",
)
"""Fields of a cycle, in the order in which one follows from the other."""

TRUTH: Final = "truth"
"""What an evaluator saw of it, compared last."""


def fits_any(pattern: str) -> bool:
    """Whether a pattern of ``Tolerances`` can fit a field that is compared."""
    return any(_meet(pattern, field) for field in _all_fields())


@cache
def _all_fields() -> tuple[str, ...]:
    hints = {**get_type_hints(TickRecord), TRUTH: GroundTruth}
    named = (field for name in (*COMPARED, TRUTH) for field in _below(hints[name], name))
    return tuple(dict.fromkeys(named))


def _below(kind: Any, field: str) -> Iterator[str]:  # noqa: ANN401 - a type as it is annotated
    """Yield the fields with nothing below them; ``*`` stands for names that a bag alone knows."""
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        for one in fields(kind):
            yield from _below(hints[one.name], f"{field}.{one.name}")
        return
    origin, inside = get_origin(kind), get_args(kind)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        yield from _below(inside[1], f"{field}.*")
        return
    yield field
    if kind is Any:
        yield f"{field}.*"
    elif origin in (tuple, list, Union, UnionType):
        for one in inside:
            yield from _below(one, field)


def _meet(pattern: str, field: str) -> bool:
    """Whether something fits both, in which ``*`` is any text and ``?`` any letter."""
    if not pattern or not field:
        return not (pattern + field).strip("*")
    if pattern[0] == "*":
        return _meet(pattern[1:], field) or _meet(pattern, field[1:])
    if field[0] == "*":
        return _meet(pattern, field[1:]) or _meet(pattern[1:], field)
    return pattern[0] in ("?", field[0]) and _meet(pattern[1:], field[1:])
