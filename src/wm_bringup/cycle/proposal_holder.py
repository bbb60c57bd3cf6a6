"""A controller in another process, as the control loop sees it: its newest proposal, held."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from wm_control.arbiter.command_check import (
    CommandBounds,
    implausible_command,
    implausible_timing,
)
from wm_control.arbiter.controller_measurements import oldest_solve
from wm_control.controllers.proposal import Proposal
from wm_control.refusal import Refusal, Refusals
from wm_control.robot.description import RobotDescription
from wm_control.types import (
    ControllerResult,
    Estimate,
    Executed,
    Status,
    VelocityCommand,
)

LOST_AFTER = 0.1
"""A proposal this much older than it was made to hold is no proposal any more [s]."""


def implausible_proposal(proposal: Proposal, now: float, bounds: CommandBounds) -> Refusal | None:
    """Say what about a proposal cannot be at ``now`` [s]; None when it may be followed.

    Of one that says FAILED only the time matters, for its command is not followed.
    """
    for solve in proposal.solves:
        refusal = implausible_timing(proposal.stamp - now, solve.age, solve.holds_for)
        if refusal is not None:
            return refusal
    result = proposal.result
    if result.status == Status.FAILED or result.command is None:
        return None
    return implausible_command(result.command, bounds)


class ProposalHolder:
    """A ``types.Controller`` that answers every tick with what its process proposed last.

    How old that may be is the arbiter's business (``SolveReport.age`` and ``holds_for``), until it
    is beyond all use: then the result is FAILED. Velocity command and what was executed go to that
    process.
    """

    def __init__(self, name: str, description: RobotDescription) -> None:
        """name: of the controller, as the arbiter knows it."""
        self.name = name
        self.refusals = Refusals()
        self._bounds = CommandBounds.of(description)
        self._newest: Proposal | None = None
        self._now = inf

    def reset(self, estimate: Estimate) -> None:
        """Forget the proposal."""
        self._newest = None
        self._now = estimate.stamp

    def receive(self, proposal: Proposal) -> None:
        """Take in a proposal; an older one is ignored, an impossible one refused."""
        refusal = implausible_proposal(proposal, self._now, self._bounds)
        if refusal is not None:
            self.refusals.add(refusal)
        elif self._newest is None or proposal.stamp >= self._newest.stamp:
            self._newest = proposal

    def step(
        self,
        estimate: Estimate,
        velocity: VelocityCommand,
        dt: float,
        executed: Executed | None = None,
    ) -> ControllerResult:
        """Propose the newest again, for this instant."""
        del velocity, dt, executed
        self._now = estimate.stamp
        proposal = self._newest
        if proposal is None:
            cause = f"nothing proposed by the {self.name} process yet"
            return ControllerResult(self.name, None, Status.FAILED, cause)
        result = replace(proposal.at(estimate.observation), controller=self.name)
        if not oldest_solve(result) <= LOST_AFTER:
            age = estimate.stamp - proposal.stamp
            cause = f"the {self.name} process has been silent for {age:.2f} s"
            return replace(result, command=None, status=Status.FAILED, cause=cause)
        return result
