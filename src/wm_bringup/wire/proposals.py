"""Proposals: what a controller in another process sends, a command and how it came about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wm_bringup.wire.cdr import MessageError
from wm_bringup.wire.messages import MultiArrayEncoder, command_dimensions, decode_multi_array
from wm_bringup.wire.vectors import PROPOSAL_HEADER, command_rows, unpack_command
from wm_control.types import Command, ControllerResult, Estimate, Status


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a controller in another process proposes."""

    command: Command
    status: Status
    plan_age: float
    residual: float
    holds_for: float = 0.0

    @property
    def stamp(self) -> float:
        """Time of the observation it answers [s]."""
        return self.command.stamp


def decode_proposal(data: bytes, n: int) -> Proposal:
    """Read ``<controller>/joint_command``; a plain command counts as status OK, age unknown 0.

    MessageError for a wrong size and for a status that is none.
    """
    header, body = decode_multi_array(data)
    command = unpack_command(header, body, n)
    if header.size < len(PROPOSAL_HEADER):
        return Proposal(command, Status.OK, 0.0, 0.0)
    code = float(header[2])
    if code not in tuple(Status):
        raise MessageError(f"the status of a proposal is one of 0, 1, 2, got {code:g}")
    return Proposal(command, Status(int(code)), *header[3 : len(PROPOSAL_HEADER)].tolist())


def proposal_of(result: ControllerResult, estimate: Estimate) -> Proposal:
    """Make a controller's result what its process would send; without a command, all NaN."""
    observation = estimate.observation
    command = result.command
    if command is None:
        nowhere = np.full(observation.joint_position.shape, np.nan)
        command = Command(observation.stamp, observation.sequence, *[nowhere] * 5)
    return Proposal(
        command,
        result.status,
        plan_age=max((solve.age for solve in result.solves), default=0.0),
        residual=max((solve.residual for solve in result.solves), default=0.0),
        holds_for=max((solve.holds_for for solve in result.solves), default=0.0),
    )


class ProposalEncoder:
    """``<controller>/joint_command``: a command, before it status, age and residual of the solves.

    holds_for is how long the command is meant to hold without another one.

    A controller without a command sends NaN in all rows, which no arbiter lets through.
    """

    def __init__(self, n: int) -> None:
        """Lay out a proposal of ``n`` joints."""
        self._message = MultiArrayEncoder(command_dimensions(n), len(PROPOSAL_HEADER))

    def encode(self, result: ControllerResult, stamp: float, sequence: int) -> bytes:
        """Fill in one result. stamp, sequence: of the observation it answers."""
        floats = self._message.floats
        age = max((solve.age for solve in result.solves), default=0.0)
        residual = max((solve.residual for solve in result.solves), default=0.0)
        holds_for = max((solve.holds_for for solve in result.solves), default=0.0)
        header = len(PROPOSAL_HEADER)
        floats[:header] = (stamp, sequence, result.status, age, residual, holds_for)
        if result.command is None:
            floats[header:] = np.nan
        else:
            np.concatenate(command_rows(result.command), out=floats[header:])
        return self._message.encode()
