"""Footstep problems whose answer is known: a step of the nominal gait, disturbed or not."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, exp, sin

import numpy as np

from wm_control.gait.parameters import GaitParameters
from wm_control.mpc.footstep_problem import (
    COP,
    COP_NEXT,
    INPUTS,
    STEPS,
    TIME,
    TIME_NEXT,
    VARIABLES,
    Bounds,
)
from wm_control.mpc.parameters import FootstepMpcParameters
from wm_control.mpc.template import double_support_gains, nominal_gait
from wm_control.types import LEFT, Array, VelocityCommand

FREE = 1e3


@dataclass(frozen=True, slots=True)
class NominalProblem:
    """inputs: of the problem on the nominal gait. answer: (14,) the decision that changes nothing.

    feet: (3, 2) the nominal footsteps relative to the support sole.
    """

    inputs: dict[str, Array]
    answer: Array
    feet: Array

    def stacked(self, **changes: Array) -> Array:
        """Stack the inputs in order, some of them replaced."""
        values = self.inputs | {name: np.atleast_1d(value) for name, value in changes.items()}
        return np.concatenate([values[name] for name in INPUTS])


def nominal_problem(
    gait: GaitParameters,
    support: int = LEFT,
    velocity: tuple[float, float, float] = (0.0, 0.0, 0.0),
    time: float = 0.2,
    yaw: float = 0.0,
) -> NominalProblem:
    """Pose a step with ``time`` [s] to go, on the nominal gait, the support sole at the origin.

    More time than a single support lasts means that the load transfer is still going on.
    """
    omega, total, double = gait.omega, gait.step_duration, gait.double_support
    left = max(time - (total - double), 0.0)
    nominal = nominal_gait(
        support,
        (0.0, 0.0, yaw),
        (yaw + velocity[2] * time, yaw),
        VelocityCommand(*velocity),
        gait.step_width,
        (double, total),
        omega,
    )
    feet = np.array(nominal.feet)[:, :2]
    offset = np.array(nominal.dcm) - feet[1:]
    cop_now = -feet[1] * left / max(double, 1e-9)
    # Back from the nominal divergent component at touchdown to now, the pressure under the sole.
    dcm = exp(-omega * (time - left)) * np.array(nominal.dcm[0])
    e, a, _ = double_support_gains(omega, left)
    dcm = (dcm - a * cop_now) / e
    side = -1.0 if support == LEFT else 1.0
    inputs = {
        "dcm": dcm,
        "convergent": dcm,
        "cop_now": cop_now,
        "transfer_left": np.array([left]),
        "time_nominal": np.array([time, total]),
        "displacement": np.diff(feet, axis=0).ravel(),
        "velocity": np.array(velocity[:2]),
        "offset": offset.ravel(),
        "support_axis": np.array([cos(yaw), sin(yaw)]),
        "body_axis": np.array([cos(nominal.feet[1][2]), sin(nominal.feet[1][2])]),
        "swing": feet[1] - 0.3 * time * np.array(velocity[:2]),
        "hip_swing": np.array([0.0, 0.06 * side]),
        "hip_support": np.array([0.0, -0.06 * side]),
    }
    answer = np.zeros(VARIABLES)
    answer[TIME], answer[TIME_NEXT] = time, total
    answer[STEPS] = feet[1:].ravel()
    return NominalProblem(inputs, answer, feet[1:])


def bounds_of(
    gait: GaitParameters, mpc: FootstepMpcParameters, support: int = LEFT, time: float = 0.2
) -> Bounds:
    """Bounds as the planner sets them, ``time`` [s] before the nominal touchdown."""
    lower, upper = np.full(VARIABLES, -FREE), np.full(VARIABLES, FREE)
    for first in (COP.start, COP_NEXT.start, COP_NEXT.start + 2):
        lower[first : first + 2] = (-0.055, -0.018)
        upper[first : first + 2] = (0.06, 0.018)
    shortest, longest = (single + gait.double_support for single in mpc.single_support)
    lower[TIME] = max(shortest - gait.step_duration + time, 0.0)
    upper[TIME] = longest - gait.step_duration + time
    lower[TIME_NEXT], upper[TIME_NEXT] = shortest, longest
    near, far = mpc.step_y
    row_lower, row_upper = np.full(14, -0.4), np.full(14, 0.4)
    for k in range(3):
        leftwards = (k % 2 == 0) == (support != LEFT)
        row_lower[2 * k : 2 * k + 2] = (-mpc.step_x, near if leftwards else -far)
        row_upper[2 * k : 2 * k + 2] = (mpc.step_x, far if leftwards else -near)
    row_lower[10:], row_upper[10:] = 0.0, FREE
    return Bounds(lower, upper, row_lower, row_upper)


def free_bounds() -> Bounds:
    """No bound but those that keep the time positive."""
    lower, upper = np.full(VARIABLES, -FREE), np.full(VARIABLES, FREE)
    lower[[TIME, TIME_NEXT]] = 0.05
    return Bounds(lower, upper, np.full(14, -FREE), np.full(14, FREE))
