"""Estimators side by side in one table: figures, intervals, limits, who is better by how much."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from wm_bringup.judging.criteria.table import CRITERIA
from wm_bringup.judging.episode import values_of
from wm_bringup.judging.estimators.replay import JUDGED
from wm_bringup.judging.markdown import markdown_table
from wm_bringup.judging.statistics import Figure, figure
from wm_bringup.judging.verdict import Row

_ROWS = (
    ("velocity_error_x", "velocity RMSE x [mm/s]", 1e3),
    ("velocity_error_y", "velocity RMSE y [mm/s]", 1e3),
    ("velocity_error_z", "velocity RMSE z [mm/s]", 1e3),
    ("velocity_apart", "velocity from the judged one's [mm/s]", 1e3),
    ("height_error", "height RMS [mm]", 1e3),
    ("roll_error", "roll RMS [mrad]", 1e3),
    ("pitch_error", "pitch RMS [mrad]", 1e3),
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
_IDEAL = {
    "contact_f1": 1.0,
    "slips_found_share": 1.0,
    **dict.fromkeys(("nees_velocity_share", "nees_tilt_share", "nees_height_share"), 0.95),
}


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


def estimator_table(title: str, rows: Sequence[Row]) -> str:
    """Tabulate one case in Markdown; the judged one with interval and worst episode.

    rows: of every estimator on the same walks.
    """
    figures = {row.contestant: _figures(row) for row in rows}
    judged = next((row for row in rows if row.contestant == JUDGED), rows[0])
    others = [name for name in figures if name != judged.contestant]
    limits = {check.limit.criterion: check.limit for check in judged.checks}
    heads = [f"{title}, n = {len(judged.results)}", "limit", f"{judged.contestant} (95 %)", "worst"]
    heads += [*others, *(f"better than {name} by" for name in others)]
    tabulated = []
    for name, text, scale in _ROWS:
        one = figures[judged.contestant][name]
        if one.n:
            limit = limits.get(name)
            bound = limit and (limit.at_most if limit.at_least is None else limit.at_least)
            told = f"{scale * bound:.3g}" if isinstance(bound, int | float) and limit else ""
            cells = [text, told, _cell(one, scale), f"{scale * one.worst:.3g}"]
            cells += [f"{scale * figures[o][name].value:.3g}" for o in others]
            cells += [_gain_cell(name, figures[o][name].value, one.value) for o in others]
            tabulated.append(cells)
    return markdown_table(heads, tabulated)


def _figures(row: Row) -> Mapping[str, Figure]:
    figures = {}
    for name, _, _ in _ROWS:
        values = values_of(row.results, name)
        numbers = [float(value) for value in values if not isinstance(value, tuple)]
        known = CRITERIA[name]
        figures[name] = figure(numbers, known.over, more_is_better=known.more_is_better)
    return figures


def _cell(one: Figure, scale: float) -> str:
    text = f"{scale * one.value:.3g}"
    if math.isfinite(one.low):
        text += f" ({scale * one.low:.3g} to {scale * one.high:.3g})"
    return text


def _gain_cell(name: str, first: float, second: float) -> str:
    if name in _NOT_COMPARED or not math.isfinite(first):
        return ""
    return f"{gain(name, first, second):.2f}"
