"""Who drove when and why: the arbiter's decisions as stretches of time, and what to jump to."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import nan

from wm_control.types import Action

_SAME = 1e-3
"""Times nearer to each other than this are one [s]."""


@dataclass(frozen=True, slots=True)
class Told:
    """A decision as it was told, at ``time`` since the start [s].

    text: action and cause for people. causes: rules that are active. figures: of the balance, by
    name as in ``arbiter/decision``.
    """

    time: float
    action: Action
    driver: str
    text: str = ""
    armed: bool = True
    previous: str = ""
    share: float = 1.0
    causes: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stint:
    """From ``begin`` until ``end`` [s] the same one drove under the same action."""

    begin: float
    end: float
    driver: str
    action: Action
    armed: bool
    text: str


@dataclass(frozen=True, slots=True)
class Intervention:
    """The arbiter did something at ``time`` [s], and why."""

    time: float
    text: str


def stints(told: Iterable[Told], end: float) -> tuple[Stint, ...]:
    """Join decisions of which the next says the same; the last one holds until ``end`` [s].

    The text is that of the first decision of a stretch, which says why it began.
    """
    found: list[Stint] = []
    for one in told:
        before = found[-1] if found else None
        if before and (before.driver, before.action, before.armed) == (
            one.driver,
            one.action,
            one.armed,
        ):
            continue
        if before:
            found[-1] = _until(before, one.time)
        found.append(Stint(one.time, end, one.driver, one.action, one.armed, one.text))
    return tuple(_until(stint, min(stint.end, end)) for stint in found)


def _until(stint: Stint, end: float) -> Stint:
    return Stint(stint.begin, end, stint.driver, stint.action, stint.armed, stint.text)


def interventions(stretches: Sequence[Stint]) -> tuple[Intervention, ...]:
    """Every change of driver and every rise of the action, of a robot that is armed."""
    found = []
    for before, after in pairwise(stretches):
        another = before.armed and after.driver != before.driver
        if after.armed and (another or after.action > before.action):
            found.append(
                Intervention(after.begin, f"{before.driver} → {after.driver}: {after.text}")
            )
        elif before.armed and not after.armed:
            found.append(Intervention(after.begin, after.text))
    return tuple(found)


def following(times: Sequence[float], now: float) -> float | None:
    """First of the rising ``times`` after ``now`` [s]; None where there is none."""
    place = bisect_right(times, now + _SAME)
    return times[place] if place < len(times) else None


def preceding(times: Sequence[float], now: float) -> float | None:
    """Last of the rising ``times`` before ``now`` [s]; None where there is none."""
    place = bisect_left(times, now - _SAME)
    return times[place - 1] if place else None


def newest(times: Sequence[float], now: float) -> int:
    """Place of the last of the rising ``times`` at or before ``now`` [s]; -1 before the first."""
    return bisect_right(times, now + 1e-9) - 1


def figure(told: Told | None, name: str) -> float:
    """One figure of a decision; NaN where it was not told."""
    return nan if told is None else told.figures.get(name, nan)
