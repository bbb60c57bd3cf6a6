"""How far a sole's heading is off by encoders with wrong zeros, and what that is worth.

Zeros that are wrong by δ turn the sole that kinematics sees by J(q) δ, with J the heading's row of
the leg's Jacobian. What is the same throughout a stance does no harm: the sole was put down with
it. What the filter takes for a turn of the base is the change (J(q) - J(q0)) δ since, which comes
back alike with every step: some milliradians each where zeros are wrong by half a degree.
"""

from __future__ import annotations

import math

from wm_control.constants import CONTROL_PERIOD
from wm_control.estimation.body.body import Body
from wm_control.estimation.invariant import ekf as ekf
from wm_control.estimation.invariant.parameters import InvariantEkfParameters
from wm_control.estimation.invariant.stance import Stance
from wm_control.types import Array

_NEW = 0.125
"""Share of a new stance in what was learned from stances."""

_ALIKE = 2.0 / _NEW - 1.0
"""Stances that such a mean is worth; an error that is alike in so many is one error of them all."""

_SURE = 2.0
"""Variances of a mean that it has to exceed to tell of zeros that are wrong."""

_FIRST, _SMOOTH = 5, 0.3
"""Looks whose mean is a stance's begin; share of a new look in its end."""

_JUMP = 0.1
"""Turn within a stance that is the IMU's heading jumping, not zeros [rad]."""

_TELLING = 0.1
"""Change of J from which a stance tells anything of zeros [1]."""


class ZeroErrors:
    """Doubt in the headings of placed soles that grows as the leg changes its posture.

    learned: variance of a joint's zero [rad²], by how much soles seem to turn, beside the IMU's own
    heading, in the same sense with every step; 0 until they do. Both legs' are one robot's: whoever
    zeroed one badly did not zero the other well.
    """

    def __init__(self, parameters: InvariantEkfParameters, body: Body) -> None:
        """Nothing is learned yet."""
        p = parameters
        self._imu_drift = p.imu_heading_drift**2 * p.attitude_period * CONTROL_PERIOD
        self._body = body
        left, right = (len(leg) for leg in body.kinematics.legs)
        self._rows = ((5, slice(6, 6 + left)), (11, slice(6 + left, 6 + left + right)))
        self.reset()

    def reset(self) -> None:
        """Forget what was learned."""
        self.learned = 0.0
        self._seen = [0, 0]
        self._systematic = [0.0, 0.0]
        self._mean = [0.0, 0.0]
        self._spread = [0.0, 0.0]
        self._stances = [_Look(), _Look()]

    def put_down(self, foot: int) -> None:
        """Begin with a new place."""
        self._stances[foot] = _Look()

    def lift(self, foot: int) -> None:
        """Learn from the stance that ends: by how much the sole turned beside the IMU."""
        stance, self._stances[foot] = self._stances[foot], _Look()
        turned = stance.last - stance.first
        told = stance.looks > _FIRST and stance.change >= _TELLING**2
        if not (told and abs(turned) <= _JUMP):
            return
        turn = turned / math.sqrt(stance.change)
        self._seen[foot] += 1
        new = max(1.0 / self._seen[foot], _NEW)
        by_imu = self._imu_drift * stance.looks / stance.change
        off = turn - self._mean[foot]
        self._mean[foot] += new * off
        self._spread[foot] += new * ((1.0 - new) * off * off + by_imu - self._spread[foot])
        explained = _SURE * new / (2.0 - new) * self._spread[foot]
        self._systematic[foot] = max(self._mean[foot] ** 2 - explained, 0.0)
        self.learned = 0.5 * sum(self._systematic)

    def look(self, state: ekf.FilterState, stance: Stance, apart: float | None) -> None:
        """Doubt the placed headings by the posture's change since; every few samples, in place.

        apart: believed minus reported heading of the IMU's own attitude [rad], None unless seen.
        """
        headings, jacobians = self._body.soles.heading, self._body.jacobians
        for foot in (0, 1):
            if not stance.standing[foot]:
                continue
            row, seen = jacobians[self._rows[foot]], self._stances[foot]
            grown = seen.grown(row)
            if grown > 0.0:
                at = ekf.FOOT_HEADING[foot]
                state.covariance[at, at] += _ALIKE * self.learned * grown
            if apart is not None and stance.firmness[foot] >= 1.0:
                seen.hear(headings[foot] - apart)


class _Look:
    """One stance. change: largest |J - J0|² so far; first, last: heading beside the IMU's [rad]."""

    def __init__(self) -> None:
        self._row: Array | None = None
        self.change, self.looks = 0.0, 0
        self.first = self.last = self._zero = 0.0

    def grown(self, row: Array) -> float:
        """Take in J (l,); by how much ``change`` grew."""
        if self._row is None:
            self._row = row.copy()
            return 0.0
        change = row - self._row
        square = float(change.dot(change))
        grown = square - self.change
        if grown > 0.0:
            self.change = square
        return grown

    def hear(self, heading: float) -> None:
        """Take in one heading."""
        if self.looks == 0:
            self._zero = heading
        off = math.remainder(heading - self._zero, 2.0 * math.pi)
        self.looks += 1
        if self.looks <= _FIRST:
            self.first += (off - self.first) / self.looks
            self.last = self.first
        else:
            self.last += _SMOOTH * (off - self.last)
