"""The height that the centre of mass is led along, without a jolt to what the soles carry."""

from __future__ import annotations

from dataclasses import dataclass

_PULL = 10.0
"""Natural frequency of the critically damped way to a new height [1/s]."""

_HARDEST = 3.0
"""Acceleration up or down that it asks for at most: a third of what carries the robot [m/s²]."""


@dataclass(slots=True)
class HeightReference:
    """Where the centre of mass shall be now, how fast it shall rise, and what that takes.

    height: in world [m]; None: it begins where the centre of mass is. rate: [m/s]. acceleration:
    [m/s²].
    """

    height: float | None = None
    rate: float = 0.0
    acceleration: float = 0.0

    def reset(self) -> None:
        """Begin anew, at rest, where the centre of mass is next seen."""
        self.height, self.rate, self.acceleration = None, 0.0, 0.0

    def follow(self, wanted: float, measured: float, dt: float) -> float:
        """Go on towards the height that is ``wanted`` [m] and return where it is now [m]."""
        height = measured if self.height is None else self.height
        pull = _PULL * (_PULL * (wanted - height) - 2.0 * self.rate)
        self.acceleration = min(max(pull, -_HARDEST), _HARDEST)
        self.rate += dt * self.acceleration
        self.height = height + dt * self.rate
        return self.height
