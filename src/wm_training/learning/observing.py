"""What the student sees, as its manifest will say it, and what only the critic sees.

Student: command, sines and cosines of both phases; then frames of gyro, gravity, joint positions
from the default, joint speeds and last action, newest first. Everything but the command carries
sensor noise, and nothing needs an estimator. The network sees, behind it, what the legs say about
the base, which follows from the same frames.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wm_control.types import Array
from wm_training.learning.gait import Clock
from wm_training.learning.mirror import COMMAND, LEGS, PAIR, ROTATION, VECTOR, Mirror, joined, signs
from wm_training.learning.motion import Motion
from wm_training.learning.parameters import RandomisationParameters
from wm_training.learning.student import Student

FRAME = 42
"""Gyro 3, gravity 3, joint positions 12, joint speeds 12, last action 12."""

NOW = 7
"""Command 3, sines 2, cosines 2."""

LEG_MOTION = 6
"""Velocity of the base if the left, and if the right sole stands still, for every frame."""

LEG_PLACES = 6
"""Where the soles are, of the newest frame."""

PLACE_SCALE = 3.0
"""Of the soles' places [1/m]."""

FRAME_MIRROR = joined(ROTATION, VECTOR, LEGS, LEGS, LEGS)
NOW_MIRROR = joined(COMMAND, PAIR, PAIR)
SOLES_MIRROR = Mirror(np.array([3, 4, 5, 0, 1, 2]), np.array([1.0, -1.0, 1.0] * 2))
_FACTS = signs(1.0, 1.0, 1.0, -1.0)
_PRIVILEGED = joined(
    NOW_MIRROR,
    FRAME_MIRROR,
    VECTOR,
    signs(1.0, -1.0, -1.0),
    signs(1.0),
    SOLES_MIRROR,
    PAIR,
    _FACTS,
)


def observation_width(history: int) -> int:
    """Values in the observation of a student with ``history`` frames before now."""
    return NOW + FRAME * (history + 1)


def network_width(history: int) -> int:
    """Values in what the network sees: the observation, and what the legs say about the base."""
    return observation_width(history) + LEG_MOTION * (history + 1) + LEG_PLACES


def network_mirror(history: int) -> Mirror:
    """Mirror of what the network sees."""
    return joined(observation_mirror(history), *[SOLES_MIRROR] * (history + 2))


def with_leg_motion(seen: Array, student: Student) -> Array:
    """(n, network_width) from observations (n, observation_width)."""
    frames = seen[:, NOW:].reshape(-1, FRAME)
    base, places = leg_motion(frames, student)
    newest = places.reshape(len(seen), -1, LEG_PLACES)[:, 0]
    return np.concatenate((seen, base.reshape(len(seen), -1), newest), axis=1)


def leg_motion(frames: Array, student: Student) -> tuple[Array, Array]:
    """Velocities (k, 6) [m/s] and scaled places (k, 6) by frames (k, 42)."""
    scales, legs = student.observation, student.legs
    position = legs.posture + frames[:, 6:18]
    velocity = frames[:, 18:30] / scales.joint_velocity_scale
    base, places = legs.motion(position, velocity, frames[:, :3] / scales.gyro_scale)
    return base, PLACE_SCALE * places


def observation_mirror(history: int) -> Mirror:
    """Mirror of the whole observation of the student with ``history`` frames before now."""
    return joined(NOW_MIRROR, *[FRAME_MIRROR] * (history + 1))


class Observer:
    """Keeps the frames of many robots, with the sensors' biases of their episodes."""

    legs = LEGS

    def __init__(
        self,
        count: int,
        student: Student,
        noise: RandomisationParameters,
        rng: np.random.Generator,
    ) -> None:
        """Histories start with the first frame."""
        self._student = student
        self._scales, self._noise = student.observation, noise
        self._gait, self._rng, self._count = student.gait, rng, count
        self._mirror = network_mirror(self._scales.history)
        self._frames = np.zeros((count, self._scales.history + 1, FRAME))
        self._motions = np.zeros((count, self._scales.history + 1, LEG_MOTION))
        self._bias = np.zeros((count, FRAME))
        self._fresh = True
        sigma = np.zeros(FRAME)
        sigma[:3] = self._noise.gyro_noise * self._scales.gyro_scale
        sigma[3:6] = self._noise.gravity_noise
        sigma[6:18] = self._noise.joint_noise
        sigma[18:30] = self._noise.velocity_noise * self._scales.joint_velocity_scale
        self._sigma = sigma

    def observe(
        self,
        state: Motion,
        command: Array,
        clock: Clock,
        last_action: Array,
        restarted: NDArray[np.intp],
        mirrored: NDArray[np.bool_],
    ) -> NDArray[np.float32]:
        """(n, width); ``restarted`` robots get new sensors and a history of this frame."""
        ids = np.arange(self._count) if self._fresh else restarted
        self._fresh = False
        self._draw_bias(ids)
        frame = self._frame(state, last_action) + self._bias
        frame += self._sigma * self._rng.standard_normal(frame.shape)
        self._frames[:, 1:] = self._frames[:, :-1]
        self._frames[:, 0] = frame
        self._frames[ids] = frame[ids, None]
        motion, places = leg_motion(frame, self._student)
        self._motions[:, 1:] = self._motions[:, :-1]
        self._motions[:, 0] = motion
        self._motions[ids] = motion[ids, None]
        n = len(frame)
        histories = (self._frames.reshape(n, -1), self._motions.reshape(n, -1))
        seen = np.concatenate((self._now(command, clock), *histories, places), axis=1)
        return self._mirror.where(mirrored, seen).astype(np.float32)

    def privileged(
        self,
        motion: Motion,
        command: Array,
        clock: Clock,
        last_action: Array,
        mean_velocity: Array,
        facts: Array,
        mirrored: NDArray[np.bool_],
    ) -> NDArray[np.float32]:
        """(n, 68) clean truth for the critic."""
        n = len(command)
        parts = (
            self._now(command, clock),
            self._frame(motion, last_action),
            motion.velocity,
            mean_velocity,
            10.0 * (motion.height[:, None] - 0.75),
            3.0 * motion.sole_position.reshape(n, 6),
            0.005 * motion.load,
            facts,
        )
        seen = _PRIVILEGED.where(mirrored, np.concatenate(parts, axis=1))
        return np.clip(np.nan_to_num(seen), -20.0, 20.0).astype(np.float32)

    def _now(self, command: Array, clock: Clock) -> Array:
        return np.concatenate((command, clock.sine, clock.cosine), axis=1)

    def _frame(self, motion: Motion, last_action: Array) -> Array:
        s = self._scales
        return np.concatenate(
            (
                s.gyro_scale * motion.angular_velocity,
                motion.gravity,
                motion.joint_position - self._gait.default,
                s.joint_velocity_scale * motion.joint_velocity,
                s.action_scale * last_action,
            ),
            axis=1,
        )

    def _draw_bias(self, ids: NDArray[np.intp]) -> None:
        p, k = self._noise, len(ids)
        if not k:
            return
        uniform = self._rng.uniform
        self._bias[ids, :3] = self._scales.gyro_scale * uniform(-p.gyro_bias, p.gyro_bias, (k, 3))
        self._bias[ids, 3:6] = uniform(-p.gravity_bias, p.gravity_bias, (k, 3))
        self._bias[ids, 6:18] = uniform(-p.encoder_offset, p.encoder_offset, (k, 12))
