"""From gait and state to the numbers of one footstep problem."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from robot_parameters import GAIT as G1_GAIT
from robot_parameters import MPC as G1_MPC

from wm_control.gait.state import Mode
from wm_control.gait.transitions import Soles, begin_walking, next_step, standing
from wm_control.mpc.footstep_problem import COP, INPUTS, STEPS, TIME, TIME_NEXT
from wm_control.mpc.posing import ProblemPoser, turn
from wm_control.mpc.template import TemplateState, nominal_gait
from wm_control.robot.model import RobotModel
from wm_control.types import LEFT, RIGHT, VelocityCommand

GAIT = replace(G1_GAIT, step_duration=0.36, double_support=0.04, shift_duration=0.16)
MPC = replace(
    G1_MPC,
    delay=0.008, landing=0.03, single_support=(0.16, 0.5), step_y=(0.1, 0.5), step_x=0.6,
    cop_margin_x=(0.025, 0.015), cop_margin_y=0.0025, reach_fraction=0.98,
)  # fmt: skip
SOLES = Soles(np.array([[0.1, 0.09, 0.0, 0.0], [-0.1, -0.09, 0.0, 0.0]]))


@pytest.fixture(scope="module")
def poser(g1, standing):
    model = RobotModel(g1)
    poser = ProblemPoser(model, GAIT, MPC)
    model.update_kinematics(standing)
    return poser


def step(support=LEFT, start=1.0):
    """Begin a step on ``support`` at 1 s; its foot is ahead of the other."""
    shift = begin_walking(standing_gait(), start, SOLES, SOLES.middle, 1 - support, GAIT)
    return next_step(shift, start, SOLES, SOLES.middle, GAIT)


def standing_gait():
    return standing(0.0, SOLES)


def shift():
    return begin_walking(standing_gait(), 1.0, SOLES, SOLES.middle, LEFT, GAIT)


def inputs_at(poser, now, gait=None):
    """Inputs by name, for a body between the soles that moves forward at 0.5 m/s."""
    gait = gait or step()
    state = TemplateState(np.array([0.05, 0.0]), np.array([0.5, 0.1]), 0.62, GAIT.omega)
    pose = gait.support_pose
    nominal = nominal_gait(
        gait.support, (pose[0], pose[1], pose[3]), (0.0, 0.0), VelocityCommand(0.5), 0.17,
        (0.04, 0.36), GAIT.omega,
    )  # fmt: skip
    stacked = poser.inputs(
        gait, state, SOLES, nominal, np.array([0.5, 0.0]), np.array([0.01, 0.0]), now
    )
    starts = np.cumsum([0, *INPUTS.values()])
    assert len(stacked) == starts[-1]
    return {name: stacked[a:b] for name, a, b in zip(INPUTS, starts, starts[1:], strict=False)}


def test_turning_a_vector_by_a_right_angle_makes_forward_left():
    np.testing.assert_allclose(turn(np.pi / 2, np.array([1.0, 0.0])), [0.0, 1.0], atol=1e-15)


def test_the_problem_starts_where_the_state_will_be_when_torque_follows(poser):
    now = 1.2  # single support: the pressure rests
    found = inputs_at(poser, now)
    cop = np.array([0.11, 0.09])
    dcm, left = np.array([0.05, 0.0]) + np.array([0.5, 0.1]) / GAIT.omega, SOLES.poses[LEFT, :2]
    later = cop + np.exp(GAIT.omega * 0.008) * (dcm - cop)
    np.testing.assert_allclose(found["dcm"], later - left, atol=1e-12)
    np.testing.assert_allclose(found["cop_now"], cop - left, atol=1e-12)
    settled = np.array([0.05, 0.0]) - np.array([0.5, 0.1]) / GAIT.omega
    settled = cop + np.exp(-GAIT.omega * 0.008) * (settled - cop)
    np.testing.assert_allclose(found["convergent"], settled - left, atol=1e-12)
    assert found["time_nominal"] == pytest.approx([1.36 - now - 0.008, 0.36])
    assert found["transfer_left"] == 0.0


def test_during_the_load_transfer_the_pressure_is_on_its_way(poser):
    found = inputs_at(poser, 1.012)  # half of the transfer, with the delay
    assert found["transfer_left"] == pytest.approx([0.02])
    halfway = 0.5 * (SOLES.middle + np.array([0.11, 0.09]))
    np.testing.assert_allclose(found["cop_now"], halfway - SOLES.poses[LEFT, :2])


def test_positions_are_relative_to_the_support_sole_or_the_centre_of_mass(poser, g1, standing):
    model = RobotModel(g1)
    model.update_kinematics(standing)
    found = inputs_at(poser, 1.2)
    np.testing.assert_allclose(found["swing"], [-0.2, -0.18])
    np.testing.assert_allclose(found["hip_swing"], model.hip_position(RIGHT)[:2] - [0.05, 0.0])
    np.testing.assert_allclose(found["hip_support"], model.hip_position(LEFT)[:2] - [0.05, 0.0])


def test_the_first_weight_shift_is_expected_to_take_its_own_time(poser):
    found = inputs_at(poser, 1.1, shift())
    assert found["time_nominal"] == pytest.approx([1.16 - 1.1 - 0.008, 0.36])


def test_a_step_lasts_neither_shorter_nor_longer_than_it_may(poser):
    bounds = poser.bounds(step(), SOLES, 1.1)
    assert bounds.lower[TIME] == pytest.approx(1.04 + 0.16 - 1.108)
    assert bounds.upper[TIME] == pytest.approx(1.04 + 0.50 - 1.108)
    assert (bounds.lower[TIME_NEXT], bounds.upper[TIME_NEXT]) == pytest.approx((0.2, 0.54))


def test_a_foot_that_is_landing_keeps_its_touchdown_time(poser):
    assert not poser.is_landing(step(), 1.36 - 0.039)
    assert poser.is_landing(step(), 1.36 - 0.037)
    bounds = poser.bounds(step(), SOLES, 1.33)
    assert bounds.lower[TIME] == bounds.upper[TIME] == pytest.approx(0.022)


@pytest.mark.parametrize("support", [LEFT, RIGHT])
def test_each_foot_lands_on_its_own_side(poser, support):
    bounds = poser.bounds(step(support), SOLES, 1.1)
    left_first = [(0.1, 0.5), (-0.5, -0.1), (0.1, 0.5)]
    right_first = [(-0.5, -0.1), (0.1, 0.5), (-0.5, -0.1)]
    found = [(bounds.row_lower[row], bounds.row_upper[row]) for row in (1, 3, 5)]
    assert found == (left_first if support == RIGHT else right_first)
    assert bounds.row_upper[0] == -bounds.row_lower[0] == 0.6


def test_a_leg_reaches_as_far_as_its_length_and_the_hips_height_allow(poser, g1, standing):
    model = RobotModel(g1)
    length = 0.98 * model.leg_length()
    model.update_kinematics(standing)
    bounds = poser.bounds(step(), SOLES, 1.1)
    sinks = model.com[2] - GAIT.com_height  # it will, for a long step
    assert 0.0 < sinks < 0.06
    reach = sqrt(length**2 - (model.hip_position(LEFT)[2] - sinks) ** 2)
    np.testing.assert_allclose(bounds.row_upper[6:10], reach)
    np.testing.assert_allclose(bounds.row_lower[6:10], -reach)
    assert 0.1 < reach < 0.5


def test_a_hip_beyond_the_stretched_leg_leaves_a_little_reach(g1, standing):
    model = RobotModel(g1)
    high = replace(standing, base_position_in_world=np.array([0.0, 0.0, 2.0]))
    poser = ProblemPoser(model, GAIT, MPC)
    model.update_kinematics(high)
    assert poser.bounds(step(), SOLES, 1.1).row_upper[6] == pytest.approx(0.1)


def test_during_the_first_weight_shift_the_foot_stays_where_it_is(poser):
    bounds = poser.bounds(shift(), SOLES, 1.05)
    first = slice(STEPS.start, STEPS.start + 2)
    np.testing.assert_allclose(bounds.lower[first], [-0.2, -0.18])
    np.testing.assert_allclose(bounds.upper[first], [-0.2, -0.18])
    assert bounds.row_lower[0] < -100.0
    assert bounds.row_lower[1] < -100.0


def test_the_pressure_stays_inside_the_sole(poser):
    bounds = poser.bounds(step(), SOLES, 1.1)
    np.testing.assert_allclose(bounds.lower[COP], [-0.05, -0.02])
    np.testing.assert_allclose(bounds.upper[COP], [0.06, 0.02])


@settings(deadline=None, max_examples=100)
@given(
    now=st.floats(0.9, 2.0),
    support=st.sampled_from([LEFT, RIGHT]),
    lifts=st.booleans(),
    remaining=st.floats(-0.2, 0.6),
)
def test_bounds_never_contradict_each_other(poser, now, support, lifts, remaining):
    gait = replace(step(support), lifts=lifts, touch_down=now + remaining)
    bounds = poser.bounds(gait, SOLES, now)
    assert gait.mode == Mode.WALK
    assert (bounds.lower <= bounds.upper).all()
    assert (bounds.row_lower <= bounds.row_upper).all()
    assert bounds.lower[TIME] >= 0.0
