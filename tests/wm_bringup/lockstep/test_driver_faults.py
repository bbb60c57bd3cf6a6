"""Faults of what drives, of the loop's parts and of its ends, on the physical robot."""

from __future__ import annotations

import numpy as np
import pytest

from wm_bringup.judging.episodes import WalkSetup, build, check_setup, run_episode, walk
from wm_bringup.robots.simulated import simulate
from wm_bringup.scenarios.scenario import Scenario, VelocitySegment
from wm_control.errors import ParameterError
from wm_control.robot.description import load_robot
from wm_policy.models import shipped_policy


def setup(controller, *faults, seconds=1.6, **changes):
    scenario = Scenario(
        duration=seconds,
        noise="nominal",
        delay=0.008,
        velocity=(VelocitySegment(at=0.2, x=0.5),),
        faults=faults,
    )
    return WalkSetup(scenario, controller, policy=shipped_policy(), **changes)


def acted(episode):
    """When each fault began and how often it acted."""
    return [(one["at"], one["samples"]) for one in episode.notes["happened"]]


def test_until_a_fault_begins_the_run_is_the_same_to_the_last_bit():
    sound = walk(setup("policy"), 0).record
    faulty = walk(setup("policy", "policy:sign@1.4", "clock:bias=1@1.5"), 0).record
    changed = (sound["command_position"] != faulty["command_position"]).any(axis=1)
    first = sound["time"][np.flatnonzero(changed)[0]]
    assert 1.4 <= first < 1.43  # a proposal comes every 20 ms, and takes its time


def test_until_it_fails_a_policy_agrees_with_its_lane_to_the_last_bit_and_then_loses_the_robot():
    """A proposal is made every 20 ms and takes 2 to 6; the first mirrored one is not followed."""
    apart, drivers = [], []

    def watch(record, plan):
        apart.append(record.results["policy"].figures["disagreement"])
        drivers.append(record.driver)

    made = setup("policy+mpc", "policy:sign@1.5+0.3", seconds=2.0, engine="mujoco")
    robot = simulate(load_robot("g1"), made.scenario, "mujoco")
    try:
        run = build(made, load_robot("g1"), robot, 0, watch).run(0)
    finally:
        robot.close()
    wrong = int(np.flatnonzero(np.array(apart) > 0.0)[0])
    assert 0.9 < apart[wrong] < 2.0
    assert drivers.index("mpc") == wrong
    assert 1.5 < 0.002 * wrong < 1.53
    assert apart[-1] == 0.0
    assert not run.fall


@pytest.mark.parametrize(
    "fault", ["observation:stuck", "encoders:huge", "left_knee_joint:scale", "estimator:nan"]
)
def test_a_policy_walks_on_through_a_fifth_of_a_second_without_senses(fault):
    """The filter sends no torque against a reading that cannot be, and the attitude comes back."""
    made = setup("policy", f"{fault}@1.5+0.2", seconds=3.4, engine="mujoco")
    episode = run_episode(made, 0)
    assert not episode.fell
    assert "estimate_unhealthy" in episode.notes["causes"]
    assert "estimate_lost" not in episode.notes["causes"]


def test_a_silent_policy_is_held_then_lost_and_every_proposal_that_was_not_sent_is_counted():
    episode = run_episode(setup("policy", "policy:off@1.5", seconds=2.0), 0)
    assert "plan_old" in episode.notes["causes"]
    assert acted(episode) == [(pytest.approx(1.5, abs=0.021), pytest.approx(25, abs=2))]  # 50 Hz


def test_a_frozen_policy_looks_fresh_and_no_rule_about_its_age_sees_it():
    episode = run_episode(setup("policy", "policy:stuck@1.5+0.3", seconds=2.2), 0)
    assert acted(episode)[0][1] > 0
    assert "plan_old" not in episode.notes["causes"]


def test_a_policy_that_is_not_a_number_is_refused_so_that_it_falls_silent():
    episode = run_episode(setup("policy", "policy:nan@1.5+0.3", seconds=1.8), 0)
    assert "plan_old" in episode.notes["causes"]
    assert "the policy process has been silent for #.## s" in episode.notes["controller_causes"]


@pytest.mark.parametrize("fault", ["plan:off@1.5", "plan:nan@1.5", "plan.timing:huge@1.5"])
def test_without_a_plan_that_can_be_followed_the_robot_steps_to_a_stop(fault):
    episode = run_episode(setup("mpc", fault, seconds=4.0), 0)
    assert not episode.fell
    assert any("backup planner" in cause for cause in episode.notes["controller_causes"])
    assert acted(episode)[0][0] == pytest.approx(1.5, abs=0.009)


def test_a_plan_for_the_other_foot_is_not_followed():
    episode = run_episode(setup("mpc", "plan:permute@1.5+0.2", seconds=1.7), 0)
    assert any("backup planner" in cause for cause in episode.notes["controller_causes"])


def test_plans_that_come_80_ms_late_are_old():
    episode = run_episode(setup("mpc", "plan:delay=0.08@1.5", seconds=1.8), 0)
    assert "plan_old" in episode.notes["causes"]
    assert acted(episode) == [(pytest.approx(1.504), 37)]  # (1.8 s - 1.504 s) / 8 ms


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("mpc:off@0.9+0.02", "controller_failed"),
        ("mpc:nan@0.9+0.01", "command_not_finite"),
        ("estimator:off@0.9+0.02", "estimate_unhealthy"),
        ("estimator:nan@0.9+0.01", "estimate_unhealthy"),
        ("estimator:delay=0.05@0.9+0.06", "state_old"),
        ("clock:bias=0.05@0.9+0.01", "state_old"),
        ("clock:nan@0.9+0.01", "state_old"),
    ],
)
def test_a_part_of_the_loop_that_fails_is_seen_by_the_rule_for_it(fault, cause):
    episode = run_episode(setup("mpc", fault, seconds=1.0), 0)
    assert cause in episode.notes["causes"]
    assert acted(episode)[0][1] > 0


def test_without_commands_the_drives_hold_for_20_ms_and_damp_after_100():
    """The last command of before 1.5 s arrives by 1.51 s; stiffness is gone 100 ms later."""
    record = walk(setup("mpc", "command:off@1.5", seconds=1.8), 0).record
    power = np.sum(record["joint_torque"] * record["joint_velocity"], axis=1)  # [W]
    assert power[record["time"] < 1.5].max() > 20.0
    assert power[record["time"] > 1.63].max() < 0.1, "drives without commands must only brake"


def test_a_command_that_is_not_finite_never_reaches_a_drive():
    record = walk(setup("mpc", "command:nan@1.5+0.2", seconds=1.8), 0).record
    assert np.isfinite(record["joint_torque"]).all()


def test_a_fault_that_met_no_message_is_listed_as_missed():
    episode = run_episode(setup("policy", "policy:nan@1.502+0.002"), 0)
    assert episode.missed == ("fault policy:nan@1.502+0.002",)


@pytest.mark.parametrize(
    ("controller", "fault", "who"),
    [
        ("mpc", "policy:nan@1", "policy"),
        ("policy", "plan:off@1", "mpc"),
        ("policy", "mpc:off@1", "mpc"),
    ],
)
def test_a_fault_of_a_path_that_is_not_there_is_refused(controller, fault, who):
    with pytest.raises(ParameterError, match=f"no effect: {who} neither drives nor"):
        check_setup(setup(controller, fault))
    check_setup(setup(controller, fault, shadows=(who,)))


def test_faults_of_paths_have_an_effect_also_on_who_knows_the_true_state():
    check_setup(setup("mpc", "plan:off@1", state="true"))
    with pytest.raises(ParameterError, match="does not look at the sensors"):
        check_setup(setup("mpc", "gyro:nan@1", state="true"))


def test_what_is_lost_is_drawn_from_the_seed():
    lossy = setup("mpc", "plan:drop=0.3@0.5", seconds=0.8)
    first, again = run_episode(lossy, 3), run_episode(lossy, 3)
    assert first.notes["trace_sha256"] == again.notes["trace_sha256"]
    assert 0 < acted(first)[0][1] < 37
    other = run_episode(lossy, 4)
    assert acted(other) != acted(first)
