"""The true IMU of a simulated body: what it would say without errors, from how its link moves."""

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
        self._to_link = quaternion_from_rotation(imu.rotation)
        self._kernel = _motion(imu, period)
        self._link = tuple(self._kernel.inputs[n] for n in ("rotation", "velocity", "turning"))
        self._before = self._kernel.inputs["before"]
        self.motion, self._velocity = self._kernel.outputs.values()

    def rest(self, link: BaseState) -> Quaternion:
        """See its link, which has moved as it does now; return its orientation in the world."""
        self._read(link)
        self._before[:] = self._velocity
        return self.move(link)

    def move(self, link: BaseState) -> Quaternion:
        """See the link one period later; return its orientation in the world."""
        self._read(link)
        self._before[:] = self._velocity
        return quaternion_product(link.orientation, self._to_link)

    def _read(self, link: BaseState) -> None:
        rotation, velocity, turning = self._link
        rotation[:], velocity[:], turning[:] = link.rotation, link.velocity, link.angular_velocity
        self._kernel.run()


def _motion(imu: ImuPlacement, period: float) -> Kernel:
    """From the link's rotation, velocity and turn, and the IMU's velocity a period before."""
    rotation = ca.SX.sym("rotation", 3, 3)
    velocity, turning, before = (ca.SX.sym(n, 3) for n in ("velocity", "turning", "before"))
    arm = rotation @ ca.DM(np.asarray(imu.position))
    moving = velocity + ca.cross(turning, arm)
    force = (moving - before) / period + ca.DM((0.0, 0.0, GRAVITY))
    to_imu = (rotation @ ca.DM(np.asarray(imu.rotation))).T
    inputs = {"rotation": rotation, "velocity": velocity, "turning": turning, "before": before}
    motion = ca.vertcat(to_imu @ turning, to_imu @ force)
    return Kernel("true_imu", inputs, {"motion": motion, "imu_velocity": moving})
