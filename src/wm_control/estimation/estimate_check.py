"""Whether an estimate that came by message can be of this robot, here and now; whoever sent it.

What the estimator itself makes of its sensors is judged elsewhere (``Estimate.healthy``); here a
stranger's message is told from one of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, nan, sqrt

import numpy as np

from wm_control.refusal import Bound, Refusal, first_outside
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Estimate

JUMP = 10.0
"""No estimate is later than the one before by more [s]."""

INSIST = 10
"""So many much later estimates in a row are believed."""

JOINT_ROOM = 0.5
"""Measured joints leave their range by less: stops give way, encoders are offset [rad]."""

FASTEST = 20.0
"""No robot of this kind moves faster, falling included [m/s]."""

FAR_AWAY = 1e5
"""Nor gets further from where it started [m]."""


class EstimateGuard:
    """Judges estimates one after the other, against the robot's limits and the last that passed."""

    def __init__(self, robot: RobotDescription) -> None:
        """Take the limits of the robot."""
        self._robot = robot
        self._last = nan
        self._elsewhere = (nan, 0)

    def refusal(self, estimate: Estimate) -> Refusal | None:
        """Say what about an estimate cannot be; None when it may be used.

        An earlier stamp is no nonsense. One that is much later is, unless others go on from there:
        then it is we who have not listened.
        """
        stamp, jump = estimate.stamp, estimate.stamp - self._last
        refusal = first_outside("estimate", _parts(estimate, self._robot))
        if refusal is None and jump > JUMP and not self._insists(stamp):
            refusal = first_outside("estimate", (_ahead(jump),))
        if refusal is None:
            self._last = stamp
        return refusal

    def _insists(self, stamp: float) -> bool:
        """Whether enough estimates in a row have come from about this time."""
        around, count = self._elsewhere
        goes_on = abs(stamp - around) <= 1.0
        self._elsewhere = (stamp, count + 1 if goes_on else 1)
        return self._elsewhere[1] > INSIST


def _ahead(jump: float) -> Bound:
    return Bound("time ahead of the last", jump, -inf, JUMP, " s")


def _parts(estimate: Estimate, robot: RobotDescription) -> Iterator[Bound]:
    yield Bound("time", estimate.stamp, -1e10, 1e10, " s")
    yield Bound("length of the quaternion", _length(estimate.base_orientation), 0.9, 1.1)
    yield Bound("distance", _length(estimate.base_position_in_world), 0.0, FAR_AWAY, " m")
    yield Bound("speed", _length(estimate.base_velocity_in_base), 0.0, FASTEST, " m/s")
    turning = _length(estimate.base_angular_velocity_in_base)
    yield Bound("angular velocity", turning, 0.0, 100.0, " rad/s")
    outside = np.maximum(
        estimate.joint_position - robot.position_upper,
        robot.position_lower - estimate.joint_position,
    )
    yield Bound("joint outside its range by", float(np.max(outside)), -inf, JOINT_ROOM, " rad")
    fast = float(np.max(np.abs(estimate.joint_velocity) / robot.velocity_limit))
    yield Bound("joint speed per its limit", fast, 0.0, 10.0)


def _length(vector: Array) -> float:
    return sqrt(float(vector @ vector))
