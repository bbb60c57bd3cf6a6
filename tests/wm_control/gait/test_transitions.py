"""How the gait moves on, one decision at a time; whole stories are in test_footstep_mpc.py."""

from dataclasses import replace

import numpy as np
import pytest
from robot_parameters import GAIT as G1_GAIT

from wm_control.gait.state import Mode
from wm_control.gait.transitions import (
    Soles,
    begin_walking,
    foot_to_lift,
    may_stand,
    next_step,
    standing,
)
from wm_control.types import LEFT, RIGHT

GAIT = replace(
    G1_GAIT,
    step_duration=0.36, double_support=0.04, step_width=0.2, shift_duration=0.16,
    stand_dcm_margin=0.05,
)  # fmt: skip
IN_PLACE = replace(GAIT, stand_at_zero_command=False)
SOLES = Soles(np.array([[0.0, 0.1, 0.0, 0.0], [0.0, -0.1, 0.0, 0.0]]))
STILL = np.zeros(3)
FORWARD = np.array([0.3, 0.0, 0.0])


def stepping(steps=4, velocity=STILL):
    gait = begin_walking(standing(0.0, SOLES), 0.0, SOLES, SOLES.middle, LEFT, GAIT)
    return replace(gait, steps=steps, velocity=velocity, lifts=True)


def test_the_middle_and_heading_of_the_soles_are_their_means():
    soles = Soles(np.array([[0.2, 0.1, 0.0, 0.3], [0.0, -0.1, 0.0, 0.1]]))
    np.testing.assert_allclose(soles.middle, [0.1, 0.0])
    assert soles.yaw == pytest.approx(0.2)


def test_the_mean_heading_does_not_jump_where_angles_wrap():
    soles = Soles(np.array([[0.0, 0.1, 0.0, np.pi - 0.1], [0.0, -0.1, 0.0, 0.1 - np.pi]]))
    assert np.cos(soles.yaw) == pytest.approx(-1.0)


def test_an_offset_is_seen_in_the_soles_own_heading():
    facing_left = Soles(np.array([[0.9, 2.0, 0.0, np.pi / 2], [1.1, 2.0, 0.0, np.pi / 2]]))
    np.testing.assert_allclose(facing_left.offset(np.array([1.0, 2.3])), [0.3, 0.0], atol=1e-12)


def test_a_standing_robot_asks_nothing_and_lifts_nothing():
    gait = standing(2.0, SOLES)
    assert (gait.mode, gait.lifts, gait.steps) == (Mode.STAND, False, 0)
    np.testing.assert_array_equal(gait.velocity, 0.0)
    np.testing.assert_allclose(gait.cop_start, SOLES.middle)


@pytest.mark.parametrize(("first", "other"), [(LEFT, RIGHT), (RIGHT, LEFT)])
def test_walking_begins_by_leaning_on_the_foot_that_will_swing_first(first, other):
    gait = begin_walking(standing(0.0, SOLES), 2.0, SOLES, SOLES.middle, first, GAIT)
    assert (gait.mode, gait.support, gait.lifts) == (Mode.WALK, first, False)
    assert gait.touch_down == pytest.approx(2.16)
    after = next_step(gait, 2.16, SOLES, SOLES.middle, GAIT)
    assert (after.support, after.swing, after.lifts) == (other, first, True)


def test_the_load_transfer_is_over_before_the_first_weight_shift_is():
    hasty = replace(GAIT, shift_duration=0.05, double_support=0.04)
    gait = begin_walking(standing(0.0, SOLES), 0.0, SOLES, SOLES.middle, LEFT, hasty)
    assert gait.double_support < gait.touch_down - gait.step_start


def test_a_touchdown_swaps_the_feet_and_starts_the_clock_again():
    cop = np.array([0.01, 0.09])
    gait = next_step(stepping(), 3.0, SOLES, cop, GAIT)
    assert (gait.support, gait.steps) == (RIGHT, 5)
    assert (gait.step_start, gait.touch_down) == pytest.approx((3.0, 3.36))
    np.testing.assert_array_equal(gait.support_pose, SOLES.poses[RIGHT])
    np.testing.assert_array_equal(gait.swing_start, SOLES.poses[LEFT])
    np.testing.assert_array_equal(gait.cop_start, cop)


def test_what_the_gait_keeps_is_its_own_copy_of_the_soles():
    poses = SOLES.poses.copy()
    gaits = [standing(0.0, Soles(poses)), next_step(stepping(), 0.0, Soles(poses), STILL, GAIT)]
    poses[:] = 9.0
    for gait in gaits:
        assert np.abs(gait.support_pose).max() < 1.0
        assert np.abs(gait.swing_start).max() < 1.0


def test_a_robot_that_stepped_itself_to_rest_may_stand():
    assert may_stand(stepping(), SOLES, SOLES.middle, GAIT)


@pytest.mark.parametrize(
    ("gait", "dcm", "left_x", "parameters"),
    [
        pytest.param(stepping(velocity=FORWARD), (0, 0), 0.0, GAIT, id="something is asked"),
        pytest.param(stepping(steps=1), (0, 0), 0.0, GAIT, id="it has only just begun"),
        pytest.param(stepping(), (0.06, 0), 0.0, GAIT, id="it moves on forward"),
        pytest.param(stepping(), (0, 0.11), 0.0, GAIT, id="it moves on sideways"),
        pytest.param(stepping(), (0, 0), 0.05, GAIT, id="its feet are apart"),
        pytest.param(stepping(), (0, 0), 0.0, IN_PLACE, id="it is told to step in place"),
        pytest.param(stepping(), (np.nan, 0), 0.0, GAIT, id="nobody knows how it moves"),
    ],
)
def test_a_robot_may_not_stand_yet_while(gait, dcm, left_x, parameters):
    soles = Soles(SOLES.poses + np.array([[left_x, 0, 0, 0], [0, 0, 0, 0]]))
    assert not may_stand(gait, soles, np.array(dcm, dtype=float), parameters)


def test_a_balanced_robot_that_is_asked_nothing_goes_on_standing():
    assert foot_to_lift(STILL, np.zeros(2), GAIT) is None


@pytest.mark.parametrize("forward", [0.06, -0.06])
def test_a_robot_that_tips_forward_or_back_has_to_step(forward):
    assert foot_to_lift(STILL, np.array([forward, 0.0]), GAIT) is not None


@pytest.mark.parametrize(("sideways", "foot"), [(0.16, LEFT), (-0.16, RIGHT)])
def test_a_robot_that_tips_sideways_steps_out_on_that_side(sideways, foot):
    for velocity in (STILL, np.array([0.0, -0.2 * sideways, 0.0])):
        assert foot_to_lift(velocity, np.array([0.0, sideways]), GAIT) == foot


@pytest.mark.parametrize(
    ("velocity", "foot"),
    [
        ((0.0, 0.2, 0.0), LEFT),
        ((0.0, -0.2, 0.0), RIGHT),
        ((0.0, 0.0, 0.5), LEFT),
        ((0.0, 0.0, -0.5), RIGHT),
    ],
)
def test_the_foot_on_the_side_it_goes_to_moves_first(velocity, foot):
    assert foot_to_lift(np.array(velocity), np.zeros(2), GAIT) == foot


def test_forward_either_foot_will_do():
    assert foot_to_lift(FORWARD, np.zeros(2), GAIT) in (LEFT, RIGHT)


def test_a_robot_told_to_step_in_place_does_not_stand():
    assert foot_to_lift(STILL, np.zeros(2), IN_PLACE) in (LEFT, RIGHT)


@pytest.mark.parametrize("offset", [(np.nan, 0.0), (np.nan, np.nan)])
def test_a_robot_that_does_not_know_how_it_moves_does_not_start_to_walk(offset):
    assert foot_to_lift(STILL, np.array(offset), GAIT) is None
