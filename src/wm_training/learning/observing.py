"""What the student sees, as its manifest will say it, and what only the critic sees.

Student: command, sines and cosines of both phases; then frames of gyro, gravity, joint positions
from the default, joint speeds and last action, newest first. Everything but the command carries
sensor noise, and nothing needs an estimator. The network sees, behind it, what the legs say about
the base, which follows from the same frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wm_control.types import Array
from wm_training.learning.gait import Clock
from wm_training.learning.legs import Legs
from wm_training.learning.mirror import COMMAND, PAIR, ROTATION, VECTOR, Mirror, joined, signs
from wm_training.learning.motion import Motion
from wm_training.learning.parameters import RandomisationParameters
from wm_training.learning.student import Student

NOW = 7
"""Command 3, sines 2, cosines 2."""

LEG_MOTION = 6
"""Velocity of the base if the left, and if the right sole stands still, for every frame."""

LEG_PLACES = 6
"""Where the soles are, of the newest frame."""

PLACE_SCALE = 3.0
"""Of the soles' places [1/m]."""

NOW_MIRROR = joined(COMMAND, PAIR, PAIR)
SOLES_MIRROR = Mirror(np.array([3, 4, 5, 0, 1, 2]), np.array([1.0, -1.0, 1.0] * 2))
_FACTS = signs(1.0, 1.0, 1.0, -1.0)


@dataclass(frozen=True, slots=True)
class Frame:
    """One moment: gyro, gravity, and of all joints of the legs position, speed and last action."""

    legs: Legs

    @property
    def width(self) -> int:
        """Values of one frame."""
        return 6 + 3 * self.legs.count

    @property
    def positions(self) -> slice:
        """Where the joints' positions are."""
        return slice(6, 6 + self.legs.count)

    @property
    def speeds(self) -> slice:
        """Where their speeds are."""
        return slice(6 + self.legs.count, 6 + 2 * self.legs.count)

    @property
    def mirror(self) -> Mirror:
        """Of a frame."""
        return joined(ROTATION, VECTOR, *[self.legs.mirror] * 3)


def observation_width(student: Student) -> int:
    """Values in the observation."""
    return NOW + Frame(student.legs).width * (student.observation.history + 1)


def network_width(student: Student) -> int:
    """Values in what the network sees: the observation, and what the legs say about the base."""
    frames = student.observation.history + 1
    return observation_width(student) + LEG_MOTION * frames + LEG_PLACES


def network_mirror(student: Student) -> Mirror:
    """Mirror of what the network sees."""
    soles = [SOLES_MIRROR] * (student.observation.history + 2)
    return joined(observation_mirror(student), *soles)


def with_leg_motion(seen: Array, student: Student) -> Array:
    """(n, network_width) from observations (n, observation_width)."""
    frames = seen[:, NOW:].reshape(-1, Frame(student.legs).width)
    base, places = leg_motion(frames, student)
    newest = places.reshape(len(seen), -1, LEG_PLACES)[:, 0]
    return np.concatenate((seen, base.reshape(len(seen), -1), newest), axis=1)


def leg_motion(frames: Array, student: Student) -> tuple[Array, Array]:
    """Velocities (k, 6) [m/s] and scaled places (k, 6) by frames (k, width)."""
    scales, legs, frame = student.observation, student.kinematics, Frame(student.legs)
    position = legs.posture + frames[:, frame.positions]
    velocity = frames[:, frame.speeds] / scales.joint_velocity_scale
    base, places = legs.motion(position, velocity, frames[:, :3] / scales.gyro_scale)
    return base, PLACE_SCALE * places


def observation_mirror(student: Student) -> Mirror:
    """Mirror of the whole observation."""
    frames = [Frame(student.legs).mirror] * (student.observation.history + 1)
    return joined(NOW_MIRROR, *frames)


def privileged_mirror(legs: Legs) -> Mirror:
    """Mirror of what the critic sees."""
    turning, height = signs(1.0, -1.0, -1.0), signs(1.0)
    frame = Frame(legs).mirror
    return joined(NOW_MIRROR, frame, VECTOR, turning, height, SOLES_MIRROR, PAIR, _FACTS)


class Observer:
    """Keeps the frames of many robots, with the sensors' biases of their episodes."""

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
        self._mirror, self._critics = network_mirror(student), privileged_mirror(student.legs)
        self._frame_of = frame = Frame(student.legs)
        self._frames = np.zeros((count, self._scales.history + 1, frame.width))
        self._motions = np.zeros((count, self._scales.history + 1, LEG_MOTION))
        self._bias = np.zeros((count, frame.width))
        self._fresh = True
        sigma = np.zeros(frame.width)
        sigma[:3] = self._noise.gyro_noise * self._scales.gyro_scale
        sigma[3:6] = self._noise.gravity_noise
        sigma[frame.positions] = self._noise.joint_noise
        sigma[frame.speeds] = self._noise.velocity_noise * self._scales.joint_velocity_scale
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
        """(n, p) clean truth for the critic."""
        n = len(command)
        parts = (
            self._now(command, clock),
            self._frame(motion, last_action),
            motion.velocity,
            mean_velocity,
            10.0 * (motion.height[:, None] - self._scales.critic_height),
            3.0 * motion.sole_position.reshape(n, 6),
            self._scales.critic_load * motion.load,
            facts,
        )
        seen = self._critics.where(mirrored, np.concatenate(parts, axis=1))
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
        joints = self._frame_of.positions
        offset = (k, self._student.legs.count)
        self._bias[ids, joints] = uniform(-p.encoder_offset, p.encoder_offset, offset)
