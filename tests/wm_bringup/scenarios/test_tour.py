"""A tour's outer loop: from where the robot is to what is asked of it."""

from __future__ import annotations

import math

import pytest

from wm_bringup.scenarios.scenario import Tour, Waypoint
from wm_bringup.scenarios.tour import Pose, TourFollower
from wm_control.configuration.parameters import load_parameters
from wm_control.errors import ParameterError

BEGIN = Pose(0.0, 0.0, 0.0)
TWO = Tour(waypoints=(Waypoint(0.2, -0.1, 0.3), Waypoint(-0.1, 0.0, 0.0)))


def test_velocity_is_asked_in_proportion_to_the_distance_in_the_robots_own_axes():
    asked = TourFollower(TWO, BEGIN).ask(0.0, BEGIN)
    assert (asked.linear_x, asked.linear_y) == pytest.approx((1.5 * 0.2, 1.5 * -0.1))
    assert asked.angular_z == pytest.approx(1.5 * 0.3)
    # looking to the left, the waypoint is behind on the right: ahead -0.1, left -0.2
    asked = TourFollower(TWO, BEGIN).ask(0.0, Pose(0.0, 0.0, 0.5 * math.pi))
    assert (asked.linear_x, asked.linear_y) == pytest.approx((1.5 * -0.1, 1.5 * -0.2))
    assert asked.angular_z == -1.0  # 1.5 (0.3 - pi / 2) is beyond the bound


def test_waypoints_are_told_from_where_the_robot_began():
    begin = Pose(1.0, 2.0, 0.5 * math.pi)
    target = TourFollower(TWO, begin).target
    assert (target.x, target.y) == pytest.approx((1.1, 2.2))
    assert target.heading == pytest.approx(0.5 * math.pi + 0.3)


def test_nothing_is_asked_once_it_is_there_until_it_has_left_by_more():
    follower = TourFollower(Tour(waypoints=(Waypoint(0.0, 0.0, 0.0),)), BEGIN)
    asked = [
        follower.ask(0.02 * k, Pose(x, 0.0, yaw))
        for k, (x, yaw) in enumerate([(0.15, 0.1), (0.09, 0.04), (0.19, 0.11), (0.21, 0.13)])
    ]
    # 1.5 x 0.15 and 1.5 x 0.21, of which the robot looks away by 0.1 and 0.13 rad
    ahead = [-0.225 * math.cos(0.1), 0.0, 0.0, -0.315 * math.cos(0.13)]
    assert [a.linear_x for a in asked] == pytest.approx(ahead)
    assert [a.angular_z for a in asked] == pytest.approx([-0.15, 0.0, 0.0, -0.195])


def test_it_looks_once_a_period_and_goes_for_the_next_waypoint_in_time():
    follower = TourFollower(TWO, BEGIN)
    first = follower.ask(0.0, BEGIN)
    assert follower.ask(0.018, Pose(5.0, 5.0, 0.0)) == first
    for k in range(1, 251):
        asked = follower.ask(0.02 * k, BEGIN)
    assert asked.linear_x == pytest.approx(1.5 * -0.1)  # at 5 s
    assert follower.target.x == pytest.approx(-0.1)


def test_a_tour_whose_thresholds_do_not_leave_room_is_refused():
    with pytest.raises(ParameterError, match="beyond reached"):
        load_parameters(Tour, {"reached": 0.2, "left": 0.1})
