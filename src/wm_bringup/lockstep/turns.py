"""Who alone may drive, by a timetable: what an arbiter is compared with.

The arbiter stays as it is; whoever is not on has nothing to offer it. The controller behind works
on in shadow, so that it is warm when its turn comes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from wm_control.constants import CONTROL_PERIOD
from wm_control.types import (
    Controller,
    ControllerResult,
    Estimate,
    Executed,
    Status,
    VelocityCommand,
)


@dataclass(frozen=True, slots=True)
class Turn:
    """From ``at`` [s] on nobody but this driver may drive; before the first turn, anybody."""

    at: float
    driver: str


class OnTurn:
    """A controller that proposes nothing outside its turns.

    DEGRADED and without a command: unavailable from the first such cycle on, and of no use at all a
    little later, as a driver is that has been lost.
    """

    def __init__(self, controller: Controller, turns: Sequence[Turn]) -> None:
        """Take the turns of all drivers, in order of time."""
        self.name = controller.name
        self._controller, self._turns = controller, turns
        self._times = [turn.at - 0.5 * CONTROL_PERIOD for turn in turns]

    def reset(self, estimate: Estimate) -> None:
        """Reset the controller."""
        self._controller.reset(estimate)

    def step(
        self,
        estimate: Estimate,
        velocity: VelocityCommand,
        dt: float,
        executed: Executed | None = None,
    ) -> ControllerResult:
        """Let the controller work; keep its result back unless it is its turn."""
        result = self._controller.step(estimate, velocity, dt, executed)
        index = bisect_right(self._times, estimate.stamp) - 1
        if index < 0 or self._turns[index].driver == self.name:
            return result
        return replace(result, command=None, status=Status.DEGRADED, cause="not its turn")


def taking_turns(controllers: Sequence[Controller], turns: Sequence[Turn]) -> list[Controller]:
    """Hold controllers to a timetable; without one they are left as they are."""
    return [OnTurn(one, turns) if turns else one for one in controllers]
