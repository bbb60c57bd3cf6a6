"""What is told of a decision beside its causes: how each driver stands, and the switches."""

from __future__ import annotations

import pytest
from robot_story import Story

from wm_control.arbiter.operator import OperatorInput
from wm_control.arbiter.parameters import DriverLimits
from wm_control.types import Status

YIELDS = {"mpc": DriverLimits(impulse=2.0)}
FAILED = {"status": Status.FAILED, "command": None, "cause": "QP infeasible"}


def two(g1, **limits) -> Story:
    return Story(g1, ("mpc", "policy"), yields=YIELDS, **limits).armed()


def test_a_push_is_told_with_who_yields_and_counts_as_a_switch(g1):
    story = two(g1)
    story.step()
    assert story.arbiter.background.standings == {"mpc": "fit", "policy": "fit"}
    story.step(impulse=3.0)
    behind = story.arbiter.background
    assert behind.standings == {"mpc": "yields", "policy": "fit"}
    assert (behind.preference, behind.switches, behind.settled) == (("mpc", "policy"), 1, False)
    assert behind.balance.impulse == 3.0
    assert behind.balance.height == pytest.approx(0.74)


def test_a_driver_that_cannot_is_unavailable_and_distrusted_once_its_credit_is_spent(g1):
    """A credit of 20 ms: ten cycles of 2 ms; the first counts from the cycle that trips it."""
    story = two(g1, credit=0.02)
    story.steps(3, result=FAILED)
    assert story.arbiter.background.standings["mpc"] == "unavailable"
    story.steps(20, result=FAILED)
    story.steps(11)
    assert story.arbiter.background.standings["mpc"] == "distrusted"
    story.steps(40)
    assert story.arbiter.background.standings["mpc"] == "fit"


def test_without_any_credit_a_driver_is_trusted_again_as_soon_as_it_can(g1):
    story = two(g1, credit=0.0)
    story.steps(23, result=FAILED)
    story.steps(60)
    assert story.arbiter.background.standings["mpc"] == "fit"


def test_switches_are_those_of_the_window_and_the_operators_word_is_the_new_preference(g1):
    story = two(g1, switch_window=0.5, switch_dwell=0.0)
    story.step(operator=OperatorInput(prefer="policy"))
    story.step()
    assert story.arbiter.background.preference == ("policy", "mpc")
    assert story.arbiter.background.switches == 1
    story.steps(251)
    assert story.arbiter.background.switches == 0
