"""The height of the base above its soles, as far as legs can make it change.

It is computed from encoders. When they fail it jumps, as no falling robot does, and a robot that
walks would be let fall for it.
"""

from __future__ import annotations

from math import inf, nan

_FASTEST = 10.0
"""Nothing changes it faster: a fall from standing ends at 4 m/s, a leg draws in at 3 [m/s]."""

_SCATTER = 0.02
"""By which it may jump all the same: estimates of one posture differ [m]."""

_DOUBT = 0.5
"""For which what follows a jump is not believed [s]."""


class BelievedHeight:
    """Holds the last height that could be while one that cannot be is told."""

    def __init__(self) -> None:
        """Know none yet."""
        self.reset()

    def reset(self) -> None:
        """Forget; the next one is believed."""
        self._seen: tuple[float, float] | None = None
        self._believed = nan
        self._doubted_until = -inf

    def __call__(self, stamp: float, height: float) -> float:
        """Take in a height [m] of a moment [s]; return the believed one."""
        if self._seen is not None:
            since, before = stamp - self._seen[0], self._seen[1]
            if since >= 0.0 and not (abs(height - before) <= _FASTEST * since + _SCATTER):
                self._doubted_until = stamp + _DOUBT
        self._seen = stamp, height
        if not (stamp < self._doubted_until <= stamp + _DOUBT):
            self._believed = height
        return self._believed
