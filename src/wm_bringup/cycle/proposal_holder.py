"""A controller in another process, as the control loop sees it: its newest proposal, held."""

from __future__ import annotations

from collections import deque

from wm_control.arbiter.command_check import (
    CommandBounds,
    implausible_command,
    implausible_timing,
)
from wm_control.arbiter.controller_measurements import DISAGREEMENT, REFUSED
from wm_control.controllers.lane import Lane
from wm_control.controllers.proposal import Proposal
from wm_control.fast_init import replace
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

_MOST_RECEIVED = 16
"""Proposals that wait to be judged; the oldest go when more come within one tick."""


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

    How old that may be, and what it rests on, is the arbiter's business (``SolveReport.age`` and
    ``holds_for``), and so is that newer ones were refused (``REFUSED``), until the process has been
    silent for too long: then the result is FAILED.
    Velocity command and what was executed go to that process, and to its lane if it has one, with
    which every proposal is compared as it comes.
    """

    def __init__(self, name: str, description: RobotDescription, lane: Lane | None = None) -> None:
        """name: of the controller, as the arbiter knows it. lane: of its own process's doing."""
        self.name = name
        self._lane = lane
        self.refusals = Refusals()
        self._bounds = CommandBounds.of(description)
        self._received: deque[Proposal] = deque(maxlen=_MOST_RECEIVED)
        self._newest: Proposal | None = None
        self._refused = 0

    def reset(self, estimate: Estimate) -> None:
        """Forget the proposal."""
        del estimate
        self._received.clear()
        self._newest = None
        self._refused = 0
        if self._lane is not None:
            self._lane.reset()

    def receive(self, proposal: Proposal) -> None:
        """Take in a proposal, for the next step to judge; of several the newest is held."""
        self._received.append(proposal)

    def answers(self, stamp: float, tick: float) -> bool:
        """Whether no better proposal for the estimate of ``stamp`` [s] is to be waited for.

        One is there that answers it, or one whose time to hold is not over; that of a controller
        which answers every estimate is nothing. tick: between estimates [s].
        """
        known: tuple[Proposal, ...] = (*self._received, *((self._newest,) if self._newest else ()))
        if not known:
            return False
        newest = max(known, key=lambda proposal: proposal.stamp)
        return stamp - newest.stamp < max(newest.holds_for, tick) - 0.5 * tick

    def _judge_received(self, estimate: Estimate) -> None:
        """Refuse what is impossible, ignore what is older, hold the newest of the others."""
        now = estimate.stamp
        while self._received:
            proposal = self._received.popleft()
            refusal = implausible_proposal(proposal, now, self._bounds)
            if refusal is not None:
                self.refusals.add(refusal)
                self._refused += 1
            elif self._newest is None or proposal.stamp >= self._newest.stamp:
                self._refused = 0
                self._newest = self._compared(proposal, estimate)

    def _compared(self, proposal: Proposal, estimate: Estimate) -> Proposal:
        """Say in a proposal how far it is from what its lane expects, where that is known."""
        if self._lane is None:
            return proposal
        result, apart = proposal.result, self._lane.disagreement(proposal, estimate)
        figures = {name: value for name, value in result.figures.items() if name != DISAGREEMENT}
        if apart is not None:
            figures[DISAGREEMENT] = apart
        return replace(proposal, result=replace(result, figures=figures))

    def step(
        self,
        estimate: Estimate,
        velocity: VelocityCommand,
        dt: float,
        executed: Executed | None = None,
    ) -> ControllerResult:
        """Propose the newest again, for this instant."""
        del dt, executed
        if self._lane is not None:
            self._lane.see(estimate, velocity)
        self._judge_received(estimate)
        proposal = self._newest
        if proposal is None:
            cause = f"nothing proposed by the {self.name} process yet"
            return ControllerResult(self.name, None, Status.FAILED, cause)
        result = replace(proposal.at(estimate.observation), controller=self.name)
        age = estimate.stamp - proposal.stamp
        if not age - proposal.holds_for <= LOST_AFTER:
            cause = f"the {self.name} process has been silent for {age:.2f} s"
            return replace(result, command=None, status=Status.FAILED, cause=cause)
        if self._refused:
            figures = {**result.figures, REFUSED: float(self._refused)}
            return replace(result, figures=figures)
        return result
