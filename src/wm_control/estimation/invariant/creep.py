"""How much soles creep on the ground: sink as they are loaded, turn as they are twisted.

The innovations of a sole that stays are white. One that creeps leaves its place behind, and its
innovations keep their sign: smoothed over ``_SMOOTHING`` they exceed what their variance explains.
What they exceed it by is learned as the rate at which places and headings drift.
"""

from __future__ import annotations

from dataclasses import dataclass

_SMOOTHING = 0.02
"""Of the innovations [s]: longer than their noise, shorter than a step."""

_LEVER = 0.5
"""Sinking of a sole by its turning: 10 mm where it turns by 20 mrad [m]."""

_MEMORY = 1.0
"""Over which the mean of what is unexplained is taken: some steps [s]."""


_HEIGHT_WHITE, _HEIGHT_GAIN = 0.4, 60.0
_HEADING_WHITE, _HEADING_GAIN = 0.7, 20.0
"""Smoothed innovations have 0.1 to 0.3 of their variance in height and 0.2 to 0.6 in heading where
soles stay, on flat floors and on tiles; 0.8 and 0.5 where soles sink by 8 mm, 1.8 and 5 by 30."""


@dataclass(slots=True)
class CreepRate:
    """Variance per time of one direction, from its innovations.

    white: share of the innovations' own variance that smoothing a fixed sole's leaves at most.
    gain: of the rate by what is unexplained; the more is added, the less is left unexplained.
    rate: variance that a place gains per second, 0 where soles stay.
    """

    white: float
    gain: float
    _smoothed: list[float]
    _unexplained: float = 0.0
    rate: float = 0.0

    def hear(self, foot: int, innovation: float, variance: float, dt: float) -> None:
        """Take in one sample of a standing sole."""
        new = dt / (_SMOOTHING + dt)
        self._smoothed[foot] += (innovation - self._smoothed[foot]) * new
        explained = self.white * new / (2.0 - new) * variance
        unexplained = self._smoothed[foot] ** 2 - explained
        self._unexplained += (unexplained - self._unexplained) * dt / (_MEMORY + dt)
        known = self._unexplained
        self.rate = self.gain * known / _SMOOTHING if known > 0.0 else 0.0

    def put_down(self, foot: int) -> None:
        """Begin with a new place."""
        self._smoothed[foot] = 0.0


class Creep:
    """Learned creep of standing soles: of their height [m²/s] and of their heading [rad²/s]."""

    def __init__(self) -> None:
        """Take soles to stay."""
        self.reset()

    def reset(self) -> None:
        """Take soles to stay."""
        self.height = CreepRate(_HEIGHT_WHITE, _HEIGHT_GAIN, [0.0, 0.0])
        self.heading = CreepRate(_HEADING_WHITE, _HEADING_GAIN, [0.0, 0.0])

    @property
    def sinking(self) -> float:
        """Variance rate of a place's height [m²/s]."""
        return self.height.rate

    @property
    def turning(self) -> float:
        """Variance rate of its heading [rad²/s]: what yields downwards yields sideways too."""
        return self.heading.rate + self.height.rate / _LEVER**2

    def put_down(self, foot: int) -> None:
        """Begin with a new place."""
        self.height.put_down(foot)
        self.heading.put_down(foot)
