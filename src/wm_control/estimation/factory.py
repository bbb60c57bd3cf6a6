"""The estimator that the parameters ask for, for an IMU wherever the robot has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from wm_control.estimation.carried import CarriedImuEstimator
from wm_control.estimation.constant_gain.estimator import LegOdometryEstimator
from wm_control.estimation.guarded import GuardedEstimator
from wm_control.estimation.invariant.estimator import InvariantEkfEstimator
from wm_control.estimation.parameters import EstimatorParameters
from wm_control.robot.description import RobotDescription
from wm_control.types import Estimator


class ToldEstimator(Estimator, Protocol):
    """An estimator that also tells of itself."""

    @property
    def figures(self) -> Mapping[str, float]:
        """What a diagnosis wants to know beyond the estimate, by name and unit; any moment."""

    @property
    def slipping(self) -> tuple[bool, bool]:
        """Whether left and right sole are taken to slip now."""


def make_estimator(description: RobotDescription, parameters: EstimatorParameters) -> ToldEstimator:
    """Build the estimator of ``parameters.kind``."""
    kind = InvariantEkfEstimator if parameters.kind == "invariant_ekf" else LegOdometryEstimator
    return for_its_imu(description, lambda robot: kind(robot, parameters))


def for_its_imu(
    description: RobotDescription, make: Callable[[RobotDescription], GuardedEstimator]
) -> ToldEstimator:
    """Build an estimator; make: builds one for a robot with its IMU on the base."""
    if description.imu.link == description.base_link:
        return make(description)
    return CarriedImuEstimator(description, make)
