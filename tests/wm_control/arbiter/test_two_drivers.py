"""Two controllers under one arbiter, over simulated time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from robot_parameters import SAFETY
from robot_story import LevelGround, Story, actions_of, hold, rules_of, standing

from wm_control.arbiter.arbiter import Arbiter
from wm_control.arbiter.blending import torque_of
from wm_control.arbiter.operator import OperatorInput
from wm_control.types import Action, SolveReport, Status

ARM = OperatorInput(arm=True)
CLEAR = OperatorInput(clear=True)
DEGRADED = {"status": Status.DEGRADED, "cause": "no plan"}
FAILED = {"status": Status.FAILED, "command": None, "cause": "QP infeasible"}
OLD = {"solves": (SolveReport("policy", Status.OK, 0.1, 0.0, 1, 0.001, holds_for=0.02),)}


def not_finite(g1, **changes):
    command = hold(standing(g1, 0.0, 0), g1).command
    position = command.position.copy()
    position[3] = np.nan
    return {"command": replace(command, position=position), **changes}


def two(g1, **limits) -> Story:
    return Story(g1, ("mpc", "policy"), **limits).armed()


def sources(decisions):
    return [decision.source for decision in decisions]


def test_the_preferred_controller_drives_and_the_other_is_no_cause_of_anything(g1):
    decision = two(g1).step()
    assert (decision.source, decision.action) == ("mpc", Action.NOMINAL)
    assert (decision.causes, decision.previous, decision.share) == ((), "", 1.0)


def test_a_command_that_is_not_finite_makes_that_controller_unavailable_and_nothing_else(g1):
    story = two(g1)
    decision = story.step(result=not_finite(g1))
    assert (decision.source, decision.action) == ("policy", Action.NOMINAL)
    assert decision.armed
    assert np.isfinite(decision.command.position).all()
    (cause,) = decision.causes
    assert (cause.rule, cause.controller) == ("command_not_finite", "mpc")
    assert cause.action == Action.NOMINAL
    assert decision.first_cause.rule == "command_not_finite"
    assert decision.first_cause.text.startswith("mpc: ")


def test_both_not_finite_damp_until_the_operator_clears_and_arms(g1):
    story = two(g1)
    decision = story.step(result=not_finite(g1), policy=not_finite(g1))
    assert (decision.source, decision.action) == ("arbiter", Action.DAMPING)
    assert {cause.controller for cause in decision.causes if cause.controller} == {"mpc", "policy"}
    assert actions_of(story.steps(200))[-1] == "DAMPING"
    assert not story.step(operator=ARM).armed
    story.step(operator=CLEAR)
    assert story.step(operator=ARM).action == Action.NOMINAL


@pytest.mark.parametrize(("wrong", "cycles"), [(DEGRADED, 1), (FAILED, 2), (OLD, 1)])
def test_what_is_wrong_with_the_driver_hands_over_to_the_other_at_once(g1, wrong, cycles):
    story = two(g1)
    decisions = story.steps(cycles, result=wrong)
    assert sources(decisions)[-1] == "policy"
    assert decisions[-1].action == Action.NOMINAL


def test_what_is_wrong_with_the_shadow_changes_nothing_but_is_told(g1):
    story = two(g1)
    decisions = story.steps(100, policy=FAILED)
    assert set(sources(decisions)) == {"mpc"}
    assert set(actions_of(decisions)) == {"NOMINAL"}
    assert decisions[-1].first_cause is None
    told = {(cause.controller, cause.rule) for cause in decisions[-1].causes}
    assert told == {("policy", "controller_failed"), ("policy", "controller_lost")}


def test_a_shadow_that_was_lost_is_available_again_without_the_operator(g1):
    story = two(g1)
    story.steps(100, policy=FAILED)
    story.steps(50)
    assert story.step(result=not_finite(g1)).source == "policy"


def test_the_preferred_controller_comes_back_after_its_release_and_a_dwell(g1):
    story = two(g1, switch_dwell=0.5)
    story.step(result=DEGRADED)
    decisions = story.steps(400)
    # 25 good cycles release the rule, in the last of which the dwell of 250 cycles begins
    assert sources(decisions).index("mpc") == 24 + 250
    assert decisions[-1].first_cause is None


def test_each_controller_has_latches_of_its_own(g1):
    story = two(g1)
    story.step(result=OLD)
    decision = story.step(policy=DEGRADED)
    assert {(c.controller, c.rule) for c in decision.causes} == {
        ("mpc", "plan_old"),
        ("policy", "controller_degraded"),
    }
    assert decision.action == Action.FALLBACK
    assert decision.source == "policy"


def test_with_nobody_available_the_least_bad_one_walks_the_robot_to_a_stop(g1):
    story = two(g1)
    decisions = story.steps(60, result=DEGRADED, policy=FAILED)
    assert set(sources(decisions)) == {"mpc"}
    assert actions_of(decisions)[-1] == "FALLBACK"
    assert decisions[-1].armed


def test_rules_about_the_robot_stand_above_all_controllers(g1):
    story = two(g1)
    decision = story.steps(5, estimate={"base_position_in_world": np.array([0.0, 0.0, 0.2])})[-1]
    assert (decision.source, decision.action) == ("arbiter", Action.FALL_POSTURE)


def test_a_hand_over_begins_with_the_old_torque_and_ends_with_the_new_command(g1):
    story = two(g1, hand_over_time=0.05)
    last = story.step()
    new = hold(standing(g1, 0.0, 0), g1).command
    new = replace(new, position=new.position + 0.3, stiffness=0.5 * new.stiffness)
    other = {"command": new}
    decisions = [story.step(result=not_finite(g1), policy=other)]
    decisions += story.steps(25, policy=other)
    first, middle, final = decisions[0], decisions[10], decisions[25]
    assert (first.previous, first.share) == ("mpc", 0.0)
    assert first.command.position == pytest.approx(last.command.position)
    assert first.command.stiffness == pytest.approx(last.command.stiffness)
    assert first.command.torque == pytest.approx(last.command.torque)
    assert middle.share == pytest.approx(0.4)
    assert (final.previous, final.share) == ("", 1.0)
    assert final.command.position == pytest.approx(new.position)
    steps = np.diff([d.command.position for d in decisions], axis=0)
    assert np.abs(steps).max() < 0.03


def jumping(g1, torque):
    """Propose the usual posture with another feed-forward [N·m]."""
    command = hold(standing(g1, 0.0, 0), g1).command
    return {"command": replace(command, torque=np.full(len(g1.joint_names), torque))}


def test_a_jump_of_the_new_driver_lately_after_a_hand_over_comes_in_bounded_steps(g1):
    story = two(g1, hand_over_time=0.05, hand_over_slew=40.0, hand_over_settling=0.5)
    story.step(result=not_finite(g1))
    story.steps(49)
    before = story.step().command.torque[0]
    sent = [story.step(policy=jumping(g1, 50.0)).command.torque[0] for _ in range(20)]
    limit = 40.0 * 0.002 * g1.torque_limit[0]
    steps = np.diff([before, *sent])
    assert steps[0] == pytest.approx(limit)
    assert steps.max() == pytest.approx(limit)
    assert sent[-1] == pytest.approx(50.0)


def test_once_the_new_driver_has_settled_nothing_is_held_back_any_more(g1):
    story = two(g1, hand_over_time=0.05, hand_over_slew=40.0, hand_over_settling=0.5)
    story.step(result=not_finite(g1))
    story.steps(251)  # 0.502 s
    sent = story.step(policy=jumping(g1, 50.0)).command.torque
    assert sent == pytest.approx(np.full(len(sent), 50.0))


def test_what_is_held_back_when_the_time_is_over_still_comes_in_bounded_steps(g1):
    story = two(g1, hand_over_time=0.05, hand_over_slew=40.0, hand_over_settling=0.5)
    story.step(result=not_finite(g1))
    story.steps(248)
    sent = [story.step(policy=jumping(g1, 50.0)).command.torque[0] for _ in range(10)]
    assert np.diff(sent).max() <= 40.0 * 0.002 * g1.torque_limit[0] + 1e-9
    assert sent[-1] == pytest.approx(50.0)


def steps_of_torque(g1, decisions):
    """(cycles, n) from each command to the next, of what drives can make, in shares of it."""
    at_rest = g1.default_position, np.zeros(len(g1.joint_names))
    torques = np.array([torque_of(decision.command, *at_rest) for decision in decisions])
    return np.abs(np.diff(np.clip(torques / g1.torque_limit, -1.0, 1.0), axis=0))


def leaning(g1):
    """Propose another posture than the default one."""
    command = hold(standing(g1, 0.0, 0), g1).command
    return {"command": replace(command, position=command.position + 0.2)}


def test_after_a_posture_of_the_arbiters_own_the_driver_takes_over_from_that_posture(g1):
    story = two(g1, hand_over_time=0.05, hand_over_slew=40.0, hand_over_settling=0.5)
    story.step(result=not_finite(g1))
    story.steps(60, policy=leaning(g1))
    nobody = {"result": not_finite(g1), "policy": FAILED}
    posture = story.steps(3, **nobody)[-1]
    assert posture.source == "arbiter"
    decisions = [posture, *story.steps(80, result=not_finite(g1), policy=jumping(g1, 50.0))]
    begin = sources(decisions).index("policy")
    before, first = decisions[begin - 1 : begin + 1]
    assert (first.previous, first.share) == ("arbiter", 0.0)
    assert first.command.stiffness == pytest.approx(before.command.stiffness)
    assert first.command.position == pytest.approx(before.command.position)
    assert steps_of_torque(g1, decisions[begin - 1 :]).max() <= 0.08 + 1e-9
    assert decisions[-1].previous == ""
    assert decisions[-1].command.torque == pytest.approx(np.full(len(g1.joint_names), 50.0))


def test_the_driver_that_comes_back_after_a_posture_takes_over_from_it_as_well(g1):
    story = Story(g1, hand_over_time=0.05, hand_over_slew=40.0, hand_over_settling=0.5).armed()
    story.steps(10, result=leaning(g1))
    posture = story.steps(3, result=FAILED)[-1]
    decisions = [posture, *story.steps(60, result=leaning(g1))]
    begin = sources(decisions).index("mpc")
    assert decisions[begin].previous == "arbiter"
    assert steps_of_torque(g1, decisions[begin - 1 :]).max() <= 0.08 + 1e-9
    assert decisions[-1].command.stiffness == pytest.approx(g1.stiffness)


def test_a_failure_that_is_forgiven_repeats_what_was_sent_and_a_hand_over_goes_on(g1):
    story = two(g1, hand_over_time=0.05, hand_over_slew=40.0, hand_over_settling=0.5)
    mpc, other = not_finite(g1), leaning(g1)
    decisions = [story.step(), *story.steps(8, result=mpc, policy=other)]
    forgiven = story.step(result=mpc, policy=FAILED)
    assert (forgiven.source, forgiven.action) == ("arbiter", Action.NOMINAL)
    for part in ("position", "velocity", "stiffness", "damping", "torque"):
        sent, again = (getattr(one.command, part) for one in (decisions[-1], forgiven))
        assert again.tobytes() == sent.tobytes()
    assert forgiven.command.stamp == forgiven.stamp
    decisions += [forgiven, *story.steps(60, result=mpc, policy=other)]
    assert steps_of_torque(g1, decisions).max() <= 0.08 + 1e-9
    assert decisions[10].previous == "mpc"


def test_an_unarmed_robot_is_armed_with_whoever_is_available(g1):
    story = Story(g1, ("mpc", "policy"))
    story.steps(10, result=FAILED)
    decision = story.step(result=FAILED, operator=ARM)
    assert decision.armed
    assert decision.source == "policy"


def test_a_controller_in_shadow_never_drives_and_is_watched_all_the_same(g1):
    arbiter = Arbiter(
        g1, replace(SAFETY.arbiter, ramp_time=0.0), shadows=("policy",), balance=LevelGround()
    )
    arbiter.reset(armed=True)
    for cycle in range(3):
        belief = standing(g1, 0.002 * cycle, cycle)
        proposals = {
            "mpc": hold(belief, g1, **FAILED),
            "policy": hold(belief, g1, controller="policy", **DEGRADED),
        }
        decision = arbiter.update(belief.stamp, belief, proposals, OperatorInput())
    assert (decision.source, decision.action) == ("arbiter", Action.SAFE_POSTURE)
    assert rules_of(decision) == ("controller_failed", "controller_degraded")
    assert [cause.controller for cause in decision.causes] == ["mpc", "policy"]


def test_the_same_calls_give_the_same_decisions_with_two_drivers(g1):
    def live():
        story = two(g1)
        decisions = [story.step(result=not_finite(g1)), *story.steps(400)]
        return [
            (d.stamp, d.source, d.share, d.causes, d.command.position.tobytes()) for d in decisions
        ]

    assert live() == live()
