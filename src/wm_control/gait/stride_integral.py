"""What the velocity asked of the gait is corrected by, learned from what the robot did."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin

import numpy as np

from wm_control.gait.parameters import GaitParameters
from wm_control.types import Array

_STEADY = 0.02
"""A command that changed by more than this during a stride teaches nothing [m/s]."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """What was commanded and reached at one touchdown; arrays are (2,)."""

    time: float
    commanded: Array
    reached: Array
    velocity: Array


class StrideIntegral:
    """Learns, stride by stride, the constant difference of commanded and reached velocity.

    A stride is two steps: over one, the body also sways. While the command is changing the robot
    lags behind it by a step, which is not a bias: such strides are left out. The correction is in
    the heading frame.
    """

    def __init__(self, gait: GaitParameters) -> None:
        """Start with nothing learned."""
        self._gait = gait
        self._commanded: Array = np.zeros(2)
        self._velocity: Array = np.zeros(2)
        self._marks: list[_Mark] = []

    def reset(self) -> None:
        """Forget the strides, as after standing."""
        self._commanded = np.zeros(2)
        self._marks.clear()

    def advance(self, velocity: Array, yaw: float, dt: float) -> None:
        """Integrate the commanded motion, (2,) in the heading frame, over one period."""
        self._velocity = velocity
        c, s = cos(yaw), sin(yaw)
        step = np.array([c * velocity[0] - s * velocity[1], s * velocity[0] + c * velocity[1]])
        self._commanded = self._commanded + dt * step

    def touchdown(self, now: float, com: Array, yaw: float, correction: Array) -> Array:
        """(2,) the correction after a step that ended now with the CoM at ``com`` (2,)."""
        self._marks.append(_Mark(now, self._commanded, np.array(com), self._velocity))
        if len(self._marks) < 3:
            return correction
        start = self._marks.pop(0)
        if np.abs(self._velocity - start.velocity).max() > _STEADY:
            return correction
        missing = (self._commanded - start.commanded) - (com - start.reached)
        missing = missing / max(now - start.time, 0.1)
        c, s = cos(yaw), sin(yaw)
        local = np.array([c * missing[0] + s * missing[1], c * missing[1] - s * missing[0]])
        limit = self._gait.velocity_integral_limit
        learned: Array = np.clip(correction + self._gait.velocity_integral * local, -limit, limit)
        return learned
