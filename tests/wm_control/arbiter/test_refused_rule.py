"""A driver whose process sends what makes no sense, over simulated time."""

from __future__ import annotations

import pytest
from robot_story import Story

from wm_control.arbiter.controller_measurements import REFUSED
from wm_control.types import Action

REFUSES = {"figures": {REFUSED: 1.0}}


def test_the_first_message_that_is_refused_costs_a_driver_the_robot_in_the_same_cycle(g1):
    story = Story(g1, ("policy", "mpc")).armed()
    decision = story.step(policy=REFUSES)
    assert (decision.source, decision.action) == ("mpc", Action.NOMINAL)
    assert decision.first_cause.rule == "message_refused"


def test_with_nobody_else_it_goes_on_with_the_last_one_that_made_sense(g1):
    story = Story(g1, ("policy",)).armed()
    decision = story.step(policy=REFUSES)
    assert (decision.source, decision.action) == ("policy", Action.NOMINAL)


def test_it_is_taken_back_a_second_and_the_dwell_after_its_messages_make_sense_again(g1):
    story = Story(g1, ("policy", "mpc")).armed()
    story.step(policy=REFUSES)
    sources = [decision.source for decision in story.steps(800)]
    assert sources.index("policy") == pytest.approx(500 + 250, abs=2)
