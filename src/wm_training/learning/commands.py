"""Velocity commands of many robots: drawn, held for some seconds, drawn again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wm_control.types import Array
from wm_training.learning.parameters import TrainingParameters

STANDING_BELOW = 0.05
"""Commands whose horizontal part and turning are both below this mean standing [m/s, rad/s]."""

_EASY = 0.5
"""Share of the command ranges at difficulty 0."""


class Commands:
    """value: (n, 3) forward, left [m/s], turning [rad/s]; exactly zero where standing."""

    def __init__(
        self, count: int, parameters: TrainingParameters, rng: np.random.Generator
    ) -> None:
        """Everybody stands until drawn."""
        self._parameters, self._rate, self._rng = parameters.command, parameters.rate, rng
        self.value: Array = np.zeros((count, 3))
        self._left = np.zeros(count, dtype=np.int64)

    @property
    def standing(self) -> NDArray[np.bool_]:
        """(n,) no motion is asked for."""
        return is_standing(self.value)

    def tick(self, difficulty: float) -> None:
        """One policy step; whoever has held the command long enough gets another one."""
        self._left -= 1
        due = np.flatnonzero(self._left <= 0)
        if len(due):
            self.restart(due, difficulty)

    def hold(self, value: Array) -> None:
        """Give everybody these commands (n, 3) and draw no others until someone starts anew."""
        self.value[:] = value
        self.value[is_standing(self.value)] = 0.0
        self._left[:] = np.iinfo(np.int64).max // 2

    def restart(self, ids: NDArray[np.intp], difficulty: float) -> None:
        """Draw commands for ``ids``."""
        p, rng, k = self._parameters, self._rng, len(ids)
        ranges = np.array((p.forward, p.sideways, p.turning))
        share = _EASY + (1.0 - _EASY) * difficulty
        drawn = share * rng.uniform(ranges[:, 0], ranges[:, 1], (k, 3))
        single = rng.random(k) < p.single
        only = np.eye(3)[rng.choice(3, k, p=(0.5, 0.25, 0.25))]
        drawn = np.where(single[:, None], drawn * only, drawn)
        drawn[rng.random(k) < p.standing] = 0.0
        drawn[is_standing(drawn)] = 0.0
        self.value[ids] = drawn
        self._left[ids] = (rng.uniform(*p.hold, k) * self._rate).astype(np.int64)


def is_standing(command: Array) -> NDArray[np.bool_]:
    """(n,) commands (n, 3) that mean standing."""
    slow = np.hypot(command[:, 0], command[:, 1]) < STANDING_BELOW
    return np.asarray(slow & (np.abs(command[:, 2]) < STANDING_BELOW))
