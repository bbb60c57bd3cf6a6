"""How far away a camera has to be to see all of a robot, and where it looks: by its size."""

from __future__ import annotations

from wm_bringup.robots.simulation.truth import TrueKinematics
from wm_control.robot.description import RobotDescription

_KNOWN = 0.7287
"""Height at which the base of the G1 stands, for which all distances and heights here are [m]."""

DISTANCE = 2.2
"""From the robot to a camera that sees all of it [m]."""

LOOKED_AT = 0.65
"""Height of what a camera looks at that stands still [m]."""


def size_of(description: RobotDescription) -> float:
    """Size of a robot beside the G1, by how high its base stands; to a thousandth: the G1 is 1."""
    height = TrueKinematics(description).standing_height(description.default_position)
    return round(height / _KNOWN, 3)
