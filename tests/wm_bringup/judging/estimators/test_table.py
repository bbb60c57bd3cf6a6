"""The estimators' table as a command: it judges, writes, and goes on where it was."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import replace

import pytest
from working_tree import ROOT

from wm_bringup.judging.estimators.courses import COURSES, Course
from wm_bringup.judging.estimators.recording import record
from wm_bringup.scenarios.scenario import Scenario, VelocitySegment

FILE = ROOT / "tools" / "estimator_table.py"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("estimator_table", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def walk():
    velocity = (VelocitySegment(0.3, 0.3),)
    return record(Scenario(duration=1.5, velocity=velocity, noise="nominal"), 3)


@pytest.fixture
def run(tool, tmp_path, monkeypatch):
    def call(*arguments):
        line = [str(FILE), *map(str, arguments), "--results", str(tmp_path)]
        monkeypatch.setattr(sys, "argv", line)
        return tool.main()

    return call


def test_a_recording_of_ones_own_is_judged_without_limits(run, walk, tmp_path, capsys):
    walk.save(tmp_path / "own.npz")
    assert run("--file", tmp_path / "own.npz") == 0
    summary = json.loads((tmp_path / "file.json").read_text(encoding="utf-8"))
    assert summary["n"] == 1
    assert summary["results"]["invariant_ekf"]["velocity_x"]["value"] < 0.02
    assert summary["results"]["invariant_ekf"]["drift_percent"]["value"] is None  # 0.3 m walked
    assert (tmp_path / "file.md").read_text(encoding="utf-8") in capsys.readouterr().out


def test_a_course_goes_on_from_what_was_walked_and_judged(run, tool, walk, tmp_path, monkeypatch):
    course = Course(COURSES["mixed"].scenario, {"velocity_x": 0.05})
    monkeypatch.setitem(tool.COURSES, "mixed", course)
    walked = []

    def record_again(scenario, seed, walked_on, policy):
        walked.append((seed, walked_on))
        return walk

    monkeypatch.setattr(tool, "record", record_again)
    assert run("--courses", "mixed", "--seeds", 1) == 0
    assert run("--courses", "mixed", "--seeds", 2) == 0
    assert walked == [(0, "invariant_ekf"), (1, "invariant_ekf")]
    judged = json.loads((tmp_path / "mixed_0.json").read_text(encoding="utf-8"))
    judged["figures"]["invariant_ekf"]["velocity_x"] = 0.9
    (tmp_path / "mixed_0.json").write_text(json.dumps(judged), encoding="utf-8")
    assert run("--courses", "mixed", "--seeds", 2) == 1
    summary = json.loads((tmp_path / "mixed.json").read_text(encoding="utf-8"))
    assert summary["broken"][0].startswith("velocity_x is 0.6")
    assert run("--courses", "mixed", "--seeds", 2, "--judge") == 0
    assert len(walked) == 2


def test_a_course_walked_on_another_estimator_has_results_of_its_own(
    run, tool, walk, tmp_path, monkeypatch
):
    monkeypatch.setattr(tool, "record", lambda scenario, seed, walked_on, policy: walk)
    assert run("--courses", "loaded", "--seeds", 1, "--walked-on", "leg_odometry") == 0
    assert (tmp_path / "loaded_on_leg_odometry.json").is_file()
    assert not (tmp_path / "loaded.json").exists()


def test_a_fall_is_counted(run, walk, tmp_path):
    replace(walk, fall="base height 0.2 m").save(tmp_path / "own.npz")
    assert run("--file", tmp_path / "own.npz") == 0
    summary = json.loads((tmp_path / "file.json").read_text(encoding="utf-8"))
    assert summary["results"]["invariant_ekf"]["fell"]["value"] == 1.0


def test_a_bag_that_is_not_there_ends_with_exit_code_two(run, tmp_path, capsys):
    assert run("--bag", tmp_path / "nothing") == 2
    assert "there is no bag at" in capsys.readouterr().err
