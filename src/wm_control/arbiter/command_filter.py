"""The command filter: the last stage before the robot, the same for every controller.

Independent of controllers and estimator: it knows the robot's limits, the newest measurement and
what it sent last. Order: finite, joint range, rate, gains, torque-equivalent. Every change is
counted per joint; a filter that is often active is a finding, not a success.
"""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from wm_control.arbiter.measurements import arrays_of, finite
from wm_control.arbiter.parameters import FilterParameters
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Command, Observation


class Clip(IntEnum):
    """Why a joint's command was changed; row of ``CommandFilter.counts``."""

    FINITE = 0
    RANGE = 1
    RATE = 2
    GAIN = 3
    TORQUE = 4


class CommandFilter:
    """Bounds every command; ``counts`` says how often each joint needed it.

    counts: (5, n) clips by ``Clip`` and joint since the last reset.
    """

    def __init__(self, description: RobotDescription, parameters: FilterParameters) -> None:
        """Take the robot's limits."""
        self.parameters = parameters
        self._lower: Array = description.position_lower
        self._upper: Array = description.position_upper
        self._speed: Array = description.velocity_limit
        self._torque: Array = description.torque_limit
        self._gains: Array = description.damping
        self.counts: NDArray[np.int64] = np.zeros((len(Clip), len(self._lower)), dtype=np.int64)
        self._last: Command | None = None

    def reset(self) -> None:
        """Forget the last command and the counts."""
        self.counts[:] = 0
        self._last = None

    def apply(
        self, command: Command, observation: Observation, dt: float
    ) -> tuple[Command, NDArray[np.bool_]]:
        """Bound one command.

        dt: since the previous one [s]. Returns the command and (n,) which joints were changed. A
        joint whose command is not finite gets damping; one whose measurement is not finite keeps a
        torque-equivalent bounded as if it stood on its target.
        """
        command, not_finite = self._finite(command, observation)
        position, out_of_range = self._range(command.position)
        position, too_fast = self._rate(position, command, observation, dt)
        velocity, stiffness, damping, gains = self._bounded_gains(command)
        torque, too_strong = self._torque_equivalent(
            position, velocity, stiffness, damping, command.torque, observation
        )
        changed = not_finite | out_of_range | too_fast | gains | too_strong
        if changed.any():
            self.counts += np.array((not_finite, out_of_range, too_fast, gains, too_strong))
        self._last = replace(
            command,
            position=position,
            velocity=velocity,
            stiffness=stiffness,
            damping=damping,
            torque=torque,
        )
        return self._last, changed

    def _finite(
        self, command: Command, observation: Observation
    ) -> tuple[Command, NDArray[np.bool_]]:
        arrays = arrays_of(command)
        if all(finite(array) for array in arrays):
            return command, np.zeros(self._lower.shape, dtype=np.bool_)
        bad = np.asarray(~np.isfinite(np.stack(arrays)).all(axis=0))
        zero = np.zeros(bad.shape)
        measured = np.where(np.isfinite(observation.joint_position), observation.joint_position, 0)
        stand_in = (measured, zero, zero, self._gains, zero)
        parts = [np.where(bad, safe, a) for a, safe in zip(arrays, stand_in, strict=True)]
        return _with_arrays(command, parts), bad

    def _range(self, position: Array) -> tuple[Array, NDArray[np.bool_]]:
        margin = self.parameters.position_margin
        bounded = _clip(position, self._lower - margin, self._upper + margin)
        return bounded, bounded != position

    def _rate(
        self, position: Array, command: Command, observation: Observation, dt: float
    ) -> tuple[Array, NDArray[np.bool_]]:
        """Limit the travel of position targets that act; a target without stiffness is free.

        A joint that had no stiffness before starts from where it is measured.
        """
        last = self._last
        if last is None:
            return position, np.zeros(position.shape, dtype=np.bool_)
        start = last.position
        if not last.stiffness.all():
            measured = observation.joint_position
            start = np.where(last.stiffness > 0.0, last.position, position)
            rising = (last.stiffness <= 0.0) & (command.stiffness > 0.0) & np.isfinite(measured)
            start = np.where(rising, measured, start)
        travel = self.parameters.rate_scale * self._speed * dt
        bounded = _clip(position, start - travel, start + travel)
        return bounded, bounded != position

    def _bounded_gains(self, command: Command) -> tuple[Array, Array, Array, NDArray[np.bool_]]:
        velocity = _clip(command.velocity, -self._speed, self._speed)
        stiffness = _clip(command.stiffness, 0.0, self.parameters.stiffness_limit)
        damping = _clip(command.damping, 0.0, self.parameters.damping_limit)
        changed = (
            (velocity != command.velocity)
            | (stiffness != command.stiffness)
            | (damping != command.damping)
        )
        return velocity, stiffness, damping, changed

    def _torque_equivalent(
        self,
        position: Array,
        velocity: Array,
        stiffness: Array,
        damping: Array,
        torque: Array,
        observation: Observation,
    ) -> tuple[Array, NDArray[np.bool_]]:
        """Change the feed-forward so that tau + kp (q - q_m) + kd (dq - dq_m) keeps the limit."""
        feedback = stiffness * (position - observation.joint_position)
        feedback += damping * (velocity - observation.joint_velocity)
        if not finite(feedback):
            feedback = np.where(np.isfinite(feedback), feedback, 0.0)
        limit = self.parameters.torque_scale * self._torque
        total = torque + feedback
        bounded = _clip(total, -limit, limit)
        changed = bounded != total
        return np.where(changed, bounded - feedback, torque), changed


def _clip(values: Array, lower: Array | float, upper: Array | float) -> Array:
    """np.clip at a fifth of its overhead; within bounds the very same numbers come back."""
    return np.minimum(np.maximum(values, lower), upper)


def _with_arrays(command: Command, parts: list[Array]) -> Command:
    position, velocity, stiffness, damping, torque = parts
    return replace(
        command,
        position=position,
        velocity=velocity,
        stiffness=stiffness,
        damping=damping,
        torque=torque,
    )
