"""Tour, punches and arms that are drawn by the C++ standard's generator, in that order."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wm_bringup.judging.drawn_tour import DrawnPunches, DrawnTour, _Sight
from wm_bringup.judging.standard_random import StandardTwister
from wm_bringup.judging.suite import load_suite
from wm_control.robot.description import load_robot


def test_a_waypoint_is_drawn_as_radius_bearing_and_heading():
    one = DrawnTour(stream=2, count=18, radius=0.75, center=(0.3, 0.0)).draw(0)[0]
    # words 3825457058, 706492411, 2134599173: 0.890684, 0.164493, 0.497000 of one
    away, bearing = 0.75 * math.sqrt(0.890684), 2.0 * math.pi * 0.164493
    assert one.x == pytest.approx(0.3 + away * math.cos(bearing), abs=1e-5)
    assert one.y == pytest.approx(away * math.sin(bearing), abs=1e-5)
    assert one.yaw == pytest.approx(2.0 * math.pi * 0.497000, abs=1e-5)  # below pi: not wrapped


def test_a_punch_is_drawn_as_joint_axes_direction_and_force():
    drawn = DrawnPunches(
        stream=3, count=2, joints=tuple("abc"), largest=500.0, from_share=1.0 / 3.0
    )
    first, second = drawn.draw(0)
    # words 3539355048, 3588981988, 457394217, 3561072316, 4120273142
    # joint: 3539355048 // (2^32 // 3) = 2; axes: the second half, child
    assert (first.joint, first.axes) == ("c", "child")
    # height -1 + 2 * 0.106496 = -0.787008, angle 2 pi 0.829127, force 500 / 3 (0.5 + 0.959326 / 2)
    size, z, angle = 500.0 / 3.0 * 0.979663, -0.787008, 2.0 * math.pi * 0.829127
    across = size * math.sqrt(1.0 - z * z)
    expected = (across * math.cos(angle), across * math.sin(angle), size * z)
    assert first.force == pytest.approx(expected, abs=1e-3)
    assert (first.at, first.duration, second.at) == (0.1, 0.08, 5.1)


def test_punches_grow_for_a_minute_and_stay_within_a_half_and_all_of_the_largest():
    drawn = DrawnPunches(stream=3, count=18, joints=("a",), largest=500.0, from_share=1.0 / 3.0)
    for seed in range(20):
        for k, punch in enumerate(drawn.draw(seed)):
            ceiling = 500.0 * (1.0 + 2.0 * min(k / 12.0, 1.0)) / 3.0
            assert 0.5 * ceiling <= np.linalg.norm(punch.force) <= ceiling


def test_arms_set_out_every_half_second_mirror_each_other_and_keep_their_hands_in_sight():
    suite = load_suite("teleop90")
    drawn = suite.cases[0].draws.arms
    taken = drawn.draw(5, 90.0, "g1")
    positions, signs = np.array(taken.positions), np.array(drawn.signs)
    assert taken.times[:3] == pytest.approx((-0.02, 0.48, 0.98))
    assert len(taken.times) == 181
    np.testing.assert_allclose(positions[0, :7], drawn.start)
    np.testing.assert_array_equal(positions[:, 7:], signs * positions[:, :7])
    assert 0.05 < np.abs(np.diff(positions[:, :7], axis=0)).max() <= 25 * 0.06
    sight = _Sight(drawn, load_robot("g1"))
    assert all(sight.allows(arm) for arm in positions[:, :7])


def test_of_a_random_walk_the_first_tick_takes_the_first_numbers():
    drawn = load_suite("teleop90").cases[0].draws.arms
    sight = _Sight(drawn, load_robot("g1"))
    twister, again = StandardTwister(7, 4), StandardTwister(7, 4)
    steps = 0.06 * (2.0 * again.units(25 * 7).reshape(25, 7) - 1.0)
    end = sight.walk(np.array(drawn.start), twister)
    # far from the joints' limits it is the sum of the steps
    np.testing.assert_allclose(end[2], drawn.start[2] + steps[:, 2].sum(), atol=1e-12)
    assert twister.unit() == again.unit()  # and no number more was drawn


def test_everybody_meets_the_same_tour_and_only_taken_arms_differ_between_the_cases():
    suite = load_suite("teleop90")
    taken, free = (suite.scenario_of(case, 3) for case in suite.cases)
    assert taken.tour == free.tour
    assert taken.punches == free.punches
    assert len(taken.tour.waypoints) == len(taken.punches) == 18
    assert free.taken is None
    assert taken.taken.joints[0] == "left_shoulder_pitch_joint"
