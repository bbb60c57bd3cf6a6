"""Wrenches on the soles in the soles' own axes, as a stamped wrench has to be told."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from wm_control.robot.description import RobotDescription
from wm_control.robot.model import RobotModel
from wm_control.types import Array, Estimate


class SoleFrames:
    """Turns an estimate's foot wrenches from world axes into sole axes."""

    def __init__(self, description: RobotDescription) -> None:
        """Build a model of its own."""
        self._robot = RobotModel(description)

    def wrench(self, estimate: Estimate, foot: int) -> Array:
        """(6,) force [N] and torque [N·m] of the ground on one sole, about and in its frame.

        An estimate that is not finite gives NaN.
        """
        robot = self._robot
        robot.set_state(estimate)
        if not np.isfinite(robot.q).all():
            return np.full(6, np.nan)
        pin.forwardKinematics(robot.model, robot.data, robot.q)
        frame = robot.sole_ids[foot]
        rotation = pin.updateFramePlacement(robot.model, robot.data, frame).rotation
        return np.asarray((estimate.foot_wrench[foot].reshape(2, 3) @ rotation).ravel())
