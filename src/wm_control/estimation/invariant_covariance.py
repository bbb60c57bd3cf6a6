"""What the filter's covariance begins with, gains over time, and means for base_link."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from wm_control.estimation import invariant_ekf as ekf
from wm_control.estimation.invariant_parameters import InvariantEkfParameters
from wm_control.estimation.placed_soles import settle_place
from wm_control.types import Array

_TILT_START, _VELOCITY_START, _HEADING_START = 0.1, 0.02, 0.1
"""Before the first measurement: tilt [rad], velocity at rest [m/s], IMU's heading offset [rad]."""

_DEFINED = 1e-6
"""Heading and position define the odometry frame at reset: no doubt in them [rad], [m]."""


def initial_variance(p: InvariantEkfParameters) -> Array:
    """(26,) at reset, before IMU attitude and soles were looked at."""
    deviation = np.zeros(ekf.SIZE)
    deviation[ekf.PHI] = _TILT_START, _TILT_START, _DEFINED
    deviation[ekf.VELOCITY] = _VELOCITY_START
    deviation[ekf.POSITION] = _DEFINED
    deviation[ekf.GYRO_BIAS] = p.gyro_bias_start
    deviation[ekf.FORCE_BIAS] = p.accelerometer_bias_start
    deviation[ekf.IMU_TILT] = p.imu_tilt_start
    deviation[ekf.IMU_HEADING] = _HEADING_START
    return deviation**2


def steady_drift(p: InvariantEkfParameters) -> Array:
    """(26,) variance per second of what always drifts; soles add theirs."""
    drift = np.zeros(ekf.SIZE)
    drift[ekf.GYRO_BIAS] = p.gyro_bias_drift**2
    drift[ekf.FORCE_BIAS] = p.accelerometer_bias_drift**2
    drift[ekf.IMU_HEADING] = p.imu_heading_drift**2
    return drift


class PublishedCovariance:
    """What an ``Estimate`` tells of the filter's covariance, for base_link.

    pose, twist: (6, 6) as of the last ``refresh``; new arrays every time.
    """

    def __init__(self, imu_place: Array, gyro: float) -> None:
        """imu_place: (3,) of the IMU in base_link [m]; gyro: deviation of a sample [rad/s]."""
        self._imu_place, self._gyro = imu_place, gyro
        self.reset()

    def reset(self) -> None:
        """Start a path."""
        self._walked: Array = np.zeros((2, 2))
        self.pose: Array = np.zeros((6, 6))
        self.twist: Array = np.zeros((6, 6))

    def settle(self, state: ekf.FilterState, foot: int | None) -> None:
        """Hold the world at a standing sole, so that odometry goes on from where it is.

        None: at the IMU, for a robot in the air.
        """
        self._walked += settle_place(state, foot)

    def refresh(self, state: ekf.FilterState) -> None:
        """Take over what the filter says now."""
        pose, self.twist = pose_and_twist(state, self._imu_place, self._gyro)
        self.pose = over_the_path(pose, state.position, self._walked)


def pose_and_twist(state: ekf.FilterState, imu_place: Array, gyro: float) -> tuple[Array, Array]:
    """(6, 6) covariances of base_link's pose in odom and of its twist in its own axes.

    imu_place: (3,) of the IMU in base_link [m]. gyro: deviation of a sample [rad/s]. To first
    order, with q the base's position and r = R imu_place: δq = rp + φ x q for the pose, because
    p = q + r; for the twist in base axes Rᵀ rv + imu_place x δω and δω, with δω = noise - δb.
    """
    p, rotation = state.covariance, state.rotation
    base = state.position - rotation.dot(imu_place)
    maps = _MAPS.copy()
    maps[:3, ekf.PHI] = -pin.skew(base)
    maps[6:9, ekf.VELOCITY] = rotation.T
    arm = _ARM.copy()
    arm[:3] = pin.skew(imu_place)
    maps[6:, ekf.GYRO_BIAS] = -arm
    both = maps.dot(p).dot(maps.T)
    return both[:6, :6].copy(), both[6:, 6:] + gyro**2 * arm.dot(arm.T)


def over_the_path(pose: Array, position: Array, walked: Array) -> Array:
    """(6, 6) covariance of the pose with what ``settle_place`` took for granted on the way.

    pose: (6, 6) since then. position: (3,) in odom, whose origin is the start [m]. walked: (2, 2)
    variances taken away so far [m²]. The heading's error turns the whole path about its start, as
    if it had been there from the first step; it was smaller then, so this is cautious.
    """
    heading, lever = pose[5, 5], np.array((-position[1], position[0]))
    whole = pose.copy()
    whole[:2, :2] += walked + heading * np.outer(lever, lever)
    whole[:2, 5] += heading * lever
    whole[5, :2] += heading * lever
    return whole


def _maps() -> Array:
    """(12, 26) the part of the map from errors to pose and twist that is the same always."""
    maps = np.zeros((12, ekf.SIZE))
    maps[:3, ekf.POSITION] = np.eye(3)
    maps[3:6, ekf.PHI] = np.eye(3)
    return maps


_MAPS = _maps()
_ARM = np.eye(6, 3, -3)
