"""How a few joints move, by position and speed together: the speed with half its noise.

A waist that holds its posture accelerates by some 5 rad/s² in a walk, which is little beside what
0.05 rad/s of noise in the speed say per sample; legs accelerate by ten times that, and their speeds
are believed as they are measured.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_discrete_are

from wm_control.constants import CONTROL_PERIOD
from wm_control.types import Array, Estimate

_ACCELERATION = 10.0
"""Deviation of the acceleration that the filter expects [rad/s²]."""

_ENCODER, _SPEED = 0.0005, 0.05
"""Deviation of a reading, the simulator's ``nominal`` [rad], [rad/s]."""

_KNOCK = 4.0 * _SPEED
"""A speed that is further off is no noise: the readings are believed again as they are [rad/s]."""

_GAP = 5.0 * CONTROL_PERIOD
"""Time without a sample after which the filter begins anew [s]."""


class JointMotion:
    """A Kalman filter of constant speed with its steady gain, the same for every joint.

    position, velocity: (k,) as of the last ``see`` [rad], [rad/s].
    """

    def __init__(self, joints: NDArray[np.intp]) -> None:
        """joints: (k,) which of an estimate's."""
        self._joints = joints
        self._gain = _steady_gain()
        self.position: Array = np.zeros(len(joints))
        self.velocity: Array = np.zeros(len(joints))
        self.reset()

    def reset(self) -> None:
        """Believe the next readings as they are."""
        self._stamp: float | None = None

    def see(self, estimate: Estimate) -> None:
        """Take in the joints' readings; those of the same instant once."""
        position = estimate.joint_position[self._joints]
        velocity = estimate.joint_velocity[self._joints]
        before, self._stamp = self._stamp, estimate.stamp
        dt = 0.0 if before is None else estimate.stamp - before
        if before is not None and dt == 0.0:
            return
        off = velocity - self.velocity
        if not (0.0 < dt <= _GAP and float(np.abs(off).max()) <= _KNOCK):
            self.position, self.velocity = position, velocity
            return
        ahead = self.position + dt * self.velocity
        away = position - ahead
        (a, b), (c, d) = self._gain
        self.position = ahead + a * away + b * off
        self.velocity = self.velocity + c * away + d * off


def _steady_gain() -> list[list[float]]:
    """K (2, 2) = P Hᵀ (H P Hᵀ + R)⁻¹ with H = 1 and P of the Riccati equation, per period."""
    dt = CONTROL_PERIOD
    motion = np.array(((1.0, dt), (0.0, 1.0)))
    pushed = _ACCELERATION * np.array((0.5 * dt * dt, dt))
    noise = np.diag((_ENCODER**2, _SPEED**2))
    predicted = solve_discrete_are(motion.T, np.eye(2), np.outer(pushed, pushed), noise)
    gain: list[list[float]] = (predicted @ np.linalg.inv(predicted + noise)).tolist()
    return gain
