"""How the robot's balance stands, whoever drives it: what the arbiter measures by itself.

Numbers from one look at the full model. Of who drives nothing is known, and nothing of plans: only
where the robot is, how it moves, and what the ground does to its soles.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import hypot, inf, nan
from typing import Protocol

from wm_control.arbiter.believed_height import BelievedHeight
from wm_control.arbiter.capture import Reach, Sole, capture_margin, capture_region
from wm_control.arbiter.footing import Footing
from wm_control.arbiter.look import Look, Looker
from wm_control.arbiter.recoverability import UNKNOWN, FallForecast, Recoverability, features
from wm_control.constants import CONTROL_PERIOD, GRAVITY
from wm_control.fast_init import fast_init
from wm_control.robot.description import RobotDescription
from wm_control.robot.model import RobotModel
from wm_control.types import LEFT, RIGHT, Estimate
from wm_control.vector3 import ZERO, Vector3, cross, minus, plus

WINDOW = 0.02
"""Time in which an impulse is looked for [s]."""

LOOK_AHEAD_EVERY = 5
"""Cycles from one look ahead to the next. What a step within 0.25 s still catches changes little in
10 ms, and looking costs as much as two of the arbiter's other stages."""

_CARRIES = 0.1
"""Share of the weight from which a foot carries: of two that do, the better one counts."""

_GAP = 2.5 * CONTROL_PERIOD
"""Estimates further apart say nothing of what happened in between [s]."""


@fast_init
@dataclass(frozen=True, slots=True)
class Balance:
    """Of one instant; NaN where the estimate is not finite.

    height: of the base above its lower sole, see ``BelievedHeight`` [m]. impulse: horizontal, by
    which the robot moves otherwise than gravity and its soles explain, within the last ``WINDOW``
    [N·s]. capture_margin: by which steps still catch it, see ``arbiter.capture`` [m]. slide, slope:
    of the soles that carry it, see ``arbiter.footing`` [m], [rad]. risks: of a fall if a driver has
    it from now on, in [0, 1], for each that has a network (``arbiter.recoverability``).
    """

    height: float
    impulse: float
    capture_margin: float
    slide: float = 0.0
    slope: float = 0.0
    risks: Mapping[str, float] = field(default_factory=dict)


UNDISTURBED = Balance(nan, 0.0, inf)
"""Where nobody measured it."""


class BalanceObserver(Protocol):
    """Measures the balance, cycle after cycle."""

    def reset(self) -> None:
        """Forget the past."""

    def __call__(self, estimate: Estimate) -> Balance:
        """Take in the estimate of a cycle. Never raises."""


@fast_init
@dataclass(frozen=True, slots=True)
class _Sample:
    """Momentum, and its moment about the world's origin, less what is accounted for so far."""

    stamp: float
    linear: Vector3
    angular: Vector3


class BalanceMeter:
    """Measures all of ``Balance``, on a model of its own."""

    def __init__(
        self, description: RobotDescription, recoverability: Recoverability = UNKNOWN
    ) -> None:
        """Build the model, and take from it what a step can reach; recoverability: if learned."""
        self._look = Looker(description)
        robot = self._look.robot
        self._reach = reach_of(robot)
        self._momentum = MomentumObserver(robot.mass)
        self._footing = Footing(robot.mass)
        self._height = BelievedHeight()
        self._forecast = FallForecast(recoverability.drivers)
        self._begin_ahead()

    def _begin_ahead(self) -> None:
        """Nothing is known of what comes; look at the next opportunity."""
        self._ahead: tuple[float, Mapping[str, float]] = (nan, {})
        self._until_look = 0

    def reset(self) -> None:
        """Forget the past."""
        self._forget()
        self._begin_ahead()

    def _forget(self) -> None:
        self._momentum.reset()
        self._footing.reset()
        self._height.reset()

    def __call__(self, estimate: Estimate) -> Balance:
        """Take in the estimate of a cycle. Never raises."""
        measured = self._measure(estimate)
        if measured is None:
            self._begin_ahead()
            return Balance(nan, nan, nan, nan, nan)
        look, impulse = measured
        if not self._until_look:
            self._ahead = self._look_ahead(estimate, look, impulse)
            self._until_look = LOOK_AHEAD_EVERY
        self._until_look -= 1
        margin, risks = self._ahead
        footing, height = self._footing, self._height(look.stamp, look.base)
        return Balance(height, hypot(*impulse), margin, footing.slide, footing.slope, risks)

    def _look_ahead(
        self, estimate: Estimate, look: Look, impulse: tuple[float, float]
    ) -> tuple[float, Mapping[str, float]]:
        """Capture margin, and the risk with each driver that has a network."""
        margin = margin_of(look, self._reach)
        if not self._forecast.drivers:
            return margin, {}
        return margin, self._forecast(features(look, estimate, impulse, margin))

    def features(self, estimate: Estimate) -> tuple[float, ...] | None:
        """Take in the estimate of a cycle as well; what networks are given of it, if finite."""
        measured = self._measure(estimate)
        if measured is None:
            return None
        look, impulse = measured
        return features(look, estimate, impulse, margin_of(look, self._reach))

    def _measure(self, estimate: Estimate) -> tuple[Look, tuple[float, float]] | None:
        """Look and unexplained impulse; None where the estimate is not finite."""
        look = self._look(estimate)
        if look is None:
            self._forget()
            return None
        self._footing(look)
        return look, self._momentum(look)


def reach_of(robot: RobotModel) -> Reach:
    """Return what a step of this robot can reach."""
    area = robot.sole_area(0.0, 0.0, 0.0).upper.tolist()
    return Reach.of_leg(robot.leg_length(), (area[0], area[1]))


def margin_of(look: Look, reach: Reach) -> float:
    """Capture margin from whichever foot that carries has the larger one [m]."""
    return max(_margin_from(foot, look, reach) for foot in _carrying(look))


def stands_on(look: Look, reach: Reach) -> int:
    """Of the feet that carry, the one from which ``margin_of`` is told."""
    return max(_carrying(look), key=lambda foot: _margin_from(foot, look, reach))


def region_of(look: Look, reach: Reach, foot: int) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Rectangles in which steps from a foot still catch the DCM; see ``capture_region``."""
    return capture_region(look.omega(foot), *_feet(foot, look), reach)


def _carrying(look: Look) -> Sequence[int]:
    """Feet that carry, or else the one that does most."""
    least = _CARRIES * GRAVITY * look.mass
    feet = [foot for foot in (LEFT, RIGHT) if look.wrenches[foot][0][2] >= least]
    return feet or (look.carrying,)


def _margin_from(foot: int, look: Look, reach: Reach) -> float:
    return capture_margin(look.dcm(foot), look.omega(foot), *_feet(foot, look), reach)


def _feet(foot: int, look: Look) -> tuple[Sole, Vector3]:
    """Return the sole that carries, and where the other one is."""
    other = RIGHT if foot == LEFT else LEFT
    return Sole(foot, look.soles[foot], look.yaws[foot]), look.soles[other]


class MomentumObserver:
    """Tells pushes by the momentum that gravity and the ground's forces do not account for.

    Newton and Euler about a point on the ground, over the last ``WINDOW``, without any model of
    walking: the moment of momentum changes by the moments of weight and sole wrenches; the rest is
    what pushed the robot, and divided by the height of the centre of mass it is the impulse there.
    That is the residual of a momentum observer (De Luca et al. 2006), taken about the sole that
    carries more, where the horizontal forces of the ground, the least well known, have no arm.
    """

    def __init__(self, mass: float) -> None:
        """mass: of the robot [kg]."""
        self._weight = GRAVITY * mass
        self._past: deque[_Sample] = deque(maxlen=round(WINDOW / CONTROL_PERIOD) + 1)
        self.reset()

    def reset(self) -> None:
        """Forget the past; an impulse is told from a whole window on."""
        self._past.clear()
        self._force = self._moment = self._pushed = self._turned = ZERO
        self._impulse = (0.0, 0.0)

    def __call__(self, look: Look) -> tuple[float, float]:
        """Take in a cycle; return the impulse that nothing known accounts for, x and y [N·s]."""
        past = self._past
        since = look.stamp - past[-1].stamp if past else 0.0
        if past and not 0.0 <= since <= _GAP:
            self.reset()
        if not past or since > 0.0:
            self._impulse = self._unexplained(look, since)
        return self._impulse

    def _unexplained(self, look: Look, since: float) -> tuple[float, float]:
        """since: the look before, whose forces acted until now [s]."""
        self._pushed = plus(self._pushed, since, self._force)
        self._turned = plus(self._turned, since, self._moment)
        moment = plus(look.angular, 1.0, cross(look.com, look.linear))
        sample = _Sample(look.stamp, minus(look.linear, self._pushed), minus(moment, self._turned))
        self._past.append(sample)
        self._weigh(look)
        if len(self._past) < (self._past.maxlen or 0):
            return 0.0, 0.0
        begin, end = self._past[0], self._past[-1]
        foot = look.carrying
        arm = cross(look.soles[foot], minus(end.linear, begin.linear))
        rest = minus(minus(end.angular, begin.angular), arm)
        height = look.height_above(foot)
        return rest[1] / height, -rest[0] / height

    def _weigh(self, look: Look) -> None:
        """Keep what weight and soles do, force and moment about the world's origin."""
        com, weight = look.com, self._weight
        force: Vector3 = (0.0, 0.0, -weight)
        moment: Vector3 = (-weight * com[1], weight * com[0], 0.0)
        for sole, (pushes, turns) in zip(look.soles, look.wrenches, strict=True):
            force = plus(force, 1.0, pushes)
            moment = plus(plus(moment, 1.0, turns), 1.0, cross(sole, pushes))
        self._force, self._moment = force, moment
