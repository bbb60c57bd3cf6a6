"""The gait clock and the reference gait, for many robots at once.

Two phases, left and right, half a cycle apart; a leg swings while the sine of its phase is above
``threshold``. Standing robots have both phases at zero, where nothing swings. Phases and reference
are functions of the clock alone, so that the exported network computes them from its observation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wm_control.types import Array
from wm_policy.phase import OVER
from wm_training.learning.legs import Legs
from wm_training.learning.parameters import GaitParameters

START = (0.0, math.pi)
"""Phases of the left and the right leg with which walking begins."""

START_RIGHT = (math.pi + 1e-5, 1e-5)
"""The same for the right leg: an instant into the half whose observations are mirrored."""


@dataclass(frozen=True, slots=True)
class Gait:
    """The reference: default posture of both legs' joints, and how they move with the clock.

    default: (k,) [rad]. direction: (2, k) change of the joints per unit of swing [rad].
    increment: of the phases per policy step [rad]. wake_above: speed of rolling and pitching that
    makes a standing robot step [rad/s], and wake_advance: for how long [rad]. settling_above: the
    same for so many settling_steps after it stepped [rad/s].
    """

    default: Array
    direction: Array
    threshold: float
    increment: float
    wake_above: float
    wake_advance: float
    settling_above: float
    settling_steps: float

    def swing(self, sine: Array) -> Array:
        """How far each leg is in its swing, 0 to 1 to 0; sine: (..., 2) of the phases."""
        return np.clip((sine - self.threshold) / (1.0 - self.threshold), 0.0, 1.0)

    def reference(self, sine: Array) -> Array:
        """(..., k) offset of the joints from the default posture [rad]."""
        return self.swing(sine) @ self.direction


def build_gait(parameters: GaitParameters, rate: float, legs: Legs) -> Gait:
    """rate: of the policy [Hz]."""
    leg = legs.pitched((parameters.hip_pitch, parameters.knee, parameters.ankle_pitch))
    lifted = parameters.lift * legs.pitched((-1.0, 2.0, -1.0))
    direction = np.zeros((2, legs.count))
    direction[0, : legs.each] = lifted
    direction[1, legs.each :] = lifted
    stance_margin = math.pi * parameters.double_support / parameters.stride
    return Gait(
        np.concatenate((leg, leg)),
        direction,
        math.sin(stance_margin),
        2.0 * math.pi / (parameters.stride * rate),
        parameters.wake_above,
        2.0 * math.pi * parameters.wake_strides,
        parameters.settling_above,
        parameters.settling_time * rate,
    )


class Clock:
    """Phases of many robots: as ``wm_policy.phase`` does it, before every observation.

    stopped: (n,) robots whose clock stands still: no motion is asked for and nothing shook them.
    """

    def __init__(self, count: int, gait: Gait) -> None:
        """Everybody begins to stand."""
        self._gait = gait
        self.phase: Array = np.zeros((count, 2))
        self.stopped: NDArray[np.bool_] = np.ones(count, dtype=np.bool_)
        self._awake: Array = np.zeros(count)
        self._still: Array = np.full(count, np.inf)

    def reset(self, ids: NDArray[np.intp], phase: Array) -> None:
        """Put the clocks of ``ids`` to the left leg's ``phase`` [rad]."""
        self.phase[ids] = np.mod(phase[:, None] + np.array(START), 2.0 * math.pi)
        self.stopped[ids] = False
        self._awake[ids] = 0.0
        self._still[ids] = np.inf

    def tick(
        self, standing: NDArray[np.bool_], shaking: Array, rolling: Array, speed: Array
    ) -> None:
        """One policy step.

        standing: (n,) no motion is asked for. shaking: (n,) speed of rolling and pitching [rad/s];
        who stands and is shaken steps for some strides, first with the foot on the side to which
        it rolls. rolling: (n,) to the right [rad/s]. speed: (n,) of the clock, 1 is nominal.
        """
        advance = self._gait.increment * speed
        settled = self._still >= self._gait.settling_steps
        push = np.where(settled, self._gait.wake_above, self._gait.settling_above)
        stepping = self._awake > OVER
        woken = standing & ~stepping & (shaking > push)
        self._still = np.where(~standing | stepping, 0.0, self._still + 1.0)
        self._awake = np.where(woken, self._gait.wake_advance, self._awake - advance)
        self._awake[~standing] = 0.0
        moved = np.mod(self.phase + advance[:, None], 2.0 * math.pi)
        right = standing & (rolling > 0.0)
        moved[self.stopped] = np.where(right[:, None], START_RIGHT, START)[self.stopped]
        stopped = standing & (self._awake <= OVER)
        moved[stopped] = 0.0
        self.phase, self.stopped = moved, stopped

    @property
    def sine(self) -> Array:
        """(n, 2); exactly 0 while standing."""
        return np.sin(self.phase)

    @property
    def cosine(self) -> Array:
        """(n, 2)."""
        return np.cos(self.phase)
