"""What becomes of a velocity command before a controller sees it."""

from __future__ import annotations

import math

from wm_control.arbiter.parameters import VelocityParameters
from wm_control.types import Action, VelocityCommand

STOP = VelocityCommand()


class VelocityGate:
    """Holds the newest velocity command for as long as it may be trusted.

    A command that is not finite is refused and counts as a stop; silence for longer than the
    timeout is a stop as well. ``cause`` says why the robot is being stopped, or is empty.
    """

    def __init__(self, parameters: VelocityParameters | None = None) -> None:
        """Start silent."""
        self.parameters = parameters or VelocityParameters()
        self.refused = 0
        self.silent = True
        self._newest: tuple[VelocityCommand, float] | None = None
        self._refusal = ""

    def receive(self, command: VelocityCommand, now: float) -> str:
        """Take in a command at ``now`` [s]; returns why it was refused, or nothing."""
        refusal = not_finite(command)
        if refusal:
            self.refused += 1
            command = STOP
        self._refusal = refusal
        self._newest = (command, now)
        return refusal

    def current(self, now: float) -> VelocityCommand:
        """Return the command in force at ``now`` [s]."""
        newest = self._newest
        self.silent = newest is None or not (now - newest[1] <= self.parameters.timeout)
        return STOP if newest is None or self.silent else newest[0]

    @property
    def cause(self) -> str:
        """Why the newest command is not followed; empty when it is, or when none ever came."""
        if self._refusal:
            return self._refusal
        if self.silent and self._newest is not None:
            return f"no velocity command for more than {self.parameters.timeout:g} s"
        return ""


def not_finite(command: VelocityCommand) -> str:
    """Name the parts of a command that are NaN or infinite; empty when all are finite."""
    parts = ("linear_x", "linear_y", "angular_z")
    bad = [f"{part} is {getattr(command, part)}" for part in parts if not _finite(command, part)]
    return f"velocity command refused: {', '.join(bad)}" if bad else ""


def _finite(command: VelocityCommand, part: str) -> bool:
    return math.isfinite(getattr(command, part))


def bounded(
    command: VelocityCommand, parameters: VelocityParameters, action: Action
) -> VelocityCommand:
    """Clamp a command to the limits that hold under ``action``.

    Not finite: stop. LIMITED: a share of the limits. FALLBACK and worse: stop.
    """
    if action >= Action.FALLBACK or not_finite(command):
        return STOP
    share = parameters.limited_share if action == Action.LIMITED else 1.0
    return VelocityCommand(
        _clamp(command.linear_x, share * parameters.max_linear_x),
        _clamp(command.linear_y, share * parameters.max_linear_y),
        _clamp(command.angular_z, share * parameters.max_angular_z),
    )


def _clamp(value: float, limit: float) -> float:
    return min(max(value, -limit), limit)
