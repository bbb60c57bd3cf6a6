"""The number that each rule about a controller takes from what it proposes.

Where there is nothing to measure the value is harmless, but for ``no_command``; one that makes no
sense is NaN, which no rule accepts.
"""

from __future__ import annotations

from typing import TypeAlias

from wm_control.arbiter.finite import arrays_of, count_not_finite
from wm_control.types import ControllerResult, Status

Proposed: TypeAlias = ControllerResult | None
"""What a controller proposes, None when it proposed nothing."""


def command_not_finite(result: Proposed) -> float:
    """Count the arrays of the proposed command that are not finite."""
    command = result.command if result else None
    return 0.0 if command is None else count_not_finite(arrays_of(command))


def no_command(result: Proposed) -> float:
    """1 when there is no command to pass on."""
    return float(result is None or result.command is None or result.status == Status.FAILED)


def degraded(result: Proposed) -> float:
    """1 when the controller is not at its best."""
    return float(result is not None and result.status == Status.DEGRADED)


def failed_solves(result: Proposed) -> float:
    """Count the optimisations that failed."""
    solves = result.solves if result else ()
    return float(sum(solve.status == Status.FAILED for solve in solves))


def oldest_solve(result: Proposed) -> float:
    """Age of the oldest optimisation the proposal rests on, beyond what it was made for [s].

    One that is stamped in the future counts as that old.
    """
    worst = 0.0
    for solve in result.solves if result else ():
        overdue = -solve.age if solve.age < 0.0 else solve.age - solve.holds_for
        if not (overdue <= worst):
            worst = overdue
    return worst


def controller_cause(result: Proposed) -> str:
    """Quote the controller."""
    if result is None:
        return "no proposal at all"
    return result.cause


def solver_cause(result: Proposed) -> str:
    """Quote the solvers that failed."""
    solves = result.solves if result else ()
    return ", ".join(f"{s.name} {s.cause}".strip() for s in solves if s.status == Status.FAILED)
