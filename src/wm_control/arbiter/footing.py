"""What the soles that carry the robot tell of the ground: whether they slide on it, and its slope.

Of who drives nothing is known, so that both mean the same whoever does.
"""

from __future__ import annotations

from math import hypot

from wm_control.arbiter.look import Look
from wm_control.constants import GRAVITY
from wm_control.vector3 import Vector3

_CARRIES = 0.45
"""Share of the weight from which a sole is pressed on the ground by: of two, one always is."""


class Footing:
    """Follows the soles from where each began to carry.

    slide: how far the farther one of those that carry now is from there, in a straight line [m].
    slope: tilt of the flatter one [rad].
    """

    def __init__(self, mass: float) -> None:
        """mass: of the robot [kg]."""
        self._least = _CARRIES * GRAVITY * mass
        self.reset()

    def reset(self) -> None:
        """Forget where they began."""
        self._begun: list[Vector3 | None] = [None, None]
        self.slide = self.slope = 0.0

    def __call__(self, look: Look) -> None:
        """Take in a cycle."""
        slides, tilts = [0.0], []
        for foot, (force, _) in enumerate(look.wrenches):
            if force[2] < self._least:
                self._begun[foot] = None
                continue
            here, begun = look.soles[foot], self._begun[foot] or look.soles[foot]
            self._begun[foot] = begun
            slides.append(hypot(here[0] - begun[0], here[1] - begun[1]))
            tilts.append(look.tilts[foot])
        self.slide, self.slope = max(slides), min(tilts, default=0.0)
