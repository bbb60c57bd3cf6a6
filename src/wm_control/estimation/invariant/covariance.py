"""What the filter's covariance begins with, and gains over time."""

from __future__ import annotations

import numpy as np

from wm_control.estimation.invariant import ekf as ekf
from wm_control.estimation.invariant.parameters import InvariantEkfParameters
from wm_control.types import Array

_TILT_START, _VELOCITY_START, _HEADING_START = 0.1, 0.02, 0.1
"""Before the first measurement: tilt [rad], velocity at rest [m/s], IMU's heading offset [rad]."""

_DEFINED = 1e-6
"""Heading and position define the odometry frame at reset: no doubt in them [rad], [m]."""

_HEIGHT_START = 0.002
"""Of soles that touch the ground but do not bear the robot's weight yet [m]."""


def initial_variance(p: InvariantEkfParameters) -> Array:
    """(27,) at reset, before IMU attitude and soles were looked at."""
    deviation = np.zeros(ekf.SIZE)
    deviation[ekf.PHI] = _TILT_START, _TILT_START, _DEFINED
    deviation[ekf.VELOCITY] = _VELOCITY_START
    deviation[ekf.POSITION] = _DEFINED
    if p.flat_ground:  # then z = 0 is the ground's height, not the start's
        deviation[ekf.POSITION.start + 2] = _HEIGHT_START
    deviation[ekf.GYRO_BIAS] = p.gyro_bias_start
    deviation[ekf.FORCE_BIAS] = p.accelerometer_bias_start
    deviation[ekf.IMU_TILT] = p.imu_tilt_start
    deviation[ekf.IMU_HEADING] = _HEADING_START
    deviation[ekf.IMU_HEADING_RATE] = p.imu_heading_rate_start
    return deviation**2


def steady_drift(p: InvariantEkfParameters) -> Array:
    """(27,) variance per second of what always drifts; soles add theirs."""
    drift = np.zeros(ekf.SIZE)
    drift[ekf.GYRO_BIAS] = p.gyro_bias_drift**2
    drift[ekf.FORCE_BIAS] = p.accelerometer_bias_drift**2
    drift[ekf.IMU_HEADING] = p.imu_heading_drift**2
    drift[ekf.IMU_HEADING_RATE] = p.imu_heading_rate_drift**2
    return drift
