"""The estimator that the parameters ask for."""

from __future__ import annotations

from wm_control.estimation.constant_gain.estimator import LegOdometryEstimator
from wm_control.estimation.guarded import GuardedEstimator
from wm_control.estimation.invariant.estimator import InvariantEkfEstimator
from wm_control.estimation.parameters import EstimatorParameters
from wm_control.robot.description import RobotDescription


def make_estimator(
    description: RobotDescription, parameters: EstimatorParameters
) -> GuardedEstimator:
    """Build the estimator of ``parameters.kind``."""
    if parameters.kind == "invariant_ekf":
        return InvariantEkfEstimator(description, parameters)
    return LegOdometryEstimator(description, parameters)
