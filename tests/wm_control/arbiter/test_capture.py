"""How far steps still catch the robot, on a pendulum that doubles its distance in 0.25 s."""

from __future__ import annotations

import math
from math import cos, log, sin

import numpy as np
import pytest

from wm_control.arbiter.capture import (
    Reach,
    Sole,
    capture_margin,
    capture_rectangle,
    capture_region,
)
from wm_control.types import LEFT, RIGHT

DOUBLES = log(2.0) / 0.25
"""Natural frequency at which exp(omega 0.25 s) = 2 [1/s]."""

REACH = Reach(length=0.6, near=0.1, far=0.5, swing_speed=2.8, sole=(0.075, 0.0225))
STANCE = Sole(LEFT, (0.0, 0.0, 0.0), 0.0)


def margin(dcm, swing, stance=STANCE) -> float:
    return capture_margin(dcm, DOUBLES, stance, (*swing, 0.0), REACH)


def test_over_the_sole_the_nearest_edge_is_the_one_that_a_cross_over_would_need():
    """Landing at 0.1 outward; one more step of 0.5 catches 0.0225 + 0.5 / 2 beyond: 0.1725 left."""
    assert margin((0.0, 0.0), (0.0, -0.2)) == pytest.approx(0.1725)


def test_what_is_0_4_beyond_the_toe_is_0_8_beyond_it_when_the_foot_lands():
    """From 0.3 behind, 0.7 in 0.25 s: lands at 0.4, which with sole and half a step is 0.775.

    0.075 + 2 * 0.4 = 0.875 is 0.1 too far, and sooner the foot is not even there.
    """
    assert margin((0.475, -0.1), (-0.3, -0.2)) == pytest.approx(0.775 - 0.875)


def test_a_foot_that_is_already_ahead_catches_more():
    """Best at 0.15 s: as far as legs reach, 0.6 + 0.375, with the DCM at 0.075 + 0.4 * 2**0.6."""
    soon = 0.975 - 0.075 - 0.4 * 2**0.6
    assert margin((0.475, -0.1), (0.3, -0.2)) == pytest.approx(soon)


def test_a_fall_away_from_the_swinging_foot_is_caught_by_the_step_after():
    """0.1 over the outer edge: 0.1149 at 0.05 s, and 0.1725 less the half width is caught."""
    caught = 0.1725 - 0.0225 - 0.1 * 2**0.2
    assert margin((0.0, 0.1225), (0.0, -0.2)) == pytest.approx(caught)


@pytest.mark.parametrize("dcm", [(0.3, -0.1), (-0.4, 0.05), (0.0, -0.6), (0.8, 0.2)])
def test_mirrored_robots_have_the_same_margin(dcm):
    mirrored = Sole(RIGHT, (0.0, 0.0, 0.0), 0.0)
    here = margin(dcm, (0.1, -0.2))
    assert margin((dcm[0], -dcm[1]), (0.1, 0.2), mirrored) == pytest.approx(here)


def test_it_is_the_same_wherever_the_robot_stands_and_whatever_it_faces():
    def moved(x: float, y: float) -> tuple[float, float]:
        c, s = cos(1.2), sin(1.2)
        return 3.0 + c * x - s * y, -1.0 + s * x + c * y

    stance = Sole(LEFT, (3.0, -1.0, 0.4), 1.2)
    here = margin((0.3, -0.15), (-0.2, -0.2))
    there = margin(moved(0.3, -0.15), moved(-0.2, -0.2), stance)
    assert there == pytest.approx(here)


def test_every_way_out_makes_it_smaller():
    for ahead, aside in ((1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)):
        told = [margin((ahead * far, aside * far), (0.0, -0.2)) for far in (0.3, 0.6, 0.9)]
        assert told == sorted(told, reverse=True)
        assert told[-1] < 0.0


def test_a_state_that_is_not_finite_has_no_margin_to_rely_on():
    assert not margin((float("nan"), 0.0), (0.0, -0.2)) >= 0.0


@pytest.mark.parametrize("foot", [LEFT, RIGHT])
@pytest.mark.parametrize("swing", [(0.0, -0.2), (-0.3, -0.25), (0.4, 0.3)])
def test_the_capture_region_ends_where_the_margin_is_zero(foot, swing):
    """Along rays from the middle of the largest rectangle, whichever way the robot stands."""
    stance, feet = Sole(foot, (1.0, -2.0, 0.0), 0.7), (1.0 + swing[0], -2.0 + swing[1], 0.0)
    rectangles = capture_region(DOUBLES, stance, feet, REACH)
    assert len(rectangles) == 3
    for a, b, c, d in rectangles:
        middle = ((a[0] + c[0]) / 2.0, (a[1] + c[1]) / 2.0)
        for corner in (a, b, c, d):
            inside = [m + 0.999 * (k - m) for m, k in zip(middle, corner, strict=True)]
            assert capture_margin(tuple(inside), DOUBLES, stance, feet, REACH) > 0.0
    span = max(math.dist(r[0], r[2]) for r in rectangles)
    a, _, c, _ = max(rectangles, key=lambda r: math.dist(r[0], r[2]))
    beyond = [c[k] + 2.0 * span * (c[k] - a[k]) for k in range(2)]
    assert capture_margin(tuple(beyond), DOUBLES, stance, feet, REACH) < 0.0


def test_over_one_landing_the_margin_at_an_edge_of_its_rectangle_is_none():
    """A foot that cannot land sooner: every rectangle but the last lies within it."""
    swing = (0.0, -0.2, 0.0)
    rectangles = capture_region(DOUBLES, STANCE, swing, REACH)
    front = max(point[0] for corners in rectangles for point in corners)
    assert margin((front, -0.1), swing[:2]) == pytest.approx(0.0, abs=1e-9)
    assert margin((front + 0.01, -0.1), swing[:2]) < 0.0
    assert margin((front - 0.01, -0.1), swing[:2]) > 0.0


@pytest.mark.parametrize("foot", [LEFT, RIGHT])
@pytest.mark.parametrize("dcm", [(0.0, 0.0), (0.475, -0.1), (-0.3, 0.05)])
def test_on_the_edge_of_the_region_the_margin_of_its_landing_is_zero(foot, dcm):
    """Beyond it no other landing may catch more, so that the margin there is at least zero."""
    stance = Sole(foot, (3.0, -1.0, 0.4), 1.2)
    corners = np.array(capture_rectangle(dcm, DOUBLES, stance, (3.1, -1.2, 0.0), REACH))
    inside = corners.mean(axis=0)
    for edge in (0.5 * (corners + np.roll(corners, 1, axis=0))).tolist():
        near = [0.999 * e + 0.001 * c for e, c in zip(edge, inside.tolist(), strict=True)]
        there = capture_margin((edge[0], edge[1]), DOUBLES, stance, (3.1, -1.2, 0.0), REACH)
        within = capture_margin((near[0], near[1]), DOUBLES, stance, (3.1, -1.2, 0.0), REACH)
        assert there > -1e-9
        assert within > 0.0
