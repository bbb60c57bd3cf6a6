"""An estimator that knows the truth: for ``--state true`` only, to tell control from estimation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wm_bringup.record.strides import CONTACT_FORCE
from wm_bringup.robots.base import GroundTruth
from wm_control.types import Estimate, Observation

_CERTAIN = 1e-8 * np.eye(6)


class TrueStateEstimator:
    """A ``types.Estimator`` that copies the simulator's state instead of estimating it.

    The world it speaks of is the simulator's, in which the robot starts near the origin.
    """

    def __init__(self, truth: Callable[[], GroundTruth]) -> None:
        """truth: returns the ground truth at the time of the newest observation."""
        self._truth = truth

    def reset(self, observation: Observation) -> Estimate:
        """Return the true state; there is no memory to reset."""
        return self.update(observation)

    def update(self, observation: Observation) -> Estimate:
        """Return the true state beside the observation."""
        truth = self._truth()
        return Estimate(
            observation=observation,
            base_position_in_world=truth.base_position_in_world,
            base_orientation=truth.base_orientation,
            base_velocity_in_base=truth.base_velocity_in_base,
            base_angular_velocity_in_base=truth.base_angular_velocity_in_base,
            joint_position=truth.joint_position,
            joint_velocity=truth.joint_velocity,
            contact_probability=(truth.normal_force > CONTACT_FORCE).astype(np.float64),
            foot_wrench=truth.foot_wrench,
            pose_covariance=_CERTAIN,
            twist_covariance=_CERTAIN,
        )
