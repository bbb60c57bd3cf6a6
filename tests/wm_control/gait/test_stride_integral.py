"""What is learned of the difference between the velocity that was asked for and the one reached."""

import math
from dataclasses import replace

import numpy as np
import pytest
from robot_parameters import GAIT as G1_GAIT

from wm_control.gait.stride_integral import StrideIntegral

GAIT = replace(G1_GAIT, velocity_integral=0.2, velocity_integral_limit=0.15)


def walk(integral, bias, *, yaw=0.0, steps=80, command=(0.5, 0.0)):
    """Correction after every step of a robot that is ``bias`` slower than asked, in its heading."""
    rotation = np.array([[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]])
    correction, com, now = np.zeros(2), np.zeros(2), 0.0
    corrections = []
    for step in range(steps):
        sway = np.array([0.0, 0.05 * (-1.0) ** step])
        for _ in range(45):
            integral.advance(np.array(command), yaw, 0.008)
            com = com + 0.008 * rotation @ (np.array(command) + correction - np.array(bias))
            now += 0.008
        correction = integral.touchdown(now, com + rotation @ sway, yaw, correction)
        corrections.append(correction)
    return np.array(corrections)


@pytest.mark.parametrize("yaw", [0.0, 1.2, -2.5])
@pytest.mark.parametrize("bias", [(0.05, 0.0), (-0.03, 0.02)])
def test_the_integral_removes_a_constant_bias_in_the_robots_own_heading(bias, yaw):
    np.testing.assert_allclose(walk(StrideIntegral(GAIT), bias, yaw=yaw)[-1], bias, atol=1e-3)


def test_the_integral_learns_nothing_from_a_robot_that_does_as_asked():
    # It sways sideways from step to step, which a whole stride averages out.
    np.testing.assert_allclose(walk(StrideIntegral(GAIT), (0.0, 0.0)), 0.0, atol=1e-12)


def test_the_integral_waits_for_a_whole_stride():
    corrections = walk(StrideIntegral(GAIT), (0.05, 0.0), steps=3)
    np.testing.assert_allclose(corrections[:2], 0.0)
    np.testing.assert_allclose(corrections[2], [0.2 * 0.05, 0.0], atol=1e-12)


def test_what_the_integral_learns_is_limited():
    corrections = walk(StrideIntegral(GAIT), (0.5, -0.5))
    np.testing.assert_allclose(corrections[-1], [0.15, -0.15])


def test_a_reset_forgets_the_strides():
    integral = StrideIntegral(GAIT)
    walk(integral, (0.05, 0.0))
    integral.reset()
    np.testing.assert_allclose(walk(integral, (0.05, 0.0), steps=2), 0.0)
