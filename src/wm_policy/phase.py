"""The gait clock of policies that are told a phase."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wm_policy.manifest import Phase, Wake
from wm_policy.standing import stands

TWO_PI = 2.0 * math.pi

FASTEST = 2.0
"""Largest speed that a network may give its clock; it never goes backwards."""


OVER = 1e-6
"""What may be left of the strides of a push when they are over [rad]."""


@dataclass(frozen=True, slots=True)
class ClockBefore:
    """What a ``PhaseClock`` remembers."""

    values: tuple[float, ...]
    standing: bool
    awake: float
    still: float
    speed: float


class PhaseClock:
    """Phases that advance with every policy step; while the robot stands, as ``Standing`` says.

    speed: by which the next advance is multiplied, 0 to ``FASTEST``.
    """

    def __init__(self, phase: Phase, rate: float) -> None:
        """rate: of the policy [Hz]."""
        self._phase = phase
        self._stride = TWO_PI * phase.frequency / rate
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

    def memory(self) -> ClockBefore:
        """Copy where the clock is."""
        return ClockBefore(
            tuple(self._values), self._standing, self._awake, self._still, self.speed
        )

    def recall(self, memory: ClockBefore) -> None:
        """Go back to where the clock was."""
        self._values = list(memory.values)
        self._standing, self._awake, self._still = memory.standing, memory.awake, memory.still
        self.speed = memory.speed

    @property
    def phase(self) -> float:
        """Phase of the first of its values, in [0, 1)."""
        return self._values[0] / TWO_PI % 1.0

    def put(self, phase: float) -> None:
        """Be where another clock of this kind is, by its first value."""
        initial = self._phase.initial
        offset = TWO_PI * phase - initial[0]
        self._values = [(offset + other) % TWO_PI for other in initial]

    @property
    def can_follow(self) -> bool:
        """Whether it is known at which phases the feet land."""
        return self._phase.touchdown is not None

    def follow_steps(self, support: int, progress: float) -> None:
        """Be, with the next step, where a robot is that another driver walks.

        support: foot that landed last. progress: of the way to the other one's touchdown, 0 to 1.
        """
        if self._phase.touchdown is None:
            return
        first, initial = self._phase.touchdown[support], self._phase.initial
        value = first + math.pi * progress
        if self._before:
            value -= self._increment()
        self._values = [(value + other - initial[0]) % TWO_PI for other in initial]
        self._standing, self._still = False, 0.0
        wake = None if self._phase.standing is None else self._phase.standing.wake
        if wake is not None:
            self._awake = TWO_PI * wake.strides

    def tick(self, command: Sequence[float], rolling: float, pitching: float) -> None:
        """One policy step; ``sine`` and ``cosine`` are then what it observes.

        command: forward, left [m/s], turning [rad/s]. rolling, pitching: [rad/s], base axes.
        """
        still = self._stands(command, math.hypot(rolling, pitching))
        if self._before:
            self._advance(rolling, still=still)
        standing = self._phase.standing
        self._show(blank=still and standing is not None and standing.blank)
        if not self._before:
            self._advance(rolling, still=still)

    def _show(self, *, blank: bool) -> None:
        """Write what is observed."""
        for index, value in enumerate(self._values):
            self.sine[index] = 0.0 if blank else math.sin(value)
            self.cosine[index] = 0.0 if blank else math.cos(value)

    def _increment(self) -> float:
        """Advance of this step [rad]."""
        # A speed that is no number must not reach the phases, which would keep it for ever.
        speed = min(max(self.speed, 0.0), FASTEST) if math.isfinite(self.speed) else 1.0
        return self._stride * speed

    def _advance(self, rolling: float, *, still: bool) -> None:
        stop = None if self._phase.standing is None else self._phase.standing.phase
        if stop is not None:
            if still:
                self._values = list(stop)
                self._standing = True
                return
            if self._standing:
                self._values = list(self._start(rolling))
                self._standing = False
                return
        advance = self._increment()
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

    def _stands(self, command: Sequence[float], shaking: float) -> bool:
        """Whether no motion is asked for, and no push was felt in the last strides."""
        standing = self._phase.standing
        if standing is None:
            return False
        if not stands(standing, command):
            self._awake = 0.0
            self._still = 0.0
            return False
        if standing.wake is not None:
            woken = self._awake <= OVER and shaking > self._push(standing.wake)
            self._still = self._still + 1.0 if self._awake <= OVER else 0.0
            left = self._awake - self._increment()
            self._awake = TWO_PI * standing.wake.strides if woken else left
        return self._awake <= OVER
