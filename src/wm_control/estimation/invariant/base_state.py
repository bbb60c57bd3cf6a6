"""From the filter's IMU to base_link: pose and twist of the base."""

from __future__ import annotations

import casadi as ca

from wm_control.estimation.invariant.ekf import MEAN, FilterState
from wm_control.kernel import Kernel, quaternion_of
from wm_control.types import Array


class BaseState:
    """Pose and twist of base_link as the filter believes them."""

    def __init__(self, imu_place: Array) -> None:
        """imu_place: (3,) of the IMU in base_link [m]."""
        mean, gyro = ca.SX.sym("mean", MEAN), ca.SX.sym("gyro", 3)
        rotation_back = ca.reshape(mean[:9], 3, 3).T
        velocity, position = mean[9:12], mean[12:15]
        omega, arm = gyro - mean[21:24], ca.DM(imu_place)
        base = ca.vertcat(
            position - rotation_back.T @ arm,
            quaternion_of(rotation_back.T),
            rotation_back @ velocity - ca.cross(omega, arm),
            omega,
        )
        self._kernel = Kernel("base", {"mean": mean, "gyro": gyro}, {"base": base})
        self._mean, self._gyro = self._kernel.inputs.values()
        self._base = self._kernel.outputs["base"]

    def of(self, state: FilterState, gyro: Array) -> Array:
        """(13,) position in world, quaternion xyzw, linear and angular velocity in base axes.

        gyro: (3,) reading in base axes, bias included [rad/s]. A new array.
        """
        self._mean[:] = state.mean
        self._gyro[:] = gyro
        self._kernel.run()
        return self._base.copy()
