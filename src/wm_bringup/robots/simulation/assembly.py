"""Errors of how a robot was put together: encoder zeros, the IMU's mounting, sampling times.

They are no noise: one draw lasts an episode, and no filter averages it away. The sensors see a
robot that is turned, shifted or older than the true one.
"""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple, Protocol

import numpy as np

from wm_bringup.faults.sensors import SensorLayout
from wm_control.quaternion import (
    Quaternion,
    quaternion_from_vector,
    quaternion_product,
    rotation_from_quaternion,
)
from wm_control.types import Array


class AssemblyErrors(Protocol):
    """Bounds of uniform errors."""

    @property
    def position_zero(self) -> float:
        """Of every encoder's zero [rad]."""

    @property
    def imu_mounting(self) -> float:
        """Of the IMU's orientation in the base, per axis [rad]."""

    @property
    def skew(self) -> float:
        """Of the time between the IMU's sample and the joints' [s]."""


class _Sample(NamedTuple):
    """Truth of one sampling instant, as ``SensorSuite.measure`` is given it."""

    stamp: float
    scalars: Array
    orientation: Quaternion


class Assembly:
    """What the sensors see of the truth. zero_offset: (n,) measured minus true position [rad]."""

    def __init__(self, errors: AssemblyErrors, layout: SensorLayout, period: float) -> None:
        """period: time between two samples [s]."""
        self._errors, self._layout, self._period = errors, layout, period
        self._joints = slice(0, 3 * layout.n)
        self._imu = slice(layout.gyro.start, layout.accelerometer.stop)
        self._past: deque[_Sample] = deque(maxlen=2 + math.ceil(errors.skew / period))
        self.reset(np.random.default_rng(0))

    def reset(self, rng: np.random.Generator) -> None:
        """Draw this episode's errors."""
        bound = self._errors
        self.zero_offset: Array = rng.uniform(
            -bound.position_zero, bound.position_zero, self._layout.n
        )
        x, y, z = rng.uniform(-bound.imu_mounting, bound.imu_mounting, 3).tolist()
        self._mounting = quaternion_from_vector(x, y, z)
        self._turn = rotation_from_quaternion(self._mounting)
        self._skew = float(rng.uniform(-bound.skew, bound.skew))
        self._past.clear()

    def seen(self, stamp: float, truth: Array, orientation: Quaternion) -> tuple[Array, Quaternion]:
        """Truth (3n + 6,) and IMU orientation as far as they reach the sensors."""
        if self._errors.skew > 0.0:
            truth, orientation = self._skewed(_Sample(stamp, truth, orientation))
        if self._errors.position_zero > 0.0:
            truth = truth.copy()
            truth[: self._layout.n] += self.zero_offset
        if self._errors.imu_mounting > 0.0:
            truth = truth.copy()
            truth[self._imu] = (truth[self._imu].reshape(2, 3) @ self._turn).reshape(6)
            orientation = quaternion_product(orientation, self._mounting)
        return truth, orientation

    def _skewed(self, now: _Sample) -> tuple[Array, Quaternion]:
        """Take the newer of IMU and joints as it is, the other from between two past samples."""
        if self._past and self._past[-1].stamp == now.stamp:
            self._past.pop()  # the robot is held: the same instant, sampled again
        self._past.append(now)
        older = self._at(abs(self._skew))
        mixed = now.scalars.copy()
        if self._skew < 0.0:
            mixed[self._joints] = older.scalars[self._joints]
            return mixed, now.orientation
        mixed[self._imu] = older.scalars[self._imu]
        return mixed, older.orientation

    def _at(self, age: float) -> _Sample:
        """Interpolate the past linearly; before the first sample the robot was at rest in it."""
        whole, share = divmod(age / self._period, 1.0)
        last = len(self._past) - 1
        newer = self._past[max(last - int(whole), 0)]
        older = self._past[max(last - int(whole) - 1, 0)]
        stamp = (1.0 - share) * newer.stamp + share * older.stamp
        scalars = (1.0 - share) * newer.scalars + share * older.scalars
        return _Sample(stamp, scalars, _between(newer.orientation, older.orientation, share))


def _between(a: Quaternion, b: Quaternion, share: float) -> Quaternion:
    """Turn from a towards b; for the small angles between two samples, the chord will do."""
    sign = 1.0 if sum(p * q for p, q in zip(a, b, strict=True)) >= 0.0 else -1.0
    x, y, z, w = ((1.0 - share) * p + share * sign * q for p, q in zip(a, b, strict=True))
    length = math.sqrt(x * x + y * y + z * z + w * w)
    return (x / length, y / length, z / length, w / length)
