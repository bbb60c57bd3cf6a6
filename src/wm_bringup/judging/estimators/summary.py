"""Many episodes made into one table: figures, intervals, limits, and who is better by how much."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import bootstrap

from wm_bringup.judging.estimators.courses import AT_LEAST, JUDGED, holds
from wm_control.types import Array

_SQUARED = (
    *("velocity_x", "velocity_y", "velocity_z", "velocity_apart", "height"),
    *("roll", "pitch", "ate", "rpe"),
)
_WORST = ("cpu_ms_p99", "unhealthy_share")
_SUMMED = ("diverged", "fell")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure over n episodes: its value, its 95 % interval, and its worst episode."""

    value: float
    low: float
    high: float
    worst: float
    n: int


def over_seeds(figures: Sequence[Mapping[str, float]]) -> dict[str, Figure]:
    """One figure per name: RMS of RMS errors, the worst of tails, sums of events, else the mean.

    Intervals: percentile bootstrap over the episodes; of events, Clopper-Pearson would be needed,
    and none is given.
    """
    names = list(dict.fromkeys(name for f in figures for name in f))
    result = {}
    for name in names:
        values = np.array([f[name] for f in figures if math.isfinite(f.get(name, math.nan))])
        result[name] = _over(name, values) if len(values) else Figure(*(math.nan,) * 4, 0)
    return result


def _over(name: str, values: Array) -> Figure:
    worst = float(values.min() if name in AT_LEAST else values.max())
    statistic = _statistic(name)
    value = float(statistic(values))
    low = high = math.nan
    if len(values) > 1 and name not in (*_WORST, *_SUMMED):
        interval = bootstrap(
            (values,), statistic, method="percentile", n_resamples=2000, rng=0
        ).confidence_interval
        low, high = float(interval.low), float(interval.high)
    return Figure(value, low, high, worst, len(values))


def _statistic(name: str) -> Callable[..., Array]:
    def root_mean_square(values: Array, axis: int = -1) -> Array:
        root: Array = np.sqrt(np.mean(values**2, axis=axis))
        return root

    if name in _SQUARED:
        return root_mean_square
    return np.max if name in _WORST else np.sum if name in _SUMMED else np.mean


_ROWS = (
    ("velocity_x", "velocity RMSE x [mm/s]", 1e3),
    ("velocity_y", "velocity RMSE y [mm/s]", 1e3),
    ("velocity_z", "velocity RMSE z [mm/s]", 1e3),
    ("velocity_apart", "velocity from the judged one's [mm/s]", 1e3),
    ("height", "height RMS [mm]", 1e3),
    ("roll", "roll RMS [mrad]", 1e3),
    ("pitch", "pitch RMS [mrad]", 1e3),
    ("drift_percent", "drift [% of distance]", 1.0),
    ("yaw_drift", "yaw drift [mrad]", 1e3),
    ("ate", "ATE [mm]", 1e3),
    ("rpe", "RPE over 1 s [mm]", 1e3),
    ("nees_velocity_share", "NEES velocity in 95 % band", 1.0),
    ("nees_tilt_share", "NEES tilt in 95 % band", 1.0),
    ("nees_height_share", "NEES height in 95 % band", 1.0),
    ("contact_f1", "contact F1", 1.0),
    ("slips", "true slips per episode", 1.0),
    ("slips_found_share", "share of them found", 1.0),
    ("slip_delay_ms", "median delay [ms]", 1.0),
    ("slip_alarm_share", "slip told of a firm sole, share of time", 1.0),
    ("diverged", "episodes diverged", 1.0),
    ("fell", "episodes in which the robot fell", 1.0),
    ("unhealthy_share", "share unhealthy, worst", 1.0),
    ("cpu_ms_p50", "CPU p50 [ms]", 1.0),
    ("cpu_ms_p99", "CPU p99, worst [ms]", 1.0),
)
_NOT_COMPARED = ("slips", "fell", "diverged", "unhealthy_share", "velocity_apart")
_IDEAL = {"contact_f1": 1.0, "slips_found_share": 1.0, **dict.fromkeys(AT_LEAST[:3], 0.95)}


def gain(name: str, first: float, second: float) -> float:
    """How much smaller the second's shortfall is: beyond 1 the second is better.

    A shortfall is the error itself, or the distance from what would be ideal: 1, or for NEES the
    95 % that honest errors have.
    """
    if name in _IDEAL:
        first, second = abs(_IDEAL[name] - first), abs(_IDEAL[name] - second)
    if first == second:
        return 1.0
    return first / second if second else math.inf


def markdown_table(
    course: str,
    seeds: int,
    results: Mapping[str, Mapping[str, Figure]],
    limits: Mapping[str, float] | None = None,
) -> str:
    """One course in a Markdown table; the judged one with interval and worst episode."""
    limits = limits or {}
    others = [name for name in results if name != JUDGED]
    heads = [f"{course}, n = {seeds}", "limit", f"{JUDGED} (95 %)", "worst", *others]
    heads += [f"better than {name} by" for name in others]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for name, text, scale in _ROWS:
        figure = results[JUDGED].get(name)
        if figure is not None and figure.n:
            limit = f"{scale * limits[name]:.3g}" if name in limits else ""
            cells = [text, limit, _cell(figure, scale), f"{scale * figure.worst:.3g}"]
            cells += [f"{scale * results[o][name].value:.3g}" for o in others]
            cells += [_gain_cell(name, results[o][name].value, figure.value) for o in others]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(figure: Figure, scale: float) -> str:
    text = f"{scale * figure.value:.3g}"
    if math.isfinite(figure.low):
        text += f" ({scale * figure.low:.3g} to {scale * figure.high:.3g})"
    return text


def _gain_cell(name: str, first: float, second: float) -> str:
    if name in _NOT_COMPARED or not math.isfinite(first):
        return ""
    return f"{gain(name, first, second):.2f}"


def broken_limits(results: Mapping[str, Figure], limits: Mapping[str, float]) -> list[str]:
    """Say what does not hold, one sentence each."""
    return [
        f"{name} is {results[name].value:.3g}, limit {limit:.3g}"
        for name, limit in limits.items()
        if not holds(name, results[name].value, limit)
    ]
