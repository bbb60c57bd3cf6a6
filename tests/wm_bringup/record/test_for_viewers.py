"""A bag of an episode opens in viewers: the robot where it was, and what the layouts name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from layouts import foxglove_paths, foxglove_value, plotjuggler_curves, plotjuggler_series
from short_bags import scenario
from tf_frames import edges_of, nanoseconds, placed

from wm_bringup.bags.stream import BagStream
from wm_bringup.cycle.cycle_message import decode_cycle
from wm_bringup.judging.episodes import WalkSetup, run_episode
from wm_bringup.record.evaluation import decode_evaluation
from wm_bringup.wire.messages import JointStateDecoder
from wm_bringup.wire.topics import FOR_VIEWERS
from wm_control.robot.description import load_robot
from wm_control.robot.model import RobotModel

G1 = load_robot("g1")
N = len(G1.joint_names)
SOLES = ("l_sole", "r_sole")
LIVE_ONLY = ("/odom", "/l_sole/wrench", "/r_sole/wrench", "/diagnostics", "/control/latency")
"""Topics of the layouts that a lock-step bag does not hold."""


def walked(folder, state):
    """Walk for 0.6 s, with a look at the truth in every cycle."""
    noise = {} if state == "estimated" else {"noise": "off"}
    setup = WalkSetup(
        replace(scenario(seconds=0.6), **noise),
        controller="mpc",
        engine="mujoco",
        state=state,
        bag=folder / "bag",
        trace=folder / "trace.npz",
    )
    run_episode(setup, 0)
    return BagStream(folder / "bag")


@pytest.fixture(scope="module")
def true_bag(tmp_path_factory):
    return walked(tmp_path_factory.mktemp("true"), "true")


@pytest.fixture(scope="module")
def estimated_bag(tmp_path_factory):
    return walked(tmp_path_factory.mktemp("estimated"), "estimated")


def frames_of(bag):
    """Edges of all frames, by the stamp of /tf [ns]."""
    fixed = {}
    for _, _, message in bag.messages("/tf_static"):
        fixed |= edges_of(message)
    return {
        nanoseconds(message.transforms[0].header.stamp): fixed | edges_of(message)
        for _, _, message in bag.messages("/tf")
    }


def truths_of(bag):
    found = (
        decode_evaluation(record.data, N).truth for record in bag.records("/evaluation/cycles")
    )
    return {round(1e9 * truth.stamp): truth for truth in found if truth is not None}


def test_of_a_robot_that_knows_the_truth_tf_puts_the_true_soles_where_they_are(true_bag):
    frames, truths = frames_of(true_bag), truths_of(true_bag)
    shared = sorted(frames.keys() & truths.keys())
    assert len(shared) > 30
    errors = [
        placed(frames[stamp], sole).translation - truths[stamp].sole_position[foot]
        for stamp in shared
        for foot, sole in enumerate(SOLES)
    ]
    assert np.abs(errors).max() < 1e-9  # 1 mm is asked for


def test_of_the_same_robot_joint_states_on_the_true_base_do_so_too(true_bag):
    truths, decoder = truths_of(true_bag), JointStateDecoder(G1.joint_names)
    robot, errors = RobotModel(G1), []
    cycles = (decode_cycle(record.data, N) for record in true_bag.records("/control/cycles"))
    estimates = {round(1e9 * c.tick.estimate.stamp): c.tick.estimate for c in cycles}
    for record in true_bag.records("/joint_states"):
        sample = decoder.decode(record.data)
        stamp = round(1e9 * sample.stamp)
        if stamp in truths:
            robot.update_kinematics(replace(estimates[stamp], joint_position=sample.position))
            errors += [
                robot.sole_pose(foot)[:3] - truths[stamp].sole_position[foot] for foot in range(2)
            ]
    assert len(errors) > 500
    assert np.abs(errors).max() < 1e-3


def test_tf_is_the_estimate_to_the_last_digit_and_of_its_stamp(estimated_bag):
    """At the start there are two of one stamp: the robot is looked at, held, and then let go."""
    frames, robot, estimates = frames_of(estimated_bag), RobotModel(G1), {}
    for record in estimated_bag.records("/control/cycles"):
        estimate = decode_cycle(record.data, N).tick.estimate
        estimates.setdefault(round(1e9 * estimate.stamp), []).append(estimate)
    assert len(frames) > 30
    assert sum(len(estimates[stamp]) == 1 for stamp in frames) > 30
    for stamp, edges in frames.items():
        told = [placed(edges, sole).translation for sole in SOLES]
        errors = []
        for estimate in estimates[stamp]:
            robot.update_kinematics(estimate)
            known = [robot.data.oMf[sole].translation for sole in robot.sole_ids]
            errors.append(np.abs(np.subtract(told, known)).max())
        assert min(errors) < 1e-12


def test_what_viewers_need_is_there_at_its_rate_and_costs_little(estimated_bag):
    size, count = {}, {}
    for record in estimated_bag.records():
        size[record.topic] = size.get(record.topic, 0) + len(record.data)
        count[record.topic] = count.get(record.topic, 0) + 1
    assert {f"/{topic.name}" for topic in FOR_VIEWERS} <= count.keys()
    assert (count["/tf_static"], count["/robot_description"]) == (1, 1)
    cycles = count["/control/cycles"]
    assert count["/tf"] == pytest.approx(cycles / 8, abs=3)
    assert count["/state_estimator/markers"] == pytest.approx(cycles / 50, abs=2)
    theirs = sum(size[f"/{topic.name}"] for topic in FOR_VIEWERS)
    assert theirs < 0.06 * sum(size.values())


def test_the_layouts_name_only_what_the_bag_holds_or_the_graph_alone_publishes(estimated_bag):
    messages, series = {}, set()
    for topic, _, message in estimated_bag.messages():
        messages.setdefault(topic, []).append(message)
    for topic, found in messages.items():
        for message in (found[0], found[-1]):
            series |= set(plotjuggler_series(topic, estimated_bag.msgtypes[topic], message))
    here = [path for path in foxglove_paths() if not path.startswith(LIVE_ONLY)]
    assert len(here) >= 6
    for path in here:
        assert foxglove_value(path, messages), path
    curves = [name for name in plotjuggler_curves() if not name.startswith(LIVE_ONLY)]
    assert len(curves) >= 7
    assert set(curves) <= series
