"""A robot that is pushed: the precise driver yields to the one that recovers, and takes it back."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from robot_story import Story, hold, rules_of, standing

from wm_control.arbiter.operator import OperatorInput
from wm_control.arbiter.parameters import DriverLimits
from wm_control.types import Action, Status

CLEAR = OperatorInput(clear=True)
DEGRADED = {"status": Status.DEGRADED, "cause": "no plan"}
YIELDS = {"mpc": DriverLimits(impulse=2.2)}


def pushed_story(g1, drivers=("mpc", "policy"), **limits) -> Story:
    return Story(g1, drivers, yields=YIELDS, **limits).armed()


def sources(decisions):
    return [decision.source for decision in decisions]


def test_a_push_hands_the_robot_to_the_rescuer_in_the_same_cycle_and_says_why(g1):
    story = pushed_story(g1)
    assert story.step(impulse=2.1).source == "mpc"
    decision = story.step(impulse=3.0)
    assert (decision.source, decision.action) == ("policy", Action.NOMINAL)
    (cause,) = decision.causes
    assert (cause.rule, cause.controller, cause.value, cause.limit) == ("pushed", "mpc", 3.0, 2.2)
    assert decision.first_cause == cause
    assert decision.first_cause.text == "mpc: robot pushed by 3 N·s, at most 2.2 N·s allowed"


def test_a_margin_that_is_gone_hands_the_robot_over_without_any_push(g1):
    limits = {"mpc": DriverLimits(capture=0.0)}
    story = Story(g1, ("mpc", "policy"), yields=limits).armed()
    assert story.step(margin=0.01, impulse=9.0).source == "mpc"
    assert story.step(margin=-0.02).source == "mpc"
    decision = story.step(margin=-0.05)
    assert decision.source == "policy"
    assert decision.first_cause.rule == "capture_margin"
    text = "mpc: steps still catch the robot by -0.05 m, at least 0 m allowed"
    assert decision.first_cause.text == text


def test_a_margin_that_nobody_could_measure_is_held_against_nobody(g1):
    story = Story(g1, ("mpc", "policy"), yields={"mpc": DriverLimits(capture=0.0)}).armed()
    assert set(sources(story.steps(10, margin=float("nan")))) == {"mpc"}


GROUND = {"mpc": DriverLimits(slide=0.02, slope=0.13)}


def test_soles_that_slide_hand_the_robot_over_and_keep_it_for_three_seconds(g1):
    story = Story(g1, ("mpc", "policy"), yields=GROUND, switch_dwell=0.5).armed()
    assert set(sources(story.steps(4, slide=0.03))) == {"mpc"}
    decision = story.step(slide=0.03)
    assert decision.source == "policy"
    text = "mpc: sole that carries has slid by 0.03 m, at most 0.02 m allowed"
    assert decision.first_cause.text == text
    assert sources(story.steps(3000)).index("mpc") == 1499 + 250


def test_a_slope_hands_the_robot_over_once_it_has_carried_for_a_tenth_of_a_second(g1):
    story = Story(g1, ("mpc", "policy"), yields=GROUND).armed()
    assert set(sources(story.steps(49, slope=0.17))) == {"mpc"}
    assert story.step(slope=0.0).source == "mpc"
    assert sources(story.steps(50, slope=0.17))[-2:] == ["mpc", "policy"]
    assert story.step(slope=0.17).first_cause.rule == "ground_slopes"


def test_a_slope_that_both_were_made_for_moves_nobody(g1):
    story = Story(g1, ("mpc", "policy"), yields=GROUND).armed()
    assert set(sources(story.steps(300, slope=0.087, slide=0.01))) == {"mpc"}


@pytest.mark.parametrize("unknown", ["slide", "slope", "impulse"])
def test_what_nobody_could_measure_is_held_against_nobody(g1, unknown):
    story = Story(g1, ("mpc", "policy"), yields={**YIELDS, **GROUND}).armed()
    assert set(sources(story.steps(100, **{unknown: float("nan")}))) == {"mpc"}


def test_the_robot_is_given_back_after_a_second_of_calm_and_the_dwell(g1):
    story = pushed_story(g1, switch_dwell=0.5)
    story.steps(50, impulse=3.0)
    decisions = story.steps(1000)
    # 500 calm cycles let the rule go, in the last of which the dwell of 250 cycles begins
    assert sources(decisions).index("mpc") == 499 + 250
    assert decisions[-1].first_cause is None


def test_it_is_not_given_back_while_a_foot_of_the_other_swings(g1):
    story = pushed_story(g1, switch_dwell=0.5)
    story.step(impulse=3.0)
    swinging = {"figures": {"ready": 0.0}}
    assert set(sources(story.steps(1000, result=swinging))) == {"policy"}
    assert story.step(result={"figures": {"ready": 1.0}}).source == "mpc"


def test_a_driver_that_is_alone_goes_on_and_the_push_is_told(g1):
    story = pushed_story(g1, ("mpc",))
    decision = story.step(impulse=9.0)
    assert (decision.source, decision.action) == ("mpc", Action.NOMINAL)
    assert rules_of(decision) == ("pushed",)
    assert decision.first_cause is None


def test_a_rescuer_that_fails_gives_the_robot_to_the_one_that_yielded(g1):
    story = pushed_story(g1)
    story.step(impulse=3.0)
    story.step()
    assert story.step(policy=DEGRADED).source == "mpc"


def test_whoever_says_nothing_of_pushes_never_yields(g1):
    story = pushed_story(g1, ("policy", "mpc"))
    assert set(sources(story.steps(100, impulse=9.0))) == {"policy"}


def test_under_a_push_nobody_hands_the_robot_to_one_that_yields_unless_he_must(g1):
    story = pushed_story(g1, ("policy", "mpc"))
    assert set(sources(story.steps(100, impulse=9.0))) == {"policy"}
    assert story.step(impulse=9.0, policy=DEGRADED).source == "mpc"


def test_taking_back_is_slower_than_rescuing(g1):
    story = pushed_story(g1, switch_dwell=0.5, hand_over_time=0.05, take_back_time=0.3)
    decisions = [story.step(impulse=3.0), *story.steps(1500)]
    rescue = [d for d in decisions if d.source == "policy" and d.previous == "mpc"]
    back = [d for d in decisions if d.source == "mpc" and d.previous == "policy"]
    assert (len(rescue), len(back)) == (25, 150)


def test_a_driver_that_still_can_drive_is_blended_over_with_what_it_proposes_now(g1):
    story = pushed_story(g1, hand_over_time=0.05, hand_over_slew=math.inf)
    story.step(impulse=3.0)
    moved = hold(standing(g1, 0.0, 0), g1).command
    moved = replace(moved, position=moved.position + 0.4)
    decision = story.step(result={"command": moved}, impulse=3.0)
    share = 0.002 / 0.05
    expected = g1.default_position + 0.4 * (1.0 - share)
    assert np.abs(decision.command.position - expected).max() < 1e-9


def test_a_driver_that_falters_for_ever_anew_is_not_trusted_until_its_credit_is_back(g1):
    """2.5 s of faults in all; what is left after 1 s of good time is 2.25 s of debt, 9 s more."""
    story = pushed_story(g1, switch_dwell=0.5, credit=2.5)
    story.steps(1300, result=DEGRADED)
    decisions = story.steps(6000)
    assert 4950 <= sources(decisions).index("mpc") <= 5300


def test_the_operator_can_have_trust_and_budget_restored(g1):
    story = pushed_story(g1, switch_dwell=0.5, credit=2.5, switch_budget=2)
    story.step(impulse=3.0)
    story.steps(1000)
    story.step(impulse=3.0)
    assert story.steps(3000)[-1].source == "policy"
    story.step(operator=CLEAR)
    assert story.steps(600)[-1].source == "mpc"


def test_the_operator_says_who_is_preferred_and_gets_him_after_the_dwell(g1):
    story = pushed_story(g1, switch_dwell=0.5)
    story.step(operator=OperatorInput(prefer="policy"))
    decisions = story.steps(400)
    assert sources(decisions)[0] == "mpc"
    assert sources(decisions)[-1] == "policy"
    assert decisions[-1].first_cause is None


def test_nobody_is_preferred_who_may_not_drive(g1):
    story = pushed_story(g1, ("mpc",))
    story.step(operator=OperatorInput(prefer="policy"))
    assert story.arbiter.preference == ("mpc",)
