"""The whole controller in physics: short walks on the estimated state, with numeric limits."""

import math

import numpy as np
import pytest
from physical_walk import PhysicalWalk
from robot_parameters import GAIT

from wm_control.gait.state import Mode
from wm_control.types import Status, VelocityCommand

FORWARD = VelocityCommand(0.5)
STRIDE = 2 * GAIT.step_duration
IN_PLACE = {"gait": {"stand_at_zero_command": False}}


@pytest.fixture(scope="module")
def walk_and_stop(g1):
    """Stand for half a second, walk at 0.5 m/s until 5.5 s, stop."""
    with PhysicalWalk(g1) as walk:
        walk.run(0.5).run(5.5, FORWARD).run(8.5)
    return walk


@pytest.fixture(scope="module")
def orphaned(g1):
    """Walk at 0.5 m/s; the planner dies at 3 s."""
    with PhysicalWalk(g1, seed=1) as walk:
        walk.run(0.5).run(3.0, FORWARD)
        walk.planner_lives = False
        walk.run(6.5, FORWARD)
    return walk


def test_it_walks_and_stops_without_falling(walk_and_stop):
    assert not walk_and_stop.fell


def test_it_stands_still_until_it_is_told_to_walk(walk_and_stop):
    standing = [mode for t, mode in zip(walk_and_stop.times, walk_and_stop.modes, strict=True)
                if t < 0.5]  # fmt: skip
    assert set(standing) == {Mode.STAND}


def test_it_reaches_the_commanded_speed(walk_and_stop):
    # Three whole strides, long after the command's ramp of 1.25 s.
    mean = walk_and_stop.mean_velocity(5.5 - 3 * STRIDE, 5.5)
    np.testing.assert_allclose(mean, [0.5, 0.0], atol=0.05)


def test_after_walking_it_stands_within_three_seconds_and_goes_on_standing(walk_and_stop):
    assert walk_and_stop.stood_since() < 5.5 + 3.0
    assert np.abs(walk_and_stop.mean_velocity(8.3, 8.5)).max() < 0.05


def test_every_tick_of_a_walk_is_solved(walk_and_stop):
    first = walk_and_stop.results[0]
    assert first.status == Status.DEGRADED  # no plan has arrived yet
    assert {result.status for result in walk_and_stop.results[4:]} == {Status.OK}
    residuals = [solve.residual for result in walk_and_stop.results for solve in result.solves]
    assert max(residuals) < 1e-4


def test_every_command_of_a_walk_is_finite_and_inside_the_torque_limits(g1, walk_and_stop):
    for result in walk_and_stop.results:
        assert np.isfinite(result.command.position).all()
        assert np.isfinite(result.command.velocity).all()
        assert (np.abs(result.command.torque) <= np.array(g1.torque_limit) + 1e-2).all()


def test_without_its_planner_it_steps_to_a_stop_and_stands(orphaned):
    assert not orphaned.fell
    assert orphaned.stood_since() < 3.0 + 3.0
    assert np.abs(orphaned.mean_velocity(6.3, 6.5)).max() < 0.05


def test_without_its_planner_it_says_so_until_the_end(orphaned):
    late = [result for result in orphaned.results if result.command.stamp > 3.05]
    assert {result.status for result in late} == {Status.DEGRADED}
    assert all("mpc plan is" in result.cause for result in late)


@pytest.mark.parametrize("left", [10.0, -10.0])
def test_a_sideways_push_while_stepping_in_place_is_survived(g1, left):
    with PhysicalWalk(g1, seed=2, parameters=IN_PLACE) as walk:
        walk.run(2.0).push(0.0, left)
        walk.run(4.0)
    assert not walk.fell
    assert math.hypot(*walk.mean_velocity(4.0 - STRIDE, 4.0)) < 0.25


@pytest.mark.parametrize("velocity", [VelocityCommand(0.0, 0.2), VelocityCommand(angular_z=0.5)])
def test_it_goes_sideways_and_turns(g1, velocity):
    with PhysicalWalk(g1, seed=3) as walk:
        walk.run(0.2).run(3.5, velocity)
    assert not walk.fell
    forward, left = walk.mean_velocity(3.5 - 2 * STRIDE, 3.5)
    assert forward == pytest.approx(0.0, abs=0.08)
    assert left == pytest.approx(velocity.linear_y, abs=0.08)
    assert walk.turn_rate(3.5 - 2 * STRIDE) == pytest.approx(velocity.angular_z, abs=0.08)
