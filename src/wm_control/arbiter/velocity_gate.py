"""What becomes of a velocity command before a controller sees it."""

from __future__ import annotations

import math

from wm_control.arbiter.parameters import VelocityParameters
from wm_control.arbiter.velocity_envelope import VelocityEnvelope
from wm_control.types import Action, VelocityCommand

STOP = VelocityCommand()

_ROUNDING = 1e-12
"""Of a command that was scaled onto the boundary, so that scaling it again changes nothing."""


class VelocityGate:
    """Holds the newest velocity command for as long as it may be trusted.

    A command that is not finite is refused and counts as a stop; silence for longer than the
    timeout is a stop as well, and so is a command from as far in the future: the clock was set
    back. ``cause`` says why the robot is being stopped, or is empty.
    """

    def __init__(self, parameters: VelocityParameters, envelope: VelocityEnvelope) -> None:
        """Start silent. envelope: of the driver."""
        self.parameters = parameters
        self.envelope = envelope
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
        self.silent = newest is None or not (abs(now - newest[1]) <= self.parameters.timeout)
        return STOP if newest is None or self.silent else newest[0]

    @property
    def cause(self) -> str:
        """Why the newest command is not followed; empty when it is, or when none ever came."""
        if self._refusal:
            return self._refusal
        if self.silent and self._newest is not None:
            return f"no velocity command for more than {self.parameters.timeout:g} s"
        return ""

    def reduction(self, action: Action = Action.NOMINAL) -> str:
        """Say how ``bounded`` reduces the command in force under ``action``; empty when not."""
        if self._newest is None or self.silent:
            return ""
        return reduction(self._newest[0], self.parameters, action, self.envelope)


def not_finite(command: VelocityCommand) -> str:
    """Name the parts of a command that are NaN or infinite; empty when all are finite."""
    parts = ("linear_x", "linear_y", "angular_z")
    bad = [f"{part} is {getattr(command, part)}" for part in parts if not _finite(command, part)]
    return f"velocity command refused: {', '.join(bad)}" if bad else ""


def _finite(command: VelocityCommand, part: str) -> bool:
    return math.isfinite(getattr(command, part))


def bounded(
    command: VelocityCommand,
    parameters: VelocityParameters,
    action: Action,
    envelope: VelocityEnvelope,
) -> VelocityCommand:
    """Scale a command, as a whole, to what its driver may be asked for under ``action``.

    Within ``envelope`` and the operator's limits: unchanged. LIMITED: within a share of both.
    Not finite, beyond all reckoning, FALLBACK and worse: stop. All three numbers share one factor,
    so that the curve asked for stays: speed is given up, not direction.
    """
    if action >= Action.FALLBACK or not_finite(command):
        return STOP
    share = parameters.limited_share if action == Action.LIMITED else 1.0
    excess = max(envelope.excess(command), *_excess_by_limit(command, parameters).values())
    if excess <= share + _ROUNDING:
        return command
    if not math.isfinite(excess):
        return STOP
    factor = share / excess
    return VelocityCommand(
        factor * command.linear_x, factor * command.linear_y, factor * command.angular_z
    )


def reduction(
    command: VelocityCommand,
    parameters: VelocityParameters,
    action: Action,
    envelope: VelocityEnvelope,
) -> str:
    """Say to what ``bounded`` reduces a finite command, and why; empty when it is followed."""
    admitted = bounded(command, parameters, action, envelope)
    if admitted == command or not_finite(command):
        return ""
    reasons = [
        f"beyond velocity.{name} {getattr(parameters, name):g}"
        for name, excess in _excess_by_limit(command, parameters).items()
        if excess > 1.0
    ]
    if envelope.excess(command) > 1.0:
        reasons.append("outside what was measured")
    if action > Action.NOMINAL:
        reasons.append(f"the arbiter's action is {action.name}")
    asked, left = _in_words(command), _in_words(admitted)
    return f"velocity command {asked} reduced to {left}: {', '.join(reasons)}"


def _excess_by_limit(command: VelocityCommand, parameters: VelocityParameters) -> dict[str, float]:
    """Factor that a command is beyond each of the operator's own limits, 1 when at it."""
    ahead = "max_linear_x" if command.linear_x > 0.0 else "max_linear_x_backward"
    return {
        ahead: abs(command.linear_x) / getattr(parameters, ahead),
        "max_linear_y": abs(command.linear_y) / parameters.max_linear_y,
        "max_angular_z": abs(command.angular_z) / parameters.max_angular_z,
    }


def _in_words(command: VelocityCommand) -> str:
    numbers = (command.linear_x, command.linear_y, command.angular_z)
    return " ".join(f"{number:.3g}" for number in numbers)
