"""Who alone may drive, by a timetable: what an arbiter is compared with.

The arbiter stays as it is, but whose turn it is not does not do well. It works on in shadow, so
that it is warm when its turn comes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from wm_control.arbiter.controller_measurements import degraded
from wm_control.arbiter.controller_rules import CONTROLLER_RULES
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


NOTICE = CONTROL_PERIOD * max(
    rule.release or 0 for rule in CONTROLLER_RULES if rule.measure is degraded
)
"""How long a driver that was degraded does well before the arbiter takes it for available [s]."""


class OnTurn:
    """A controller that is said to be DEGRADED outside its turns.

    So it is unavailable from the first such cycle on, and it drives only where the one whose turn
    it is does worse. It is said to be well again so early that it is available when its turn comes.
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
        """Let the controller work; say so where it is not its turn."""
        result = self._controller.step(estimate, velocity, dt, executed)
        now = estimate.stamp
        if self._is_on(now) or self._is_on(now + NOTICE) or result.status == Status.FAILED:
            return result
        return replace(result, status=Status.DEGRADED, cause="not its turn")

    def _is_on(self, time: float) -> bool:
        """Whether it may drive at ``time`` [s]."""
        index = bisect_right(self._times, time) - 1
        return index < 0 or self._turns[index].driver == self.name


def taking_turns(controllers: Sequence[Controller], turns: Sequence[Turn]) -> list[Controller]:
    """Hold controllers to a timetable; without one they are left as they are."""
    return [OnTurn(one, turns) if turns else one for one in controllers]
