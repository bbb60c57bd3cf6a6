"""Criteria of punctuality and of the arbiter, counted by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_up_records import DECISION, march

from wm_bringup.judging.criteria import arbiter, timing
from wm_bringup.record.run_record import RunRecord
from wm_control.types import Action, Cause, Status

TILT = Cause("tilt", 0.5, 0.4, "tilted")
LIMITED = replace(DECISION, action=Action.LIMITED, first_cause=TILT)
DAMPING = replace(LIMITED, action=Action.DAMPING, source="arbiter")


def test_an_intervention_is_counted_when_it_begins_however_long_and_deep_it_becomes():
    cycles = {k: {"decision": LIMITED} for k in (3, 4, 8)} | {5: {"decision": DAMPING}}
    record = march(seconds=0.018, cycles=cycles)
    assert arbiter.interventions(record) == 2
    assert arbiter.causes(record) == {"tilt": 2}
    assert record.told("driver")[5] == "arbiter"


def test_one_that_is_there_from_the_first_cycle_counts():
    assert arbiter.interventions(march(seconds=0.004, cycles={0: {"decision": LIMITED}})) == 1


def test_clipped_and_degraded_cycles_are_shares_and_causes_are_counted_without_their_numbers():
    clipped = replace(DECISION, clipped=np.array([True, False, True]))
    cycles = {
        0: {"decision": clipped},
        1: {"status": Status.DEGRADED, "cause": "residual 0.12"},
        2: {"status": Status.DEGRADED, "cause": "residual 0.34"},
        3: {"status": Status.FAILED, "cause": "no plan"},
    }
    record = march(seconds=0.018, cycles=cycles)  # ten cycles
    assert arbiter.clip_rate(record) == pytest.approx(0.1)
    assert arbiter.degraded(record) == pytest.approx(0.3)
    assert arbiter.controller_causes(record) == {"residual #.##": 2, "no plan": 1}


def test_a_shadow_that_limps_is_not_charged_to_the_driver():
    record = march(seconds=0.018, cycles={k: {"shadow": Status.DEGRADED} for k in (4, 5)})
    assert arbiter.degraded(record) == 0.0
    assert arbiter.shadows_degraded(record) == {"policy": 2}


def test_a_cycle_is_late_beyond_its_period():
    assert timing.late(march(seconds=0.02, compute_time=0.0021)) == 1.0
    assert timing.late(march(seconds=0.02, compute_time=0.0019)) == 0.0


def test_the_oldest_plan_counts_and_without_plans_there_is_none_old():
    record = march(seconds=0.004)
    assert timing.max_plan_age(record) == 0.0
    aged = record.with_columns(plan_age=np.array([np.nan, 0.02, 0.01]))
    assert timing.max_plan_age(aged) == 0.02


def live():
    """Ten cycles, three of them missed in a row and one more; 2 s on the robot in 2.5 s."""
    missed = np.zeros(10, dtype=bool)
    missed[[2, 3, 4, 8]] = True
    return RunRecord(
        {
            "cycle_time": 0.002 * np.arange(10),
            "path_latency": np.linspace(0.0, 0.9e-3, 10),
            "deadline_missed": missed,
            "time": np.array([0.0, 2.0]),
            "received": np.array([0.1, 2.6]),
        }
    )


def test_misses_are_counted_with_their_share_and_longest_run():
    record = live()
    assert timing.deadline_misses(record) == 4
    assert timing.deadline_miss_rate(record) == pytest.approx(0.4)
    assert timing.longest_miss_run(record) == 3


def test_latencies_are_told_in_milliseconds_and_p99_9_only_where_samples_support_it():
    record = live()
    assert timing.path_latency_p50(record) == pytest.approx(0.45)
    assert timing.path_latency_p99(record) == pytest.approx(0.891)
    assert timing.path_latency_p99_9(record) is None


def test_a_slow_simulation_is_seen_in_the_real_time_factor():
    assert timing.pace(live()) == pytest.approx(0.8)
