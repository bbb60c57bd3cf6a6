"""Which faults are on at a time, and what came of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from wm_bringup.faults.fault import Fault

Seed: TypeAlias = int | Sequence[int]


@dataclass(frozen=True, slots=True)
class Acted:
    """What came of one fault.

    first: when it began to act [s since the run began], None if never. count: of messages or
    samples that it changed.
    """

    fault: Fault
    first: float | None
    count: int


class FaultSchedule:
    """The faults of one path, or of all sensors.

    Times of a scenario's faults count from the start of every run; those asked for meanwhile keep
    theirs.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Take the faults that come with every run."""
        self._scripted = tuple(faults)
        self._asked: list[Fault] = []
        self.begin()

    def begin(self, zero: float = 0.0) -> None:
        """Begin a run, whose time zero is ``zero`` [s]."""
        self._zero = zero
        scripted = (replace(fault, start=zero + fault.start) for fault in self._scripted)
        self._faults = [*scripted, *self._asked]
        self._first: list[float | None] = [None] * len(self._faults)
        self._count = [0] * len(self._faults)

    def ask(self, fault: Fault, time: float) -> None:
        """Add a fault whose start counts from ``time`` on [s]."""
        self._asked.append(replace(fault, start=time + fault.start))
        self._faults.append(self._asked[-1])
        self._first.append(None)
        self._count.append(0)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._faults)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All of this run, in the order in which they act."""
        return tuple(self._faults)

    def on(self, time: float) -> Iterator[tuple[int, Fault]]:
        """Yield the number of every fault that is on at ``time`` [s], and the fault."""
        yield from ((k, fault) for k, fault in enumerate(self._faults) if fault.active(time))

    def acting(self, time: float, rng: np.random.Generator) -> Iterator[tuple[int, Fault]]:
        """Yield those that are on and act, as chance has it, in order; each time is counted."""
        for number, fault in self.on(time):
            if fault.verb != "drop" or rng.random() < fault.value:
                self._note(number, time)
                yield number, fault

    def _note(self, number: int, time: float) -> None:
        if self._first[number] is None:
            self._first[number] = time - self._zero
        self._count[number] += 1

    @property
    def acted(self) -> tuple[Acted, ...]:
        """What came of each fault of this run, in the order in which they were asked for."""
        rows = zip(self._faults, self._first, self._count, strict=True)
        return tuple(Acted(fault, first, count) for fault, first, count in rows)
