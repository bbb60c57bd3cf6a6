"""How fast a robot may be asked to walk, by the speeds of its legs' joints.

The nominal swing is run through inverse kinematics: minimum jerk along the ground from where the
foot was left to where it lands, over the apex and down again, while the body glides on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wm_control.robot.description import RobotDescription
from wm_control.robot.model import legs_of
from wm_control.robot.posture import FeetGoal
from wm_control.types import LEFT, RIGHT, Array

SPEED_SHARE = 0.8
"""Of a joint's speed limit that the nominal swing may take; steps against pushes need the rest."""

_SAMPLES = 24
_APEX_AT = 0.45
"""Of the swing."""


@dataclass(frozen=True, slots=True)
class Swing:
    """A nominal step: times [s], apex [m], and hip heights [m] standing and at ``fast_speed``."""

    step_duration: float
    double_support: float
    apex: float
    standing: float
    fast: float
    fast_speed: float

    def hip_height(self, speed: float) -> float:
        """Height of the hip above the stance sole when walking at a speed [m/s], in m."""
        share = min((speed / self.fast_speed) ** 2, 1.0)
        return self.standing + share * (self.fast - self.standing)


def fastest(description: RobotDescription, swing: Swing, most: float) -> float:
    """Forward speed [m/s] at which the first joint of a leg is at its share of its speed limit.

    most: what nobody asks beyond [m/s]. The legs' speeds grow nearly linearly with the robot's, so
    two evaluations are enough.
    """
    speed = most
    for _ in range(2):
        share = max(needed_share(description, swing, speed, foot) for foot in _unlike(description))
        speed = min(most, speed * SPEED_SHARE / share)
    return speed


def _unlike(description: RobotDescription) -> tuple[int, ...]:
    """Feet whose legs are to be looked at: one of two that are as quick."""
    left, right = (description.velocity_limit[own] for own in legs_of(description).indices)
    return (LEFT,) if np.array_equal(left, right) else (LEFT, RIGHT)


def needed_share(
    description: RobotDescription, swing: Swing, speed: float, leg: int = LEFT
) -> float:
    """Largest share of its speed limit that a joint of a leg needs in its swing at a speed [m/s].

    Where the legs do not reach they come as near as they can.
    """
    legs = legs_of(description)
    joints = [np.asarray(description.default_position)]
    legs.place(joints[0])
    sides = tuple(float(legs.sole(foot).translation[1]) for foot in range(2))
    ahead = float(legs.data.com[0][0])
    air = swing.step_duration - swing.double_support
    for share in np.linspace(0.0, 1.0, _SAMPLES):
        now = share * air
        foot = -0.5 * speed * (swing.step_duration + swing.double_support) - speed * now
        foot += 2.0 * speed * swing.step_duration * _smooth(share)
        stance = 0.5 * speed * (swing.step_duration - swing.double_support) - speed * now
        up = swing.apex * _bump(share)
        swinging, standing = (foot, sides[leg], up), (stance, sides[1 - leg], 0.0)
        feet = (swinging, standing) if leg == LEFT else (standing, swinging)
        goal = FeetGoal(feet, swing.hip_height(speed), ahead)
        joints.append(legs.solve(joints[-1], goal).joints)
    own = legs.indices[leg]
    speeds: Array = np.abs(np.diff(np.array(joints[1:]), axis=0)) / (air / (_SAMPLES - 1))
    return float(np.max(speeds[:, own] / description.velocity_limit[own]))


def _smooth(share: float) -> float:
    """Minimum jerk from 0 to 1 (Flash and Hogan 1985)."""
    return float(share**3 * (10.0 - 15.0 * share + 6.0 * share**2))


def _bump(share: float) -> float:
    """Up to 1 at the apex and down again, either way with minimum jerk."""
    if share < _APEX_AT:
        return _smooth(share / _APEX_AT)
    return _smooth((1.0 - share) / (1.0 - _APEX_AT))
