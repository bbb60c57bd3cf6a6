"""Drives that report no torque: who stands is then told by how the soles move."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from wm_control.estimation.body import Soles
from wm_control.estimation.parameters import SensorParameters
from wm_control.types import Array

_HIGH, _FAST = 0.004, 0.12
"""Height over the lower sole [m] and speed [m/s] at which a sole's share of the load is 1/e."""


class EffortWatch:
    """Notices that all torques have been exactly zero for longer than any robot lets them be.

    silent: whether they are. cause: the words for it, empty when they are not.
    """

    def __init__(self, parameters: SensorParameters) -> None:
        """Expect torques."""
        self._limit = parameters.outage_limit
        self.reset()

    def reset(self) -> None:
        """Expect torques."""
        self.silent = False
        self.cause = ""
        self._time = 0.0

    def update(self, torque: Array, dt: float) -> None:
        """Take in one sample (n,) [N·m]."""
        if torque[0] != 0.0 or torque.any():
            if self._time > 0.0:
                self.reset()
            return
        self._time += dt
        if self._time > self._limit and not self.silent:
            self.silent = True
            self.cause = "drives report no torque at all: contact is told by the soles' motion"


def wrench_by_motion(soles: Soles, speeds: Sequence[float], force: float) -> Array:
    """(2, 6) an upward force [N] shared by how low and how slow the soles are; world axes.

    speeds: of the soles, smoothed [m/s].
    """
    lower = min(soles.position[0][2], soles.position[1][2])
    left, right = (
        math.exp(-(place[2] - lower) / _HIGH - speed / _FAST)
        for place, speed in zip(soles.position, speeds, strict=True)
    )
    share = left / (left + right) if left + right > 0.0 else 0.5
    wrench = np.zeros((2, 6))
    wrench[:, 2] = force * share, force * (1.0 - share)
    return wrench
