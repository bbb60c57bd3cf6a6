"""A tour's outer loop: from where the robot truly is to the velocity that is asked for.

    e = R(heading)^T (waypoint - position),   v = gain e,   rate = yaw_gain (yaw - heading)

each within its bounds, and zero once the waypoint is reached until it is left again. It stands for
an operator who watches the robot; what it sees is the truth, not the robot's own belief.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from wm_bringup.faults.fault import ROUNDING
from wm_bringup.scenarios.scenario import Tour, Waypoint
from wm_control.types import VelocityCommand


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a robot is: x, y [m] and heading [rad] in the world."""

    x: float
    y: float
    heading: float

    def seen_from_here(self, waypoint: Waypoint) -> Pose:
        """Return a waypoint that is told from this pose, in the world."""
        cos, sin = math.cos(self.heading), math.sin(self.heading)
        return Pose(
            self.x + waypoint.x * cos - waypoint.y * sin,
            self.y + waypoint.x * sin + waypoint.y * cos,
            self.heading + waypoint.yaw,
        )


class TourFollower:
    """Asks for velocities, waypoint after waypoint. target: where to, in the world."""

    def __init__(self, tour: Tour, begin: Pose) -> None:
        """begin: from where the waypoints are told."""
        self._tour = tour
        self._targets = [begin.seen_from_here(waypoint) for waypoint in tour.waypoints]
        self.target = self._targets[0]
        self._index = 0
        self._there = self._faces = False
        self._due = 0.0
        self._asked = VelocityCommand()

    def ask(self, now: float, pose: Pose) -> VelocityCommand:
        """Return the velocity asked for at ``now`` [s]; it is computed anew once a period."""
        if now >= self._due - ROUNDING:
            self._due += self._tour.period
            self._turn_to(int((now + ROUNDING) / self._tour.every))
            self._asked = self._towards(pose)
        return self._asked

    def _turn_to(self, index: int) -> None:
        """Go for this waypoint; after the last one stay there."""
        index = min(index, len(self._targets) - 1)
        if index != self._index:
            self._index, self.target = index, self._targets[index]
            self._there = self._faces = False

    def _towards(self, pose: Pose) -> VelocityCommand:
        tour, target = self._tour, self.target
        dx, dy = target.x - pose.x, target.y - pose.y
        away = math.hypot(dx, dy)
        turn = math.remainder(target.heading - pose.heading, 2.0 * math.pi)
        self._there = away <= tour.left if self._there else away < tour.reached
        self._faces = abs(turn) <= tour.yaw_left if self._faces else abs(turn) < tour.yaw_reached
        cos, sin = math.cos(pose.heading), math.sin(pose.heading)
        gain = 0.0 if self._there else tour.gain
        return VelocityCommand(
            _within(gain * (cos * dx + sin * dy), tour.x),
            _within(gain * (cos * dy - sin * dx), tour.y),
            _within(0.0 if self._faces else tour.yaw_gain * turn, tour.yaw),
        )


def _within(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])
