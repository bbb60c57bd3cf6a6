"""What one control step did to many robots: all that rewards, falls and the critic look at."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from mujoco.batch import Batch
from numpy.typing import NDArray

from wm_control.types import Array
from wm_training.learning.legs import Legs

FEET = 2


@dataclass(frozen=True, slots=True)
class Motion:
    """n robots after a control step, before anybody is reset. Feet: left, right.

    height: (n,) of the base above the ground [m]. rotation: (n, 3, 3) base to world.
    gravity, angular_velocity: (n, 3) in base axes [1], [rad/s]. velocity: (n, 3) in the heading
    frame [m/s]. joint_position, joint_velocity, torque: (n, k) of the legs.
    joint_acceleration: (n, k), mean over the step [rad/s²]. sole_position: (n, 2, 3) from the base,
    in the heading frame; its z is above the ground [m]. sole_velocity: (n, 2, 3) in world axes
    [m/s]. sole_normal: (n, 2, 3) of the soles in world axes. sole_heading: (n, 2) about the
    vertical, from the base's [rad]. load: (n, 2) normal force [N].
    """

    height: Array
    rotation: Array
    gravity: Array
    angular_velocity: Array
    velocity: Array
    joint_position: Array
    joint_velocity: Array
    joint_acceleration: Array
    torque: Array
    sole_position: Array
    sole_velocity: Array
    sole_normal: Array
    sole_heading: Array
    load: Array

    @property
    def finite(self) -> NDArray[np.bool_]:
        """(n,) whether the state can be believed; MuJoCo resets silently after NaN."""
        total = self.height + self.velocity.sum(axis=1) + self.joint_velocity.sum(axis=1)
        return np.asarray(np.isfinite(total))


class MotionReader:
    """Reads ``Motion`` out of a batch, whose derived fields must be those of the newest state."""

    def __init__(self, batch: Batch, model: mujoco.MjModel, legs: Legs) -> None:
        """Bind what is needed; site order is that of ``mujoco_model.SOLES``."""
        self._legs = legs
        self._position, self._velocity = batch.bind("qpos"), batch.bind("qvel")
        self._torque, self._sensors = batch.bind("actuator_force"), batch.bind("sensordata")
        self._sites, self._turns = batch.bind("site_xpos"), batch.bind("site_xmat")
        self._soles = [model.site(name).id for name in ("l_sole", "r_sole")]

    def read(self, joint_velocity_before: Array, period: float) -> Motion:
        """joint_velocity_before: (n, k) at the beginning of the step, which took ``period``."""
        position, velocity = self._position, self._velocity
        n = len(position)
        rotation = rotation_of(position[:, 3:7])
        yaw = np.arctan2(rotation[:, 1, 0], rotation[:, 0, 0])
        turns = self._turns.reshape(n, -1, 3, 3)[:, self._soles]
        soles = self._sites[:, self._soles]
        relative = soles - position[:, None, :3]
        relative[:, :, :2] = into_heading(relative[:, :, :2], yaw[:, None])
        relative[:, :, 2] = soles[:, :, 2]
        heading = np.arctan2(turns[:, :, 1, 0], turns[:, :, 0, 0]) - yaw[:, None]
        linear = velocity[:, :3].copy()
        linear[:, :2] = into_heading(linear[:, :2], yaw)
        joint_velocity = velocity[:, self._legs.speeds].copy()
        return Motion(
            height=position[:, 2].copy(),
            rotation=rotation,
            gravity=-rotation[:, 2, :],
            angular_velocity=velocity[:, 3:6].copy(),
            velocity=linear,
            joint_position=position[:, self._legs.angles].copy(),
            joint_velocity=joint_velocity,
            joint_acceleration=(joint_velocity - joint_velocity_before) / period,
            torque=self._torque[:, self._legs.torques].copy(),
            sole_position=relative,
            sole_velocity=self._sensors[:, FEET:].reshape(n, FEET, 3).copy(),
            sole_normal=turns[:, :, :, 2],
            sole_heading=(heading + np.pi) % (2.0 * np.pi) - np.pi,
            load=self._sensors[:, :FEET].copy(),
        )


def rotation_of(quaternion: Array) -> Array:
    """(n, 3, 3) of unit quaternions wxyz (n, 4)."""
    w, x, y, z = quaternion.T
    rows = [
        [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
        [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), 2, 0)


def into_heading(horizontal: Array, yaw: Array) -> Array:
    """(..., 2) world vectors as forward and left of ``yaw`` (...,) [rad]."""
    cos, sin = np.cos(yaw), np.sin(yaw)
    x, y = horizontal[..., 0], horizontal[..., 1]
    return np.stack((cos * x + sin * y, cos * y - sin * x), axis=-1)
