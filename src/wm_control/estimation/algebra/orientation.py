"""Which way is up, and which way is ahead: gyro, the IMU's own tilt, and resting soles.

A complementary filter on the rotation group (Mahony, Hamel & Pflimlin, "Nonlinear complementary
filters on the special orthogonal group", IEEE TAC 2008): the gyro carries the attitude, slow
proportional-integral feedback from vector measurements holds it and finds the gyro's bias.

    Ṙ = R [ω_gyro - b + k_P φ]^,    ḃ = -k_I φ,    k_P = 2 w,  k_I = w²

Both poles of this error dynamics lie at the bandwidth w. The vertical comes from the IMU's own
orientation. Its heading is arbitrary and never followed, but its changes tell the gyro's bias about
the vertical. The heading itself is held by soles that do not turn on the ground, while the robot
stands; a walking sole turns too much to be a witness.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pinocchio as pin

from wm_control.constants import GRAVITY
from wm_control.estimation.parameters import OrientationParameters
from wm_control.types import Array
from wm_control.vector3 import (
    ZERO,
    Vector3,
    cross,
    minus,
    plus,
    shortened,
    vector3,
    weighted,
)

_HEADING_JUMP = 0.1
"""A difference that no gyro bias makes between two samples [rad]."""


def up_from_quaternion(orientation: Sequence[float]) -> Vector3:
    """World z axis in the axes that the quaternion (xyzw, to world) rotates; any heading.

    It is the third row of the rotation matrix, divided by the quaternion's squared norm.
    """
    x, y, z, w = orientation
    scale = 2.0 / (x * x + y * y + z * z + w * w)
    return (
        scale * (x * z - y * w),
        scale * (y * z + x * w),
        1.0 - scale * (x * x + y * y),
    )


def heading_from_quaternion(orientation: Sequence[float], axis: Vector3) -> float:
    """Heading of ``axis`` [rad], given in the axes that the unit quaternion (xyzw) rotates."""
    x, y, z, w = orientation
    a, b, c = axis
    ahead = (1.0 - 2.0 * (y * y + z * z)) * a + 2.0 * ((x * y - z * w) * b + (x * z + y * w) * c)
    left = 2.0 * ((x * y + z * w) * a + (y * z - x * w) * c) + (1.0 - 2.0 * (x * x + z * z)) * b
    return math.atan2(left, ahead)


def wrapped(angle: float) -> float:
    """Return the same angle in [-π, π)."""
    return (angle + math.pi) % (2.0 * math.pi) - math.pi


def level_rotation(up: Vector3) -> Array:
    """(3, 3) base to world with heading zero, for a given world z axis in base axes.

    Heading is that of the base's x axis seen from above; undefined (and not met) when it points up.
    """
    x, y, z = plus((1.0, 0.0, 0.0), -up[0], up)
    length = math.hypot(x, y, z)
    forward = (x / length, y / length, z / length)
    return np.array((forward, cross(up, forward), up))


class OrientationFilter:
    """Attitude, heading and gyro bias.

    rotation: (3, 3) base to world; rows: the same as lists; quaternion: (4,) the same, xyzw.
    bias: of the gyro, base axes [rad/s]. age: time since reset [s].
    """

    def __init__(self, parameters: OrientationParameters) -> None:
        """Start level; ``reset`` gives the first real attitude."""
        self.parameters = parameters
        self.reset((0.0, 0.0, 1.0))

    def reset(self, up: Vector3) -> None:
        """Take a first vertical in base axes; heading and bias are zero from here."""
        self.bias = ZERO
        self.age = 0.0
        self._heading_offset: float | None = None
        self.set_tilt(up, heading=0.0)

    def set_tilt(self, up: Vector3, heading: float) -> None:
        """Jump to a vertical, base axes, and a heading [rad]; the bias is kept."""
        turn = pin.exp3(np.array((0.0, 0.0, heading)))
        self._store(pin.Quaternion(turn @ level_rotation(up)))
        self._heading_offset = None

    @property
    def heading(self) -> float:
        """Direction of the base's x axis seen from above [rad]."""
        return math.atan2(self.rows[1][0], self.rows[0][0])

    @property
    def up(self) -> Vector3:
        """World z axis in base axes."""
        return vector3(self.rows[2])

    def startup_bandwidth(self) -> float:
        """High after reset, then falling with age [rad/s].

        Fitting a line to an angle over a time T finds its slope with the gains 4/T and 6/T²; those
        of w = 2.5/T are 5/T and 6.25/T².
        """
        return 2.5 / (2.5 / self.parameters.startup_bandwidth + self.age)

    def tilt_bandwidth(self) -> float:
        """Bandwidth of roll and pitch towards the IMU's own [rad/s]."""
        return max(self.parameters.tilt_bandwidth, self.startup_bandwidth())

    def heading_bandwidth(self, standing: bool) -> float:
        """Bandwidth of the heading towards the soles [rad/s]."""
        if not standing:
            return self.parameters.heading_bandwidth_walking
        return max(self.parameters.heading_bandwidth_standing, self.startup_bandwidth())

    def accelerometer_up(self, specific_force: Vector3) -> Vector3 | None:
        """Vertical from a specific force, base axes; None while the robot accelerates."""
        magnitude = math.hypot(*specific_force)
        if not (abs(magnitude - GRAVITY) <= self.parameters.accelerometer_gate):
            return None
        x, y, z = specific_force
        return x / magnitude, y / magnitude, z / magnitude

    def watch_heading(self, imu_heading: float, dt: float) -> None:
        """Learn the gyro's bias about the vertical from how the IMU's own heading changes [rad].

        The offset between the two headings takes the part of the attitude in the equations above,
        so that the IMU's drift reaches the bias but its heading never reaches ours. A jump of the
        IMU's heading starts a new offset.
        """
        if self._heading_offset is None:
            self._heading_offset = self.heading - imu_heading
        error = wrapped(imu_heading + self._heading_offset - self.heading)
        if not (abs(error) <= _HEADING_JUMP):
            self._heading_offset = None
            return
        w = max(self.parameters.imu_heading_bandwidth, self.startup_bandwidth())
        self._heading_offset -= 2.0 * w * error * dt
        self._learn_bias(plus(ZERO, -w * w * error, self.up), dt)

    def update(
        self,
        gyro: Vector3,
        dt: float,
        up: Vector3 | None,
        tilt_bandwidth: float,
        heading_error: float = 0.0,
        heading_bandwidth: float = 0.0,
    ) -> Vector3:
        """Advance by dt; return the bias-free angular velocity in base axes [rad/s].

        gyro: base axes. up: measured world z in base axes, None to coast. heading_error: the
        heading's shortfall [rad].
        """
        omega = minus(gyro, self.bias)
        tilt = ZERO if up is None else cross(up, self.up)
        w, h = tilt_bandwidth, heading_bandwidth
        feedback = weighted(2.0 * w, tilt, 2.0 * h * heading_error, self.up)
        bias_rate = weighted(-w * w, tilt, -h * h * heading_error, self.up)
        self._learn_bias(bias_rate, dt)
        if self._heading_offset is not None:
            self._heading_offset += 2.0 * h * heading_error * dt
        step = pin.exp3_quat(np.array(weighted(dt, omega, dt, feedback)))
        self._store(self._pin_quaternion * pin.Quaternion(step))
        self.age += dt
        return omega

    def _learn_bias(self, rate: Vector3, dt: float) -> None:
        self.bias = shortened(plus(self.bias, dt, rate), self.parameters.gyro_bias_limit)

    def _store(self, quaternion: pin.Quaternion) -> None:
        quaternion.normalize()
        self._pin_quaternion = quaternion
        self.quaternion: Array = quaternion.coeffs()
        self.rotation: Array = quaternion.matrix()
        self.rows: list[list[float]] = self.rotation.tolist()
