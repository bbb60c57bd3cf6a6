"""Who alone may drive by a timetable, and what the operator wishes, in lock-step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_up_records import DECISION, estimate

from wm_bringup.judging.episodes import WalkSetup, check_setup, walk
from wm_bringup.lockstep.turns import Turn, taking_turns
from wm_bringup.scenarios.scenario import Scenario, VelocitySegment, Wish
from wm_control.errors import ParameterError
from wm_control.types import ControllerResult, Status, VelocityCommand
from wm_policy.models import shipped_policy

WALK = Scenario(
    duration=2.6,
    noise="nominal",
    delay=0.008,
    velocity=(VelocitySegment(at=0.2, x=0.4),),
)


class Counting:
    """Proposes the same for ever, and counts how often it was asked."""

    def __init__(self, name):
        self.name, self.asked = name, 0

    def reset(self, estimate):
        self.asked = 0

    def step(self, estimate, velocity, dt, executed=None):
        self.asked += 1
        return ControllerResult(self.name, DECISION.command, Status.OK, "")


def test_who_is_not_on_works_on_degraded_and_is_well_again_for_25_cycles_before_its_turn():
    inner = Counting("policy")
    turns = (Turn(1.0, "mpc"), Turn(2.0, "policy"))
    (held,) = taking_turns([inner], turns)
    said = [
        held.step(estimate(time), VelocityCommand(), 0.002)
        for time in (0.998, 0.9999, 1.948, 1.9499)  # stamps are sums of periods
    ]
    assert [one.status for one in said] == [
        Status.OK, Status.DEGRADED, Status.DEGRADED, Status.OK,
    ]  # fmt: skip
    assert said[1].cause == "not its turn"
    assert inner.asked == 4


def test_without_a_timetable_controllers_are_left_as_they_are():
    one = Counting("mpc")
    assert taking_turns([one], ()) == [one]


def drivers_of(record):
    """(time, driver) whenever another one drives."""
    told, time = record.told("driver"), record["tick_time"] - record["tick_time"][0]
    changes = [0, *(np.flatnonzero(np.array(told[1:]) != np.array(told[:-1])) + 1)]
    return [(round(float(time[k]), 3), told[k]) for k in changes]


def test_whose_turn_begins_drives_from_that_very_cycle_on_and_nobody_else_does():
    turns = (Turn(1.0, "policy"), Turn(1.8, "mpc"))
    setup = WalkSetup(WALK, "mpc+policy", policy=shipped_policy(), turns=turns)
    record = walk(setup, 0).record
    assert drivers_of(record) == [(0.0, "mpc"), (1.0, "policy"), (1.8, "mpc")]
    assert not record.facts.fall


def test_the_operators_wish_is_heard_and_granted_after_the_dwell():
    scenario = replace(WALK, wishes=(Wish("policy", at=1.0),))
    record = walk(WalkSetup(scenario, "mpc+policy", policy=shipped_policy()), 0).record
    (_, first), (at, second) = drivers_of(record)
    assert (first, second) == ("mpc", "policy")
    assert 1.5 <= at <= 1.9
    assert not record.facts.fall


def test_who_may_not_drive_cannot_be_wished_for():
    scenario = replace(WALK, wishes=(Wish("policy", at=1.0),))
    with pytest.raises(ParameterError, match=r"wishes\.0\.driver.*must be one of mpc"):
        check_setup(WalkSetup(scenario, "mpc"))
