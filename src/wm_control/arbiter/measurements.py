"""What the rules look at, and the number each of them takes from it.

Every measurement is a pure function of ``Inputs``; where there is nothing to measure the value is
harmless, and where it makes no sense it is NaN, which no rule accepts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wm_control.arbiter.operator import NO_REQUEST, OperatorInput
from wm_control.types import Array, Command, ControllerResult, Estimate, Status


@dataclass(frozen=True, slots=True)
class Overruns:
    """How punctual the control loop was.

    in_a_row: late cycles up to now; share: of the cycles of the last second, in [0, 1]; periods
    that were given up count as late. stall: time for which it stood still before this cycle [s].
    """

    in_a_row: int = 0
    share: float = 0.0
    stall: float = 0.0


ON_TIME = Overruns()


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a rule may look at.

    result: of the controller in charge, None when it proposed nothing. height: of the base above
    its lower sole [m]. stopped: see ``Arbiter``.
    """

    now: float
    estimate: Estimate
    result: ControllerResult | None
    height: float
    armed: bool = True
    operator: OperatorInput = NO_REQUEST
    overruns: Overruns = ON_TIME
    stopped: bool = False


def finite(array: Array) -> bool:
    """Whether all entries are finite, by their sum: for 29 entries the fastest way that is silent.

    A sum beyond 1e308 counts as not finite, which no SI quantity of a robot reaches.
    """
    return math.isfinite(sum(array.ravel().tolist()))


def state_not_finite(inputs: Inputs) -> float:
    """Count the arrays of the estimate that are not finite."""
    e = inputs.estimate
    return count_not_finite(
        (
            e.base_position_in_world,
            e.base_orientation,
            e.base_velocity_in_base,
            e.base_angular_velocity_in_base,
            e.joint_position,
            e.joint_velocity,
            e.contact_probability,
            e.foot_wrench,
        )
    )


def command_not_finite(inputs: Inputs) -> float:
    """Count the arrays of the proposed command that are not finite."""
    command = inputs.result.command if inputs.result else None
    return 0.0 if command is None else count_not_finite(arrays_of(command))


def arrays_of(command: Command) -> tuple[Array, ...]:
    """List the five (n,) parts of a command."""
    return (
        command.position,
        command.velocity,
        command.stiffness,
        command.damping,
        command.torque,
    )


def count_not_finite(arrays: Sequence[Array]) -> float:
    """Count the arrays that hold anything not finite; mostly none does, which one look tells."""
    if finite(np.concatenate(arrays, axis=None)):
        return 0.0
    return float(sum(not finite(array) for array in arrays))


def state_age(inputs: Inputs) -> float:
    """Age of the estimate [s]; a stamp in the future is as wrong as one that far in the past."""
    return abs(inputs.now - inputs.estimate.stamp)


def unhealthy(inputs: Inputs) -> float:
    """1 when the estimator says that its estimate must not be used."""
    return float(not inputs.estimate.healthy)


def no_command(inputs: Inputs) -> float:
    """1 when there is no command to pass on."""
    result = inputs.result
    return float(result is None or result.command is None or result.status == Status.FAILED)


def degraded(inputs: Inputs) -> float:
    """1 when the controller is not at its best."""
    return float(inputs.result is not None and inputs.result.status == Status.DEGRADED)


def failed_solves(inputs: Inputs) -> float:
    """Count the optimisations that failed."""
    solves = inputs.result.solves if inputs.result else ()
    return float(sum(solve.status == Status.FAILED for solve in solves))


def oldest_solve(inputs: Inputs) -> float:
    """Age of the oldest optimisation the proposal rests on, beyond what it was made for [s].

    One that is stamped in the future counts as that old.
    """
    worst = 0.0
    for solve in inputs.result.solves if inputs.result else ():
        overdue = -solve.age if solve.age < 0.0 else solve.age - solve.holds_for
        if not (overdue <= worst):
            worst = overdue
    return worst


def tilt(inputs: Inputs) -> float:
    """Angle between the base's z axis and the vertical [rad]."""
    x, y, z, w = inputs.estimate.base_orientation.tolist()
    squared = x * x + y * y + z * z + w * w
    if not (squared > 0.0):
        return math.nan
    cosine = 1.0 - 2.0 * (x * x + y * y) / squared
    return math.acos(max(-1.0, min(1.0, cosine))) if math.isfinite(cosine) else math.nan


def angular_rate(inputs: Inputs) -> float:
    """Magnitude of the base's angular velocity [rad/s]."""
    rate = inputs.estimate.base_angular_velocity_in_base
    return math.sqrt(rate.dot(rate))


def controller_cause(inputs: Inputs) -> str:
    """Quote the controller."""
    if inputs.result is None:
        return "no proposal at all"
    return inputs.result.cause


def solver_cause(inputs: Inputs) -> str:
    """Quote the solvers that failed."""
    solves = inputs.result.solves if inputs.result else ()
    return ", ".join(f"{s.name} {s.cause}".strip() for s in solves if s.status == Status.FAILED)


def estimate_cause(inputs: Inputs) -> str:
    """Quote the estimator."""
    return inputs.estimate.cause
