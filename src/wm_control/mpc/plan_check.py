"""Whether a walking plan can be meant for this robot, here and now; whoever sent it.

A plan comes from another process, and anyone on the ROS domain can send one. What is looked at is
what whole-body control and the backup planner would act on. The bounds are the planner's own
limits with room for slip and for a robot that is being pushed; NaN is outside of all of them. Legs
never cross in its plans: that is what tells a mirrored one.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import cos, dist, hypot, inf, isfinite, nan, pi, remainder, sin, tau

from wm_control.gait.parameters import GaitParameters
from wm_control.gait.state import Mode
from wm_control.mpc.parameters import FootstepMpcParameters
from wm_control.mpc.plan import WalkingPlan
from wm_control.refusal import Bound, Refusal, first_outside
from wm_control.robot.geometry import SoleArea
from wm_control.types import LEFT, Array

AHEAD_PERIODS = 2
"""A plan stamped later than now by more MPC periods belongs to another clock."""

ROOM = 0.2
"""Over the planner's own limits on where feet go [m]."""

PRESSURE_ROOM = 0.01
"""Over the sole, which no centre of pressure leaves, whoever planned it [m]."""

LATE = 0.2
"""A planner that was held up moves on to the next step so late at most [s]."""

OVER = 0.03
"""So long after the touchdown that it plans a plan is no plan any more [s]."""

LONGEST_SHIFT = 0.6
"""The first weight shift takes no longer [s]."""

TURN = 0.5 * pi
"""Largest angle between two soles, and between the heading and the support sole [rad]."""


def implausible_plan(
    plan: WalkingPlan,
    now: float,
    soles: Array | None,
    gait: GaitParameters,
    mpc: FootstepMpcParameters,
    area: SoleArea,
) -> Refusal | None:
    """Say what about a plan cannot be; None when it may be followed.

    now: on the clock of ``plan.stamp`` [s]. soles: (2, 4) measured x, y, z, yaw in world, or None
    while nothing has been measured. area: of the soles.
    How old a plan may be is not decided here.
    """
    return (
        first_outside("plan", _timing(plan, now, gait, mpc))
        or first_outside("plan", _geometry(plan, gait, mpc, area))
        or (None if soles is None else first_outside("plan", _place(plan, soles)))
    )


def _timing(
    plan: WalkingPlan, now: float, gait: GaitParameters, mpc: FootstepMpcParameters
) -> Iterator[Bound]:
    steps = plan.gait
    ahead = AHEAD_PERIODS * mpc.period
    longest = gait.double_support + max(mpc.single_support[1], LONGEST_SHIFT) + LATE
    walking = steps.mode == Mode.WALK
    yield Bound("time ahead of the robot's", plan.stamp - now, -inf, ahead, " s")
    begun = steps.step_start - plan.stamp
    yield Bound("begin of the step", begun, -longest if walking else -inf, ahead, " s")
    yield Bound("duration of the step", steps.touch_down - steps.step_start, 0.0, longest, " s")
    if walking:
        yield Bound("touchdown", steps.touch_down - plan.stamp, -OVER, inf, " s")
    yield Bound("double support", steps.double_support, 0.0, longest, " s")
    yield Bound("duration of the next step", plan.next_duration, 0.0, longest, " s")


def _geometry(
    plan: WalkingPlan, gait: GaitParameters, mpc: FootstepMpcParameters, area: SoleArea
) -> Iterator[Bound]:
    steps = plan.gait
    stride = hypot(mpc.step_x, mpc.step_y[1]) + ROOM
    support: list[float] = steps.support_pose.tolist()
    lifted = _apart(steps.swing_start.tolist(), support)
    yield Bound("lift-off from the support foot", lifted, 0, stride, " m")
    last, side = support, steps.support
    for foot in plan.footsteps.tolist():
        side = 1 - side
        yield Bound("footstep from the foot before", _apart(foot, last), 0.0, stride, " m")
        yield Bound("footstep outward of the foot before", _outward(foot, last, side), 0, inf, " m")
        yield Bound("turn between two feet", _turned(foot[3], last[3]), -TURN, TURN, " rad")
        last = foot
    yield from _pressure(plan, area)
    started = dist(steps.cop_start.tolist(), support[:2])
    yield Bound("first centre of pressure from the support foot", started, 0.0, stride, " m")
    yield Bound(
        "heading from the support foot", _turned(steps.yaw, support[3]), -TURN, TURN, " rad"
    )
    forward, sideways, turning = steps.velocity.tolist()
    yield Bound("speed", hypot(forward, sideways), 0.0, mpc.swing_speed, " m/s")
    yield Bound("turning", turning, -pi, pi, " rad/s")
    learned = hypot(*steps.correction.tolist())
    yield Bound("learned velocity", learned, 0.0, 2.0 * gait.velocity_integral_limit, " m/s")


def _pressure(plan: WalkingPlan, area: SoleArea) -> Iterator[Bound]:
    """Whether the centre of pressure is in the sole, along whose axes it was decided."""
    yaw, (x, y) = float(plan.gait.support_pose[3]), plan.cop_offset.tolist()
    decided = (cos(yaw) * x + sin(yaw) * y, cos(yaw) * y - sin(yaw) * x)
    bounds = zip(decided, area.lower.tolist(), area.upper.tolist(), strict=True)
    for way, (at, lower, upper) in zip(("ahead", "left"), bounds, strict=True):
        name = f"centre of pressure {way} of the support foot"
        yield Bound(name, at, lower - PRESSURE_ROOM, upper + PRESSURE_ROOM, " m")


def _place(plan: WalkingPlan, soles: Array) -> Iterator[Bound]:
    """Whether the plan starts where the robot stands."""
    away = _apart(plan.gait.support_pose.tolist(), soles[plan.gait.support].tolist())
    yield Bound("support foot from where it is", away, 0.0, ROOM, " m")


def _apart(a: list[float], b: list[float]) -> float:
    """Distance of two points, of which a fourth number, the heading, is no part [m]."""
    return dist(a[:3], b[:3])


def _outward(foot: list[float], before: list[float], side: int) -> float:
    """How far a foot is on its own side of the one before, in the heading midway of both [m]."""
    heading = before[3] + 0.5 * _turned(foot[3], before[3])
    left = cos(heading) * (foot[1] - before[1]) - sin(heading) * (foot[0] - before[0])
    return left if side == LEFT else -left


def _turned(a: float, b: float) -> float:
    """Angle from ``b`` to ``a``, the short way [rad]."""
    return remainder(a - b, tau) if isfinite(a - b) else nan
