"""What of somebody's silence is our own absence: nobody was here to hear.

Where the whole computer stands still, neither who is waited for nor who waits has run.
"""

from __future__ import annotations

from math import inf

from wm_control.constants import CONTROL_PERIOD

STOOD_STILL = 0.030
"""So much is excused at most: who stays silent is told 60 ms after the last word even then [s]."""

_LATE = 2.0 * CONTROL_PERIOD
"""Longest that two looks are apart while we run [s]."""


class Absence:
    """excused: by how much looks came late since there was news, within bounds [s]."""

    def __init__(self) -> None:
        """Nobody has looked yet."""
        self.excused = 0.0
        self._looked = inf

    def look(self, now: float) -> None:
        """Take in that somebody looks, at a time [s]."""
        late = max(now - self._looked - _LATE, 0.0)
        self._looked = now
        self.excused = min(self.excused + late, STOOD_STILL)

    def end(self) -> None:
        """Take in that there is news: nothing before it is to be excused."""
        self.excused = 0.0
