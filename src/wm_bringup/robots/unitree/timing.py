"""How the states of a robot come: how often, how evenly, how late, and by which clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wm_bringup.robots.unitree.frames import Frame
from wm_control.types import Array

TICK = 0.001
"""Unit of a state's tick [s]."""

_HALF = 2**31
"""A step beyond it is one backwards: ticks begin again at zero after 2**32."""

BINS = 10
"""Parts of the time whose fastest states tell how the clocks run apart."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Of n states, n at least 2.

    rate: of arrivals [Hz]. gaps: (n - 1,) between arrivals [s]. lateness: (n,) of arrivals beyond
    the fastest, without what the clocks run apart [s]. lost: states that the tick counts and that
    did not come. odd: states whose tick is not newer than the one before. skew: by how much the
    robot's clock is faster than this computer's [1], and skew_doubt: how far that may be wrong,
    for a tick is a whole millisecond.
    """

    rate: float
    gaps: Array
    lateness: Array
    lost: int
    odd: int
    skew: float
    skew_doubt: float


def timing(arrivals: Array, states: Frame) -> Timing:
    """Measure. arrivals: (n,) [s]. states: (n,), all sound."""
    ticks: NDArray[np.int64] = states["tick"].astype(np.int64)
    steps = np.mod(np.diff(ticks) + _HALF, 2 * _HALF) - _HALF
    usual = int(np.median(steps[steps > 0])) if (steps > 0).any() else 1
    times = TICK * np.concatenate(([0], np.cumsum(steps)))
    lateness = arrivals - times
    drift = _slope_of_least(times, lateness)
    lateness = lateness - drift * times
    duration = float(arrivals[-1] - arrivals[0])
    return Timing(
        rate=(len(arrivals) - 1) / duration if duration > 0.0 else float("inf"),
        gaps=np.diff(arrivals),
        lateness=lateness - lateness.min(),
        lost=int(np.maximum(np.rint(steps / usual) - 1, 0).sum()),
        odd=int((steps <= 0).sum()),
        skew=-drift / (1.0 + drift),
        skew_doubt=TICK / max(float(np.ptp(times)), TICK),
    )


def _slope_of_least(times: Array, offsets: Array) -> float:
    """Slope [1] of the lower edge of offsets over times: a line through each part's least.

    A state may come late, never early; so only the fastest of a while tells of the clocks.
    """
    edges = np.linspace(times.min(), times.max(), BINS + 1)[1:-1]
    part = np.searchsorted(edges, times)
    lowest = [
        min(np.flatnonzero(part == k), key=offsets.__getitem__)
        for k in range(BINS)
        if (part == k).any()
    ]
    if len(lowest) < 2:
        return 0.0
    return float(np.polyfit(times[lowest], offsets[lowest], 1)[0])
