"""Plans and proposals take their time: computed from the state now, heeded when they arrive."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


class Stamped(Protocol):
    """What a process beside the loop sends: plans, proposals."""

    @property
    def stamp(self) -> float:
        """Time of the estimate that it answers [s]."""


class DelayedDelivery(Generic[T]):
    """Holds each message until its compute time has passed, as another process and DDS would."""

    def __init__(self, receive: Callable[[T], None]) -> None:
        """receive: takes what has arrived."""
        self._receive = receive
        self._under_way: deque[tuple[float, T]] = deque()

    def send(self, message: T, arrival: float) -> None:
        """Put a message on its way; they do not overtake each other."""
        if self._under_way:
            arrival = max(arrival, self._under_way[-1][0])
        self._under_way.append((arrival, message))

    def deliver(self, now: float) -> None:
        """Hand over everything that has arrived by ``now`` [s]."""
        while self._under_way and self._under_way[0][0] <= now + 1e-9:
            self._receive(self._under_way.popleft()[1])

    @property
    def under_way(self) -> int:
        """How many messages have not arrived."""
        return len(self._under_way)
