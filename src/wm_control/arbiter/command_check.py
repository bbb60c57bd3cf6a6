"""Whether a joint command can be meant for this robot, here and now; whoever sent it.

The command filter bounds what is passed on, joint by joint; what is refused here is so far off that
no controller can have meant it, and following its bounded remains would be a guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, pi

import numpy as np

from wm_control.refusal import Bound, Refusal, first_outside
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Command

AHEAD = 0.016
"""A command that answers an observation later than now by more comes from another clock [s]."""

POSITION_ROOM = pi
"""Targets of a learned policy lie outside the joint range, where a spring pulls harder; none by
half a turn [rad]."""

FAR = 10.0
"""No controller exceeds a limit of the robot so many times over."""

STIFFEST = 5000.0
"""Largest stiffness the command filter may be configured to pass [N·m/rad]."""

MOST_DAMPING = 500.0
"""Largest damping the command filter may be configured to pass [N·m·s/rad]."""

LONGEST_HOLD = 1.0
"""No policy is slower than one step a second [s]."""


@dataclass(frozen=True, slots=True)
class CommandBounds:
    """Bounds of a command's (n,) arrays for one robot: the joint's range, FAR times its limits."""

    lower: Array
    upper: Array
    speed: Array
    torque: Array

    @staticmethod
    def of(robot: RobotDescription) -> CommandBounds:
        """Derive them."""
        return CommandBounds(
            robot.position_lower - POSITION_ROOM,
            robot.position_upper + POSITION_ROOM,
            FAR * robot.velocity_limit,
            FAR * robot.torque_limit,
        )


def implausible_command(command: Command, bounds: CommandBounds) -> Refusal | None:
    """Say what about a command's numbers cannot be; None when they may be followed."""
    return first_outside("command", _parts(command, bounds))


def implausible_timing(ahead: float, age: float = 0.0, holds_for: float = 0.0) -> Refusal | None:
    """Say what about a command's times cannot be. How old it may be is not decided here.

    ahead: of its stamp before the robot's own time. age: of what it rests on, when it was sent.
    holds_for: how long it says it holds; all in [s].
    """
    return first_outside(
        "command",
        (
            Bound("time ahead of the robot's", ahead, -inf, AHEAD, " s"),
            Bound("age when sent", age, 0.0, inf, " s"),
            Bound("time to hold", holds_for, 0.0, LONGEST_HOLD, " s"),
        ),
    )


def _parts(command: Command, bounds: CommandBounds) -> Iterator[Bound]:
    below = float(np.min(command.position - bounds.lower))
    above = float(np.min(bounds.upper - command.position))
    room = min(below, above) if below == below and above == above else np.nan
    yield Bound("room of the position targets", room, 0.0, inf, " rad")
    speed = float(np.max(np.abs(command.velocity) / bounds.speed))
    yield Bound("speed targets per ten times the limit", speed, 0.0, 1.0)
    yield Bound("least stiffness", float(np.min(command.stiffness)), 0.0, STIFFEST, " N·m/rad")
    yield Bound("stiffness", float(np.max(command.stiffness)), 0.0, STIFFEST, " N·m/rad")
    yield Bound("least damping", float(np.min(command.damping)), 0.0, MOST_DAMPING, " N·m·s/rad")
    yield Bound("damping", float(np.max(command.damping)), 0.0, MOST_DAMPING, " N·m·s/rad")
    torque = float(np.max(np.abs(command.torque) / bounds.torque))
    yield Bound("torques per ten times the limit", torque, 0.0, 1.0)
