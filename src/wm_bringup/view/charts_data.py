"""What the charts of the page show: the last seconds of margins, pushes, speed and latency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from wm_bringup.view.recording import NO_CURVE, Curve
from wm_control.types import Array

WINDOW = 15.0
"""Of time that is drawn [s]."""

_POINTS = 201


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: title with unit, and its curves by name with what they are called.

    lowest, highest: of its scale; None: as the curves have it.
    """

    title: str
    curves: tuple[tuple[str, str], ...]
    lowest: float | None = None
    highest: float | None = None


CHARTS = (
    Chart("capture margin, m", (("margin", "margin"),), -0.1, 0.4),
    Chart("unexplained impulse, N·s", (("impulse", "impulse"),), 0.0),
    Chart("forward speed, m/s", (("speed", "goes"), ("asked", "asked"))),
    Chart("latency of the path, ms", (("latency", "median"), ("longest", "longest")), 0.0),
)


def window(chart: Chart, curves: Mapping[str, Curve], now: float) -> tuple[Array, ...]:
    """Return times and values (k,) of all curves of a chart in the window until ``now`` [s].

    Every value holds until the next; NaN before the first.
    """
    begin = max(now - WINDOW, 0.0)
    time = np.linspace(begin, max(now, begin + 1.0), _POINTS)
    return (time, *(held(curves.get(name, NO_CURVE), time) for name, _ in chart.curves))


def held(curve: Curve, time: Array) -> Array:
    """Values (k,) at ``time`` (k,): each holds until the next; NaN before the first."""
    if not len(curve.time):
        return np.full(len(time), np.nan)
    place = np.searchsorted(curve.time, time + 1e-9, side="right") - 1
    found: Array = np.where(place >= 0, curve.value[np.maximum(place, 0)], np.nan)
    return found
