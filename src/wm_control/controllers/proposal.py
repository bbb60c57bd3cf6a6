"""What a controller proposes; on its way from beside the loop into it, it grows older."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wm_control.fast_init import fast_init, replace
from wm_control.types import (
    Controller,
    ControllerResult,
    Estimate,
    Executed,
    Observation,
    SolveReport,
    Status,
    VelocityCommand,
)


def propose(
    controller: Controller,
    estimate: Estimate,
    velocity: VelocityCommand,
    dt: float,
    executed: Executed | None = None,
) -> ControllerResult:
    """Ask a controller for its proposal; should it raise, that is a failure with a cause."""
    try:
        return controller.step(estimate, velocity, dt, executed)
    except Exception as error:
        cause = f"{controller.name} raised {type(error).__name__}: {error}"
        return ControllerResult(controller.name, None, Status.FAILED, cause)


@fast_init
@dataclass(frozen=True, slots=True)
class Proposal:
    """A controller's result and the observation that it answers; nothing of the result is lost.

    stamp [s], sequence: of that observation.
    """

    stamp: float
    sequence: int
    result: ControllerResult

    @staticmethod
    def of(result: ControllerResult, estimate: Estimate) -> Proposal:
        """Send a result off, as the answer to this estimate."""
        return Proposal(estimate.stamp, estimate.observation.sequence, result)

    @property
    def solves(self) -> tuple[SolveReport, ...]:
        """What it rests on; a result that reports no solve rests on itself."""
        result = self.result
        return result.solves or (SolveReport(result.controller, Status.OK, 0.0, 0.0, 0, 0.0),)

    @property
    def holds_for(self) -> float:
        """How long it was made to hold [s]; 0 of a controller that answers every estimate."""
        return min(solve.holds_for for solve in self.solves)

    def by(self, controller: str) -> Proposal:
        """Return it as the proposal of a controller: who sent it counts, not what it says."""
        return replace(self, result=replace(self.result, controller=controller))

    def at(self, observation: Observation) -> ControllerResult:
        """Return the result as it stands at a later observation: held, and older by the time since.

        A failed one has no command to hold.
        """
        result, since = self.result, observation.stamp - self.stamp
        command = None if result.status == Status.FAILED else result.command
        if command is not None:
            command = replace(command, stamp=observation.stamp, sequence=observation.sequence)
        return replace(result, command=command, solves=tuple(_aged(self.solves, since)))


def _aged(solves: tuple[SolveReport, ...], since: float) -> Iterator[SolveReport]:
    for solve in solves:
        yield replace(solve, age=solve.age + since)
