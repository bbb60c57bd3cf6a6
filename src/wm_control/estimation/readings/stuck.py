"""Sensors that go on reporting the same number while the robot moves.

A reading that stays bit-identical for a number of samples is only suspicious: a robot at rest whose
sensors are coarse or noiseless does nothing else. It counts as stuck when something contradicts it:

- a joint position: the joint's own velocity tells of motion; or velocity is frozen too while joints
  move elsewhere, and most encoders are alive; or all are frozen while gyro or torques are alive;
- a joint velocity: the joint's position moves otherwise, or the position is stuck;
- one output of the IMU: another output of the same chip is alive; the whole IMU: its gyro tells of
  a turn that its orientation does not show.

Once stuck, a reading stays so until it changes.
"""

from __future__ import annotations

import itertools
from collections import deque

import numpy as np
from numpy.typing import NDArray

from wm_control.estimation.parameters import SensorParameters
from wm_control.types import Array, Observation

Mask = NDArray[np.bool_]

JOINTS, TORQUES, ORIENTATION, GYRO, ACCELEROMETER = (
    "joint sensors",
    "joint torques",
    "IMU orientation",
    "gyro",
    "accelerometer",
)
IMU = (ORIENTATION, GYRO, ACCELEROMETER)

_JITTER = 1e-9
"""Changes up to this are rounding, in rad, rad/s or m/s²."""

_RESOLUTION = 0.5e-3
"""A turn that the IMU's orientation would not fail to show [rad]."""

_FEW = 0.25
"""Share of frozen joints up to which the others are taken for proof that encoders are noisy."""


class SensorVector:
    """All readings of an observation in one vector of 3 n + 10.

    Joint position, velocity and torque (n each), IMU quaternion (4), gyro (3), accelerometer (3).
    """

    def __init__(self, n: int) -> None:
        """n: joints."""
        self.n = n
        self.size = 3 * n + 10
        self.position, self.velocity, self.torque = (slice(k * n, (k + 1) * n) for k in range(3))
        self.imu = {
            ORIENTATION: slice(3 * n, 3 * n + 4),
            GYRO: slice(3 * n + 4, 3 * n + 7),
            ACCELEROMETER: slice(3 * n + 7, 3 * n + 10),
        }

    def pack(self, o: Observation) -> Array:
        """(3 n + 10,) copy of the readings; ValueError when an array has the wrong length."""
        values = np.concatenate(
            (
                o.joint_position,
                o.joint_velocity,
                o.joint_torque,
                o.imu_orientation,
                o.imu_angular_velocity,
                o.imu_linear_acceleration,
            )
        )
        if values.shape != (self.size,) or len(o.joint_position) != self.n:
            raise ValueError(f"the observation has {len(values)} readings, not {self.size}")
        return values


class StuckDetector:
    """Counts identical readings and looks for what contradicts them."""

    def __init__(self, layout: SensorVector, parameters: SensorParameters) -> None:
        """Remember as many samples as make a reading suspicious."""
        self.layout = layout
        self.parameters = parameters
        self._recent: deque[tuple[Array, float]] = deque(maxlen=parameters.stuck_samples)
        self._nothing = np.zeros(layout.size, dtype=np.bool_)
        self.reset()

    def reset(self) -> None:
        """Forget all earlier readings."""
        self._recent.clear()
        self._same: Mask = self._nothing
        self._count: Array = np.zeros(self.layout.size)
        self._stuck: Mask = self._nothing
        self._counting = False

    def update(self, values: Array, dt: float) -> Mask | None:
        """Take in the packed readings; return which are stuck (3 n + 10,), None when none is.

        Runs are counted only while there are any: noise seldom repeats itself twice.
        """
        same = values == self._recent[-1][0] if self._recent else self._nothing
        twice, self._same = same & self._same, same
        self._recent.append((values, dt))
        if not np.count_nonzero(twice):  # a third of the time of twice.any()
            if self._counting:
                self._count[:] = 0.0
                self._stuck, self._counting = self._nothing, False
            return None
        self._counting = True
        self._count = np.where(same, self._count + 1.0, 0.0)
        frozen = self._count >= self.parameters.stuck_samples - 1
        if not frozen.any():
            self._stuck = self._nothing
            return None
        self._stuck = (self._stuck | self._contradicted(frozen)) & frozen
        return self._stuck if self._stuck.any() else None

    def _contradicted(self, frozen: Mask) -> Mask:
        """(3 n + 10,) whether other readings of the recent samples speak against a still one."""
        layout, limit = self.layout, self.parameters.stuck_angle
        oldest, newest = self._recent[0][0], self._recent[-1][0]
        with np.errstate(invalid="ignore"):  # of readings that are infinite
            moved = newest[layout.position] - oldest[layout.position]
        told = np.zeros(layout.n)
        for values, dt in itertools.islice(self._recent, 1, None):
            told += dt * values[layout.velocity]
        robot_moves = bool((np.abs(moved) > 2.0 * limit).any())
        both = frozen[layout.position] & frozen[layout.velocity]
        silent = bool(both.all()) and not bool(
            frozen[layout.torque].all() and frozen[layout.imu[GYRO]].all()
        )
        alone = robot_moves and float(both.mean()) <= _FEW
        dead = both & (alone or silent)
        contradicted = np.zeros(layout.size, dtype=np.bool_)
        contradicted[layout.position] = dead | (np.abs(told) > limit)
        contradicted[layout.velocity] = dead | (np.abs(moved - told) > limit)
        self._contradict_imu(contradicted, frozen)
        return contradicted

    def _contradict_imu(self, contradicted: Mask, frozen: Mask) -> None:
        imu, (newest, dt) = self.layout.imu, self._recent[-1]
        middle, oldest = self._recent[len(self._recent) // 2][0], self._recent[0][0]
        quiet = {name: bool(frozen[part].all()) for name, part in imu.items()}
        alive = any(
            _changed(newest[part], middle[part]) and _changed(middle[part], oldest[part])
            for name, part in imu.items()
            if not quiet[name]
        )
        still = min(float(self._count[imu[name]].min()) for name in (ORIENTATION, GYRO))
        turned = still * dt * float(np.abs(newest[imu[GYRO]]).max())
        for name, part in imu.items():
            contradicted[part] = quiet[name] and (alive or turned > _RESOLUTION)


def _changed(now: Array, before: Array) -> bool:
    return bool((np.abs(now - before) > _JITTER).any())
