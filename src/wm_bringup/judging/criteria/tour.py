"""Criteria of a tour: did the robot get through, where to, and how near to its waypoints."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wm_bringup.judging.criteria.criterion import Value, criterion
from wm_bringup.record.run_record import RunRecord
from wm_bringup.record.strides import yaw_of
from wm_control.types import Action, Array

THERE, FACING = 0.10, 0.05
"""A waypoint is reached within this distance [m] and this error of the heading [rad]."""


@criterion("", more_is_better=True)
def completed(record: RunRecord) -> Value:
    """Whether a tour was walked to its end: no fall, and a driver still had the robot."""
    record["target_pose"]
    return not record.facts.fall and bool(record["action"][-1] < Action.SAFE_POSTURE)


@criterion("", "mean", more_is_better=True)
def waypoints_reached(record: RunRecord) -> Value:
    """At how many waypoints the robot was, within 0.10 m and 0.05 rad, while they were asked."""
    distance, turn = _errors(record)
    there = (distance < THERE) & (turn < FACING)
    return sum(bool(there[rows].any()) for rows in _legs(record))


@criterion("m")
def waypoint_distance(record: RunRecord) -> Value:
    """Mean distance from the waypoints when their time was up, or when the robot fell."""
    distance, _ = _errors(record)
    return float(np.mean([distance[rows[-1]] for rows in _legs(record)]))


@criterion("rad")
def waypoint_turn(record: RunRecord) -> Value:
    """Mean error of the heading at the waypoints when their time was up, or at the fall."""
    _, turn = _errors(record)
    return float(np.mean([turn[rows[-1]] for rows in _legs(record)]))


def _errors(record: RunRecord) -> tuple[Array, Array]:
    """Distance [m] and absolute error of the heading [rad] at every look, (k,) each."""
    target = record["target_pose"]
    away = target[:, :2] - record["base_position"][:, :2]
    turn = target[:, 2] - yaw_of(record["base_orientation"])
    wrapped = (turn + np.pi) % (2.0 * np.pi) - np.pi
    return np.hypot(away[:, 0], away[:, 1]), np.abs(wrapped)


def _legs(record: RunRecord) -> list[NDArray[np.intp]]:
    """Group the looks at the truth by waypoint."""
    target = record["target_pose"]
    begins = np.flatnonzero((np.diff(target, axis=0) != 0.0).any(axis=1)) + 1
    return np.split(np.arange(len(target)), begins)
