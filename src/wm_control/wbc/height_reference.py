"""The height that the centre of mass is led along, without a jolt to what the soles carry."""

from __future__ import annotations

from dataclasses import dataclass

_PULL = 10.0
"""Natural frequency of the critically damped way to a new height [1/s]."""

_HARDEST = 3.0
"""Acceleration up or down that it asks for at most: a third of what carries the robot [m/s²]."""

_STEPS = 1.25
"""For how many nominal steps a long one counts; those may be late."""


@dataclass(slots=True)
class RecentReach:
    """The longest of the reaches of this step and the one before [m].

    Walking sideways, a long step and a short one alternate. A height that followed each would rise
    and sink once a stride, in time with the sway, and pump it up.

    longest: [m]. age: since it was last asked for [s].
    """

    longest: float = 0.0
    age: float = 0.0

    def reset(self) -> None:
        """Forget earlier steps."""
        self.longest, self.age = 0.0, 0.0

    def update(self, reach: float, step_duration: float, dt: float) -> float:
        """Take in the reach of the step in progress [m] and return the longest."""
        self.age += dt
        if reach >= self.longest or self.age > _STEPS * step_duration:
            self.longest, self.age = reach, 0.0
        return self.longest


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
