"""Whether the robot follows a command: what is wrong with it is told by one word and counted."""

from __future__ import annotations

from typing import Final

import numpy as np

from wm_bringup.robots.unitree.frames import SERIES, Frame, is_sound
from wm_bringup.robots.unitree.wiring import JointFrames
from wm_control.types import Command

REASONS: Final = ("crc", "mode_machine", "mode_pr", "not finite")
"""In the order in which they are looked at; the first one counts."""


class CommandJudge:
    """Of one robot. A motor that is not enabled is none of its business: it gives no torque."""

    def __init__(self, joints: JointFrames, machine: int) -> None:
        """machine: the robot's ``mode_machine``."""
        self._joints, self._machine = joints, machine

    def read(self, frame: Frame, stamp: float, sequence: int) -> Command | str:
        """Return the command, or why it is none."""
        if not is_sound(frame):
            return "crc"
        if frame["mode_machine"][0] != self._machine:
            return "mode_machine"
        if frame["mode_pr"][0] != SERIES:
            return "mode_pr"
        command = self._joints.command(frame, stamp, sequence)
        return command if _finite(command) else "not finite"


def _finite(command: Command) -> bool:
    """Whether the sum of all is: one that is not would show in it."""
    values = (command.position, command.velocity, command.stiffness)
    with np.errstate(over="ignore", invalid="ignore"):
        total = sum(float(part.sum()) for part in (*values, command.damping, command.torque))
    return bool(np.isfinite(total))
