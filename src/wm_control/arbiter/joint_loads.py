"""How hard the joints work, by what the robot's description allows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wm_control.fast_init import fast_init
from wm_control.robot.description import RobotDescription
from wm_control.types import Estimate

_POSSIBLE = 2.0
"""Torques beyond this share of the limit, or not finite, are faults of a sensor and no load: the
estimator deals with them, and a robot that walks well with them shall not be stopped."""


@fast_init
@dataclass(frozen=True, slots=True)
class JointLoads:
    """Of one instant; each of the joint that has the most of it by its own limits.

    speed: of the joint [-]. torque: of the drive, zero where it tells none that is possible [-].
    power: |torque · speed| by the product of both limits [-]. total: sum of all power by the sum of
    those products [-].
    """

    speed: float
    torque: float
    power: float
    total: float


class LoadMeter:
    """Measures loads from estimated speeds and the torques that the drives tell."""

    def __init__(self, description: RobotDescription) -> None:
        """Take the limits of the robot."""
        self._per_speed = 1.0 / description.velocity_limit
        self._per_torque = 1.0 / description.torque_limit
        self._power = description.velocity_limit * description.torque_limit
        self._most = float(self._power.sum())

    def __call__(self, estimate: Estimate) -> JointLoads:
        """Take in the estimate of a cycle. Never raises."""
        speed = np.abs(estimate.joint_velocity) * self._per_speed
        torque = np.abs(estimate.observation.joint_torque) * self._per_torque
        torque = np.where(torque <= _POSSIBLE, torque, 0.0)  # written so that NaN counts as none
        with np.errstate(invalid="ignore"):  # a speed that is not finite has a rule of its own
            power = speed * torque
            total = float(power.dot(self._power)) / self._most
        return JointLoads(float(speed.max()), float(torque.max()), float(power.max()), total)
