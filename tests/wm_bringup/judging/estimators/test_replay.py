"""Estimators replayed on a short recorded walk: each is measured beside the same truth."""

from __future__ import annotations

import numpy as np
import pytest

from wm_bringup.judging.episodes import WalkSetup, walk
from wm_bringup.judging.estimators.replay import ESTIMATORS, judge_estimators
from wm_bringup.judging.runner import do_run, runs_of
from wm_bringup.judging.suite import Case, Suite
from wm_bringup.scenarios.scenario import Scenario, VelocitySegment

NAMES = tuple(ESTIMATORS)


@pytest.fixture(scope="module")
def record():
    scenario = Scenario(duration=2.0, velocity=(VelocitySegment(0.5, 0.3),), noise="nominal")
    return walk(WalkSetup(scenario, full_rate=True, walked_on="leg_odometry"), 3).record


def test_every_estimator_is_measured_on_it(record):
    results = {one.contestant: one for one in judge_estimators("walk", "mpc", record, NAMES)}
    assert set(results) == set(ESTIMATORS)
    ekf = results["invariant_ekf"]
    assert max(ekf[f"velocity_error_{axis}"] for axis in "xyz") < 0.02
    assert ekf["unhealthy_share"] == 0.0
    assert ekf["fell"] is False
    assert results["clock_only"]["contact_f1"] != ekf["contact_f1"]


def test_the_ablation_needs_a_plan_whose_clock_can_be_asked(record):
    unplanned = record.with_columns(planned_stance=np.full((len(record), 2), np.nan))
    results = judge_estimators("walk", "policy", unplanned, NAMES)
    assert {one.contestant for one in results} == {"leg_odometry", "invariant_ekf"}


def test_a_suite_of_estimators_walks_once_and_has_a_result_of_each():
    suite = Suite(
        "s",
        cases=(
            Case(
                "short",
                scenario={"duration": 0.8, "velocity": [{"at": 0.7, "x": 1.6}]},
                walked_on="invariant_ekf",
            ),
        ),
        estimators=("leg_odometry", "invariant_ekf"),
    )
    (run,) = runs_of(suite)
    results = do_run(run)
    assert [one.contestant for one in results] == ["leg_odometry", "invariant_ekf"]
    assert {one.notes["walked_by"] for one in results} == {"mpc"}
    assert all(one["velocity_error_x"] < 0.05 for one in results)
    assert all("1.6 0 0 reduced to 1.1 0 0" in one.missed[0] for one in results)
