"""The swing foot's reference: where it goes, how smoothly, and when it is there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wm_control.wbc.swing import SwingReference, minimum_jerk

DT = 0.002
START = np.array([-0.2, 0.1, 0.0, 0.1])
GOAL = np.array([0.2, 0.12, 0.0, -0.1])
APEX = 0.06


def begun(pose):
    reference = SwingReference()
    reference.begin(pose)
    return reference


def swing(total=0.32, goal=GOAL, apex=APEX, target_at=None, reference=None):
    """Pose, velocity and acceleration after every tick of a swing."""
    reference = reference or begun(START)
    states = []
    for k in range(round(total / DT)):
        target = goal if target_at is None else target_at(k * DT)
        reference.advance(target, apex, k * DT, total - k * DT, DT)
        states.append([part.copy() for part in reference.numbers.values()])
    return [np.array(part) for part in zip(*states, strict=True)]


NUMBER = st.floats(-2.0, 2.0)


@settings(deadline=None, max_examples=50)
@given(state=st.tuples(*[NUMBER] * 5), remaining=st.floats(0.05, 2.0))
def test_the_jerk_is_that_of_the_quintic_between_the_two_ends(state, remaining):
    position, velocity, acceleration, goal, goal_velocity = state
    t = remaining
    ends = np.array(
        [
            [1, 0, 0, 0, 0, 0],
            [0, 1, 0, 0, 0, 0],
            [0, 0, 2, 0, 0, 0],
            [1, t, t**2, t**3, t**4, t**5],
            [0, 1, 2 * t, 3 * t**2, 4 * t**3, 5 * t**4],
            [0, 0, 2, 6 * t, 12 * t**2, 20 * t**3],
        ]
    )
    coefficients = np.linalg.solve(
        ends, [position, velocity, acceleration, goal, goal_velocity, 0.0]
    )
    arguments = [np.array([value]) for value in (*state, remaining)]
    expected = 6.0 * coefficients[3]
    assert minimum_jerk(*arguments)[0] == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("goal_velocity", [0.0, 0.3])
def test_asked_again_at_every_instant_it_arrives(goal_velocity):
    x, v, a = np.array([0.1]), np.array([-0.2]), np.array([0.5])
    dt, total = 1e-4, 0.5
    for k in range(round((total - 0.002) / dt)):
        remaining = np.array([total - k * dt])
        jerk = minimum_jerk(x, v, a, np.array([1.0]), np.array([goal_velocity]), remaining)
        x, v, a = x + dt * v + 0.5 * dt**2 * a, v + dt * a, a + dt * jerk
    assert x[0] == pytest.approx(1.0, abs=2e-3)
    assert v[0] == pytest.approx(goal_velocity, abs=2e-2)


def test_a_reference_begins_at_rest_where_the_foot_is():
    pose = START.copy()
    reference = begun(pose)
    pose[:] = 9.0
    np.testing.assert_array_equal(reference.position, START)
    np.testing.assert_array_equal(reference.velocity, 0.0)
    np.testing.assert_array_equal(reference.acceleration, 0.0)


@pytest.mark.parametrize("total", [0.2, 0.32, 0.45])
def test_at_touchdown_the_foot_is_on_its_target_and_nearly_at_rest(total):
    position, velocity, _ = (part[-1] for part in swing(total))
    np.testing.assert_allclose(position, GOAL, atol=4e-3)
    assert np.abs(velocity[:2]).max() < 0.03
    assert -0.15 < velocity[2] <= 0.0


@pytest.mark.parametrize("total", [0.2, 0.32, 0.45])
def test_the_foot_clears_the_ground_by_the_apex_and_never_goes_below_it(total):
    heights = swing(total)[0][:, 2]
    assert heights.max() == pytest.approx(APEX, abs=0.1 * APEX)
    assert 0.3 < np.argmax(heights) / len(heights) < 0.55
    assert heights.min() > -1e-4


def test_the_apex_is_above_the_target_where_the_ground_rises():
    heights = swing(goal=GOAL + np.array([0.0, 0.0, 0.05, 0.0]))[0][:, 2]
    assert heights.max() == pytest.approx(0.11, abs=0.01)
    assert heights[-1] == pytest.approx(0.05, abs=4e-3)


def test_the_foot_is_still_high_while_it_is_fast():
    position, velocity, _ = swing()
    fast = np.abs(velocity[:, 0]) > 0.5 * np.abs(velocity[:, 0]).max()
    assert position[fast, 2].min() > 0.25 * APEX


@settings(deadline=None, max_examples=20)
@given(jump=st.tuples(st.floats(-0.15, 0.15), st.floats(-0.15, 0.15)), when=st.integers(5, 130))
def test_nothing_jumps_when_the_target_moves_in_mid_swing(jump, when):
    moved = GOAL + np.array([*jump, 0.0, 0.0])
    steady = swing()
    followed = swing(target_at=lambda t: GOAL if t < (when - 0.5) * DT else moved)
    horizon = max(0.32 - when * DT - 0.02, 0.04)
    jerk = 60.0 * np.abs(moved - GOAL) / horizon**3
    for derivative, share in enumerate((1e-12, 0.5 * DT**2, DT)):
        change = np.abs(followed[derivative][when] - steady[derivative][when])
        assert (change <= share * (jerk + 1e-6) + 1e-12).all()


def test_a_target_that_moved_in_time_is_reached_all_the_same():
    moved = GOAL + np.array([0.1, -0.05, 0.0, 0.1])
    position, velocity, _ = swing(target_at=lambda t: GOAL if t < 0.15 else moved)
    np.testing.assert_allclose(position[-1], moved, atol=5e-3)
    assert np.abs(velocity[-1]).max() < 0.1


def test_a_touchdown_that_comes_earlier_than_planned_is_made():
    reference = begun(START)
    for k in range(130):
        end = 0.32 if k < 50 else 0.26
        reference.advance(GOAL, APEX, k * DT, end - k * DT, DT)
    np.testing.assert_allclose(reference.position, GOAL, atol=5e-3)


def test_the_foot_turns_the_short_way_round():
    start, goal = START.copy(), GOAL.copy()
    start[3], goal[3] = 3.1, -3.1
    yaw = swing(goal=goal, reference=begun(start))[0][:, 3]
    assert yaw.min() > 3.09
    assert np.cos(yaw[-1]) == pytest.approx(np.cos(-3.1), abs=1e-4)


def test_no_time_left_is_no_accident():
    reference = begun(START)
    for _ in range(100):
        reference.advance(GOAL, APEX, 0.32, 0.0, DT)
    assert np.isfinite(reference.position).all()
    np.testing.assert_allclose(reference.position, GOAL, atol=5e-3)


def test_mirrored_swings_are_mirror_images():
    flip = np.array([1.0, -1.0, 1.0, -1.0])
    one = swing()[0]
    other = swing(goal=GOAL * flip, reference=begun(START * flip))[0]
    np.testing.assert_allclose(one * flip, other, atol=1e-12)
