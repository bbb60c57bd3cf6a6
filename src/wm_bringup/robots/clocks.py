"""From the robot's clock to this computer's: when something was measured, and how old it is.

Stamps on ROS topics and the ages that the arbiter judges need both on one clock. A simulated robot
advances when it is stepped and so keeps the time of the periods; a real one has a quartz of its
own, which drifts by up to some 100 ppm, 6 ms a minute.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol


class RobotClock(Protocol):
    """Says when observations were measured, on this computer's clock [s]."""

    def begin(self, scheduled: float) -> None:
        """Take note of a reset: time zero is the period that begins at ``scheduled``."""

    def measured(self, stamp: float, arrival: float) -> float:
        """When the observation of ``stamp`` on the robot's clock, read at ``arrival``, was made."""

    def now(self, scheduled: float, seen: float) -> float:
        """Time now in the period of ``scheduled``, whose observation was read at ``seen``."""


class SteppedClock:
    """Of a robot whose time is the number of its steps, one per period."""

    def __init__(self) -> None:
        """Start at zero."""
        self._zero = 0.0

    def begin(self, scheduled: float) -> None:
        """Take the period's beginning for time zero."""
        self._zero = scheduled

    def measured(self, stamp: float, arrival: float) -> float:
        """When it was measured [s]."""
        del arrival
        return self._zero + stamp

    def now(self, scheduled: float, seen: float) -> float:
        """Return the time that the period stands for: a late period does not make samples old."""
        del seen
        return scheduled


class FollowedClock:
    """Of a robot that runs by itself: the offset of its clock is followed.

    The difference of arrival and stamp is the offset plus a transport time that is never negative;
    the least of the last ``window`` new samples is the best that can be known of the offset (the
    minimum filter of NTP, RFC 5905, section 10). Ages are therefore counted from the fastest
    transport. Without new samples the offset stays, so that a silent robot's last one grows old.
    """

    def __init__(self, window: int = 500) -> None:
        """window: samples; at 500 Hz and 100 ppm the least of 500 is wrong by at most 0.1 ms."""
        self._window = window
        self._least: deque[tuple[int, float]] = deque()
        self._count = 0
        self._newest = float("-inf")

    def begin(self, scheduled: float) -> None:
        """Forget everything: the robot's clock may show another time now."""
        del scheduled
        self._least.clear()
        self._newest = float("-inf")

    def measured(self, stamp: float, arrival: float) -> float:
        """When it was measured [s]; only a sample that is newer than all others teaches."""
        if stamp > self._newest:
            self._newest = stamp
            self._learn(arrival - stamp)
        return stamp + self._least[0][1] if self._least else arrival

    def _learn(self, offset: float) -> None:
        """Keep the ascending minima of the window (front: the least)."""
        self._count += 1
        while self._least and self._least[-1][1] >= offset:
            self._least.pop()
        self._least.append((self._count, offset))
        if self._least[0][0] <= self._count - self._window:
            self._least.popleft()

    def now(self, scheduled: float, seen: float) -> float:
        """Time now [s]."""
        del scheduled
        return seen
