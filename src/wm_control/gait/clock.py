"""The clock of a gait: follows the command, starts to walk, goes from step to step, and stops.

It knows nothing of how steps are planned: a planner reads the gait off it, decides where and when
the swing foot lands, and hands the gait back (``gait.touch_down``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from wm_control.fast_init import replace
from wm_control.gait.observed import ObservedGait
from wm_control.gait.parameters import GaitParameters
from wm_control.gait.state import Gait, Mode
from wm_control.gait.stride_integral import StrideIntegral
from wm_control.gait.transitions import (
    Soles,
    begin_walking,
    foot_to_lift,
    may_stand,
    next_step,
    standing,
    step_onto,
)
from wm_control.gait.velocity import slew
from wm_control.types import Array, VelocityCommand

_MAX_YAW_LEAD = 0.4
"""The desired heading never leads the body's by more [rad]."""


_ABOUT_TO_LAND = 0.03
"""Until the touchdown of a foot that another driver keeps in the air beyond its time [s]."""


class Turn(Enum):
    """What became of the gait in a tick of its clock."""

    NONE = auto()
    BEGAN = auto()
    """The robot stood, and now shifts its weight off the foot that will swing first."""
    LANDED = auto()
    """The swing foot has landed, and the next step begun."""
    STOOD = auto()


@dataclass(frozen=True, slots=True)
class Body:
    """What the clock looks at besides the soles.

    yaw: heading of the base [rad]. com: (2,) in world. dcm: (2,) divergent component in world, of
    the template that stands on a gait's support.
    """

    yaw: float
    com: Array
    dcm: Callable[[Gait], Array]


class GaitClock:
    """Holds the gait; ``gait`` is None until the first ``stand``."""

    def __init__(self, parameters: GaitParameters, base_behind: float) -> None:
        """base_behind: of base_link behind the centre of mass [m]."""
        self._parameters, self._base_behind = parameters, base_behind
        self._integral = StrideIntegral(parameters)
        self.gait: Gait | None = None
        self.now = 0.0

    def reset(self, now: float, soles: Soles | None) -> None:
        """Stand on these soles; None: where they are is not known, and there is no gait yet."""
        self.gait = None if soles is None else standing(now, soles)
        self._integral.reset()
        self.now = now

    def adopt(self, gait: Gait, now: float) -> None:
        """Go on with the gait of somebody else, mid-step."""
        self.gait, self.now = gait, now
        self._integral.reset()

    def advance_to(self, now: float) -> float:
        """Let time pass; returns how much of it counts [s]."""
        dt = min(max(now - self.now, 0.0), 0.1)
        self.now = now
        return dt

    def at_com(self, velocity: Array) -> Array:
        """(2,) velocity of the centre of mass when base_link, behind it, moves with (3,)."""
        return np.array([velocity[0], velocity[1] + velocity[2] * self._base_behind])

    def follow_command(self, gait: Gait, velocity: VelocityCommand, yaw: float, dt: float) -> Gait:
        """Slew the command and turn the desired heading with it; yaw: of the base [rad]."""
        wanted = slew(gait.velocity, velocity, self._parameters, dt)
        self._integral.advance(self.at_com(wanted), gait.yaw, dt)
        heading = gait.yaw + float(wanted[2]) * dt
        lead = float(np.arctan2(np.sin(heading - yaw), np.cos(heading - yaw)))
        excess = lead - min(max(lead, -_MAX_YAW_LEAD), _MAX_YAW_LEAD)
        return replace(gait, velocity=wanted, yaw=heading - excess)

    def move_on(self, gait: Gait, soles: Soles, body: Body, cop: Array) -> tuple[Gait, Turn]:
        """Let the clock act: start, touch down, stop. cop: (2,) centre of pressure in world."""
        if gait.mode == Mode.STAND:
            return self._lift_if_due(gait, soles, body)
        if self.now < gait.touch_down - 1e-6:
            return gait, Turn.NONE
        landed = next_step(gait, self.now, soles, cop, self._parameters)
        if may_stand(landed, soles, body.dcm(landed), self._parameters):
            return standing(self.now, soles), Turn.STOOD
        if gait.lifts:
            learned = self._integral.touchdown(self.now, body.com, gait.yaw, gait.correction)
            landed = replace(landed, correction=learned)
        return landed, Turn.LANDED

    def follow(
        self, gait: Gait, observed: ObservedGait, soles: Soles, yaw: float, cop: Array
    ) -> tuple[Gait, Turn]:
        """Let the contacts act instead of the clock, while another driver walks the robot.

        The heading stays with the body's, and nothing is learned from another's strides. When a
        foot lands is not known beforehand: it always seems about to.
        """
        self._integral.reset()
        gait = replace(gait, yaw=yaw)
        if observed.stands:
            if gait.mode == Mode.STAND:
                return gait, Turn.NONE
            stood = standing(self.now, soles)
            return replace(stood, velocity=gait.velocity, correction=gait.correction), Turn.STOOD
        if gait.mode == Mode.STAND or observed.support != gait.support:
            support, since = observed.support, observed.since
            step = step_onto(support, gait, since, soles, cop, self._parameters)
            turn = Turn.LANDED if gait.mode == Mode.WALK else Turn.BEGAN
            return replace(step, touch_down=since + observed.step_duration), turn
        return replace(gait, touch_down=max(gait.touch_down, self.now + _ABOUT_TO_LAND)), Turn.NONE

    def _lift_if_due(self, gait: Gait, soles: Soles, body: Body) -> tuple[Gait, Turn]:
        first = foot_to_lift(gait.velocity, soles.offset(body.dcm(gait)), self._parameters)
        if first is None:
            return gait, Turn.NONE
        self._integral.reset()
        walking = begin_walking(gait, self.now, soles, soles.middle, first, self._parameters)
        return walking, Turn.BEGAN
