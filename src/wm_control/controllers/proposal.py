"""What a controller beside the loop proposes, on its way to the loop; it grows older meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from wm_control.types import ControllerResult, Estimate, Observation, SolveReport, Status


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
