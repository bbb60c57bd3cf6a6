"""What the arbiter measures of the robot's balance by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from robot_story import carried

from wm_control.arbiter.balance import LOOK_AHEAD_EVERY, WINDOW, BalanceMeter
from wm_control.constants import CONTROL_PERIOD

MASS = 33.3411


@pytest.fixture
def observer(g1) -> BalanceMeter:
    return BalanceMeter(g1)


def pushed(g1, observer, force: float, cycles: int) -> list[float]:
    """Accelerate the whole robot to its left by a force that no sole accounts for [N]."""
    told = []
    for cycle in range(cycles):
        speed = force / MASS * CONTROL_PERIOD * cycle
        estimate = carried(
            g1, CONTROL_PERIOD * cycle, cycle, base_velocity_in_base=np.array([0.0, speed, 0.0])
        )
        told.append(observer(estimate).impulse)
    return told


def test_a_robot_that_its_soles_carry_is_not_pushed(g1, observer):
    assert max(pushed(g1, observer, 0.0, 20)) < 1e-6


def test_a_force_that_no_sole_accounts_for_is_told_as_its_impulse_over_the_window(g1, observer):
    """150 N over 20 ms are 3 N·s, told in full once a window has been seen."""
    told = pushed(g1, observer, 150.0, 20)
    whole = round(WINDOW / CONTROL_PERIOD)
    assert told[:whole] == [0.0] * whole
    assert told[whole:] == pytest.approx([3.0] * (20 - whole), rel=1e-3)


def test_an_estimate_that_comes_twice_changes_nothing_and_a_lost_one_is_bridged(g1, observer):
    push = {"base_velocity_in_base": np.zeros(3)}
    for cycle in range(15):
        observer(carried(g1, CONTROL_PERIOD * cycle, cycle, **push))
    speed = 150.0 / MASS * CONTROL_PERIOD
    moving = carried(g1, CONTROL_PERIOD * 15, 15, base_velocity_in_base=np.array([0.0, speed, 0]))
    first = observer(moving).impulse
    assert first == pytest.approx(0.3, rel=1e-3)
    assert observer(moving).impulse == first
    later = np.array([0.0, 3.0 * speed, 0.0])
    skipped = carried(g1, CONTROL_PERIOD * 17, 17, base_velocity_in_base=later)
    assert observer(skipped).impulse == pytest.approx(0.9, rel=1e-3)


def test_after_a_gap_nothing_is_told_until_a_whole_window_was_seen_again(g1, observer):
    pushed(g1, observer, 150.0, 15)
    late = carried(g1, 1.0, 500, base_velocity_in_base=np.array([0.0, 3.0, 0.0]))
    assert observer(late).impulse == 0.0


def test_a_state_that_is_not_finite_tells_nothing_and_is_forgotten(g1, observer):
    pushed(g1, observer, 150.0, 15)
    broken = carried(g1, 0.03, 15, base_velocity_in_base=np.array([0.0, np.nan, 0.0]))
    assert np.isnan(observer(broken).impulse)
    assert np.isnan(observer(broken).height)
    assert np.isnan(observer(broken).capture_margin)
    assert observer(carried(g1, 0.032, 16)).impulse == 0.0


def test_a_robot_at_rest_is_well_caught_and_a_thrown_one_is_not(g1, observer):
    assert 0.1 < observer(carried(g1, 0.0, 0)).capture_margin < 0.3
    thrown = carried(g1, 0.002, 1, base_velocity_in_base=np.array([0.0, 3.0, 0.0]))
    observer.reset()
    assert observer(thrown).capture_margin < -0.2


def test_what_comes_is_looked_at_every_ten_milliseconds_and_held_between(g1, observer):
    rest = observer(carried(g1, 0.0, 0)).capture_margin
    fast = {"base_velocity_in_base": np.array([0.0, 3.0, 0.0])}
    told = [observer(carried(g1, 0.002 * k, k, **fast)).capture_margin for k in range(1, 7)]
    assert told[: LOOK_AHEAD_EVERY - 1] == [rest] * 4
    assert max(told[LOOK_AHEAD_EVERY - 1 :]) < -0.2


@pytest.mark.parametrize("leftward", [0.6, 1.0])
def test_of_two_feet_that_carry_the_better_one_counts(g1, observer, leftward):
    both = carried(g1, 0.0, 0, base_velocity_in_base=np.array([0.0, leftward, 0.0]))
    alone = []
    for lifted in range(2):
        wrench = both.foot_wrench.copy()
        wrench[lifted] = 0.0
        observer.reset()
        alone.append(observer(replace(both, foot_wrench=wrench)).capture_margin)
    assert alone[0] != pytest.approx(alone[1], abs=0.005)
    observer.reset()
    assert observer(both).capture_margin == max(alone)


def test_the_height_is_measured_above_the_soles_wherever_odom_is(g1, observer):
    low = observer(carried(g1, 0.0, 0)).height
    raised = carried(g1, 0.002, 1, base_position_in_world=np.array([3.0, 1.0, -2.0]))
    assert observer(raised).height == pytest.approx(low)
    assert 0.6 < low < 0.8
