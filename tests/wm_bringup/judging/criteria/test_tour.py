"""Criteria of a tour, on motions worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from made_up_records import march

from wm_bringup.judging.criteria import motion, tour
from wm_bringup.judging.criteria.table import measure
from wm_bringup.record.run_record import TICKS, TIME
from wm_control.types import Action


def record(targets, actions=Action.NOMINAL, **facts):
    """0.5 m/s straight ahead; targets: x for each half of the looks."""
    made = march(speed=0.5).with_facts(**facts)
    n = len(made)
    pose = np.zeros((n, 3))
    pose[:, 0] = np.where(np.arange(n) < n // 2, *targets)
    ticks = {TICKS: made[TIME], "action": np.full(n, actions, dtype=np.int16)}
    return made.with_columns(target_pose=pose, **ticks)


def test_a_waypoint_counts_when_the_robot_was_there_while_it_was_asked_for():
    half = march(speed=0.5)["base_position"][:, 0][len(march(speed=0.5)) // 2]
    passed = record((0.5 * half, 2.0 * half))
    assert tour.waypoints_reached(passed) == 1 + (passed["base_position"][-1, 0] > 2.0 * half - 0.1)
    assert tour.waypoints_reached(record((2.0 * half, 0.5 * half))) == 0  # at the wrong time


def test_distances_are_those_when_the_time_of_each_waypoint_was_up():
    made = record((1.0, 3.0))
    x = made["base_position"][:, 0]
    n = len(made)
    expected = 0.5 * (abs(1.0 - x[n // 2 - 1]) + abs(3.0 - x[-1]))
    assert tour.waypoint_distance(made) == pytest.approx(expected, abs=1e-6)
    assert tour.waypoint_turn(made) == pytest.approx(0.0, abs=1e-9)


def test_a_tour_is_completed_without_a_fall_and_with_a_driver_at_its_end():
    assert tour.completed(record((1.0, 3.0)))
    assert not tour.completed(record((1.0, 3.0), fall="base height"))
    assert not tour.completed(record((1.0, 3.0), actions=Action.FALL_POSTURE))
    assert not tour.completed(record((1.0, 3.0), actions=Action.DAMPING))


def test_the_seconds_of_a_run_are_those_to_the_fall_or_to_the_end():
    made = record((1.0, 3.0))
    whole = made[TIME][-1] - made[TIME][0]
    assert motion.seconds(made) == pytest.approx(whole)
    fell = record((1.0, 3.0), fall="base height", fell_at=float(made[TIME][0]) + 1.25)
    assert motion.seconds(fell) == pytest.approx(1.25)


def test_of_a_run_without_a_tour_nothing_is_said():
    assert not set(measure(march())) & {"completed", "waypoints_reached", "waypoint_distance"}
