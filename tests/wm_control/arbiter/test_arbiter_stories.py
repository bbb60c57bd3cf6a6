"""The arbiter over simulated time: each test tells what happens, cycle by cycle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from robot_parameters import SAFETY
from robot_story import DT, Story, actions_of, hold, rules_of, standing

from wm_control.arbiter.arbiter import arming_obstacle
from wm_control.arbiter.operator import OperatorInput
from wm_control.arbiter.robot_measurements import Overruns
from wm_control.types import Action, SolveReport, Status

ARM = OperatorInput(arm=True)
STOP = OperatorInput(stop=True)
CLEAR = OperatorInput(clear=True)


def is_damping(decision) -> bool:
    command = decision.command
    return (
        decision.action == Action.DAMPING
        and decision.source == "arbiter"
        and not command.stiffness.any()
        and not command.torque.any()
        and not command.velocity.any()
        and bool((command.damping > 0.0).all())
        and bool(np.isfinite(command.position).all())
    )


def test_an_unarmed_robot_gets_damping_and_says_why(story):
    decision = story.step()
    assert is_damping(decision)
    assert not decision.armed
    assert decision.first_cause.rule == "unarmed"


def test_arming_lets_the_controller_through_in_the_same_cycle(story):
    story.steps(3)
    decision = story.step(operator=ARM)
    assert decision.armed
    assert decision.action == Action.NOMINAL
    assert decision.source == "mpc"
    assert decision.causes == ()
    assert decision.first_cause is None


def test_arming_is_refused_while_anything_is_wrong_and_works_afterwards(story):
    sick = {"healthy": False, "cause": "IMU silent"}
    story.steps(10, estimate=sick)
    refused = story.step(estimate=sick, operator=ARM)
    assert not refused.armed
    assert "IMU silent" in refused.first_cause.text
    story.steps(60)
    assert story.step(operator=ARM).armed


def test_a_robot_without_a_command_is_not_armed_even_before_a_rule_says_so(story):
    failed = {"status": Status.FAILED, "command": None}
    assert not story.step(result=failed, operator=ARM).armed
    assert story.step(operator=ARM).armed


def test_one_unhealthy_estimate_is_enough_to_refuse_arming_before_a_rule_says_so(story):
    assert not story.step(estimate={"healthy": False, "cause": "in g"}, operator=ARM).armed
    assert story.step(operator=ARM).armed


def test_a_fault_before_arming_goes_away_by_itself_but_one_after_it_does_not(story):
    broken = {"base_position_in_world": np.full(3, np.nan)}
    story.step(estimate=broken)
    assert "state_not_finite" in rules_of(story.steps(49)[-1])
    assert rules_of(story.step()) == ("unarmed",)
    story.armed()
    story.step(estimate=broken)
    assert "state_not_finite" in rules_of(story.steps(500)[-1])


def test_late_cycles_alone_do_not_keep_anyone_from_arming(story):
    late = Overruns(11, 0.06)
    story.step(overruns=late)
    decision = story.step(operator=ARM, overruns=late)
    assert decision.armed
    assert decision.action == Action.LIMITED


def test_what_would_hinder_arming_is_told(story):
    assert arming_obstacle(story.step()) is None
    assert arming_obstacle(story.step(operator=STOP)).rule == "operator_stop"


def test_stop_damps_at_once_and_stays_until_cleared_and_armed_again(story):
    story.armed()
    assert is_damping(story.step(operator=STOP))
    assert all(is_damping(d) for d in story.steps(1000))
    assert story.step(operator=ARM).first_cause.rule == "operator_stop"
    cleared = story.step(operator=CLEAR)
    assert is_damping(cleared)
    assert rules_of(cleared) == ("unarmed",)
    assert cleared.first_cause.rule == "unarmed"
    assert story.step(operator=ARM).action == Action.NOMINAL


START = OperatorInput(start=True)


def stopped_story(g1):
    story = Story(g1).armed()
    story.step(operator=STOP)
    return story


@pytest.mark.parametrize(
    "attempts",
    [
        ["reset", START],
        ["reset", ARM],
        ["reset", CLEAR, START],
        [CLEAR, START],
        [CLEAR, "reset", START],
        [CLEAR, "reset", "reset", START, START],
        [ARM, START, "reset", ARM],
        [ARM, CLEAR],
        [CLEAR, STOP, ARM],
        [CLEAR.also(ARM).also(STOP)],
        ["armed reset"],
    ],
)
def test_nothing_undoes_the_operators_stop_but_clearing_and_then_arming(g1, attempts):
    story = stopped_story(g1)
    for attempt in attempts:
        if isinstance(attempt, str):
            story.arbiter.reset(armed=attempt == "armed reset")
        else:
            story.step(operator=attempt)
    assert all(is_damping(decision) for decision in story.steps(1000, operator=START))


@pytest.mark.parametrize(
    "way", [[CLEAR, ARM], ["reset", CLEAR, ARM], [CLEAR, "reset", ARM], [CLEAR.also(ARM)]]
)
def test_clearing_and_then_arming_undoes_it_also_across_a_reset(g1, way):
    story = stopped_story(g1)
    for deed in way:
        if isinstance(deed, str):
            story.arbiter.reset()
        else:
            story.step(operator=deed)
    assert story.step().action == Action.NOMINAL


def test_a_stop_before_the_first_start_keeps_the_robot_from_starting(story):
    assert is_damping(story.step(operator=STOP.also(START)))
    assert all(is_damping(decision) for decision in story.steps(100, operator=START))
    story.step(operator=CLEAR)
    waiting = story.step(operator=START)
    assert "operator's stop" in waiting.first_cause.text
    assert story.step(operator=ARM).action == Action.NOMINAL


def test_a_stop_is_still_told_with_its_cause_after_a_reset(g1):
    story = stopped_story(g1)
    story.arbiter.reset()
    decision = story.step()
    assert decision.first_cause.rule == "operator_stop"
    assert arming_obstacle(decision).rule == "operator_stop"


def test_an_unasked_start_arms_after_any_damping_that_the_operator_did_not_ask_for(story):
    story.armed()
    story.steps(5, estimate={"base_orientation": tilted(1.2)})
    story.arbiter.reset()
    assert story.step(operator=START).action == Action.NOMINAL


def test_stop_beats_clear_and_arm_when_all_come_together(story):
    decision = story.step(operator=OperatorInput(arm=True, stop=True, clear=True))
    assert is_damping(decision)
    assert decision.first_cause.rule == "operator_stop"


def test_one_nan_in_the_command_never_reaches_the_robot(story, g1):
    story.armed()
    bad = hold(standing(g1, 0.0, 0), g1).command
    position = bad.position.copy()
    position[7] = np.nan
    decision = story.step(result={"command": replace(bad, position=position)})
    assert is_damping(decision)
    assert decision.first_cause.rule == "command_not_finite"
    assert "1 of 5" in decision.first_cause.text
    assert is_damping(story.step())


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    "field", ["base_position_in_world", "base_orientation", "joint_velocity", "foot_wrench"]
)
def test_a_state_that_is_not_finite_damps(story, g1, field, value):
    story.armed()
    broken = getattr(standing(g1, 0.0, 0), field).copy()
    broken.flat[-1] = value
    decision = story.step(estimate={field: broken})
    assert is_damping(decision)
    assert decision.first_cause.rule == "state_not_finite"


def test_an_old_plan_falls_back_at_once_and_recovers_after_25_good_cycles(story):
    story.armed()
    old = (SolveReport("footstep_mpc", Status.OK, 0.025, 0.0, 2, 0.001),)
    decision = story.step(result={"solves": old})
    assert decision.action == Action.FALLBACK
    assert decision.source == "mpc"
    assert decision.first_cause.value == pytest.approx(0.025)
    assert decision.first_cause.limit == pytest.approx(0.024)
    assert actions_of(story.steps(24)) == ["FALLBACK"] * 24
    assert actions_of(story.steps(2)) == ["NOMINAL"] * 2


def test_a_plan_whose_age_is_nan_counts_as_old(story):
    story.armed()
    unknown = (SolveReport("footstep_mpc", Status.OK, float("nan"), 0.0, 2, 0.001),)
    unknown = (*unknown, SolveReport("whole_body_qp", Status.OK, 0.0, 0.0, 2, 0.001))
    assert story.step(result={"solves": unknown}).first_cause.rule == "plan_old"


def test_a_degraded_controller_keeps_control_as_fallback_with_its_own_words(story):
    story.armed()
    cause = "no plan for 0.03 s: the mpc process is silent, stepping to a stop"
    decisions = story.steps(500, result={"status": Status.DEGRADED, "cause": cause})
    assert {d.action for d in decisions} == {Action.FALLBACK}
    assert {d.source for d in decisions} == {"mpc"}
    assert cause in decisions[-1].first_cause.text
    assert story.step(operator=CLEAR).action == Action.NOMINAL


def test_clearing_does_not_hide_what_is_still_wrong(story):
    story.armed()
    degraded = {"status": Status.DEGRADED, "cause": "x"}
    story.step(result=degraded)
    assert story.step(result=degraded, operator=CLEAR).action == Action.FALLBACK


def test_a_failed_controller_holds_the_posture_then_damps_after_a_tenth_of_a_second(story, g1):
    story.armed()
    failed = {"command": None, "status": Status.FAILED, "cause": "QP infeasible"}
    first, second = story.steps(2, result=failed)
    assert first.action == Action.NOMINAL
    assert first.source == "arbiter"
    assert first.command.torque == pytest.approx(np.ones(29))
    assert first.command.stiffness == pytest.approx(g1.stiffness)
    assert second.action == Action.SAFE_POSTURE
    assert second.command.position == pytest.approx(g1.default_position)
    assert second.command.stiffness == pytest.approx(9.0 * g1.stiffness)
    assert "QP infeasible" in second.first_cause.text
    rest = story.steps(49, result=failed)
    assert actions_of(rest) == ["SAFE_POSTURE"] * 47 + ["DAMPING"] * 2
    assert rest[-1].first_cause.rule == "controller_failed"
    assert not rest[-1].armed


def test_no_proposal_at_all_is_a_failed_controller(story, g1):
    story.armed()
    for cycle in range(2):
        belief = standing(g1, story.now + DT, cycle)
        decision = story.arbiter.update(story.now + DT, belief, {}, OperatorInput())
    assert decision.first_cause.rule == "controller_failed"


def test_state_age_warns_then_walks_to_a_stop_then_damps(story):
    story.armed()
    assert rules_of(story.step(age=0.011)) == ("state_late",)
    assert story.step(age=0.011).action == Action.NOMINAL
    assert story.step(age=0.031).action == Action.FALLBACK
    assert actions_of(story.steps(149, age=0.101)) == ["FALLBACK"] * 149
    assert is_damping(story.step(age=0.101))
    assert story.step().first_cause.rule == "state_old"


def test_a_stamp_that_is_nan_walks_to_a_stop_and_damps_when_it_stays_so(story):
    story.armed()
    decisions = story.steps(150, age=float("nan"))
    assert actions_of(decisions[:-1]) == ["FALLBACK"] * 149
    assert is_damping(decisions[-1])


def test_one_unhealthy_estimate_is_tolerated_five_walk_to_a_stop_and_a_second_damps(story):
    """A posture of its own would lay a walking robot down, and most sensors come back."""
    story.armed()
    sick = {"healthy": False, "cause": "no contact"}
    decisions = story.steps(5, estimate=sick)
    assert actions_of(decisions) == ["NOMINAL"] * 4 + ["FALLBACK"]
    assert "no contact" in decisions[-1].first_cause.text
    assert decisions[-1].source == "mpc"
    assert actions_of(story.steps(494, estimate=sick)) == ["FALLBACK"] * 494
    assert is_damping(story.step(estimate=sick))


def tilted(angle: float) -> np.ndarray:
    return np.array([np.sin(angle / 2), 0.0, 0.0, np.cos(angle / 2)])


@pytest.mark.parametrize(
    ("rule", "trips", "good", "bad"),
    [
        (
            "tilt",
            5,
            {"base_orientation": tilted(0.99)},
            {"base_orientation": tilted(1.01)},
        ),
        (
            "base_height",
            5,
            {"base_position_in_world": np.array([0.0, 0.0, 0.41])},
            {"base_position_in_world": np.array([0.0, 0.0, 0.39])},
        ),
        (
            "angular_rate",
            25,
            {"base_angular_velocity_in_base": np.array([0.0, 7.9, 0.0])},
            {"base_angular_velocity_in_base": np.array([0.0, 6.0, 6.0])},
        ),
    ],
)
def test_hard_limits_shape_the_fall_after_some_bad_samples_in_a_row_and_then_damp(
    story, rule, trips, good, bad
):
    story.armed()
    assert actions_of(story.steps(50, estimate=good)) == ["NOMINAL"] * 50
    assert actions_of(story.steps(trips - 1, estimate=bad)) == ["NOMINAL"] * (trips - 1)
    falling = story.steps(200, estimate=bad)  # 0.4 s
    assert set(actions_of(falling)) == {"FALL_POSTURE"}
    assert {decision.source for decision in falling} == {"arbiter"}
    assert falling[0].first_cause.rule == rule
    decision = story.step(estimate=bad)
    assert is_damping(decision)
    assert not decision.armed
    assert decision.first_cause.rule == rule


def test_late_cycles_limit_and_many_of_them_fall_back(story):
    story.armed()
    assert story.step(overruns=Overruns(10, 0.01)).action == Action.NOMINAL
    assert story.step(overruns=Overruns(11, 0.01)).action == Action.LIMITED
    assert actions_of(story.steps(499))[-1] == "LIMITED"
    assert story.step().action == Action.NOMINAL
    assert story.step(overruns=Overruns(1, 0.06)).action == Action.LIMITED
    assert story.step(overruns=Overruns(1, 0.21)).action == Action.FALLBACK


@pytest.mark.parametrize(
    ("stall", "action"),
    [
        (0.0, "NOMINAL"),
        (0.018, "NOMINAL"),
        (0.052, "FALLBACK"),
        (0.098, "FALLBACK"),
        (0.102, "DAMPING"),
        (0.5, "DAMPING"),
        (3.0, "DAMPING"),
        (float("nan"), "DAMPING"),
    ],
)
def test_a_loop_that_stood_still_is_told_and_damped_once_the_drives_have_damped(
    story, stall, action
):
    story.armed()
    decision = story.step(overruns=Overruns(1, 0.0, stall))
    assert decision.action.name == action
    if action != "NOMINAL":
        assert "stood still" in decision.first_cause.text


def test_a_short_stall_is_over_after_a_second_and_a_long_one_when_the_operator_says_so(story):
    story.armed()
    story.step(overruns=Overruns(30, 0.06, 0.06))
    assert actions_of(story.steps(499))[-1] == "FALLBACK"
    assert story.step().action == Action.NOMINAL
    story.step(overruns=Overruns(250, 0.5, 0.5))
    assert is_damping(story.steps(1000)[-1])
    assert not story.step(operator=ARM).armed
    story.step(operator=CLEAR)
    assert story.step(operator=ARM).action == Action.NOMINAL


@pytest.mark.parametrize("age", [-0.031, -1.0, -1e12])
def test_an_estimate_from_the_future_is_as_bad_as_an_old_one(story, age):
    story.armed()
    assert story.step(age=age).action >= Action.FALLBACK


@pytest.mark.parametrize("age", [-0.03, -1.0, -1e12])
def test_a_plan_from_the_future_is_as_bad_as_an_old_one(story, age):
    story.armed()
    ahead = (SolveReport("policy", Status.OK, age, 0.0, 1, 0.001, holds_for=0.02),)
    assert story.step(result={"solves": ahead}).first_cause.rule == "plan_old"


def test_the_first_cause_outlives_worse_ones(story):
    story.armed()
    story.step(result={"status": Status.DEGRADED, "cause": "first"})
    decision = story.step(operator=STOP)
    assert decision.action == Action.DAMPING
    assert set(rules_of(decision)) >= {"operator_stop", "controller_degraded"}
    assert decision.first_cause.rule == "controller_degraded"


def test_of_several_causes_in_one_cycle_the_worst_is_first(story):
    story.armed()
    old = (SolveReport("footstep_mpc", Status.OK, 0.5, 0.0, 2, 0.001),)
    decision = story.step(result={"solves": old}, operator=STOP)
    assert decision.first_cause.rule == "operator_stop"


def test_a_latched_cause_keeps_the_numbers_it_tripped_with(story):
    story.armed()
    story.steps(5, estimate={"base_orientation": tilted(1.2)})
    later = story.step()
    assert later.causes[0].value == pytest.approx(1.2)
    assert "1.2 rad" in later.causes[0].text


def test_gains_ramp_from_the_measured_pose_after_arming(g1):
    story = Story(g1, ramp_time=1.0)
    first = story.step(operator=ARM)
    assert first.action == Action.NOMINAL
    assert not first.command.stiffness.any()
    assert not first.command.torque.any()
    assert first.command.position == pytest.approx(g1.default_position)
    half = story.steps(250)[-1]
    assert half.command.stiffness == pytest.approx(0.5 * g1.stiffness)
    assert half.command.torque == pytest.approx(np.full(29, 0.5))
    full = story.steps(250)[-1]
    assert full.command.stiffness == pytest.approx(g1.stiffness)


def test_the_same_calls_give_bit_identical_decisions(g1):
    def live() -> list[tuple]:
        story = Story(g1).armed()
        decisions = story.steps(5, result={"status": Status.DEGRADED, "cause": "x"})
        decisions += [*story.steps(30), story.step(operator=STOP), *story.steps(5)]
        return [(d.stamp, d.action, d.causes, d.command.position.tobytes()) for d in decisions]

    assert live() == live()


def test_new_limits_take_effect_with_the_next_cycle(story):
    story.armed()
    assert story.step(estimate={"base_orientation": tilted(0.5)}).causes == ()
    story.arbiter.parameters = replace(SAFETY.arbiter, tilt=0.4, ramp_time=0.0)
    decisions = story.steps(5, estimate={"base_orientation": tilted(0.5)})
    assert decisions[-1].first_cause.rule == "tilt"
