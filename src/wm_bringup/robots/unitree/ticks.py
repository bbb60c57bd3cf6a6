"""From the robot's millisecond tick to a time that never goes back, and which frames to believe."""

from __future__ import annotations

_MODULUS = 2**32
_UNIT = 0.001


class TickClock:
    """Time of states by their tick [s], counted on through a step of the robot's clock.

    A tick that is not newer than the last one belongs to a frame that was sent before: it is
    passed over. Should several in a row go on from there, of frames that are not known yet, the
    robot's clock was set to another time: from then on they are believed, and time goes on by what
    passed here. A tick that leaps ahead is taken the same way.
    """

    BELIEVED_AFTER = 3
    """Ticks in a row on another time; one frame may be late, three do not come in order."""

    LEAP = 0.5
    """A state may come so much later than the one before [s]; else the clock was set."""

    REMEMBERED = 2000
    """Frames that are known when they come again: four seconds."""

    def __init__(self) -> None:
        """No tick yet."""
        self.refused = 0
        self.steps = 0
        self._last: int | None = None
        self._time = self._arrived = 0.0
        self._other: int | None = None
        self._others = 0
        self._known: dict[tuple[int, int], None] = {}

    def time(self, tick: int, arrival: float, mark: int = 0) -> float | None:
        """Time of a state [s]; None when it is to be passed over.

        arrival: on our clock [s]. mark: of its content, by which it is known again.
        """
        if (tick, mark) in self._known:
            self.refused += 1
            return None
        self._remember(tick, mark)
        if self._last is None:
            self._last, self._time = tick, tick * _UNIT
            self._arrived = arrival
            return self._time
        ahead = _difference(tick, self._last) * _UNIT
        if 0.0 < ahead <= self.LEAP + (arrival - self._arrived):
            self._others = 0
            return self._go_on(tick, ahead, arrival)
        self._others = self._others + 1 if self._follows(tick) else 1
        self._other = tick
        if self._others < self.BELIEVED_AFTER:
            self.refused += 1
            return None
        self.steps += 1
        self._others = 0
        return self._go_on(tick, max(arrival - self._arrived, _UNIT), arrival)

    def _remember(self, tick: int, mark: int) -> None:
        self._known[tick, mark] = None
        if len(self._known) > self.REMEMBERED:
            del self._known[next(iter(self._known))]

    def _follows(self, tick: int) -> bool:
        """Whether it goes on from the last one that was passed over."""
        return self._other is not None and 0 < _difference(tick, self._other) * _UNIT <= self.LEAP

    def _go_on(self, tick: int, by: float, arrival: float) -> float:
        self._last, self._arrived = tick, arrival
        self._time += by
        return self._time


def _difference(tick: int, other: int) -> int:
    """From one tick to another, the short way round."""
    return (tick - other + _MODULUS // 2) % _MODULUS - _MODULUS // 2
