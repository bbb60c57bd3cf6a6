"""Why a message that makes no sense is not followed, and how often that happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Refusal:
    """What of a message cannot be, in a few words to count by; text: with the numbers."""

    what: str
    text: str


@dataclass(slots=True)
class Refusals:
    """Refused messages, counted by what was wrong with them. newest: text of the last."""

    counts: Counter[str] = field(default_factory=Counter)
    newest: str = ""

    def add(self, refusal: Refusal) -> None:
        """Take in one."""
        self.counts[refusal.what] += 1
        self.newest = refusal.text


def together(several: Iterable[Refusals]) -> Refusals:
    """All that was refused in several places; the newest of the last place that has one."""
    whole = Refusals()
    for refusals in several:
        whole.counts += refusals.counts
        whole.newest = refusals.newest or whole.newest
    return whole


class Bound(NamedTuple):
    """One number of a message and what it may be; NaN is outside of every bound."""

    what: str
    value: float
    low: float
    high: float
    unit: str = ""


def first_outside(message: str, bounds: Iterable[Bound]) -> Refusal | None:
    """Return the first of the numbers that is out of its bounds. message: its kind, for people."""
    for what, value, low, high, unit in bounds:
        if not (low <= value <= high):
            said = f"{value:.4g}{unit}, {low:.4g} to {high:.4g} possible"
            return Refusal(f"{message}: {what}", f"{message} refused: {what} {said}")
    return None
