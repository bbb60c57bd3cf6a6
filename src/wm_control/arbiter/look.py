"""One look at the robot: what the arbiter takes from the full model, once per cycle, as floats."""

from __future__ import annotations

from dataclasses import dataclass
from math import acos, atan2, isfinite, sqrt

from wm_control.constants import GRAVITY
from wm_control.fast_init import fast_init
from wm_control.robot.description import RobotDescription
from wm_control.robot.model import RobotModel
from wm_control.types import LEFT, RIGHT, Array, Estimate
from wm_control.vector3 import Vector3, cross, minus, plus, vector3

Wrench = tuple[Vector3, Vector3]

_LEAST_HEIGHT = 0.1
"""Of the centre of mass above a sole, where it is divided by [m]."""


@fast_init
@dataclass(frozen=True, slots=True)
class Look:
    """Where a robot of finite numbers is and how it moves; positions and vectors in world axes.

    stamp: [s]. base: height of base_link above the lower sole [m]. com: [m]. linear, angular:
    momentum, about the centre of mass [kg·m/s], [kg·m²/s]. soles: (left, right) positions [m],
    yaws [rad], tilts from the horizontal [rad] and wrenches of the ground [N], [N·m]. mass: [kg].
    """

    stamp: float
    base: float
    com: Vector3
    linear: Vector3
    angular: Vector3
    soles: tuple[Vector3, Vector3]
    yaws: tuple[float, float]
    tilts: tuple[float, float]
    wrenches: tuple[Wrench, Wrench]
    mass: float

    @property
    def carrying(self) -> int:
        """Foot that carries more."""
        return RIGHT if self.wrenches[RIGHT][0][2] > self.wrenches[LEFT][0][2] else LEFT

    def height_above(self, foot: int) -> float:
        """Of the centre of mass above a sole [m]."""
        return max(self.com[2] - self.soles[foot][2], _LEAST_HEIGHT)

    def omega(self, foot: int) -> float:
        """Natural frequency of the pendulum that stands on a foot [1/s]."""
        return sqrt(GRAVITY / self.height_above(foot))

    def dcm(self, foot: int) -> tuple[float, float]:
        """Divergent component of the pendulum that stands on a foot, x and y [m].

        Its velocity is that of the angular momentum about the sole, see ``mpc.template``.
        """
        arm = minus(self.com, self.soles[foot])
        moment = plus(self.angular, 1.0, cross(arm, self.linear))
        scale = 1.0 / (self.mass * self.height_above(foot) * self.omega(foot))
        return self.com[0] + scale * moment[1], self.com[1] - scale * moment[0]


class Looker:
    """Takes looks at one robot, on a model of its own."""

    def __init__(self, description: RobotDescription) -> None:
        """Build the model."""
        self.robot = robot = RobotModel(description)
        places = [robot.data.oMf[frame] for frame in robot.sole_ids]
        self._soles = [(place.translation, place.rotation) for place in places]

    def __call__(self, estimate: Estimate) -> Look | None:
        """Look at an estimate; None where it is not finite."""
        robot = self.robot
        robot.update_kinematics(estimate)
        (left, right) = rows = estimate.foot_wrench.tolist()
        if not robot.is_finite or not isfinite(sum(map(sum, rows))):
            return None
        (one, yaw, tilt), (other, other_yaw, other_tilt) = (
            (vector3(position.tolist()), atan2(rotation[1, 0], rotation[0, 0]), _tilt(rotation))
            for position, rotation in self._soles
        )
        momentum = robot.momentum.tolist()
        return Look(
            estimate.stamp,
            float(robot.q[2]) - min(one[2], other[2]),
            vector3(robot.com.tolist()),
            vector3(momentum[:3]),
            vector3(momentum[3:]),
            (one, other),
            (yaw, other_yaw),
            (tilt, other_tilt),
            (_wrench(left), _wrench(right)),
            robot.mass,
        )


def _tilt(rotation: Array) -> float:
    return acos(max(-1.0, min(1.0, float(rotation[2, 2]))))


def _wrench(row: list[float]) -> Wrench:
    return vector3(row[:3]), vector3(row[3:])
