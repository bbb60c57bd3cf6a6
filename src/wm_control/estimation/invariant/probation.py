"""Samples of the accelerometer on probation: a knock, or nothing but bad.

A knock and a bad sample look alike in the accelerometer, and both have been integrated when the
question arises. An impact on the feet also jolts the gyro, so that it is believed at once; a force
that jumps while the gyro goes on as before is put on probation. If it was bad, the velocity is
wrong by a known vector e from then on, and every standing sole seems to walk away along
E = integral of e. If it was true, soles stand, or slide any other way. So with d, what a sole has
moved since, after a few samples

    c = sum d E / sum E E

is near 1 or near 0. Until then nothing is learned from the soles, and the covariance that is
published carries e; afterwards e and E are taken out of velocity and position, or not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from wm_control.estimation.body.body import Soles
from wm_control.estimation.invariant.parameters import InvariantEkfParameters
from wm_control.estimation.invariant.stance import Stance
from wm_control.types import Array

_GIVING_IN = 0.05
"""Share of a sample in the level of the force: a new one is reached after some 40 ms."""

_SOLE_NOISE = 0.6e-3
"""Of a standing sole's place by kinematics, per axis [m]."""

_CERTAINTY = 6.0
"""Root of sum E E, in units of that noise, at which c is told: its deviation is a sixth."""

_BAD = (0.6, 1.4)
"""Where c lies when the samples were bad, within two and a half deviations."""

_STEADY = 1.5
"""RMS of what E leaves unexplained of d, in units of the noise, beyond which the sole slides."""

_PATIENCE = 0.05
"""Without a sole that tells for so long the question stays open [s]."""


class ForceSurprise:
    """Tells jumps of the specific force that nothing else shows.

    A jump is one from the last force that was none, and from the level: the way back from an impact
    is none either.
    """

    def __init__(self, parameters: InvariantEkfParameters) -> None:
        """Know no force yet."""
        self.parameters = parameters
        self.reset()

    def reset(self) -> None:
        """Forget the last force."""
        self._last: Array | None = None
        self._level: Array = np.zeros(3)

    def of(self, force: Array, turned: Array) -> Array | None:
        """(3,) by what a specific force (3,) jumps; None when it may, as nearly always [m/s²].

        turned: (3,) change of the gyro's reading over the same sample [rad/s].
        """
        if self._last is None:
            self._last, self._level = force, force
            return None
        surprise = self._jump(self._last, force, turned)
        self._level = self._level + _GIVING_IN * (force - self._level)
        if surprise is None:
            self._last = force
        return surprise

    def _jump(self, last: Array, force: Array, turned: Array) -> Array | None:
        p, jump = self.parameters, force - last
        if _size(jump) <= p.force_jump:
            return None
        from_level = force - self._level
        allowed = p.force_jump + p.force_jump_per_jolt * _size(turned)
        if _size(jump) <= allowed or _size(from_level) <= allowed:
            return None
        return from_level


def _size(vector: Array) -> float:
    x, y, z = vector.tolist()
    return math.sqrt(x * x + y * y + z * z)


class Verdict(Enum):
    """What became of a probation."""

    NONE = auto()
    TRUE = auto()
    BAD = auto()
    OPEN = auto()


@dataclass(slots=True)
class _Witness:
    """A standing sole: where it stood (3,), and E at that time."""

    place: Array
    since: Array
    agreement: float = 0.0
    evidence: float = 0.0
    moved: float = 0.0
    heard: int = 0

    def hear(self, place: Array, position: Array) -> None:
        """Take in where kinematics sees the sole now, and E."""
        seen, predicted = place - self.place, position - self.since
        self.agreement += float(seen.dot(predicted))
        self.evidence += float(predicted.dot(predicted))
        self.moved += float(seen.dot(seen))
        self.heard += 1

    @property
    def certain(self) -> bool:
        """Whether it has seen enough to tell."""
        return self.evidence >= (_CERTAINTY * _SOLE_NOISE) ** 2

    @property
    def blames(self) -> bool:
        """Whether it has walked away by E and by nothing else."""
        share = self.agreement / self.evidence
        unexplained = self.moved - 2.0 * self.agreement + self.evidence
        steady = unexplained <= 3.0 * self.heard * (_STEADY * _SOLE_NOISE) ** 2
        return _BAD[0] < share < _BAD[1] and steady


class Probation:
    """Whether surprising samples were true.

    velocity, position: (3,) what they added since, world axes: e [m/s] and E [m].
    pending: whether a verdict is still to come.
    """

    def __init__(self) -> None:
        """Suspect nothing."""
        self.reset()

    def reset(self) -> None:
        """Suspect nothing."""
        self.pending = False
        self.velocity: Array = np.zeros(3)
        self.position: Array = np.zeros(3)
        self._added: Array = np.zeros(3)
        self._age = 0.0
        self._witnesses: list[_Witness | None] = [None, None]

    def suspect(self, velocity: Array) -> None:
        """Put one more sample on probation; velocity: (3,) that it added [m/s]."""
        self.pending = True
        self._added = self._added + velocity
        self._age = 0.0

    def hear(self, soles: Soles, places: Array, stance: Stance, dt: float) -> Verdict:
        """Take in one sample; places: (2, 3) where the filter has put the soles down."""
        if not self.pending:
            return Verdict.NONE
        self._age += dt
        self.position = self.position + dt * (self.velocity + 0.5 * self._added)
        self.velocity, self._added = self.velocity + self._added, np.zeros(3)
        for foot, witness in enumerate(self._witnesses):
            if not stance.standing[foot]:
                self._witnesses[foot] = None
            elif witness is None:
                self._witnesses[foot] = _Witness(places[foot].copy(), self.position)
            else:
                witness.hear(np.array(soles.position[foot]), self.position)
        return self._verdict()

    def _verdict(self) -> Verdict:
        """BAD by the word of one sole, for no other cause moves it so; TRUE if all deny it."""
        witnesses = [witness for witness in self._witnesses if witness is not None]
        if any(witness.certain and witness.blames for witness in witnesses):
            return Verdict.BAD
        if witnesses and all(witness.certain for witness in witnesses):
            return Verdict.TRUE
        return Verdict.OPEN if self._age > _PATIENCE else Verdict.NONE
