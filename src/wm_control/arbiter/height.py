"""Height of the base above its lower sole, which means the same on the level and on a slope."""

from __future__ import annotations

import pinocchio as pin

from wm_control.arbiter.finite import finite
from wm_control.robot.description import RobotDescription
from wm_control.robot.model import RobotModel
from wm_control.types import Estimate


class HeightAboveSoles:
    """Forward kinematics of the legs, and nothing else; the callable the arbiter is given."""

    def __init__(self, description: RobotDescription) -> None:
        """Build a model of its own."""
        self._robot = robot = RobotModel(description)
        self._soles = [robot.data.oMf[frame].translation for frame in robot.sole_ids]

    def __call__(self, estimate: Estimate) -> float:
        """Vertical distance [m]; NaN when the estimate is not finite."""
        robot = self._robot
        robot.set_configuration(estimate)
        if not finite(robot.q):
            return float("nan")
        pin.forwardKinematics(robot.model, robot.data, robot.q)
        for frame in robot.sole_ids:
            pin.updateFramePlacement(robot.model, robot.data, frame)
        left, right = self._soles
        return float(robot.q[2] - min(left[2], right[2]))
