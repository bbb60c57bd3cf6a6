"""Estimators side by side: who is better by how much, and the tool for runs of one's own."""

from __future__ import annotations

import importlib.util
import json
import sys

import pytest
from working_tree import ROOT

from wm_bringup.judging.criteria.criterion import Measured
from wm_bringup.judging.episode import EpisodeResult
from wm_bringup.judging.episodes import WalkSetup, walk
from wm_bringup.judging.estimators.table import estimator_table, gain
from wm_bringup.judging.suite import Case, Limit, Suite
from wm_bringup.judging.table import suite_table
from wm_bringup.judging.verdict import rows_of
from wm_bringup.scenarios.scenario import Scenario, VelocitySegment

FILE = ROOT / "tools" / "estimator_table.py"


@pytest.mark.parametrize(
    ("name", "first", "second", "expected"),
    [
        ("velocity_error_x", 0.004, 0.002, 2.0),
        ("contact_f1", 0.96, 0.99, 4.0),  # 4 % wrong against 1 %
        ("nees_tilt_share", 0.75, 0.90, 4.0),  # 20 % off the 95 % of honest errors against 5 %
    ],
)
def test_better_is_by_how_much_smaller_the_shortfall_is(name, first, second, expected):
    assert gain(name, first, second) == pytest.approx(expected)


LIMIT = Limit("velocity_error_x", at_most=0.05)
SUITE = Suite(
    "s",
    cases=(Case("mixed", limits=(LIMIT,)),),
    estimators=("leg_odometry", "invariant_ekf"),
    judged=("invariant_ekf",),
)


def results(walked_by="mpc"):
    errors = {"leg_odometry": 0.004, "invariant_ekf": 0.002}
    return [
        EpisodeResult("mixed", who, 0, {"velocity_error_x": Measured(e, "m/s")},
                      {"walked_by": walked_by})
        for who, e in errors.items()
    ]  # fmt: skip


def test_the_table_shows_limit_worst_and_gain_and_limits_are_for_the_judged_one():
    rows = rows_of(SUITE, results())
    assert [len(row.checks) for row in rows] == [0, 1]
    table = estimator_table("mixed", rows)
    assert "| mixed, n = 1 | limit | invariant_ekf (95 %) | worst | leg_odometry |" in table
    assert "| velocity RMSE x [mm/s] | 50 | 2 | 2 | 4 | 2.00 |" in table


def test_each_walker_has_a_table_of_its_own():
    both = Suite(
        "s", cases=SUITE.cases, estimators=SUITE.estimators,
        contestants=({"name": "mpc"}, {"name": "ours", "controller": "policy"}),
    )  # fmt: skip
    table = suite_table(both, rows_of(both, [*results("mpc"), *results("ours")]))
    assert "mixed under mpc, n = 1" in table
    assert "mixed under ours, n = 1" in table


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("estimator_table", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(tool, tmp_path, monkeypatch):
    def call(*arguments):
        line = [str(FILE), *map(str, arguments), "--results", str(tmp_path)]
        monkeypatch.setattr(sys, "argv", line)
        return tool.main()

    return call


def test_a_record_of_ones_own_is_judged_and_a_fall_is_counted(run, tmp_path, capsys):
    scenario = Scenario(duration=1.5, velocity=(VelocitySegment(0.3, 0.3),), noise="nominal")
    record = walk(WalkSetup(scenario, full_rate=True), 3).record
    record.with_facts(fall="base height 0.2 m").save(tmp_path / "own.npz")
    assert run(tmp_path / "own.npz") == 0
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    rows = {row["contestant"]: row for row in summary["rows"]}
    assert rows["invariant_ekf"]["figures"]["velocity_error_x"]["value"] < 0.02
    assert rows["invariant_ekf"]["figures"]["drift_percent"] is None  # 0.3 m walked
    assert rows["invariant_ekf"]["falls"] == 1
    assert (tmp_path / "table.md").read_text(encoding="utf-8") in capsys.readouterr().out


def test_a_bag_that_is_not_there_ends_with_exit_code_two(run, tmp_path, capsys):
    assert run(tmp_path / "nothing") == 2
    assert "there is no bag at" in capsys.readouterr().err
