"""A path with faults: what becomes of each message that is sent on it.

Pure, and seeded: time is the stamp of what travels. Lock-step and nodes use the same object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeAlias, TypeVar

import numpy as np

from wm_bringup.faults.fault import Fault

T = TypeVar("T")

Spoil: TypeAlias = Callable[[Fault, T, T], T]
"""(fault, message, last one before it began) -> what becomes of the message."""


Seed: TypeAlias = int | Sequence[int]


@dataclass(frozen=True, slots=True)
class Sent(Generic[T]):
    """What becomes of a message.

    message: as it arrives; None when it is lost. late: how much later it does [s].
    """

    message: T | None
    late: float = 0.0


@dataclass(frozen=True, slots=True)
class Acted:
    """What came of one fault: when it began to act [s since the run began], None if never."""

    fault: Fault
    first: float | None
    count: int


class FaultyPath(Generic[T]):
    """Messages of one kind on their way, and the faults that they meet.

    Times of a scenario's faults count from the start of every run; those asked for meanwhile keep
    theirs.
    """

    def __init__(self, spoil: Spoil[T], faults: Iterable[Fault] = (), seed: Seed = 0) -> None:
        """spoil: does what verbs other than off, drop and delay do. seed: of what is lost."""
        self._spoil, self._scripted, self._seed = spoil, tuple(faults), seed
        self._asked: list[Fault] = []
        self.begin()

    def begin(self, zero: float = 0.0) -> None:
        """Begin a run, whose time zero is ``zero`` on the clock of the messages [s]."""
        self._zero = zero
        scripted = (replace(fault, start=zero + fault.start) for fault in self._scripted)
        self._faults = [*scripted, *self._asked]
        self._first: list[float | None] = [None] * len(self._faults)
        self._count = [0] * len(self._faults)
        self._rng = np.random.default_rng(self._seed)
        self._last: T | None = None

    def ask(self, fault: Fault, time: float) -> None:
        """Add a fault whose start counts from ``time`` on, on the clock of the messages [s]."""
        self._asked.append(replace(fault, start=time + fault.start))
        self._faults.append(self._asked[-1])
        self._first.append(None)
        self._count.append(0)

    def send(self, message: T, time: float) -> Sent[T]:
        """Put a message on its way at ``time`` [s]; say what arrives of it, and when."""
        last = message if self._last is None else self._last
        lost, late, stuck, spoiled = False, 0.0, False, message
        for number, fault in enumerate(self._faults):
            if not fault.active(time) or (
                fault.verb == "drop" and self._rng.random() >= fault.value
            ):
                continue
            self._note(number, time)
            if fault.verb in ("off", "drop"):
                lost = True
            elif fault.verb == "delay":
                late += fault.value
            else:
                spoiled, stuck = self._spoil(fault, spoiled, last), stuck or fault.verb == "stuck"
        if not stuck or self._last is None:
            self._last = message
        return Sent(None if lost else spoiled, late)

    def _note(self, number: int, time: float) -> None:
        if self._first[number] is None:
            self._first[number] = time - self._zero
        self._count[number] += 1

    @property
    def acted(self) -> tuple[Acted, ...]:
        """What came of each fault of this run, in the order in which they were asked for."""
        rows = zip(self._faults, self._first, self._count, strict=True)
        return tuple(Acted(fault, first, count) for fault, first, count in rows)
