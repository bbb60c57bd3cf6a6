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

import numpy as np

from wm_control.estimation.orientation import GRAVITY
from wm_control.estimation.parameters import OdometryParameters
from wm_control.types import Array

_GRAVITY_VECTOR = np.array((0.0, 0.0, -GRAVITY))

_FOLLOW_POWER = 4
"""An anchor follows its sole by (1 - say)^4 a sample: at once in swing, hardly when half loaded."""

_NEVER = 1e-7
"""A follow-up slower than this per sample takes hours and is left out."""


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


def wrapped(angle: float) -> float:
    """Return the same angle in [-π, π)."""
    return (angle + math.pi) % (2.0 * math.pi) - math.pi


class LegOdometry:
    """Base position, velocity and sole anchors.

    position: (3,) of base_link in world [m]. imu_velocity: (3,) of the IMU in world [m/s].
    acceleration_bias: (3,) base axes [m/s²]. anchors: (2, 3) [m]; anchor_headings: [rad].
    say: what each sole contributed to the last correction.
    """

    def __init__(self, parameters: OdometryParameters, imu_position: Array) -> None:
        """imu_position: (3,) of the IMU in base_link [m]."""
        self.parameters = parameters
        x, y, z = np.asarray(imu_position, dtype=np.float64).tolist()
        self._lever = np.array(((0.0, z, -y), (-z, 0.0, x), (y, -x, 0.0)))
        p = parameters
        self._gain = np.array(
            ((p.anchor_position_gain, 0.0), (p.anchor_velocity_gain, -p.velocity_gain))
        )
        self._error = np.zeros((2, 2, 3))
        self.reset(np.zeros(3), np.zeros((2, 3)), [0.0, 0.0])

    def reset(self, position: Array, soles: Array, headings: list[float]) -> None:
        """At rest at ``position`` (3,), with both soles (2, 3) and their headings as anchors."""
        self.position: Array = position.copy()
        self.imu_velocity: Array = np.zeros(3)
        self.acceleration_bias: Array = np.zeros(3)
        self.anchors: Array = soles.copy()
        self.anchor_headings = list(headings)
        self.say = [1.0, 1.0]
        self.patience = SlipPatience(self.parameters)

    def predict(self, rotation: Array, omega: Array, specific_force: Array, dt: float) -> Array:
        """Advance by dt; return the base velocity (3,) in base axes [m/s].

        rotation: (3, 3) base to world. omega: (3,) and specific_force: (3,) at the IMU, base axes.
        """
        acceleration = rotation @ (specific_force - self.acceleration_bias) + _GRAVITY_VECTOR
        self.imu_velocity = self.imu_velocity + acceleration * dt
        velocity_in_base = self.velocity_in_base(rotation, omega)
        self.position = self.position + (rotation @ velocity_in_base) * dt
        return velocity_in_base

    def velocity_in_base(self, rotation: Array, omega: Array) -> Array:
        """(3,) velocity of base_link's origin, v_imu - omega x r_imu; all in base axes."""
        return self.imu_velocity @ rotation - self._lever @ omega

    def correct(
        self,
        soles: Array,
        sole_velocities: Array,
        headings: list[float],
        say: list[float],
        rotation: Array,
        dt: float,
    ) -> float:
        """Pull the state towards "loaded soles stand still"; return the heading's error [rad].

        soles, sole_velocities: (2, 3) in world at the predicted state. headings: of the soles
        [rad]. say: weight of each sole in [0, 1].
        """
        self.say = say
        total = max(say[0] + say[1], 1.0)
        error = self._error
        error[:, 0] = self.anchors - soles
        error[:, 1] = sole_velocities
        mean = (np.array(say) @ error.reshape(2, 6)).reshape(2, 3)
        shift, kick = (self._gain * (dt / total)) @ mean
        self.position = self.position + shift
        self.imu_velocity = self.imu_velocity + kick
        self._update_bias(mean[1] @ rotation, dt / total)
        errors = [wrapped(a - h) for a, h in zip(self.anchor_headings, headings, strict=True)]
        self._move_anchors(soles + shift, headings)
        self._settle_on_ground(total, dt)
        return (say[0] * errors[0] + say[1] * errors[1]) / total

    def _update_bias(self, slip_in_base: Array, dt: float) -> None:
        """ḃ = k_b Rᵀ slip, held inside the largest believable bias."""
        limit = self.parameters.acceleration_bias_limit
        bias = self.acceleration_bias + (self.parameters.acceleration_bias_gain * dt) * slip_in_base
        size = math.hypot(*bias.tolist())
        self.acceleration_bias = bias if size <= limit else bias * (limit / size)

    def _move_anchors(self, soles: Array, headings: list[float]) -> None:
        """Let an unloaded sole carry its anchor along, a loaded one drag it beyond the release."""
        limit = self.parameters.anchor_release
        for foot, offset in enumerate((soles - self.anchors).tolist()):
            hold = 1.0 - (1.0 - self.say[foot]) ** _FOLLOW_POWER
            distance = math.hypot(*offset)
            if distance * hold > limit:
                hold = limit / distance
            if hold < 1.0 - _NEVER:
                self.anchors[foot] += (1.0 - hold) * np.array(offset)
                turned = wrapped(headings[foot] - self.anchor_headings[foot])
                self.anchor_headings[foot] += (1.0 - hold) * turned

    def _settle_on_ground(self, total: float, dt: float) -> None:
        """Let the whole picture sink until the standing soles are at z = 0: flat ground.

        Base and anchors move together, so the velocity feels nothing of it.
        """
        left, right = self.anchors[:, 2].tolist()
        height = (self.say[0] * left + self.say[1] * right) / total
        sink = height * dt / (self.parameters.ground_time + dt)
        self.position[2] -= sink
        self.anchors[:, 2] -= sink
