"""What is asked of the gait, slewed."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from robot_parameters import GAIT as G1_GAIT

from wm_control.gait.velocity import slew
from wm_control.types import VelocityCommand

GAIT = replace(G1_GAIT, linear_slew=0.4, angular_slew=1.0)
NUMBERS = st.floats(-5.0, 5.0)


def test_a_step_of_the_command_becomes_a_straight_ramp():
    # 0.5 m/s take 1.25 s at 0.4 m/s², more than the other axes need: 0.1 s is 8 % of the way
    now = slew(np.zeros(3), VelocityCommand(0.5, -0.2, 0.8), GAIT, 0.1)
    np.testing.assert_allclose(now, [0.04, -0.016, 0.064])


def test_the_axis_that_needs_longest_sets_the_pace():
    # turning by 0.9 rad/s takes 0.9 s at 1 rad/s², 0.2 m/s would take 0.5 s
    now = slew(np.array([0.4, 0.0, 0.0]), VelocityCommand(0.2, 0.0, 0.9), GAIT, 0.1)
    np.testing.assert_allclose(now, [0.4 - 0.2 / 9.0, 0.0, 0.1])


def test_no_time_is_no_change():
    now = np.array([0.3, -0.1, 0.2])
    np.testing.assert_array_equal(slew(now, VelocityCommand(), GAIT, 0.0), now)
    np.testing.assert_array_equal(slew(now, VelocityCommand(0.3, -0.1, 0.2), GAIT, 0.0), now)


def test_the_ramp_ends_at_the_command():
    now = np.zeros(3)
    for _ in range(40):
        now = slew(now, VelocityCommand(0.5, -0.2, 0.8), GAIT, 0.1)
    np.testing.assert_allclose(now, [0.5, -0.2, 0.8], atol=1e-12)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("entry", range(3))
def test_a_command_that_is_not_finite_counts_as_zero(bad, entry):
    command = [0.5, 0.2, 0.3]
    command[entry] = bad
    now = slew(np.array([0.5, 0.2, 0.3]), VelocityCommand(*command), GAIT, 0.1)
    np.testing.assert_allclose(now, [0.46, 0.184, 0.276])  # 8 % of the way to a stop


@settings(deadline=None)
@given(x=NUMBERS, y=NUMBERS, turn=NUMBERS, dt=st.floats(0.0, 0.1))
def test_the_slew_rate_holds_for_any_command(x, y, turn, dt):
    now = np.array([0.3, -0.1, 0.2])
    change = np.abs(slew(now, VelocityCommand(x, y, turn), GAIT, dt) - now)
    assert (change <= dt * np.array([0.4, 0.4, 1.0]) + 1e-12).all()
