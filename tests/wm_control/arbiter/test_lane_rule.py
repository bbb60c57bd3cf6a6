"""A driver whose lane computes something else than it proposes, over simulated time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from robot_story import Story, hold, standing

from wm_control.arbiter.controller_measurements import DISAGREEMENT
from wm_control.arbiter.parameters import DriverLimits
from wm_control.types import Action

LIMIT = {"policy": DriverLimits(disagreement=0.5)}


def apart(value, **changes):
    return {"figures": {DISAGREEMENT: value}, **changes}


def mirrored(g1):
    """Targets 0.2 rad off, which the lane does not confirm."""
    command = hold(standing(g1, 0.0, 0), g1).command
    return apart(1.3, command=replace(command, position=g1.default_position + 0.2))


@pytest.mark.parametrize("value", [0.51, np.nan, np.inf])
def test_a_driver_that_its_lane_does_not_confirm_loses_the_robot_in_the_same_cycle(g1, value):
    story = Story(g1, ("policy", "mpc"), yields=LIMIT).armed()
    assert story.step(policy=apart(0.0)).source == "policy"
    decision = story.step(policy=apart(value))
    assert (decision.source, decision.action) == ("mpc", Action.NOMINAL)
    assert decision.first_cause.rule == "lane_disagrees"


def test_nothing_of_the_proposal_that_was_not_confirmed_reaches_the_robot(g1):
    """The hand-over begins from what was sent before: here the same as what the MPC proposes."""
    story = Story(g1, ("policy", "mpc"), yields=LIMIT).armed()
    story.step(policy=apart(0.0))
    decisions = story.steps(40, policy=mirrored(g1))
    assert decisions[0].previous == "policy"
    for decision in decisions:
        np.testing.assert_allclose(decision.command.position, g1.default_position, atol=1e-9)


@pytest.mark.parametrize("figures", [{}, {DISAGREEMENT: 0.49}])
def test_a_lane_that_agrees_or_cannot_know_holds_nothing_against_anybody(g1, figures):
    story = Story(g1, ("policy", "mpc"), yields=LIMIT).armed()
    decision = story.steps(100, policy={"figures": figures})[-1]
    assert (decision.source, decision.causes) == ("policy", ())


def test_the_rule_can_be_switched_off_alone(g1):
    story = Story(g1, ("policy", "mpc"), yields={"policy": DriverLimits()}).armed()
    assert story.step(policy=apart(9.0)).source == "policy"


def test_with_nobody_else_it_is_left_the_robot_to_walk_it_to_a_stop(g1):
    story = Story(g1, ("policy",), yields=LIMIT).armed()
    decision = story.step(policy=apart(1.0))
    assert (decision.source, decision.action) == ("policy", Action.FALLBACK)


def test_even_one_that_yields_is_better_than_one_that_is_not_confirmed(g1):
    limits = {**LIMIT, "mpc": DriverLimits(impulse=2.0)}
    story = Story(g1, ("policy", "mpc"), yields=limits).armed()
    assert story.step(policy=apart(0.0), impulse=3.0).source == "policy"
    assert story.step(policy=apart(1.0)).source == "mpc"


def test_it_is_taken_back_a_second_and_the_dwell_after_the_lane_agrees_again(g1):
    story = Story(g1, ("policy", "mpc"), yields=LIMIT).armed()
    story.step(policy=apart(1.0))
    sources = [decision.source for decision in story.steps(800, policy=apart(0.0))]
    assert sources.index("policy") == pytest.approx(500 + 250, abs=2)
