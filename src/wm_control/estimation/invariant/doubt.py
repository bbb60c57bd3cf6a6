"""Who is to blame for a surprise: a sole that slips, or a velocity that is wrong.

A sole that stands says how fast the base moves, the accelerometer says how that changes. When they
part, a slip is the likelier cause at first, for soles slip often and accelerometers seldom err. But
a wrong velocity makes *every* firm sole slide, by the same velocity, for ever, while true slips are
short. So the velocity is in doubt

- after a sample that no contact of the feet explains: a knock, a reading at the end of the sensor's
  range or a bad one, whichever; the velocity is then wrong by up to that force times the period;
- when for ``slide_patience`` no firm sole was seen to stand still.

A velocity in doubt takes what the soles say, and its covariance says so until one of them has
spoken: until its speed, but for corrections, stayed the same for ``doubt_time``. A sole that is
dragged along slows down, one that rolls or is in the air tells little; meanwhile the velocity
follows the soles, for a dragged one comes to rest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from wm_control.constants import GRAVITY
from wm_control.estimation.body.body import Soles
from wm_control.estimation.invariant import ekf as ekf
from wm_control.estimation.invariant.parameters import InvariantEkfParameters
from wm_control.estimation.invariant.stance import Stance
from wm_control.types import Array
from wm_control.vector3 import ZERO, Vector3, plus, vector3, weighted

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

    velocity: world axes [m/s]. deviation: of each part, by what rolling and turning add [m/s].
    """

    velocity: Vector3
    deviation: Vector3

    @property
    def speed(self) -> float:
        """What of it neither noise nor rolling explain [m/s]."""
        (vx, vy, vz), (sx, sy, sz) = self.velocity, self.deviation
        x, y, z = max(abs(vx) - sx, 0.0), max(abs(vy) - sy, 0.0), max(abs(vz) - sz, 0.0)
        return math.sqrt(x * x + y * y + z * z)


class _Constancy:
    """For how long a velocity has stayed the same.

    time: [s].
    """

    def __init__(self) -> None:
        """Know no velocity yet."""
        self.time = 0.0
        self._least: Array = np.zeros(3)
        self._most: Array = np.zeros(3)

    @property
    def middle(self) -> Array:
        """(3,) of all that it was meanwhile [m/s]."""
        middle: Array = 0.5 * (self._least + self._most)
        return middle

    def hear(self, velocity: Array, allowed: Array, dt: float) -> float:
        """Take in one sample; return the time. allowed: (3,) range it may have [m/s]."""
        least, most = np.minimum(self._least, velocity), np.maximum(self._most, velocity)
        if self.time <= 0.0 or not (most - least <= allowed).all():
            least, most, self.time = velocity, velocity, 0.0
        self._least, self._most = least, most
        self.time += dt
        return self.time


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
        self._sliding = _Constancy()
        self.active = False
        self._corrected: Array = np.zeros(3)
        self._standing = (_Constancy(), _Constancy())

    @property
    def suspected(self) -> Array | None:
        """The slide that all firm soles have in common, once it has gone on for a while."""
        return self._sliding.middle if self._sliding.time > _SUSPICIOUS else None

    def begin(self) -> None:
        """Doubt the velocity until a sole has stood for ``doubt_time``."""
        self.active = True
        self._sliding = _Constancy()
        self._standing = (_Constancy(), _Constancy())

    def corrected(self, change: Array) -> None:
        """Take in by how much a velocity in doubt (3,) was corrected, and all slides with it."""
        by = vector3(change.tolist())
        self._velocities = [plus(v, 1.0, by) for v in self._velocities]
        self._corrected = self._corrected + change

    def watch(self, soles: Soles, stance: Stance, dt: float) -> Slide | None:
        """Take in one sample; return the slide that shows the velocity to be wrong, mostly None."""
        p = self.parameters
        keep, new = p.slide_time / (p.slide_time + dt), dt / (p.slide_time + dt)
        witnesses: dict[int, Slide] = {}
        for foot in (0, 1):
            seen = soles.velocity[foot]
            if not stance.standing[foot]:
                self._velocities[foot] = seen
                continue
            self._velocities[foot] = weighted(keep, self._velocities[foot], new, seen)
            if stance.firm(foot) and (self.active or not stance.rocks(foot)):
                witnesses[foot] = self._slide(foot, stance)
        if self.active:
            self._settle(witnesses, dt)
            return None
        return self._common(witnesses, dt)

    def _settle(self, witnesses: Mapping[int, Slide], dt: float) -> None:
        """End the doubt once a sole stands: but for corrections, its velocity no longer changes."""
        for foot, standing in enumerate(self._standing):
            slide = witnesses.get(foot)
            if slide is None:
                standing.time = 0.0
                continue
            uncorrected = np.array(slide.velocity) - self._corrected
            allowed = 2.0 * np.array(slide.deviation)
            if standing.hear(uncorrected, allowed, dt) > self.parameters.doubt_time:
                self.active = False

    def _common(self, witnesses: Mapping[int, Slide], dt: float) -> Slide | None:
        """Tell a slide that all firm soles have in common, constant for ``slide_patience``."""
        if not witnesses:
            return None
        sliding = self._sliding
        slowest = min(witnesses.values(), key=lambda slide: slide.speed)
        if slowest.speed <= 0.0:
            sliding.time = max(sliding.time - _FORGIVING * dt, 0.0)
            return None
        velocity = np.array(slowest.velocity)
        allowed = 2.0 * np.array(slowest.deviation) + _SAME * float(np.linalg.norm(velocity))
        if sliding.hear(velocity, allowed, dt) <= self.parameters.slide_patience:
            return None
        self.begin()
        return slowest

    def _slide(self, foot: int, stance: Stance) -> Slide:
        """Read how a sole slides: rolling over an edge it moves upwards, turning sideways too."""
        x, y, z = stance.turn[foot]
        rolling, noise = math.hypot(x, y), self.parameters.slide_speed
        along = noise + _TILTED * rolling + _HALF_SOLE * abs(z)
        return Slide(self._velocities[foot], (along, along, noise + _HALF_SOLE * rolling))


def take_back_velocity(state: ekf.FilterState, slide: Slide) -> None:
    """Correct the velocity by a sole that stood while it was believed to slide, in place."""
    velocity, deviation = np.array(slide.velocity), np.array(slide.deviation)
    doubt_velocity(state, float(np.linalg.norm(velocity)), 0.0)
    jacobian = np.zeros((3, ekf.SIZE))
    jacobian[:, ekf.VELOCITY] = np.eye(3)
    ekf.correct(state, velocity, jacobian, np.diag(deviation**2))


def doubt_velocity(state: ekf.FilterState, deviation: float, since: float) -> None:
    """Let the velocity be wrong by a deviation [m/s] for the last ``since`` seconds, in place."""
    covariance, variance = state.covariance, deviation**2 * np.eye(3)
    v, p = ekf.VELOCITY, ekf.POSITION
    covariance[v, v] += variance
    covariance[p, p] += since**2 * variance
    covariance[v, p] += since * variance
    covariance[p, v] += since * variance


def doubt_attitude(state: ekf.FilterState, rate: float, since: float) -> None:
    """Let the base have turned by a rate [rad/s] that nobody saw for ``since`` seconds, in place.

    What the accelerometer then told was integrated along wrong axes: the velocity is in doubt too.
    """
    turned = rate * since
    state.covariance[ekf.PHI, ekf.PHI] += turned**2 * np.eye(3)
    doubt_velocity(state, 0.5 * GRAVITY * turned * since, since)
