"""Height of the base above its lower sole, which means the same on the level and on a slope."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from wm_control.robot.description import RobotDescription
from wm_control.robot.model import RobotModel
from wm_control.types import LEFT, RIGHT, Estimate


class HeightAboveSoles:
    """Forward kinematics of the legs, and nothing else; the callable the arbiter is given."""

    def __init__(self, description: RobotDescription) -> None:
        """Build a model of its own."""
        self._robot = RobotModel(description)

    def __call__(self, estimate: Estimate) -> float:
        """Vertical distance [m]; NaN when the estimate is not finite."""
        robot = self._robot
        robot.set_state(estimate)
        if not np.isfinite(robot.q).all():
            return float("nan")
        pin.forwardKinematics(robot.model, robot.data, robot.q)
        lowest = min(self._sole_height(foot) for foot in (LEFT, RIGHT))
        return float(robot.q[2] - lowest)

    def _sole_height(self, foot: int) -> float:
        frame = self._robot.sole_ids[foot]
        placement = pin.updateFramePlacement(self._robot.model, self._robot.data, frame)
        return float(placement.translation[2])
