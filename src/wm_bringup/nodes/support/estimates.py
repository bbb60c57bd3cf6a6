"""Estimates as they come by message: read, and refused when they cannot be of this robot."""

from __future__ import annotations

from wm_bringup.wire.cdr import MessageError
from wm_bringup.wire.messages import decode_estimate
from wm_control.estimation.estimate_check import EstimateGuard
from wm_control.robot.description import RobotDescription
from wm_control.types import Estimate


class EstimateReader:
    """Reads the messages of ``state_estimator/estimate``."""

    def __init__(self, description: RobotDescription) -> None:
        """Take the robot that the estimates are of."""
        self._n = len(description.joint_names)
        self._guard = EstimateGuard(description)

    def read(self, data: bytes) -> Estimate:
        """Return the estimate; MessageError when it cannot be read, or cannot be."""
        estimate = decode_estimate(data, self._n)
        if (refusal := self._guard.refusal(estimate)) is not None:
            raise MessageError(refusal.text)
        return estimate
