"""The template: its closed forms against numerical integration, and the periodic gait."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from robot_states import estimate_of, state_of

from wm_control.mpc.plan import predict_dcm
from wm_control.mpc.template import (
    TemplateState,
    double_support_gains,
    nominal_gait,
    template_state,
)
from wm_control.types import LEFT, RIGHT, VelocityCommand

OMEGA = 3.98
WIDTH, DOUBLE, TOTAL = 0.17, 0.04, 0.36


def integrate(dcm, cop, duration, omega=OMEGA, steps=400):
    """Runge-Kutta of xi' = omega (xi - p(s)), with p a function of the share s of the time."""
    h = duration / steps
    for k in range(steps):
        start, middle, end = (cop((k + part) / steps) for part in (0.0, 0.5, 1.0))
        a = omega * (dcm - start)
        b = omega * (dcm + 0.5 * h * a - middle)
        c = omega * (dcm + 0.5 * h * b - middle)
        d = omega * (dcm + h * c - end)
        dcm = dcm + h / 6.0 * (a + 2.0 * b + 2.0 * c + d)
    return dcm


def gait(support=LEFT, pose=(0.0, 0.0, 0.0), heading=None, velocity=(0.0, 0.0, 0.0), **more):
    heading = (pose[2], pose[2]) if heading is None else heading
    arguments = {"width": WIDTH, "durations": (DOUBLE, TOTAL), "omega": OMEGA} | more
    return nominal_gait(support, pose, heading, VelocityCommand(*velocity), **arguments)


@settings(deadline=None)
@given(omega=st.floats(2.0, 6.0), duration=st.floats(0.0, 0.5))
def test_the_gains_of_double_support_sum_to_one(omega, duration):
    assert sum(double_support_gains(omega, duration)) == pytest.approx(1.0, abs=1e-9)


@settings(deadline=None, max_examples=20)
@given(
    dcm=st.floats(-0.3, 0.3),
    old=st.floats(-0.2, 0.2),
    new=st.floats(-0.2, 0.2),
    omega=st.floats(2.5, 5.0),
    duration=st.floats(0.005, 0.3),
)
def test_the_gains_of_double_support_agree_with_integration(dcm, old, new, omega, duration):
    e, a, b = double_support_gains(omega, duration)
    expected = integrate(dcm, lambda s: old + s * (new - old), duration, omega, 60)
    assert e * dcm + a * old + b * new == pytest.approx(expected, abs=1e-7)


def test_no_double_support_changes_nothing():
    assert double_support_gains(OMEGA, 0.0) == (1.0, 0.0, 0.0)
    assert double_support_gains(OMEGA, 2e-6) == pytest.approx((1.0, 0.0, 0.0), abs=1e-4)


def test_single_support_agrees_with_integration():
    dcm, cop = np.array([0.05, -0.03]), np.array([0.01, 0.02])
    expected = integrate(dcm, lambda _: cop, 0.3)
    np.testing.assert_allclose(predict_dcm(dcm, cop, OMEGA, 0.3), expected, atol=1e-9)


def test_divergent_and_convergent_parts_lie_on_either_side_of_the_centre_of_mass():
    state = TemplateState(np.array([1.0, 2.0]), np.array([0.4, -0.8]), 0.62, 4.0)
    np.testing.assert_allclose(state.dcm, [1.1, 1.8])
    np.testing.assert_allclose(state.convergent, [0.9, 2.2])


@pytest.mark.parametrize("support", [LEFT, RIGHT])
def test_zero_velocity_steps_in_place(support):
    inward = -WIDTH if support == LEFT else WIDTH
    found = gait(support)
    xy = [foot[:2] for foot in found.feet]
    np.testing.assert_allclose(xy, [(0, 0), (0, inward), (0, 0), (0, inward)], atol=1e-12)


def test_the_lateral_offset_of_stepping_in_place_is_the_known_one():
    # Without double support: d grows to d e^(omega T) and has to be w - d then.
    expected = WIDTH / (1.0 + math.exp(OMEGA * TOTAL))
    found = gait(LEFT, durations=(0.0, TOTAL), lookahead=20)
    assert found.dcm[0][1] - found.feet[1][1] == pytest.approx(expected, abs=1e-9)
    assert found.dcm[1][1] - found.feet[2][1] == pytest.approx(-expected, abs=1e-9)


def test_the_forward_offset_of_walking_is_the_known_one():
    # Without double support: b e^(omega T) has to be one step further, b + v T.
    expected = 0.5 * TOTAL / (math.exp(OMEGA * TOTAL) - 1.0)
    found = gait(LEFT, durations=(0.0, TOTAL), velocity=(0.5, 0.0, 0.0), lookahead=20)
    for foot, dcm in zip(found.feet[1:], found.dcm, strict=True):
        assert dcm[0] - foot[0] == pytest.approx(expected, abs=1e-9)


def test_a_nominal_step_ends_where_the_next_one_is_expected_to_begin():
    found = gait(RIGHT, (0.3, -0.1, 0.2), (0.3, 0.2), (0.5, 0.1, 0.4))
    feet = np.array(found.feet)[:, :2]
    for k in range(2):
        old, new = feet[k], feet[k + 1]

        def shift(s, old=old, new=new):
            return old + s * (new - old)

        dcm = integrate(np.array(found.dcm[k]), shift, DOUBLE)
        dcm = integrate(dcm, lambda _, new=new: new, TOTAL - DOUBLE)
        np.testing.assert_allclose(dcm, found.dcm[k + 1], atol=1e-9)


@pytest.mark.parametrize("velocity", [(0.6, 0.0, 0.0), (-0.3, 0.1, 0.0), (0.0, 0.2, 0.0)])
def test_two_steps_later_everything_is_where_it_was_but_further(velocity):
    found = gait(LEFT, velocity=velocity, steps=5, lookahead=20)
    stride = 2 * TOTAL * np.array(velocity[:2])
    feet, dcm = np.array(found.feet)[:, :2], np.array(found.dcm)
    np.testing.assert_allclose(feet[3:] - feet[1:-2], np.tile(stride, (3, 1)), atol=1e-12)
    np.testing.assert_allclose(dcm[2:] - dcm[:-2], np.tile(stride, (3, 1)), atol=1e-9)


@settings(deadline=None, max_examples=50)
@given(
    x=st.floats(-1.0, 1.0),
    y=st.floats(-0.4, 0.4),
    turn=st.floats(-1.0, 1.0),
    yaw=st.floats(-3.0, 3.0),
)
def test_left_and_right_are_mirror_images(x, y, turn, yaw):
    left = gait(LEFT, (0.1, 0.2, yaw), (yaw + 0.1, yaw), (x, y, turn))
    right = gait(RIGHT, (0.1, -0.2, -yaw), (-yaw - 0.1, -yaw), (x, -y, -turn))
    np.testing.assert_allclose(np.array(left.feet) * [1, -1, -1], right.feet, atol=1e-12)
    np.testing.assert_allclose(np.array(left.dcm) * [1, -1], right.dcm, atol=1e-12)


@settings(deadline=None, max_examples=50)
@given(
    x=st.floats(-1.0, 1.0), y=st.floats(-0.4, 0.4), turn=st.floats(-1.0, 1.0), yaw=st.floats(-3, 3)
)
def test_the_gait_does_not_depend_on_where_north_is(x, y, turn, yaw):
    c, s = math.cos(yaw), math.sin(yaw)
    rotation = np.array([[c, -s], [s, c]])
    plain = gait(LEFT, velocity=(x, y, turn))
    turned = gait(LEFT, (0.0, 0.0, yaw), velocity=(x, y, turn))
    feet = np.array(plain.feet)
    np.testing.assert_allclose(np.array(turned.feet)[:, :2], feet[:, :2] @ rotation.T, atol=1e-12)
    np.testing.assert_allclose(np.array(turned.feet)[:, 2], feet[:, 2] + yaw, atol=1e-12)
    np.testing.assert_allclose(turned.dcm, np.array(plain.dcm) @ rotation.T, atol=1e-12)


@pytest.mark.parametrize("support", [LEFT, RIGHT])
def test_turning_in_place_stays_on_a_circle(support):
    side = 0.5 if support == LEFT else -0.5
    found = gait(support, (0.0, side * WIDTH, 0.0), (0.18, 0.0), (0.0, 0.0, 0.5), steps=6)
    feet = np.array(found.feet)
    np.testing.assert_allclose(np.hypot(feet[:, 0], feet[:, 1]), 0.5 * WIDTH, atol=1e-12)
    turned = [b[2] - a[2] for a, b in pairwise(found.feet[1:])]
    np.testing.assert_allclose(turned, 0.5 * TOTAL, atol=1e-12)


def test_walking_and_turning_goes_round_a_circle():
    speed, rate = 0.6, 0.8
    found = gait(LEFT, heading=(rate * TOTAL, 0.0), velocity=(speed, 0.0, rate), steps=8)
    centres = []
    for number, (x, y, yaw) in enumerate(found.feet):
        side = 0.5 * WIDTH if number % 2 == 0 else -0.5 * WIDTH
        centres.append((x + side * math.sin(yaw), y - side * math.cos(yaw)))
    # Every step is a chord of length v T that sees the angle r T.
    radius = 0.5 * speed * TOTAL / math.sin(0.5 * rate * TOTAL)
    middle = np.add(centres[0], (0.0, radius))
    away = np.hypot(*(np.array(centres) - middle).T)
    np.testing.assert_allclose(away, radius, atol=1e-9)


@pytest.mark.parametrize("velocity", [(0.3, 0.0), (0.0, 0.2), (-0.4, 0.1)])
def test_a_robot_that_moves_as_one_has_the_velocity_of_its_centre_of_mass(
    model, standing, velocity
):
    q, v = state_of(standing)
    v[:2] = velocity
    model.update_kinematics(estimate_of(q, v))
    state = template_state(model, np.array([0.1, -0.05, 0.0]), OMEGA)
    np.testing.assert_allclose(state.velocity, velocity, atol=1e-12)
    np.testing.assert_allclose(state.com, model.com[:2])
    assert state.height == pytest.approx(model.com[2])


def test_the_template_velocity_is_the_angular_momentum_about_the_pivot(model, standing):
    q, v = state_of(standing)
    v[:] = 0.3 * np.random.default_rng(1).standard_normal(len(v))
    model.update_kinematics(estimate_of(q, v))
    pivot = np.array([0.05, 0.08, 0.01])
    state = template_state(model, pivot, OMEGA)
    about = model.momentum[3:] + np.cross(model.com - pivot, model.momentum[:3])
    scale = model.mass * (model.com[2] - pivot[2])
    np.testing.assert_allclose(state.velocity, [about[1] / scale, -about[0] / scale], atol=1e-12)


def test_a_robot_on_the_ground_has_a_template_of_some_height_still(model, standing):
    q, v = state_of(standing)
    q[2] = 0.0
    model.update_kinematics(estimate_of(q, v))
    assert template_state(model, np.array([0.0, 0.0, 0.5]), OMEGA).height == 0.1
