"""The gait clock of policies that are told a phase."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wm_policy.manifest import Phase, Wake

TWO_PI = 2.0 * math.pi

FASTEST = 2.0
"""Largest speed that a network may give its clock; it never goes backwards."""


OVER = 1e-6
"""What may be left of the strides of a push when they are over [rad]."""


class PhaseClock:
    """Phases that advance with every policy step, and stand still with the robot.

    speed: by which the next advance is multiplied, 0 to ``FASTEST``.
    """

    def __init__(self, phase: Phase, rate: float) -> None:
        """rate: of the policy [Hz]."""
        self._phase = phase
        self._increment = TWO_PI * phase.frequency / rate
        self._before = phase.advance == "before"
        self._standing = False
        self._awake = 0.0
        self._still = math.inf
        self._rate = rate
        self._values = list(phase.initial)
        count = len(phase.initial)
        self.speed = 1.0
        self.sine: NDArray[np.float32] = np.zeros(count, dtype=np.float32)
        self.cosine: NDArray[np.float32] = np.zeros(count, dtype=np.float32)
        self.reset()

    def reset(self) -> None:
        """Start the clock anew."""
        self._values = list(self._phase.initial)
        self._standing = False
        self._awake = 0.0
        self._still = math.inf
        self.speed = 1.0

    def tick(self, command: Sequence[float], rolling: float, pitching: float) -> None:
        """One policy step; ``sine`` and ``cosine`` are then what it observes.

        command: forward, left [m/s], turning [rad/s]. rolling, pitching: [rad/s], base axes.
        """
        if self._before:
            self._advance(command, rolling, pitching)
        for index, value in enumerate(self._values):
            self.sine[index] = math.sin(value)
            self.cosine[index] = math.cos(value)
        if not self._before:
            self._advance(command, rolling, pitching)

    def _advance(self, command: Sequence[float], rolling: float, pitching: float) -> None:
        standing = self._phase.standing
        # A speed that is no number must not reach the phases, which would keep it for ever.
        speed = min(max(self.speed, 0.0), FASTEST) if math.isfinite(self.speed) else 1.0
        advance = self._increment * speed
        if standing is not None:
            if self._stands(command, math.hypot(rolling, pitching), advance):
                self._values = list(standing.phase)
                self._standing = True
                return
            if self._standing:
                self._values = list(self._start(rolling))
                self._standing = False
                return
        for index, value in enumerate(self._values):
            self._values[index] = math.fmod(value + advance, TWO_PI)

    def _start(self, rolling: float) -> Sequence[float]:
        """Phases from which a standing robot steps: with the foot on the side it is pushed to."""
        standing = self._phase.standing
        wake = None if standing is None else standing.wake
        if wake is None or wake.initial_right is None or self._awake <= OVER or rolling <= 0.0:
            return self._phase.initial
        return wake.initial_right

    def _push(self, wake: Wake) -> float:
        """Shaking of a standing robot that is a push [rad/s]."""
        settling = wake.settling
        if settling is None or self._still >= settling.seconds * self._rate:
            return wake.angular_velocity
        return settling.angular_velocity

    def _stands(self, command: Sequence[float], shaking: float, advance: float) -> bool:
        """Whether no motion is asked for, and no push was felt in the last strides."""
        standing = self._phase.standing
        assert standing is not None
        slow = math.hypot(command[0], command[1]) < standing.linear_below
        if not (slow and abs(command[2]) < standing.angular_below):
            self._awake = 0.0
            self._still = 0.0
            return False
        if standing.wake is not None:
            woken = self._awake <= OVER and shaking > self._push(standing.wake)
            self._still = self._still + 1.0 if self._awake <= OVER else 0.0
            self._awake = TWO_PI * standing.wake.strides if woken else self._awake - advance
        return self._awake <= OVER
