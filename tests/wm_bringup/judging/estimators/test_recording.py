"""A short recorded walk: every observation has its truth, and a file gives back the same."""

from __future__ import annotations

import numpy as np
import pytest
from robot_parameters import ESTIMATOR

from wm_bringup.judging.estimators.recording import SENSORS, Recording, record
from wm_bringup.judging.estimators.report import CONTESTANTS, judge_recording
from wm_bringup.scenarios.scenario import Scenario, VelocitySegment
from wm_control.robot.description import load_robot


@pytest.fixture(scope="module")
def recording():
    velocity = (VelocitySegment(0.5, 0.3),)
    return record(Scenario(duration=2.0, velocity=velocity, noise="nominal"), 3)


def test_every_tick_of_a_walk_is_recorded_with_truth_and_planned_stance(recording):
    assert len(recording) == 1000
    assert (np.diff(recording["sequence"]) == 1).all()
    assert recording["planned_stance"].min() == 0.0
    assert recording["base_velocity_in_base"][-200:, 0].mean() > 0.1


def test_a_file_gives_back_the_same_observations(recording, tmp_path):
    path = tmp_path / "walk.npz"
    recording.save(path)
    again = Recording.load(path)
    assert again.robot == recording.robot
    for one, other in zip(recording.observations(), again.observations(), strict=True):
        for name in SENSORS:
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_a_recording_from_before_runs_were_told_is_one_run(recording):
    columns = {name: column for name, column in recording.columns.items() if name != "run"}
    old = Recording(recording.robot, columns)
    assert {o.run for o in old.observations()} == {0}
    assert len(old.observations()) == len(recording)


def test_every_contestant_is_judged_on_it(recording):
    results = judge_recording(recording, load_robot(recording.robot), ESTIMATOR)
    assert set(results) == set(CONTESTANTS)
    ekf = results["invariant_ekf"]
    assert max(ekf["velocity_x"], ekf["velocity_y"], ekf["velocity_z"]) < 0.02
    assert ekf["unhealthy_share"] == 0.0
    assert results["clock_only"]["contact_f1"] != ekf["contact_f1"]
