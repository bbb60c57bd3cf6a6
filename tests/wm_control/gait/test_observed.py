"""The gait that contacts tell of: touchdowns, lift-offs, chatter, standing."""

import math
from dataclasses import replace

import numpy as np
import pytest
from robot_parameters import GAIT as G1_GAIT

from wm_control.gait.observed import ObservedGait
from wm_control.types import LEFT, RIGHT

GAIT = replace(G1_GAIT, step_duration=0.36, double_support=0.04)
DT = 0.004
BOTH, ON_LEFT, ON_RIGHT = (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)


class Contacts:
    """Contacts over time, as somebody walks."""

    def __init__(self):
        self.observed, self.now = ObservedGait(GAIT.step_duration, GAIT.double_support), 0.0
        self.observed.reset(0.0)

    def hold(self, probability, seconds):
        for _ in range(round(seconds / DT)):
            self.now += DT
            self.observed.see(self.now, np.array(probability))
        return self.observed

    def walk(self, steps, single=0.3, double=0.04):
        """From both feet: the right one swings first."""
        for step in range(steps):
            self.hold(ON_RIGHT if step % 2 else ON_LEFT, single)
            self.hold(BOTH, double)
        return self.observed


@pytest.fixture
def contacts():
    return Contacts()


def test_both_feet_down_is_standing_from_the_start_and_after_a_quarter_of_a_second(contacts):
    assert contacts.hold(BOTH, DT).stands
    contacts.walk(2)
    assert not contacts.observed.stands
    assert not contacts.hold(BOTH, 0.2).stands
    assert contacts.hold(BOTH, 0.1).stands


def test_the_first_foot_that_lifts_says_who_carries_and_the_shift_is_over(contacts):
    observed = contacts.hold(ON_RIGHT, DT)
    assert (observed.support, observed.down, observed.stands) == (RIGHT, (False, True), False)
    assert contacts.now - observed.since == pytest.approx(0.04)


def test_from_its_touchdown_on_a_foot_is_the_one_that_carries(contacts):
    contacts.hold(ON_LEFT, 0.3)
    assert (contacts.observed.support, contacts.observed.down) == (LEFT, (True, False))
    observed = contacts.hold(BOTH, DT)
    assert (observed.support, observed.down) == (RIGHT, (True, True))
    assert observed.since == pytest.approx(contacts.now)
    contacts.hold(BOTH, 0.04)
    assert contacts.hold(ON_RIGHT, 0.1).down == (False, True)
    assert contacts.observed.since == pytest.approx(0.304)


def test_steps_of_another_length_are_learned(contacts):
    # 0.26 s in the air and 0.04 s on both: 0.30 s from touchdown to touchdown
    assert contacts.walk(8, single=0.26).step_duration == pytest.approx(0.30, abs=0.005)


def test_a_step_is_over_by_the_share_of_its_duration_that_has_passed(contacts):
    observed = contacts.walk(9, single=0.32)  # 0.36 s a step; the last to land was the right foot
    assert observed.support == RIGHT
    assert observed.progress(observed.since) == 0.0
    assert observed.progress(observed.since + 0.09) == pytest.approx(0.25, abs=0.01)
    assert observed.progress(observed.since + 1.0) < 1.0


def test_a_foot_that_chatters_as_it_lifts_has_not_landed(contacts):
    contacts.walk(2)
    contacts.hold(ON_LEFT, 0.02)
    since = contacts.observed.since
    for _ in range(3):
        assert contacts.hold(BOTH, DT).support == LEFT
        assert contacts.hold(ON_LEFT, DT).support == LEFT
    assert contacts.observed.since == since


def test_a_foot_that_touches_in_mid_swing_and_flies_on_does_not_stay_the_support(contacts):
    contacts.walk(2)
    contacts.hold(ON_LEFT, 0.15)
    contacts.hold(BOTH, 2 * DT)
    assert contacts.hold(ON_LEFT, DT).support == LEFT
    assert contacts.observed.down == (True, False)


def test_a_probability_between_the_thresholds_changes_nothing(contacts):
    assert contacts.hold((1.0, 0.5), 0.1).down == (True, True)
    contacts.hold(ON_LEFT, 0.1)
    assert contacts.hold((1.0, 0.5), 0.1).down == (True, False)


def test_a_contact_that_is_not_a_number_is_none(contacts):
    assert contacts.hold((1.0, math.nan), 0.1).down == (True, False)


def test_it_goes_on_from_a_step_that_is_known(contacts):
    contacts.now = 5.0
    contacts.observed.begin(RIGHT, 4.9)
    observed = contacts.hold(ON_RIGHT, 0.1)
    assert (observed.support, observed.since, observed.stands) == (RIGHT, 4.9, False)
    assert contacts.hold(BOTH, DT).support == LEFT
