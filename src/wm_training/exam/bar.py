"""The bar for our own policy, told row by row: ``config/suites/bar.yaml`` says what is asked.

Commands and standing; and random commands under velocity kicks on floors of different friction.
Kicks while it stands are reported and not judged, and so is what became of the state estimate
meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wm_bringup.judging.episode import EpisodeResult, plain, values_of
from wm_bringup.judging.statistics import Statistic, combined, proportion_interval
from wm_bringup.judging.suite import Suite
from wm_bringup.judging.verdict import Checked, Row, rows_of

_TOLD = ("cost_of_transport", "action_rate", "torque_rate", "apex", "foot_slip")
"""Criteria that are told of every command, as means over its episodes."""


def verdict(suite: Suite, results: Sequence[EpisodeResult]) -> dict[str, Any]:
    """Say for every part of the bar what was found, what is allowed and whether it is met.

    Rows that are reported only, whose case has no limits, have None for both of the last.
    """
    judged: list[dict[str, Any]] = []
    told: list[dict[str, Any]] = []
    own_rows: list[dict[str, Any]] = []
    for row in rows_of(suite, results):
        kicked = row.case.draws.kicks is not None
        made = _kick_row(row) if kicked else _command_row(row)
        (judged if row.case.limits else told).append(made)
        own_rows += [_titled_row(check) for check in row.checks if check.limit.title and check.n]
    judged += own_rows
    return {
        "met": bool(judged) and all(row["met"] for row in judged),
        "bar": plain([*judged, *told]),
        "episodes": [result.as_json() for result in results],
    }


def _command_row(row: Row) -> dict[str, Any]:
    checks = {c.limit.criterion: c for c in row.checks if not c.limit.title}
    worst = checks["command_error"]
    return {
        "what": row.case.title or row.case.name,
        "found": None if worst.found is None else float(worst.found),
        "allowed": worst.limit.at_most,
        "met": all(check.held for check in checks.values()),
        "n": len(row.results),
        "falls": row.falls,
        "mean_velocity": _over(row, "mean_velocity", "mean"),
        "steps": _over(row, "steps", "sum"),
        **{name: _over(row, name, "mean") for name in _TOLD},
        **_estimates(row),
    }


def _kick_row(row: Row) -> dict[str, Any]:
    n, falls = len(row.results), row.falls
    allowed = next((c.limit.at_most for c in row.checks if c.limit.criterion == "fell"), None)
    return {
        "what": row.case.title or row.case.name,
        "found": falls,
        "n": n,
        "falls": falls,
        "interval": list(proportion_interval(falls, n)),
        **_estimates(row),
        "allowed": int(allowed * n) if isinstance(allowed, float) else None,
        "met": row.held if row.checks else None,
    }


def _titled_row(check: Checked) -> dict[str, Any]:
    """Tell a limit that is a row of its own."""
    return {
        "what": check.limit.title,
        "found": None if check.found is None else float(check.found),
        "allowed": check.limit.at_most,
        "met": check.held,
        "n": check.n,
    }


def _estimates(row: Row) -> dict[str, Any]:
    """Say what became of the state estimate: the worst of these episodes, and how many lost it."""
    return {
        "velocity_rmse": _over(row, "velocity_rmse", "max"),
        "drift_percent": _over(row, "drift_percent", "max"),
        "estimates_lost": sum(bool(result["estimate_lost"]) for result in row.results),
    }


def _over(row: Row, name: str, over: Statistic) -> Any:  # noqa: ANN401 - one number, or by axis
    values = values_of(row.results, name)
    return combined(values, over).tolist() if values else None
