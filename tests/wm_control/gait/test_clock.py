"""The gait's clock over time, without a planner and without a robot."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from robot_parameters import GAIT as G1_GAIT

from wm_control.gait.clock import Body, GaitClock, Turn
from wm_control.gait.state import Mode
from wm_control.gait.transitions import Soles
from wm_control.types import VelocityCommand

GAIT = replace(G1_GAIT, shift_duration=0.16, step_duration=0.36, linear_slew=0.4)
SOLES = Soles(np.array([[0.0, 0.085, 0.0, 0.0], [0.0, -0.085, 0.0, 0.0]]))
DT = 0.008
STILL = VelocityCommand()


def standing_clock():
    clock = GaitClock(GAIT, base_behind=0.05)
    clock.reset(0.0, SOLES)
    return clock


def tick(clock, velocity, dcm=(0.0, 0.0), yaw=0.0):
    dt = clock.advance_to(clock.now + DT)
    gait = clock.follow_command(clock.gait, velocity, yaw, dt)
    body = Body(yaw, np.zeros(2), lambda gait: np.array(dcm))
    clock.gait, turn = clock.move_on(gait, SOLES, body, gait.support_pose[:2])
    return turn


def turns(clock, velocity, seconds, **body):
    found = [(clock.now + DT, tick(clock, velocity, **body)) for _ in range(round(seconds / DT))]
    return [(time, turn) for time, turn in found if turn is not Turn.NONE]


def test_nothing_asked_and_it_stands_on():
    clock = standing_clock()
    assert turns(clock, STILL, 1.0) == []
    assert clock.gait.mode == Mode.STAND


def test_a_velocity_begins_a_weight_shift_and_then_steps_at_their_times():
    clock = standing_clock()
    found = turns(clock, VelocityCommand(0.4), 1.0)
    assert [turn for _, turn in found] == [Turn.BEGAN, Turn.LANDED, Turn.LANDED, Turn.LANDED]
    times = [time for time, _ in found]
    # the shift lasts 0.16 s, each step 0.36 s, all of them whole periods of 8 ms
    assert np.diff(times) == pytest.approx([0.16, 0.36, 0.36])
    assert clock.gait.steps == 3


def test_feet_take_turns():
    clock = standing_clock()
    tick(clock, VelocityCommand(0.4))
    landed = [tick(clock, VelocityCommand(0.4)) is Turn.LANDED and clock.gait for _ in range(200)]
    supports = [gait.support for gait in landed if gait]
    assert len(supports) >= 4
    assert all(a != b for a, b in pairwise(supports))


def test_after_a_stop_it_stands_at_a_touchdown():
    clock = standing_clock()
    turns(clock, VelocityCommand(0.4), 1.5)
    found = turns(clock, STILL, 2.5)
    assert found[-1][1] is Turn.STOOD
    assert clock.gait.mode == Mode.STAND


def test_a_body_that_is_about_to_fall_begins_a_step_though_nothing_is_asked():
    clock = standing_clock()
    assert turns(clock, STILL, 0.1, dcm=(0.2, 0.0))[0][1] is Turn.BEGAN


def test_the_heading_asked_for_does_not_run_away_from_the_body():
    clock = standing_clock()
    turns(clock, VelocityCommand(0.0, 0.0, 0.9), 4.0, yaw=0.0)
    assert clock.gait.yaw == pytest.approx(0.4)


def test_the_centre_of_mass_moves_sideways_when_the_base_behind_it_turns():
    assert standing_clock().at_com(np.array([0.3, 0.1, 0.4])) == pytest.approx([0.3, 0.12])


def test_a_late_estimate_passes_no_time_and_after_lost_ones_a_tenth_of_a_second_at_most():
    clock = standing_clock()
    clock.advance_to(1.0)
    assert clock.advance_to(0.5) == 0.0
    assert clock.advance_to(3.0) == pytest.approx(0.1)


def test_a_gait_is_taken_over_in_mid_step():
    walking = standing_clock()
    turns(walking, VelocityCommand(0.4), 0.5)
    other = GaitClock(GAIT, base_behind=0.05)
    other.adopt(walking.gait, walking.now)
    for _ in range(60):
        assert tick(other, VelocityCommand(0.4)) is tick(walking, VelocityCommand(0.4))
        assert (other.gait.support, other.gait.steps) == (walking.gait.support, walking.gait.steps)
