"""How the robot's balance stands, whoever drives it: what the arbiter measures by itself.

Two numbers from one look at the full model. Of who drives nothing is known, and nothing of plans:
only where the robot is, how it moves, and what the ground does to its soles.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import hypot, isfinite, nan
from typing import Protocol

from wm_control.constants import CONTROL_PERIOD, GRAVITY
from wm_control.robot.description import RobotDescription
from wm_control.robot.model import RobotModel
from wm_control.types import LEFT, RIGHT, Estimate
from wm_control.vector3 import ZERO, Vector3, cross, minus, plus, vector3

WINDOW = 0.02
"""Time in which an impulse is looked for [s]."""

_GAP = 2.5 * CONTROL_PERIOD
"""Estimates further apart say nothing of what happened in between [s]."""


@dataclass(frozen=True, slots=True)
class Balance:
    """Of one instant; NaN where the estimate is not finite.

    height: of the base above its lower sole [m]. impulse: horizontal, by which the robot moves
    otherwise than gravity and its soles explain, within the last ``WINDOW`` [N·s].
    """

    height: float
    impulse: float


UNDISTURBED = Balance(nan, 0.0)
"""Where nobody measured it."""


class BalanceObserver(Protocol):
    """Measures the balance, cycle after cycle."""

    def reset(self) -> None:
        """Forget the past."""

    def __call__(self, estimate: Estimate) -> Balance:
        """Take in the estimate of a cycle. Never raises."""


@dataclass(frozen=True, slots=True)
class _Sample:
    """Momentum, and its moment about the world's origin, less what is accounted for so far."""

    stamp: float
    linear: Vector3
    angular: Vector3


class MomentumObserver:
    """Tells pushes by the momentum that gravity and the ground's forces do not account for.

    Newton and Euler about a point on the ground, over the last ``WINDOW``, without any model of
    walking: the moment of momentum changes by the moments of weight and sole wrenches; the rest is
    what pushed the robot, and divided by the height of the centre of mass it is the impulse there.
    That is the residual of a momentum observer (De Luca et al. 2006), taken about the sole that
    carries more, where the horizontal forces of the ground, the least well known, have no arm.
    """

    def __init__(self, description: RobotDescription) -> None:
        """Build a model of its own."""
        self._robot = robot = RobotModel(description)
        self._soles = [robot.data.oMf[frame].translation for frame in robot.sole_ids]
        self._weight = GRAVITY * robot.mass
        self._past: deque[_Sample] = deque(maxlen=round(WINDOW / CONTROL_PERIOD) + 1)
        self.reset()

    def reset(self) -> None:
        """Forget the past; an impulse is told from a whole window on."""
        self._past.clear()
        self._force = self._moment = self._pushed = self._turned = ZERO
        self._impulse = 0.0

    def __call__(self, estimate: Estimate) -> Balance:
        """Take in the estimate of a cycle. Never raises."""
        robot = self._robot
        robot.update_kinematics(estimate)
        wrenches = estimate.foot_wrench.tolist()
        if not robot.is_finite or not isfinite(sum(map(sum, wrenches))):
            self.reset()
            return Balance(nan, nan)
        soles = [vector3(sole.tolist()) for sole in self._soles]
        height = float(robot.q[2]) - min(soles[LEFT][2], soles[RIGHT][2])
        past = self._past
        since = estimate.stamp - past[-1].stamp if past else 0.0
        if past and not 0.0 <= since <= _GAP:
            self.reset()
        if not past or since > 0.0:
            self._impulse = self._unexplained(estimate.stamp, since, soles, wrenches)
        return Balance(height, self._impulse)

    def _unexplained(
        self, now: float, since: float, soles: list[Vector3], wrenches: list[list[float]]
    ) -> float:
        """Size of the impulse that nothing known accounts for [N·s].

        since: the estimate before, whose forces acted until now [s].
        """
        com, momentum = vector3(self._robot.com.tolist()), self._robot.momentum.tolist()
        linear, angular = vector3(momentum[:3]), vector3(momentum[3:])
        self._pushed = plus(self._pushed, since, self._force)
        self._turned = plus(self._turned, since, self._moment)
        moment = plus(angular, 1.0, cross(com, linear))
        self._past.append(_Sample(now, minus(linear, self._pushed), minus(moment, self._turned)))
        self._weigh(com, soles, wrenches)
        if len(self._past) < (self._past.maxlen or 0):
            return 0.0
        begin, end = self._past[0], self._past[-1]
        pivot = soles[RIGHT if wrenches[RIGHT][2] > wrenches[LEFT][2] else LEFT]
        arm = cross(pivot, minus(end.linear, begin.linear))
        rest = minus(minus(end.angular, begin.angular), arm)
        return hypot(rest[0], rest[1]) / max(com[2] - pivot[2], 0.1)

    def _weigh(self, com: Vector3, soles: list[Vector3], wrenches: list[list[float]]) -> None:
        """Keep what weight and soles do, force and moment about the world's origin."""
        force: Vector3 = (0.0, 0.0, -self._weight)
        moment: Vector3 = (-self._weight * com[1], self._weight * com[0], 0.0)
        for sole, wrench in zip(soles, wrenches, strict=True):
            pushes, turns = vector3(wrench[:3]), vector3(wrench[3:])
            force = plus(force, 1.0, pushes)
            moment = plus(plus(moment, 1.0, turns), 1.0, cross(sole, pushes))
        self._force, self._moment = force, moment
