"""A path with faults: what becomes of each message that is sent on it.

Pure, and seeded: time is the stamp of what travels. Lock-step and nodes use the same object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

import numpy as np

from wm_bringup.faults.fault import Fault
from wm_bringup.faults.schedule import Acted, FaultSchedule, Seed

T = TypeVar("T")

Spoil: TypeAlias = Callable[[Fault, T, T], T]
"""(fault, message, last one before it began) -> what becomes of the message."""


@dataclass(frozen=True, slots=True)
class Sent(Generic[T]):
    """What becomes of a message.

    message: as it arrives; None when it is lost. late: how much later it does [s].
    """

    message: T | None
    late: float = 0.0


class FaultyPath(Generic[T]):
    """Messages of one kind on their way, and the faults that they meet."""

    def __init__(self, spoil: Spoil[T], faults: Iterable[Fault] = (), seed: Seed = 0) -> None:
        """spoil: does what verbs other than off, drop and delay do. seed: of what is lost."""
        self._spoil, self._seed = spoil, seed
        self._schedule = FaultSchedule(faults)
        self.begin()

    def begin(self, zero: float = 0.0) -> None:
        """Begin a run, whose time zero is ``zero`` on the clock of the messages [s]."""
        self._schedule.begin(zero)
        self._rng = np.random.default_rng(self._seed)
        self._last: T | None = None

    def ask(self, fault: Fault, time: float) -> None:
        """Add a fault whose start counts from ``time`` on, on the clock of the messages [s]."""
        self._schedule.ask(fault, time)

    def send(self, message: T, time: float) -> Sent[T]:
        """Put a message on its way at ``time`` [s]; say what arrives of it, and when."""
        last = message if self._last is None else self._last
        lost, late, stuck, spoiled = False, 0.0, False, message
        for _, fault in self._schedule.acting(time, self._rng):
            if fault.verb in ("off", "drop"):
                lost = True
            elif fault.verb == "delay":
                late += fault.value
            else:
                spoiled, stuck = self._spoil(fault, spoiled, last), stuck or fault.verb == "stuck"
        self._last = last if stuck else message
        return Sent(None if lost else spoiled, late)

    @property
    def acted(self) -> tuple[Acted, ...]:
        """What came of each fault of this run."""
        return self._schedule.acted
