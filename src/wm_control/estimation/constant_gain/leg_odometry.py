"""Base position and velocity from the accelerometer and from soles that stand still.

A constant-gain observer of the state that Bloesch et al. ("State estimation for legged robots -
consistent fusion of leg kinematics and IMU", RSS 2012) and Hartley et al. ("Contact-aided invariant
extended Kalman filtering", IJRR 2020) filter: base position, velocity, accelerometer bias and one
anchor per sole, the place on the ground where the sole was put down.

    v̇ = R (f - b) + g + Σ s_i [k_v (0 - v_i) + k_a (a_i - x_i)]
    ṗ = v             + Σ s_i  k_p (a_i - x_i)
    ḃ = -k_b Rᵀ Σ s_i (0 - v_i)

with x_i, v_i the sole's position and velocity by forward kinematics at the predicted base state and
s_i its say. The anchor term uses joint positions, which are far less noisy than joint velocities.
The velocity is kept at the IMU, so that no angular acceleration is ever needed.
"""

from __future__ import annotations

import math

from wm_control.constants import GRAVITY
from wm_control.estimation.algebra.orientation import wrapped
from wm_control.estimation.parameters import OdometryParameters
from wm_control.vector3 import (
    ZERO,
    Rows,
    Vector3,
    cross,
    minus,
    plus,
    rotate,
    rotate_back,
    shortened,
    weighted,
)

_GRAVITY_VECTOR = (0.0, 0.0, -GRAVITY)

_FOLLOW_POWER = 4
"""An anchor follows its sole by (1 - say)^4 a sample: at once in swing, hardly when half loaded."""


class SlipPatience:
    """Tells a slipping sole from a wrong velocity: a slip is short.

    limit: speed beyond which a loaded sole is taken to slip [m/s]. It widens while all loaded soles
    seem to slip, by (1 + t / patience)^2, so that after a while the soles are believed again and an
    accelerometer that drifts away is caught.
    """

    def __init__(self, parameters: OdometryParameters) -> None:
        """Start without doubt."""
        self.parameters = parameters
        self.limit = parameters.slip_speed
        self._time = 0.0

    def update(self, speeds: list[float], carries: list[float], dt: float) -> float:
        """Return the limit. speeds: of the soles [m/s]; carries: their share of trust in [0, 1]."""
        p = self.parameters
        slow = any(
            carry > 0.5 and speed <= p.slip_speed
            for speed, carry in zip(speeds, carries, strict=True)
        )
        if slow:
            self._time = max(self._time - dt, 0.0)
        elif max(carries) > 0.5:
            self._time = min(self._time + dt, 4.0 * p.slip_patience)
        self.limit = p.slip_speed * (1.0 + self._time / p.slip_patience) ** 2
        return self.limit


def carried(load: float, probability: float, p: OdometryParameters) -> float:
    """Trust in [0, 1] that a sole carries the robot; load is a share of the weight."""
    return min(max(load / p.full_load, 0.0), 1.0) * probability


def steadiness(speed: float, limit: float) -> float:
    """Trust in [0, 1] in a sole of this smoothed speed [m/s].

    Beyond the limit it falls so that the pull on the base stays bounded (Huber, 1964).
    """
    return 1.0 if speed <= limit else limit / speed


class LegOdometry:
    """Base position, velocity and sole anchors; vectors are tuples (see vector3.py).

    position: of base_link in world [m]. imu_velocity: of the IMU in world [m/s].
    acceleration_bias: base axes [m/s²]. anchors: of both soles in world [m]; anchor_headings:
    [rad]. say: what each sole contributed to the last correction.
    """

    def __init__(self, parameters: OdometryParameters, imu_position: Vector3) -> None:
        """imu_position: of the IMU in base_link [m]."""
        self.parameters = parameters
        self._imu_position = imu_position
        self.reset(ZERO, [ZERO, ZERO], [0.0, 0.0])

    def reset(self, position: Vector3, soles: list[Vector3], headings: list[float]) -> None:
        """At rest at ``position``, with both soles and their headings as anchors."""
        self.position = position
        self.imu_velocity = ZERO
        self.acceleration_bias = ZERO
        self.anchors = list(soles)
        self.anchor_headings = list(headings)
        self.say = [1.0, 1.0]
        self.patience = SlipPatience(self.parameters)
        self._stale = False

    def forget_anchors(self) -> None:
        """Put the anchors down anew at the next correction: nobody saw where the soles went."""
        self._stale = True

    def predict(
        self, rotation: Rows, omega: Vector3, specific_force: Vector3, dt: float
    ) -> Vector3:
        """Advance by dt; return the base velocity in base axes [m/s].

        rotation: base to world. omega [rad/s], specific_force at the IMU [m/s²]: base axes.
        """
        felt = rotate(rotation, minus(specific_force, self.acceleration_bias))
        self.imu_velocity = plus(plus(self.imu_velocity, dt, felt), dt, _GRAVITY_VECTOR)
        velocity_in_base = self.velocity_in_base(rotation, omega)
        self.position = plus(self.position, dt, rotate(rotation, velocity_in_base))
        return velocity_in_base

    def velocity_in_base(self, rotation: Rows, omega: Vector3) -> Vector3:
        """Velocity of base_link's origin, v_imu - omega x r_imu; all in base axes."""
        return minus(rotate_back(rotation, self.imu_velocity), cross(omega, self._imu_position))

    def correct(
        self,
        soles: list[Vector3],
        sole_velocities: list[Vector3],
        headings: list[float],
        say: list[float],
        rotation: Rows,
        dt: float,
    ) -> float:
        """Pull the state towards "loaded soles stand still"; return the heading's error [rad].

        soles, sole_velocities: of left and right in world at the predicted state. headings: of the
        soles [rad]. say: weight of each sole in [0, 1].
        """
        if self._stale:
            self.anchors, self.anchor_headings = list(soles), list(headings)
            self._stale = False
        p, anchors = self.parameters, self.anchors
        self.say = say
        total = max(say[0] + say[1], 1.0)
        left, right = say[0] / total, say[1] / total
        drift = weighted(left, minus(anchors[0], soles[0]), right, minus(anchors[1], soles[1]))
        slip = weighted(left, sole_velocities[0], right, sole_velocities[1])
        kick = weighted(p.anchor_velocity_gain, drift, -p.velocity_gain, slip)
        shift = weighted(p.anchor_position_gain * dt, drift, 0.0, ZERO)
        self.position = plus(self.position, 1.0, shift)
        self.imu_velocity = plus(self.imu_velocity, dt, kick)
        self.acceleration_bias = shortened(
            plus(
                self.acceleration_bias,
                p.acceleration_bias_gain * dt,
                rotate_back(rotation, slip),
            ),
            p.acceleration_bias_limit,
        )
        errors = [wrapped(a - h) for a, h in zip(self.anchor_headings, headings, strict=True)]
        for foot in range(2):
            self._move_anchor(foot, plus(soles[foot], 1.0, shift), headings[foot])
        self._settle_on_ground(left, right, dt)
        return left * errors[0] + right * errors[1]

    def _move_anchor(self, foot: int, sole: Vector3, heading: float) -> None:
        """Let an unloaded sole carry its anchor along, a loaded one drag it beyond the release."""
        limit = self.parameters.anchor_release
        offset = minus(sole, self.anchors[foot])
        distance = math.hypot(*offset)
        hold = 1.0 - (1.0 - self.say[foot]) ** _FOLLOW_POWER
        if distance * hold > limit:
            hold = limit / distance
        self.anchors[foot] = plus(self.anchors[foot], 1.0 - hold, offset)
        turned = wrapped(heading - self.anchor_headings[foot])
        self.anchor_headings[foot] += (1.0 - hold) * turned

    def _settle_on_ground(self, left: float, right: float, dt: float) -> None:
        """Let the whole picture sink until the standing soles are at z = 0: flat ground.

        Base and anchors move together, so the velocity feels nothing of it.
        """
        height = left * self.anchors[0][2] + right * self.anchors[1][2]
        sink = (0.0, 0.0, height * dt / (self.parameters.ground_time + dt))
        self.position = minus(self.position, sink)
        self.anchors = [minus(anchor, sink) for anchor in self.anchors]
