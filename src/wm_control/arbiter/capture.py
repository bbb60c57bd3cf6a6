r"""How far a robot is from where steps can no longer catch it, on the linear inverted pendulum.

Without the right centre of pressure p the divergent component xi of the motion runs away from it,

    xi(T) = p + (xi - p) exp(omega T),

whoever drives. The best p is the point of the sole next to xi. What xi(T) must lie in is where the
other foot can be down after T, widened by what that foot's sole and one more step still catch: an
offset beyond the landed sole of at most exp(-omega T') times the reach of the step after it
(capture regions of Koolen et al. 2012, for steps in boxes). The margin is the distance to the edge
of that at the best of a few T: when a foot will land is not known of a driver, but it can choose.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, exp, sin, sqrt

from wm_control.constants import GRAVITY
from wm_control.types import LEFT
from wm_control.vector3 import Vector3

LANDINGS = (0.05, 0.15, 0.25)
"""Times in which the other foot may be down, T; the last is also how long the step after it takes,
T' [s]. Looking ahead to the last alone, a foot that is about to land seems to come too late."""

_LENGTH, _NEAR, _FAR = 0.85, 0.15, 0.7
"""Reach of a step from sole to sole: along, and outward at least and at most; per leg length."""

_SWING_SPEED = 1.07
"""Of a foot, in the mean over a step; per sqrt(g * leg length), as of pendulums."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a robot's next footstep may be. All [m], swing_speed [m/s].

    length: forward and backward from the sole that carries. near, far: outward from it. sole: half
    length and half width of what a sole gives to the centre of pressure.
    """

    length: float
    near: float
    far: float
    swing_speed: float
    sole: tuple[float, float]

    @staticmethod
    def of_leg(leg: float, sole: tuple[float, float]) -> Reach:
        """Scale with the length of the stretched leg [m]; sole: see ``Reach``."""
        speed = _SWING_SPEED * sqrt(GRAVITY * leg)
        return Reach(_LENGTH * leg, _NEAR * leg, _FAR * leg, speed, sole)


@dataclass(frozen=True, slots=True)
class Sole:
    """Where a sole is in world [m], and which foot's it is; yaw [rad]."""

    foot: int
    position: Vector3
    yaw: float


def capture_margin(
    dcm: tuple[float, float],
    omega: float,
    stance: Sole,
    swing: Vector3,
    reach: Reach,
) -> float:
    """Distance of the predicted DCM from the edge of what steps catch [m]; negative: outside.

    dcm: x, y in world [m]. omega: of the pendulum [1/s]. stance: the sole that carries. swing:
    where the other one is now, in world.
    """
    point = _seen_from(stance, *dcm)
    foot = _seen_from(stance, swing[0], swing[1])
    after = exp(-omega * LANDINGS[-1])
    return max(_margin_at(time, omega, point, foot, reach, after) for time in LANDINGS)


def capture_rectangle(
    dcm: tuple[float, float], omega: float, stance: Sole, swing: Vector3, reach: Reach
) -> tuple[tuple[float, float], ...]:
    """Four corners, in world [m], of where the DCM may be now for steps to catch it.

    The one of ``capture_region`` whose landing ``capture_margin`` tells the margin of.
    """
    point = _seen_from(stance, *dcm)
    foot = _seen_from(stance, swing[0], swing[1])
    after = exp(-omega * LANDINGS[-1])
    time = max(LANDINGS, key=lambda t: _margin_at(t, omega, point, foot, reach, after))
    return _corners(time, omega, stance, foot, reach, after)


def capture_region(
    omega: float, stance: Sole, swing: Vector3, reach: Reach
) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Where the DCM may be now so that steps still catch it: for each landing a rectangle.

    Four corners x, y in world [m] each; where ``capture_margin`` is not negative is their union.
    """
    foot = _seen_from(stance, swing[0], swing[1])
    after = exp(-omega * LANDINGS[-1])
    return tuple(_corners(time, omega, stance, foot, reach, after) for time in LANDINGS)


def _corners(
    time: float,
    omega: float,
    stance: Sole,
    swing: tuple[float, float],
    reach: Reach,
    after: float,
) -> tuple[tuple[float, float], ...]:
    """Corners of where the DCM is caught by a step that lands after ``time`` [s]."""
    growth, (half_length, half_width) = exp(omega * time), reach.sole
    back, front, inner, outer = _caught(time, swing, reach, after)
    xs = [_came_from(x, half_length, growth) for x in (back, front)]
    ys = [_came_from(y, half_width, growth) for y in (inner, outer)]
    around = ((0, 0), (1, 0), (1, 1), (0, 1))
    return tuple(_in_world(stance, xs[i], ys[j]) for i, j in around)


def _margin_at(
    time: float,
    omega: float,
    dcm: tuple[float, float],
    swing: tuple[float, float],
    reach: Reach,
    after: float,
) -> float:
    """Margin with a step that lands after ``time`` [s]; after: exp(-omega T')."""
    growth, (half_length, half_width) = exp(omega * time), reach.sole
    x, y = _runs_away(dcm[0], half_length, growth), _runs_away(dcm[1], half_width, growth)
    back, front, inner, outer = _caught(time, swing, reach, after)
    return min(front - x, x - back, outer - y, y - inner)


def _caught(
    time: float, swing: tuple[float, float], reach: Reach, after: float
) -> tuple[float, float, float, float]:
    """Bounds of the DCM when a foot lands after ``time`` [s]: back and front, inner and outer."""
    travel, (half_length, half_width) = reach.swing_speed * time, reach.sole
    back, front = _landing(swing[0], travel, -reach.length, reach.length)
    inner, outer = _landing(swing[1], travel, reach.near, reach.far)
    ahead, aside = half_length + after * reach.length, half_width + after * reach.far
    # the step after one outward would have to cross over
    return back - ahead, front + ahead, inner - aside, outer + half_width


def _seen_from(stance: Sole, x: float, y: float) -> tuple[float, float]:
    """Return a point ahead of the sole, and outward: towards the side of the other foot."""
    dx, dy = x - stance.position[0], y - stance.position[1]
    c, s = cos(stance.yaw), sin(stance.yaw)
    left = c * dy - s * dx
    return c * dx + s * dy, -left if stance.foot == LEFT else left


def _in_world(stance: Sole, ahead: float, outward: float) -> tuple[float, float]:
    """Undo ``_seen_from``."""
    left = -outward if stance.foot == LEFT else outward
    c, s = cos(stance.yaw), sin(stance.yaw)
    return stance.position[0] + c * ahead - s * left, stance.position[1] + s * ahead + c * left


def _runs_away(value: float, half: float, growth: float) -> float:
    """Where a coordinate of the DCM is at the horizon, with the best centre of pressure."""
    pressure = min(max(value, -half), half)
    return pressure + (value - pressure) * growth


def _came_from(value: float, half: float, growth: float) -> float:
    """Where a coordinate of the DCM is now that ``_runs_away`` takes to ``value``."""
    pressure = min(max(value, -half), half)
    return pressure + (value - pressure) / growth


def _landing(now: float, travel: float, least: float, most: float) -> tuple[float, float]:
    """From where to where the other foot can land, on one axis; within reach at any rate."""
    low = min(max(now - travel, least), most)
    return low, max(min(now + travel, most), least)
