"""A controller in another process, as the control loop sees it: its newest proposal, held."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from wm_bringup.wire.proposals import Proposal
from wm_control.arbiter.command_check import (
    CommandBounds,
    implausible_command,
    implausible_timing,
)
from wm_control.refusal import Refusals
from wm_control.robot.description import RobotDescription
from wm_control.types import (
    ControllerResult,
    Estimate,
    SolveReport,
    Status,
    VelocityCommand,
)

LOST_AFTER = 0.1
"""A proposal this much older than it was made to hold is no proposal any more [s]."""


class ProposalHolder:
    """A ``types.Controller`` that answers every tick with what its process proposed last.

    How old that may be is the arbiter's business (``SolveReport.age`` and ``holds_for``), until it
    is beyond all use: then the result is FAILED. The velocity command goes to that process.
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
        """Take in a proposal; an older one is ignored, an impossible one refused.

        Of one that says FAILED only the time matters, for its command is not followed.
        """
        refusal = implausible_timing(
            proposal.stamp - self._now, proposal.plan_age, proposal.holds_for
        )
        if refusal is None and proposal.status != Status.FAILED:
            refusal = implausible_command(proposal.command, self._bounds)
        if refusal is not None:
            self.refusals.add(refusal)
        elif self._newest is None or proposal.stamp >= self._newest.stamp:
            self._newest = proposal

    def step(self, estimate: Estimate, velocity: VelocityCommand, dt: float) -> ControllerResult:
        """Propose the newest again, for this instant."""
        del velocity, dt
        self._now = estimate.stamp
        proposal = self._newest
        if proposal is None:
            return self._failed(f"nothing proposed by the {self.name} process yet", None)
        age = estimate.stamp - proposal.stamp + proposal.plan_age
        report = SolveReport(
            self.name,
            proposal.status,
            age,
            proposal.residual,
            0,
            0.0,
            holds_for=proposal.holds_for,
        )
        if proposal.status == Status.FAILED:
            return self._failed(f"the {self.name} process failed, see /diagnostics", report)
        if not age - proposal.holds_for <= LOST_AFTER:
            return self._failed(f"the {self.name} process has been silent for {age:.2f} s", report)
        observation = estimate.observation
        command = replace(proposal.command, stamp=observation.stamp, sequence=observation.sequence)
        return ControllerResult(self.name, command, proposal.status, "", (report,))

    def _failed(self, cause: str, report: SolveReport | None) -> ControllerResult:
        return ControllerResult(
            self.name, None, Status.FAILED, cause, () if report is None else (report,)
        )
