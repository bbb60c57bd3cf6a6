"""The number that each rule about a controller takes from what it proposes.

Where there is nothing to measure the value is harmless, but for ``no_command``; one that makes no
sense is NaN, which no rule accepts.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from wm_control.arbiter.balance import UNDISTURBED, Balance
from wm_control.arbiter.finite import arrays_of, count_not_finite
from wm_control.fast_init import fast_init
from wm_control.types import ControllerResult, SolveReport, Status

DISAGREEMENT = "disagreement"
"""Figure of a result: how far its command is from its lane's (``command_watch.torque_distance``).

Absent where there is no lane, or where the lane cannot know."""

REFUSED = "refused"
"""Figure of a result: messages in a row that its process sent and that cannot be followed.

Absent without any: what it rests on is the newest that was sent."""


@fast_init
@dataclass(frozen=True, slots=True)
class Proposed:
    """What a rule about a controller may look at.

    result: what it proposes, None when it proposed nothing. balance: of the robot that it has, or
    would have. risk: of a fall if it has the robot from now on, in [0, 1]. jump, frozen: of its
    commands, see ``CommandWatch``.
    """

    result: ControllerResult | None
    balance: Balance = UNDISTURBED
    risk: float = 0.0
    jump: float = 0.0
    frozen: float = 0.0

    @property
    def solves(self) -> tuple[SolveReport, ...]:
        """What the proposal rests on."""
        return self.result.solves if self.result else ()


def command_not_finite(proposed: Proposed) -> float:
    """Count the arrays of the proposed command that are not finite."""
    command = proposed.result.command if proposed.result else None
    return 0.0 if command is None else count_not_finite(arrays_of(command))


def no_command(proposed: Proposed) -> float:
    """1 when there is no command to pass on."""
    result = proposed.result
    return float(result is None or result.command is None or result.status == Status.FAILED)


def degraded(proposed: Proposed) -> float:
    """1 when the controller is not at its best."""
    result = proposed.result
    return float(result is not None and result.status == Status.DEGRADED)


def failed_solves(proposed: Proposed) -> float:
    """Count the optimisations that failed."""
    return float(sum(solve.status == Status.FAILED for solve in proposed.solves))


def oldest_solve(proposed: Proposed) -> float:
    """Age of the oldest optimisation the proposal rests on, see ``overdue`` [s]."""
    return overdue(proposed.solves)


def overdue(solves: tuple[SolveReport, ...]) -> float:
    """Age of the oldest of these, beyond what it was made for [s].

    One that is stamped in the future counts as that old.
    """
    worst = 0.0
    for solve in solves:
        late = -solve.age if solve.age < 0.0 else solve.age - solve.holds_for
        if not (late <= worst):
            worst = late
        if worst != worst:
            return worst  # no age at all is not made good by another's
    return worst


def impulse(proposed: Proposed) -> float:
    """Impulse by which the robot was pushed just now [N·s]; 0 where the estimate tells nothing."""
    pushed = proposed.balance.impulse
    return pushed if pushed == pushed else 0.0


def disagreement(proposed: Proposed) -> float:
    """How far its command is from its lane's [1]; 0 where there is no lane, or it cannot know."""
    result = proposed.result
    return 0.0 if result is None else result.figures.get(DISAGREEMENT, 0.0)


def refused(proposed: Proposed) -> float:
    """Count the messages in a row, up to the newest, that could not be followed."""
    result = proposed.result
    return 0.0 if result is None else result.figures.get(REFUSED, 0.0)


def capture_margin(proposed: Proposed) -> float:
    """By how much steps still catch the robot [m]; infinite where the estimate tells nothing."""
    margin = proposed.balance.capture_margin
    return margin if margin == margin else inf


def slide(proposed: Proposed) -> float:
    """How far a sole that carries has slid [m]; 0 where the estimate tells nothing."""
    slid = proposed.balance.slide
    return slid if slid == slid else 0.0


def slope(proposed: Proposed) -> float:
    """Tilt of the soles that carry [rad]; 0 where the estimate tells nothing."""
    tilt = proposed.balance.slope
    return tilt if tilt == tilt else 0.0


def risk(proposed: Proposed) -> float:
    """Probability of a fall under this controller; 0 where the estimate tells nothing."""
    return proposed.risk if proposed.risk == proposed.risk else 0.0


def controller_cause(proposed: Proposed) -> str:
    """Quote the controller."""
    return "no proposal at all" if proposed.result is None else proposed.result.cause


def solver_cause(proposed: Proposed) -> str:
    """Quote the solvers that failed."""
    failed = (solve for solve in proposed.solves if solve.status == Status.FAILED)
    return ", ".join(f"{solve.name} {solve.cause}".strip() for solve in failed)
