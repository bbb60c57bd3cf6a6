"""The velocity that is asked of the gait: slewed, clamped, and corrected by what the robot did."""

from __future__ import annotations

from math import cos, isfinite, sin

import numpy as np

from wm_control.mpc.parameters import GaitParameters
from wm_control.types import Array, VelocityCommand


def slew(now: Array, command: VelocityCommand, gait: GaitParameters, dt: float) -> Array:
    """Move the (3,) command towards a new one, within limits; a non-finite one counts as zero."""
    target = np.array([command.linear_x, command.linear_y, command.angular_z])
    if not all(isfinite(value) for value in target):
        target = np.zeros(3)
    limit = np.array([gait.max_linear_x, gait.max_linear_y, gait.max_angular_z])
    rate = dt * np.array([gait.linear_slew, gait.linear_slew, gait.angular_slew])
    change: Array = np.clip(np.clip(target, -limit, limit) - now, -rate, rate)
    return now + change


class StrideIntegral:
    """Learns, stride by stride, the constant difference of commanded and reached velocity.

    A stride is two steps: over one, the body also sways. The correction is in the heading frame.
    """

    def __init__(self, gait: GaitParameters) -> None:
        """Start with nothing learned."""
        self._gait = gait
        self._desired = np.zeros(2)
        self._marks: list[tuple[float, Array, Array]] = []

    def reset(self) -> None:
        """Forget the strides, as after standing."""
        self._desired = np.zeros(2)
        self._marks.clear()

    def advance(self, velocity: Array, yaw: float, dt: float) -> None:
        """Integrate the commanded motion over one period."""
        c, s = cos(yaw), sin(yaw)
        self._desired = self._desired + dt * np.array(
            [c * velocity[0] - s * velocity[1], s * velocity[0] + c * velocity[1]]
        )

    def touchdown(self, now: float, com: Array, yaw: float, correction: Array) -> Array:
        """(2,) the correction after a step that ended now with the CoM at ``com`` (2,)."""
        self._marks.append((now, self._desired, np.array(com)))
        if len(self._marks) < 3:
            return correction
        start, desired, actual = self._marks.pop(0)
        error = ((self._desired - desired) - (com - actual)) / max(now - start, 0.1)
        c, s = cos(yaw), sin(yaw)
        local = np.array([c * error[0] + s * error[1], -s * error[0] + c * error[1]])
        limit = self._gait.velocity_integral_limit
        learned: Array = np.clip(correction + self._gait.velocity_integral * local, -limit, limit)
        return learned
