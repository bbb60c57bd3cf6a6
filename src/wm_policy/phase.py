"""The gait clock of policies that are told a phase."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wm_policy.manifest import Phase

TWO_PI = 2.0 * math.pi


class PhaseClock:
    """Phases that advance with every policy step, and stand still with the robot."""

    def __init__(self, phase: Phase, rate: float) -> None:
        """rate: of the policy [Hz]."""
        self._phase = phase
        self._increment = TWO_PI * phase.frequency / rate
        self._before = phase.advance == "before"
        self._standing = False
        self._values = list(phase.initial)
        count = len(phase.initial)
        self.sine: NDArray[np.float32] = np.zeros(count, dtype=np.float32)
        self.cosine: NDArray[np.float32] = np.zeros(count, dtype=np.float32)
        self.reset()

    def reset(self) -> None:
        """Start the clock anew."""
        self._values = list(self._phase.initial)
        self._standing = False

    def tick(self, linear_x: float, linear_y: float, angular_z: float) -> None:
        """One policy step under this command; ``sine`` and ``cosine`` are then what it observes."""
        if self._before:
            self._advance(linear_x, linear_y, angular_z)
        for index, value in enumerate(self._values):
            self.sine[index] = math.sin(value)
            self.cosine[index] = math.cos(value)
        if not self._before:
            self._advance(linear_x, linear_y, angular_z)

    def _advance(self, linear_x: float, linear_y: float, angular_z: float) -> None:
        standing = self._phase.standing
        if standing is not None:
            slow = math.hypot(linear_x, linear_y) < standing.linear_below
            if slow and abs(angular_z) < standing.angular_below:
                self._values = list(standing.phase)
                self._standing = True
                return
            if self._standing:
                self._values = list(self._phase.initial)
                self._standing = False
                return
        for index, value in enumerate(self._values):
            self._values[index] = math.fmod(value + self._increment, TWO_PI)
