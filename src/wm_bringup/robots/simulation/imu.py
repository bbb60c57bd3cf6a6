"""The true IMU of a simulated body: what it would say without errors, from how the base moves."""

from __future__ import annotations

import casadi as ca
import numpy as np

from wm_bringup.robots.simulation.engine import BaseState
from wm_control.constants import GRAVITY
from wm_control.kernel import Kernel
from wm_control.quaternion import (
    Quaternion,
    quaternion_from_rotation,
    quaternion_product,
)
from wm_control.robot.geometry import ImuPlacement


class TrueImu:
    """Turn and specific force in IMU axes; of the force the mean over a period, as real ones do.

    motion: (6,) angular velocity [rad/s] and specific force [m/s²], as of the last call; the next
    one writes it anew.
    """

    def __init__(self, imu: ImuPlacement, period: float) -> None:
        """period: between two samples [s]."""
        self._to_base = quaternion_from_rotation(imu.rotation)
        self._kernel = _motion(imu, period)
        self._base = tuple(self._kernel.inputs[n] for n in ("rotation", "velocity", "turning"))
        self._before = self._kernel.inputs["before"]
        self.motion, self._velocity = self._kernel.outputs.values()

    def rest(self, base: BaseState) -> Quaternion:
        """See a base that has moved as it does now; return the IMU's orientation in the world."""
        self._read(base)
        self._before[:] = self._velocity
        return self.move(base)

    def move(self, base: BaseState) -> Quaternion:
        """See the base one period later; return the IMU's orientation in the world."""
        self._read(base)
        self._before[:] = self._velocity
        return quaternion_product(base.orientation, self._to_base)

    def _read(self, base: BaseState) -> None:
        rotation, velocity, turning = self._base
        rotation[:], velocity[:], turning[:] = base.rotation, base.velocity, base.angular_velocity
        self._kernel.run()


def _motion(imu: ImuPlacement, period: float) -> Kernel:
    """From the base's rotation, velocity and turn, and the IMU's velocity a period before."""
    rotation = ca.SX.sym("rotation", 3, 3)
    velocity, turning, before = (ca.SX.sym(n, 3) for n in ("velocity", "turning", "before"))
    arm = rotation @ ca.DM(np.asarray(imu.position))
    moving = velocity + ca.cross(turning, arm)
    force = (moving - before) / period + ca.DM((0.0, 0.0, GRAVITY))
    to_imu = (rotation @ ca.DM(np.asarray(imu.rotation))).T
    inputs = {"rotation": rotation, "velocity": velocity, "turning": turning, "before": before}
    motion = ca.vertcat(to_imu @ turning, to_imu @ force)
    return Kernel("true_imu", inputs, {"motion": motion, "imu_velocity": moving})
