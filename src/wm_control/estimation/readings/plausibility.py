"""What readings say of each other: units, signs and frames that physics contradicts.

A reading may be finite, inside its range and alive, and yet in g, in degrees, in another frame or
without gravity. Two sensors that see the same motion give it away:

- at rest the specific force is gravity, along the IMU's own vertical, and the gyro stands still;
- at rest both soles lie flat on one floor;
- while soles bear the robot, the mean specific force points up and is about gravity;
- the gyro's turn is the change of the IMU's own attitude;
- a joint's velocity is the change of its position.

Differences are summed with a leak, so that noise, impacts and single bad samples fade, and a
convention that is wrong does not. Velocities of legs and accelerometer: see legs_beside_imu.py;
torques: see effort.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import casadi as ca
import numpy as np

from wm_control.constants import GRAVITY
from wm_control.estimation.body.body import Soles
from wm_control.estimation.parameters import SensorParameters
from wm_control.kernel import Kernel
from wm_control.types import Array
from wm_control.vector3 import (
    ZERO,
    Rows,
    Vector3,
    cross,
    minus,
    plus,
    rotate,
    vector3,
    weighted,
)

UNITS = "accelerometer's units or frame"
TURN = "gyro beside the attitude"
TILT = "IMU's attitude beside the belief"
SPEEDS = "joint velocities beside the positions"

_MEMORY = 0.1
"""Time in which a sum of differences fades [s]."""

_FORCE_TIME = 0.03
"""Smoothing of the specific force [s]."""

_BORNE = 0.4
"""Share of the weight on the soles from which the robot does not fall freely."""

_LEAST_UP, _LEAST, _MOST = 3.5, -2.0, 25.0
"""Of the mean specific force: upwards of a robot that its soles bear, upwards of any, for the
ground does not pull, and in all [m/s²]."""

_REST_FORCE, _REST_TURN = 1.5, 0.3
"""Largest deviation from gravity [m/s²] and turn [rad/s] at rest: biases, noise, a slight sway."""

_SOLES_APART, _SOLE_TILT, _STEP = 0.2, 0.35, 0.08
"""At rest, of the soles: angle between them, and to the IMU's vertical, which is larger by a slope
[rad]; difference in height [m]."""

_DEGREES = 180.0 / math.pi

_RIGHT = 0.3
"""Share of a difference up to which another convention explains it."""

_TURN_TIME = 0.01
"""Smoothing of what parts gyro and attitude [s]."""

_SPIKE = 0.005
"""Most that one sample may part gyro and attitude, so that a single bad one does not tell [rad]."""

_JUMP = 0.1
"""A turn of the IMU's attitude in one sample that its heading makes, when it is set anew [rad]."""


def fault_at_rest(specific_force: Vector3, gyro: Vector3, up: Vector3) -> str:
    """Say what is wrong with an IMU at rest; empty when nothing is. All in the same axes."""
    size = math.hypot(*specific_force)
    if not (abs(size - GRAVITY) <= _REST_FORCE):
        return f"specific force at rest is {size:.3g} m/s², not {GRAVITY}{_hint(size)}"
    off = math.dist(specific_force, weighted(GRAVITY, up, 0.0, ZERO))
    if not (off <= _REST_FORCE):
        angle = math.degrees(_angle(specific_force, up))
        return (
            f"specific force at rest is {angle:.0f} degrees off the IMU's vertical: "
            "are its axes those of the attitude?"
        )
    turn = math.hypot(*gyro)
    if not (turn <= _REST_TURN):
        return f"gyro at rest reads {turn:.3g} rad/s: degrees, or a robot that moves?"
    return ""


def soles_fault_at_rest(soles: Soles, up: Vector3) -> str:
    """Say why both soles cannot stand on one floor; empty when they can. All in the same axes."""
    left, right = soles.normal
    apart = _angle(left, right)
    if not (apart <= _SOLES_APART):
        return (
            f"soles stand at {math.degrees(apart):.0f} degrees to each other: "
            "is a joint reversed or off?"
        )
    step = abs(_dot(up, minus(soles.position[0], soles.position[1])))
    if not (step <= _STEP):
        return f"soles stand {step:.2f} m above each other: is a joint reversed or off?"
    tilt = max(_angle(left, up), _angle(right, up))
    if not (tilt <= _SOLE_TILT):
        return (
            f"soles lie {math.degrees(tilt):.0f} degrees off the IMU's vertical: "
            "the IMU's mounting, or signs of joints?"
        )
    return ""


def _angle(a: Vector3, b: Vector3) -> float:
    return math.atan2(math.hypot(*cross(a, b)), _dot(a, b))


def _hint(size: float) -> str:
    if abs(size * GRAVITY - GRAVITY) <= _REST_FORCE:
        return ": is it in g?"
    return ": is gravity removed?" if size <= _REST_FORCE else ""


def _dot(a: Vector3, b: Vector3) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


class MeanForce:
    """The mean specific force beside the load that the soles bear."""

    def __init__(self) -> None:
        """Start at rest."""
        self.reset()

    def reset(self) -> None:
        """Start at rest."""
        self._mean: Vector3 = (0.0, 0.0, GRAVITY)

    @property
    def share_borne(self) -> float:
        """What the ground bears by the accelerometer, as a share of the weight."""
        return max(self._mean[2] / GRAVITY, 0.0)

    def check(self, force: Vector3, rotation: Rows, load: float, dt: float) -> str:
        """Take in one sample; return what is wrong, empty when nothing is.

        force: (3,) specific, base axes [m/s²]; rotation: base to world; load: share of the weight.
        """
        keep, new = _FORCE_TIME / (_FORCE_TIME + dt), dt / (_FORCE_TIME + dt)
        self._mean = mean = weighted(keep, self._mean, new, rotate(rotation, force))
        least = _LEAST_UP if load >= _BORNE else _LEAST
        if mean[2] >= least and math.hypot(*mean) <= _MOST:
            return ""
        return (
            f"mean specific force ({mean[0]:.1f}, {mean[1]:.1f}, {mean[2]:.1f}) m/s² in world axes "
            f"is none that the ground makes{_hint(math.hypot(*mean))}"
        )


class TurnBesideAttitude:
    """The gyro's turn beside the change of the IMU's own attitude, both in IMU axes."""

    def __init__(self, parameters: SensorParameters) -> None:
        """Know no attitude yet."""
        self._limit = parameters.turn_mismatch
        self._kernel = _turns()
        self._seen, self._state = self._kernel.inputs.values()
        self._next, self._apart = self._kernel.outputs.values()
        self.reset()

    def reset(self) -> None:
        """Forget."""
        self._state[:] = 0.0

    def check(self, orientation: Array, gyro: Array, dt: float) -> str:
        """Take in one sample: quaternion xyzw (4,) and reading (3,) [rad/s]; return what is wrong.

        Sums begin with the second sample.
        """
        seen = self._seen
        seen[:4] = orientation
        seen[4:7] = gyro
        seen[7] = dt
        self._kernel.run()
        self._state[:] = self._next
        size = float(self._apart[0])
        if size <= self._limit:
            return ""
        turned, apart = vector3(self._state[4:7].tolist()), vector3(self._state[7:10].tolist())
        return (
            f"gyro and attitude of the IMU part by {size / _MEMORY:.2g} rad/s: "
            f"{turn_suspicion(turned, plus(turned, 1.0, apart))}?"
        )


def _turns() -> Kernel:
    """Write down the sums: of the attitude's turns, of what the gyro adds, and the latter smoothed.

    state: the last quaternion (4), zero when there is none, and these three (9) [rad].
    """
    seen, state = ca.SX.sym("seen", 8), ca.SX.sym("state", 13)
    orientation, gyro, dt = seen[:4], seen[4:7], seen[7]
    last, turned, added, smooth = ca.vertsplit(state, (0, 4, 7, 10, 13))
    sign = ca.if_else(ca.dot(last, orientation) >= 0.0, 2.0, -2.0)
    step = sign * (
        last[3] * orientation[:3] - orientation[3] * last[:3] - ca.cross(last[:3], orientation[:3])
    )
    apart = dt * gyro - step
    size = ca.norm_2(apart)
    counts = ca.logic_and(ca.sumsqr(last) > 0.0, size <= _JUMP)
    keep, new = 1.0 - dt / _MEMORY, dt / (_TURN_TIME + dt)
    turned_now = ca.if_else(counts, keep * turned + step, turned)
    shorter = ca.fmin(1.0, _SPIKE / ca.fmax(size, 1e-12))
    added_now = ca.if_else(counts, keep * added + shorter * apart, added)
    smooth_now = smooth + new * (added_now - smooth)
    return Kernel(
        "turn_beside_attitude",
        {"seen": seen, "state": state},
        {
            "next": ca.vertcat(orientation, turned_now, added_now, smooth_now),
            "apart": ca.norm_2(smooth_now),
        },
    )


_TURNS: tuple[tuple[str, Callable[[float, float, float], Vector3]], ...] = (
    ("the gyro's x reversed", lambda x, y, z: (-x, y, z)),
    ("the gyro's y reversed", lambda x, y, z: (x, -y, z)),
    ("the gyro's z reversed", lambda x, y, z: (x, y, -z)),
    ("the gyro's x and y exchanged", lambda x, y, z: (y, x, z)),
    ("the gyro's y and z exchanged", lambda x, y, z: (x, z, y)),
    ("the gyro's x and z exchanged", lambda x, y, z: (z, y, x)),
    ("an attitude from world to IMU", lambda x, y, z: (-x, -y, -z)),
    ("gyro in degrees", lambda x, y, z: (x / _DEGREES, y / _DEGREES, z / _DEGREES)),
    ("gyro in hundredths", lambda x, y, z: (_DEGREES * x, _DEGREES * y, _DEGREES * z)),
)
"""What may be wrong with a gyro, and its reading set right."""


def turn_suspicion(turned: Vector3, told: Vector3) -> str:
    """Name what brings the gyro's turn nearest to that of the attitude [rad]."""
    apart = math.dist(turned, told)
    left, name = min((math.dist(turned, mend(*told)), name) for name, mend in _TURNS)
    return name if left < _RIGHT * apart else "units or axes"


class SpeedBesidePosition:
    """Joint velocities beside the change of the positions."""

    def __init__(self, joint_names: Sequence[str], parameters: SensorParameters) -> None:
        """Know no position yet."""
        self._names = joint_names
        self._limit = parameters.speed_mismatch
        self._apart: Array = np.zeros(len(joint_names))
        self.reset()

    def reset(self) -> None:
        """Forget."""
        self._last: tuple[Array, Array] | None = None
        self._apart[:] = 0.0

    def check(self, position: Array, velocity: Array, dt: float) -> str:
        """Take in one sample (n,); return what is wrong, empty when nothing is."""
        last, self._last = self._last, (position, velocity)
        if last is None:
            return ""
        apart = self._apart
        apart *= 1.0 - dt / _MEMORY
        apart += position - last[0]
        apart -= (0.5 * dt) * (velocity + last[1])
        if apart.dot(apart) <= self._limit**2:  # all of them, so each: cheaper to see
            return ""
        worst = int(np.abs(apart).argmax())
        if not (abs(apart[worst]) > self._limit):
            return ""
        return (
            f"velocity of {self._names[worst]} and the change of its position part by "
            f"{abs(apart[worst]) / _MEMORY:.2g} rad/s: units or sign?"
        )
