"""The postures that the arbiter commands itself: to stand, and to fall."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from robot_parameters import SAFETY
from robot_story import DT, Story, actions_of, hold, rules_of, standing

from wm_control.arbiter.operator import OperatorInput
from wm_control.arbiter.postures import FallPosture, SafePosture
from wm_control.errors import ParameterError
from wm_control.types import Action, Status

ARM, STOP, CLEAR = OperatorInput(arm=True), OperatorInput(stop=True), OperatorInput(clear=True)
FALLEN = {"base_orientation": np.array([np.sin(0.6), 0.0, 0.0, np.cos(0.6)])}
FAILED = {"command": None, "status": Status.FAILED, "cause": "QP infeasible"}


def limits(**changes):
    return replace(SAFETY.arbiter, **changes)


def test_the_safe_posture_goes_from_the_last_command_to_standing_and_sheds_the_feed_forward(g1):
    last = hold(standing(g1, 0.0, 0), g1).command
    last = replace(last, position=g1.default_position + 0.4)
    posture, observation = SafePosture(g1), standing(g1, 0.0, 0).observation
    parameters = limits(safe_time=0.4, safe_stiffness=4.0)
    begun = posture.command(7.0, last, observation, parameters)
    assert begun.position == pytest.approx(last.position)
    assert begun.torque == pytest.approx(last.torque)
    assert begun.stiffness == pytest.approx(4.0 * g1.stiffness)
    assert begun.damping == pytest.approx(2.0 * g1.damping)
    later = posture.command(7.1, begun, observation, parameters)
    assert later.position == pytest.approx(g1.default_position + 0.3)
    assert later.torque == pytest.approx(np.full(29, 0.75))
    done = posture.command(9.0, later, observation, parameters)
    assert done.position == pytest.approx(g1.default_position)
    assert not done.torque.any()
    assert not done.velocity.any()


def test_the_ankles_of_a_safe_posture_outweigh_gravity_as_the_robots_own_gains_do_not(g1):
    ankles = [i for i, name in enumerate(g1.joint_names) if "ankle_pitch" in name]
    toppling = 33.34 * 9.81 * 0.65  # m g h
    own = g1.stiffness[ankles].sum()
    assert own < toppling < own * SAFETY.arbiter.safe_stiffness


def test_a_safe_posture_begins_anew_after_a_driver_had_the_robot(g1):
    story = Story(g1).armed()
    story.steps(30, result=FAILED)
    story.steps(15)
    moved = hold(standing(g1, 0.0, 0), g1).command
    moved = replace(moved, position=moved.position + 0.4)
    story.steps(60, result={"command": moved})  # until it has taken over from the posture
    forgiven, first, second = story.steps(3, result=FAILED)
    assert (forgiven.action, first.action) == (Action.NOMINAL, Action.SAFE_POSTURE)
    assert first.command.position == pytest.approx(moved.position)
    assert second.command.position == pytest.approx(moved.position - 0.4 * DT / 0.3)


def test_a_falling_robot_reaches_out_with_its_arms_and_keeps_all_else_as_it_is(g1):
    observation = standing(g1, 0.0, 0).observation
    posture = FallPosture(g1, SAFETY.arbiter)
    began = posture.command(1.0, observation, SAFETY.arbiter)
    assert began.position == pytest.approx(g1.default_position)
    reached = posture.command(1.1, observation, SAFETY.arbiter)
    wanted = dict(zip(g1.joint_names, g1.default_position.tolist(), strict=True))
    wanted |= SAFETY.arbiter.fall_posture
    assert reached.position == pytest.approx(list(wanted.values()))
    assert reached.stiffness == pytest.approx(3.0 * g1.stiffness)


def test_a_joint_that_cannot_be_measured_falls_in_its_default_position(g1):
    observation = standing(g1, 0.0, 0).observation
    position = g1.default_position + 0.1
    position[3] = np.nan
    observation = replace(observation, joint_position=position)
    command = FallPosture(g1, limits(fall_posture={})).command(0.0, observation, limits())
    assert np.isfinite(command.position).all()
    assert command.position[3] == g1.default_position[3]


def test_a_fall_posture_of_joints_that_the_robot_lacks_is_refused_by_name(g1):
    with pytest.raises(ParameterError, match=r"fall_posture.*tail_joint"):
        FallPosture(g1, limits(fall_posture={"tail_joint": 0.0}))


def test_a_fall_that_has_begun_ends_damped_and_unarmed_whatever_becomes_of_its_cause(g1):
    story = Story(g1).armed()
    story.steps(5, estimate=FALLEN)
    assert story.step(operator=CLEAR).action == Action.FALL_POSTURE
    rest = story.steps(300)
    assert actions_of(rest)[196:199] == ["FALL_POSTURE", "FALL_POSTURE", "DAMPING"]
    assert set(actions_of(rest)[198:]) == {"DAMPING"}
    assert not rest[-1].armed
    assert story.step(operator=ARM).action == Action.NOMINAL


def test_a_robot_that_fell_waits_for_the_operator_to_clear_and_then_to_arm(g1):
    story = Story(g1).armed()
    story.steps(300, estimate=FALLEN)
    assert "tilt" in rules_of(story.steps(500)[-1])
    assert not story.step(operator=ARM).armed
    assert story.step(operator=CLEAR).first_cause.rule == "unarmed"
    assert story.step(operator=ARM).action == Action.NOMINAL


def test_stop_damps_a_falling_robot_at_once(g1):
    story = Story(g1).armed()
    story.steps(10, estimate=FALLEN)
    decision = story.step(estimate=FALLEN, operator=STOP)
    assert decision.action == Action.DAMPING
    assert not decision.command.stiffness.any()


def test_a_robot_that_is_not_armed_is_damped_and_reaches_for_nothing(g1):
    decisions = Story(g1).steps(20, estimate=FALLEN)
    assert set(actions_of(decisions)) == {"DAMPING"}
