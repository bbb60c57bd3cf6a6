"""Which way is up, and which way is ahead: gyro, the IMU's own tilt, and resting soles.

A complementary filter on the rotation group (Mahony, Hamel & Pflimlin, "Nonlinear complementary
filters on the special orthogonal group", IEEE TAC 2008): the gyro carries the attitude, slow
proportional-integral feedback from vector measurements holds it and finds the gyro's bias.

    Ṙ = R [ω_gyro - b + k_P φ]^,    ḃ = -k_I φ,    k_P = 2 w,  k_I = w²

Both poles of this error dynamics lie at the bandwidth w. The vertical comes from the IMU's own
orientation (its heading is thrown away), the heading from the soles that do not turn on the ground.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pinocchio as pin

from wm_control.estimation.parameters import OrientationParameters
from wm_control.types import Array

GRAVITY = 9.81


def up_from_quaternion(orientation: Array) -> Array:
    """(3,) world z axis in the axes that the quaternion (xyzw, to world) rotates; any heading.

    It is the third row of the rotation matrix, divided by the quaternion's squared norm.
    """
    x, y, z, w = orientation.tolist()
    scale = 1.0 / (x * x + y * y + z * z + w * w)
    return np.array(
        (
            2.0 * (x * z - y * w) * scale,
            2.0 * (y * z + x * w) * scale,
            1.0 - 2.0 * (x * x + y * y) * scale,
        )
    )


def level_rotation(up: Array) -> Array:
    """(3, 3) base to world with heading zero, for a given world z axis in base axes.

    Heading is that of the base's x axis seen from above; undefined (and not met) when it points up.
    """
    forward = np.array((1.0, 0.0, 0.0)) - up[0] * up
    forward /= math.sqrt(float(forward @ forward))
    return np.array((forward, cross(up.tolist(), forward.tolist()), up))


def cross(a: Sequence[float], b: Sequence[float]) -> tuple[float, float, float]:
    """Return a x b; on plain numbers, as numpy's takes thirty times as long on single vectors."""
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


class OrientationFilter:
    """Attitude, heading and gyro bias.

    rotation: (3, 3) base to world; quaternion: (4,) the same, xyzw; bias: (3,) of the gyro, base
    axes [rad/s]; age: time since reset [s].
    """

    def __init__(self, parameters: OrientationParameters) -> None:
        """Start level; ``reset`` gives the first real attitude."""
        self.parameters = parameters
        self.reset(np.array((0.0, 0.0, 1.0)))

    def reset(self, up: Array) -> None:
        """Take a first vertical in base axes; heading and bias are zero from here."""
        self.bias = np.zeros(3)
        self.age = 0.0
        self.set_tilt(up, heading=0.0)

    def set_tilt(self, up: Array, heading: float) -> None:
        """Jump to a vertical (3,), base axes, and a heading [rad]; the bias is kept."""
        turn = pin.exp3(np.array((0.0, 0.0, heading)))
        self._store(pin.Quaternion(turn @ level_rotation(up)))

    @property
    def heading(self) -> float:
        """Direction of the base's x axis seen from above [rad]."""
        return math.atan2(self.rotation[1, 0], self.rotation[0, 0])

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

    def accelerometer_up(self, specific_force: Array) -> Array | None:
        """(3,) vertical from a specific force, base axes; None while the robot accelerates."""
        magnitude = math.sqrt(float(specific_force @ specific_force))
        if not (abs(magnitude - GRAVITY) <= self.parameters.accelerometer_gate):
            return None
        return specific_force / magnitude

    def update(
        self,
        gyro: Array,
        dt: float,
        up: Array | None,
        tilt_bandwidth: float,
        heading_error: float = 0.0,
        heading_bandwidth: float = 0.0,
    ) -> Array:
        """Advance by dt; return the bias-free angular velocity (3,) in base axes [rad/s].

        gyro: (3,) base axes. up: (3,) measured world z in base axes, None to coast.
        heading_error: the heading's shortfall [rad].
        """
        omega = gyro - self.bias
        believed_up = self.rotation[2].tolist()
        tilt = (0.0, 0.0, 0.0) if up is None else cross(up.tolist(), believed_up)
        w, h, e = tilt_bandwidth, heading_bandwidth, heading_error
        pull = [w * t + h * e * u for t, u in zip(tilt, believed_up, strict=True)]
        pull_bias = [w * w * t + h * h * e * u for t, u in zip(tilt, believed_up, strict=True)]
        feedback, bias_rate = np.array((pull, pull_bias))
        self.bias = self._limited(self.bias - dt * bias_rate)
        step = pin.exp3_quat((omega + 2.0 * feedback) * dt)
        self._store(self._pin_quaternion * pin.Quaternion(step))
        self.age += dt
        return omega

    def _limited(self, bias: Array) -> Array:
        limit = self.parameters.gyro_bias_limit
        size = math.hypot(*bias.tolist())
        return bias if size <= limit else bias * (limit / size)

    def _store(self, quaternion: pin.Quaternion) -> None:
        quaternion.normalize()
        self._pin_quaternion = quaternion
        self.quaternion: Array = quaternion.coeffs()
        self.rotation: Array = quaternion.matrix()
