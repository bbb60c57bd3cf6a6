"""Joints that somebody else moves: what their drives are to do, whoever drives the robot."""

from __future__ import annotations

import math

import numpy as np

from wm_bringup.faults.fault import ROUNDING
from wm_bringup.scenarios.scenario import TakenJoints
from wm_control.errors import ParameterError
from wm_control.robot.description import RobotDescription
from wm_control.types import Array


def indices_of(taken: TakenJoints | None, description: RobotDescription) -> tuple[int, ...]:
    """Return the places of taken joints; ParameterError for one that the robot has not."""
    names = () if taken is None else taken.joints
    for index, name in enumerate(names):
        if name not in description.joint_names:
            expected = f"must be a joint of '{description.name}'"
            raise ParameterError(f"taken.joints.{index}", name, expected)
    return tuple(description.joint_names.index(name) for name in names)


class TakenCourse:
    """Where taken joints are to be, over time. indices: their places among all joints."""

    def __init__(self, taken: TakenJoints, description: RobotDescription) -> None:
        """ParameterError for a joint that the robot has not."""
        self.indices = np.array(indices_of(taken, description), dtype=np.intp)
        self._period = taken.period
        self._times = np.array(taken.times)
        self._positions = np.array(taken.positions)

    def at(self, time: float, begun: Array) -> Array:
        """Positions at ``time`` [s]; without a course those that they ``begun`` with [rad]."""
        if not self._times.size:
            return begun
        read = self._period * math.floor((time + ROUNDING) / self._period)
        return np.array([np.interp(read, self._times, course) for course in self._positions.T])
