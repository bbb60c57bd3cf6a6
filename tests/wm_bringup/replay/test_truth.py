"""What was true is looked up at the stamps of what was believed, within a run; never guessed."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest
from foreign_bags import Foreign, imu, joint_state, odometry
from short_bags import rewritten
from synthetic import Course, SensorErrors, synthetic_walk

from wm_bringup.bags.stream import BagStream
from wm_bringup.record.run_record import TIME
from wm_bringup.replay import estimate as estimating
from wm_bringup.replay.estimate import estimate
from wm_bringup.replay.foreign import ANY_RUN, foreign_samples
from wm_bringup.replay.mapping import load_mapping
from wm_bringup.replay.recording import Recording
from wm_bringup.wire.topics import EVALUATION
from wm_control.robot.description import load_robot


def looked(stamps, runs=None, x=None):
    n = len(stamps)
    position = np.zeros((n, 3))
    position[:, 0] = np.arange(n) if x is None else x
    return {
        TIME: np.array(stamps),
        "run": np.zeros(n) if runs is None else np.array(runs, float),
        "base_position": position,
        "base_orientation": np.tile([0.0, 0.0, 0.0, 1.0], (n, 1)),
        "base_velocity": np.zeros((n, 3)),
    }


@pytest.mark.parametrize("stamps", [(1.0,), (1.0, 1.0), (1.0, 1.0, 1.0)])
def test_looks_of_one_instant_say_nothing_of_any_other(stamps):
    found = estimating._at(looked(stamps), np.array([0.5, 1.0, 1.01, 2.0]))["base_position"]
    assert np.isfinite(found[:, 0]).tolist() == [False, True, False, False]


def test_between_two_looks_the_truth_is_a_straight_line():
    found = estimating._at(looked((1.0, 1.02)), np.array([1.005, 1.02, 1.03]))["base_position"]
    np.testing.assert_allclose(found[:, 0], [0.25, 1.0, np.nan])


def test_a_clock_that_begins_again_does_not_mix_two_runs():
    looks = looked((0.0, 0.02, 0.0, 0.02), runs=(0, 0, 1, 1), x=(0.0, 0.0, 5.0, 5.0))
    runs = np.array([0.0, 1.0, 2.0])
    found = estimating._within_runs(looks, np.full(3, 0.01), runs)["base_position"][:, 0]
    np.testing.assert_allclose(found, [0.0, 5.0, np.nan])


def test_a_look_by_a_clock_that_never_begins_again_holds_in_every_run():
    looks = looked((0.0, 0.02), runs=(ANY_RUN, ANY_RUN), x=(3.0, 3.0))
    found = estimating._within_runs(looks, np.full(1, 0.01), np.array([7.0]))["base_position"]
    assert found[0, 0] == 3.0


def test_the_truth_of_cycles_is_that_of_the_time_at_which_it_was_looked_at(bag):
    def later(cycle):
        truth = cycle.seen.truth
        return replace(cycle, seen=replace(cycle.seen, truth=replace(truth, stamp=truth.stamp + 1)))

    looked_at = (c for c in Recording(bag).cycles() if not c.held and c.seen and c.seen.truth)
    cycles = [later(cycle) for cycle in islice(looked_at, 5)]
    recording = SimpleNamespace(cycles=lambda: cycles, truths=lambda: ())
    poses = [s.truth for s in estimating._of_cycles(recording) if s.truth is not None]
    assert [pose.stamp for pose in poses] == [cycle.seen.truth.stamp for cycle in cycles]


@pytest.fixture(scope="module")
def observed():
    walk = synthetic_walk(load_robot("g1"), Course(velocity=(0.3, 0.0, 0.0)), 0.4)
    return list(walk.observations(SensorErrors(), 0))


@pytest.fixture(scope="module")
def twice(observed, tmp_path_factory):
    """A simulation that was reset: the same walk twice, the second one 5 m further on."""
    folder, names = tmp_path_factory.mktemp("twice") / "bag", load_robot("g1").joint_names
    with Foreign(folder) as bag:
        for run in range(2):
            for k, o in enumerate(observed):
                arrived = 100.0 * run + o.stamp
                if k % 10 == 0:
                    bag.write("/ground_truth/odom", odometry(o.stamp, x=5.0 * run), arrived)
                bag.write("/joint_states", joint_state(o, names), arrived + 1e-4)
                bag.write("/imu/data", imu(o), arrived + 2e-4)
    return folder


def test_the_truth_of_a_simulation_that_was_reset_is_of_the_run_it_was_looked_at_in(twice):
    stream, mapping = BagStream(twice), load_mapping("ros2")
    poses = [
        sample.truth
        for sample in foreign_samples(stream, mapping, load_robot("g1"))
        if sample.truth is not None
    ]
    assert {(pose.run, float(pose.position[0])) for pose in poses} == {(0, 0.0), (1, 5.0)}


def test_of_a_bag_of_two_runs_time_counts_together_and_no_path_is_measured(twice, observed):
    done = estimate(twice, load_mapping("ros2"), "g1")
    assert done.samples == 2 * len(observed)
    assert done.seconds == pytest.approx(2 * (observed[-1].stamp - observed[0].stamp))
    assert "velocity_rmse" in done.metrics
    assert "ate" not in done.metrics
    assert done.problems[0].startswith("2 runs: drift_percent")


def test_looks_at_another_time_than_all_observations_are_told(observed, tmp_path):
    names = load_robot("g1").joint_names
    with Foreign(tmp_path / "apart") as bag:
        for o in observed[:50]:
            bag.write("/joint_states", joint_state(o, names), o.stamp)
            bag.write("/imu/data", imu(o), o.stamp)
            bag.write("/ground_truth/odom", odometry(o.stamp + 50.0), o.stamp)
    done = estimate(tmp_path / "apart", load_mapping("ros2"), "g1")
    assert "velocity_rmse" not in done.metrics
    assert done.problems == ("none of 50 looks at the truth is of the time of an observation",)


def test_a_live_graphs_own_truth_counts_where_there_was_no_evaluator(bag, tmp_path):
    def published(records):
        return [r for r in records if not r.topic.endswith(EVALUATION.name)]

    live = rewritten(bag, tmp_path / "live", published)
    whole, done = (estimate(b, load_mapping("ros2"), "", Recording(b)) for b in (bag, live))
    assert done.truths > 0
    assert done.metrics["velocity_rmse"] == pytest.approx(whole.metrics["velocity_rmse"], rel=1e-3)
    assert done.problems == ()
