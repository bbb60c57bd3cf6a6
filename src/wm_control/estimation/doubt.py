"""Who is to blame for a surprise: a sole that slips, or a velocity that is wrong.

A sole that stands says how fast the base moves, the accelerometer says how that changes. When they
part, a slip is the likelier cause at first, for soles slip often and accelerometers seldom err. But
a wrong velocity makes *every* firm sole slide, by the same velocity, for ever, while true slips are
short. So the velocity is in doubt

- after a sample that no contact of the feet explains: a knock, a reading at the end of the sensor's
  range or a bad one, whichever; the velocity is then wrong by up to that force times the period;
- when for ``slide_patience`` no firm sole was seen to stand still.

A velocity in doubt takes what the soles say, and its covariance says so until they have spoken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wm_control.estimation import invariant_ekf as ekf
from wm_control.estimation.body import Soles
from wm_control.estimation.invariant_parameters import InvariantEkfParameters
from wm_control.estimation.stance import Stance
from wm_control.estimation.vector3 import ZERO, Vector3, weighted
from wm_control.types import Array

_HALF_SOLE, _TILTED = 0.1, 0.03
"""From a sole's middle to its edges, and its height over the edge it rolls on [m]."""

_SAME = 0.15
"""Share of its speed by which a slide may change and still be called constant."""

_SUSPICIOUS = 0.02
"""Time after which a slide is told in the covariance [s]."""

_FORGIVING = 3.0
"""Times as fast as it grows the time of sliding shrinks while a firm sole stands still."""


@dataclass(frozen=True, slots=True)
class Slide:
    """How a sole that must have stood moves by the present belief.

    velocity: (3,) world axes [m/s]. deviation: of each part, by what rolling and turning add [m/s].
    """

    velocity: Array
    deviation: Array

    @property
    def speed(self) -> float:
        """What of it neither noise nor rolling explain [m/s]."""
        x, y, z = (
            max(abs(v) - s, 0.0)
            for v, s in zip(self.velocity.tolist(), self.deviation.tolist(), strict=True)
        )
        return math.sqrt(x * x + y * y + z * z)


class VelocityDoubt:
    """Whether the velocity is in doubt.

    active: whether a surprise is now taken for the velocity's. suspected: (3,) by what it may be
    wrong for all that is known now [m/s], None when nothing speaks for it.
    """

    def __init__(self, parameters: InvariantEkfParameters) -> None:
        """Start without doubt."""
        self.parameters = parameters
        self.reset()

    def reset(self) -> None:
        """Have no doubt."""
        self._velocities: list[Vector3] = [ZERO, ZERO]
        self._begun: Array = np.zeros(3)
        self._left = 0.0
        self._sliding = 0.0

    @property
    def active(self) -> bool:
        """Whether a surprise is now taken for the velocity's."""
        return self._left > 0.0

    @property
    def suspected(self) -> Array | None:
        """The slide that all firm soles have in common, once it has gone on for a while."""
        return self._begun if self._sliding > _SUSPICIOUS else None

    def begin(self) -> None:
        """Doubt the velocity for the next ``doubt_time``."""
        self._left = self.parameters.doubt_time

    def watch(self, soles: Soles, stance: Stance, dt: float) -> Slide | None:
        """Take in one sample; return the slide that shows the velocity to be wrong, mostly None."""
        p = self.parameters
        self._left -= dt
        keep, new = p.slide_time / (p.slide_time + dt), dt / (p.slide_time + dt)
        slowest, speed = None, math.inf
        for foot in (0, 1):
            seen = soles.velocity[foot]
            if not stance.standing[foot]:
                self._velocities[foot] = seen
                continue
            self._velocities[foot] = weighted(keep, self._velocities[foot], new, seen)
            if stance.firm(foot) and (self.active or not stance.rocks(foot)):
                slide = self._slide(foot, stance)
                if slide.speed < speed:
                    slowest, speed = slide, slide.speed
        if slowest is None:
            return None
        if speed <= 0.0:
            self._sliding = max(self._sliding - _FORGIVING * dt, 0.0)
            return None
        if not self._goes_on(slowest):
            self._begun, self._sliding = slowest.velocity, 0.0
        self._sliding += dt
        if self._sliding <= (p.slide_patience_in_doubt if self.active else p.slide_patience):
            return None
        self._sliding = 0.0
        self.begin()
        return slowest

    def _goes_on(self, slide: Slide) -> bool:
        """Whether it is the same as when the sliding began: friction soon changes a true one."""
        change = slide.velocity - self._begun
        allowed = 2.0 * slide.deviation + _SAME * float(np.linalg.norm(self._begun))
        return bool((np.abs(change) <= allowed).all())

    def _slide(self, foot: int, stance: Stance) -> Slide:
        """Read how a sole slides: rolling over an edge it moves upwards, turning sideways too."""
        x, y, z = stance.turn[foot]
        rolling, noise = math.hypot(x, y), self.parameters.slide_speed
        along = noise + _TILTED * rolling + _HALF_SOLE * abs(z)
        return Slide(
            np.array(self._velocities[foot]), np.array((along, along, noise + _HALF_SOLE * rolling))
        )


def take_back_velocity(state: ekf.FilterState, slide: Slide) -> None:
    """Correct the velocity by a sole that stood while it was believed to slide, in place."""
    doubt_velocity(state, float(np.linalg.norm(slide.velocity)), 0.0)
    jacobian = np.zeros((3, ekf.SIZE))
    jacobian[:, ekf.VELOCITY] = np.eye(3)
    ekf.correct(state, slide.velocity, jacobian, np.diag(slide.deviation**2))


def doubt_velocity(state: ekf.FilterState, deviation: float, since: float) -> None:
    """Let the velocity be wrong by a deviation [m/s] for the last ``since`` seconds, in place."""
    covariance, variance = state.covariance, deviation**2 * np.eye(3)
    v, p = ekf.VELOCITY, ekf.POSITION
    covariance[v, v] += variance
    covariance[p, p] += since**2 * variance
    covariance[v, p] += since * variance
    covariance[p, v] += since * variance
