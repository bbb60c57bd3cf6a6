"""Criteria of punctuality: how long the control path takes, and how often too long."""

from __future__ import annotations

import numpy as np

from wm_bringup.cycle.latency import percentiles
from wm_bringup.judging.criteria.criterion import Value, criterion
from wm_bringup.record.run_record import TIME, Flags, RunRecord
from wm_control.constants import CONTROL_PERIOD


@criterion("")
def late(record: RunRecord) -> Value:
    """Share of control cycles whose path took longer than their period."""
    return float((record["compute_time"] > CONTROL_PERIOD).mean())


@criterion("s", "max")
def max_plan_age(record: RunRecord) -> Value:
    """Age of the oldest plan that was used."""
    return float(np.fmax.reduce(record["plan_age"], initial=0.0))


@criterion("")
def pace(record: RunRecord) -> Value:
    """Time on the robot's clock / time on the recorder's, of a run in real time."""
    wall = record["received"][-1] - record["received"][0]
    return float((record[TIME][-1] - record[TIME][0]) / wall) if wall > 0.0 else None


@criterion("ms", "max")
def path_latency_p50(record: RunRecord) -> Value:
    """Median of the time from a measurement to its command sent."""
    return percentiles(1e3 * record["path_latency"]).p50


@criterion("ms", "max")
def path_latency_p99(record: RunRecord) -> Value:
    """99th percentile of the time from a measurement to its command sent."""
    return percentiles(1e3 * record["path_latency"]).p99


@criterion("ms", "max")
def path_latency_p99_9(record: RunRecord) -> Value:
    """99.9th percentile of the same, where at least 2995 cycles support it."""
    return percentiles(1e3 * record["path_latency"]).p99_9


@criterion("", "sum")
def deadline_misses(record: RunRecord) -> Value:
    """How many control cycles in real time whose command left after their period."""
    return int(missed(record).sum())


@criterion("")
def deadline_miss_rate(record: RunRecord) -> Value:
    """Share of control cycles in real time whose command left after their period."""
    return float(missed(record).mean())


@criterion("", "max")
def longest_miss_run(record: RunRecord) -> Value:
    """Largest number of such cycles in a row."""
    kept = np.flatnonzero(np.concatenate([[True], ~missed(record), [True]]))
    return int((np.diff(kept) - 1).max(initial=0))


def missed(record: RunRecord) -> Flags:
    """(c,) whether the command of each cycle in real time left after its period."""
    return np.asarray(record["deadline_missed"], dtype=np.bool_)
