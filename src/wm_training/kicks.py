"""Velocity kicks at regular times, as in the push tests of training."""

from __future__ import annotations

import numpy as np

from wm_bringup.scenarios.scenario import Kick


def every(period: float, size: float, duration: float, seed: int) -> tuple[Kick, ...]:
    """Kicks of one size [m/s] every ``period`` [s] from then on, in directions from ``seed``."""
    rng = np.random.default_rng(seed)
    times = np.arange(period, duration - 1e-9, period)
    return tuple(_level(float(at), size, float(rng.uniform(-np.pi, np.pi))) for at in times)


def _level(at: float, size: float, direction: float) -> Kick:
    """Kick in a horizontal direction [rad] of the world."""
    x, y = size * np.cos(direction), size * np.sin(direction)
    return Kick(velocity=(float(x), float(y), 0.0), at=at)
