"""The footstep and timing problem, posed in CasADi and solved as a small sequence of QPs.

Decision variables: the remaining time T of this step, the CoP offset in the support sole (its own
axes), three footsteps (relative to the support sole, world axes), the CoP offsets of the two
coming steps (in each sole's axes), and the duration of the coming step. The template's motion is
eliminated through its closed form (template.py), so that the divergent component at each touchdown
is a smooth function of the decision. The cost is a sum of squares, hence Gauss-Newton: with
residual r and its Jacobian J the step minimises |J dz + r|² under the linearised constraints, a
dense QP of 14 unknowns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, sqrt

import casadi as ca
import daqp
import numpy as np

from wm_control.fast_init import fast_init
from wm_control.gait.parameters import GaitParameters
from wm_control.mpc.parameters import FootstepMpcParameters
from wm_control.types import Array

TIME, COP, STEPS, COP_NEXT, TIME_NEXT = 0, slice(1, 3), slice(3, 9), slice(9, 13), 13
VARIABLES = 14

INPUTS: Mapping[str, int] = {
    "dcm": 2,  # at the time the problem starts
    "convergent": 2,
    "cop_now": 2,
    "transfer_left": 1,  # what remains of this step's double support [s]
    "time_nominal": 2,  # remaining time of this step, duration of the next [s]
    "displacement": 6,  # nominal footsteps, each relative to the one before
    "velocity": 2,  # commanded, in world: a longer step goes further
    "offset": 6,  # nominal DCM at each touchdown, relative to the new footstep
    "support_axis": 2,  # cos, sin of the support sole's yaw
    "body_axis": 2,  # cos, sin of the heading at touchdown
    "swing": 2,  # where the swing sole is now
    "hip_swing": 2,  # swing hip relative to the CoM
    "hip_support": 2,
}
"""Parameters of the problem and their sizes; all lengths in m, relative to the support sole."""

ROWS = ("step1", "step2", "step3", "reach_swing", "reach_support", "swing_time")
_ROW_SIZES = (2, 2, 2, 2, 2, 4)
SOFT = 8
_REACH = slice(6, 10)
CONSTRAINTS = sum(_ROW_SIZES)


@fast_init
@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of one solve: of the variables (14,) and of the constraint rows (14,)."""

    lower: Array
    upper: Array
    row_lower: Array
    row_upper: Array


@fast_init
@dataclass(frozen=True, slots=True)
class Solution:
    """z: (14,) decision. violation: largest of a hard row or bound [m or s]. ok: solver's word."""

    z: Array
    ok: bool
    violation: float
    iterations: int


def _rotate_back(axis: ca.SX, vector: ca.SX) -> ca.SX:
    """World vector into the frame whose x axis is (cos, sin) = axis."""
    return ca.vertcat(
        axis[0] * vector[0] + axis[1] * vector[1], -axis[1] * vector[0] + axis[0] * vector[1]
    )


def _rotate(axis: ca.SX, vector: ca.SX) -> ca.SX:
    """Undo _rotate_back."""
    return ca.vertcat(
        axis[0] * vector[0] - axis[1] * vector[1], axis[1] * vector[0] + axis[0] * vector[1]
    )


def _transfer(omega: float, duration: ca.SX) -> tuple[ca.SX, ca.SX, ca.SX]:
    """Double-support gains e, a, b of template.py; duration > 0."""
    growth = ca.exp(omega * duration)
    mean = (growth - 1.0) / (omega * duration)
    return growth, mean - growth, 1.0 - mean


def build_footstep_problem(gait: GaitParameters, mpc: FootstepMpcParameters) -> ca.Function:
    """CasADi function (z, p) -> (H, gradient, rows, row Jacobian transposed).

    p stacks INPUTS in order. H = Jᵀ J of the weighted residual; the rows are listed in ROWS.
    """
    omega = gait.omega
    z = ca.SX.sym("z", VARIABLES)
    p = {name: ca.SX.sym(name, size) for name, size in INPUTS.items()}
    time, time_next = z[TIME], z[TIME_NEXT]
    steps = [z[3:5], z[5:7], z[7:9]]
    cop = _rotate(p["support_axis"], z[COP])
    cops = [steps[k] + _rotate(p["body_axis"], z[9 + 2 * k : 11 + 2 * k]) for k in range(2)]

    left = ca.fmax(p["transfer_left"], 1e-4)
    e, a, b = _transfer(omega, left)
    dcm = e * p["dcm"] + a * p["cop_now"] + b * cop
    dcm = cop + ca.exp(omega * (time - left)) * (dcm - cop)
    errors = [dcm - steps[0] - p["offset"][0:2]]
    touchdown = dcm

    double = ca.SX(max(gait.double_support, 1e-4))
    e, a, b = _transfer(omega, double)
    old = cop
    durations = (time_next, p["time_nominal"][1])
    for k, (new, duration) in enumerate(zip(cops, durations, strict=True)):
        dcm = e * dcm + a * old + b * new
        dcm = new + ca.exp(omega * (duration - double)) * (dcm - new)
        errors.append(dcm - steps[k + 1] - p["offset"][2 * k + 2 : 2 * k + 4])
        old = new

    late = (time - p["time_nominal"][0], time_next - p["time_nominal"][1])
    wanted = p["displacement"] + ca.vertcat(*(t * p["velocity"] for t in late), 0.0, 0.0)
    moves = [steps[0], steps[1] - steps[0], steps[2] - steps[1]]
    residual = ca.vertcat(
        *(sqrt(mpc.weight_dcm) * error for error in errors),
        sqrt(mpc.weight_step) * (ca.vertcat(*moves) - wanted),
        sqrt(mpc.weight_cop) * z[COP],
        sqrt(mpc.weight_cop_next) * z[COP_NEXT],
        sqrt(mpc.weight_time) * ca.vertcat(*late),
    )
    convergent = cop + ca.exp(-omega * time) * (p["convergent"] - cop)
    com = 0.5 * (touchdown + convergent)
    lift_off = com + omega * gait.double_support * (touchdown - com)
    rows = ca.vertcat(
        _rotate_back(p["support_axis"], moves[0]),
        _rotate_back(p["body_axis"], moves[1]),
        _rotate_back(p["body_axis"], moves[2]),
        _rotate_back(p["body_axis"], steps[0] - com - p["hip_swing"]),
        _rotate_back(p["body_axis"], -lift_off - p["hip_support"]),
        mpc.swing_speed * time - (steps[0] - p["swing"]),
        mpc.swing_speed * time + (steps[0] - p["swing"]),
    )
    jacobian = ca.jacobian(residual, z)
    outputs = (
        ca.densify(jacobian.T @ jacobian + 1e-9 * ca.SX.eye(VARIABLES)),
        ca.densify(jacobian.T @ residual),
        ca.densify(rows),
        ca.densify(ca.jacobian(rows, z).T),
    )
    return ca.Function("footstep_problem", [z, ca.vertcat(*p.values())], list(outputs))


class FootstepProblem:
    """Solves the problem again and again, each time from the last answer."""

    def __init__(self, gait: GaitParameters, mpc: FootstepMpcParameters) -> None:
        """Build the CasADi function once and bind it to preallocated memory."""
        self._mpc = mpc
        self._function = build_footstep_problem(gait, mpc)
        self._z = np.zeros(VARIABLES)
        self._p = np.zeros(sum(INPUTS.values()))
        self._hessian = np.zeros((VARIABLES, VARIABLES))
        self._gradient = np.zeros(VARIABLES)
        self._rows = np.zeros(CONSTRAINTS)
        self._jacobian = np.zeros((CONSTRAINTS, VARIABLES))
        self._buffer, self._evaluate = self._function.buffer()
        self._bind()
        self._sense = np.zeros(VARIABLES + CONSTRAINTS, dtype=np.int32)
        self._sense[VARIABLES + _REACH.start :] = SOFT
        self._upper = np.zeros(VARIABLES + CONSTRAINTS)
        self._lower = np.zeros(VARIABLES + CONSTRAINTS)

    def _bind(self) -> None:
        """Let CasADi read and write the arrays in place; its stubs do not know this form."""
        arguments: tuple[Array, ...] = (self._z, self._p)
        results: tuple[Array, ...] = (self._hessian, self._gradient, self._rows, self._jacobian)
        for index, array in enumerate(arguments):
            self._buffer.set_arg(index, memoryview(array))  # type: ignore[call-arg, arg-type]
        for index, array in enumerate(results):
            self._buffer.set_res(index, memoryview(array))  # type: ignore[call-arg, arg-type]

    def solve(self, inputs: Array, bounds: Bounds, start: Array) -> Solution:
        """Gauss-Newton from ``start``; failed QP or NaN input: the last iterate and ok = False.

        inputs: stacked INPUTS. The time variables move at most 60 ms per iteration, which
        keeps the linearisation of exp(omega T) within 3 %.
        """
        np.minimum(np.maximum(start, bounds.lower), bounds.upper, out=self._z)
        self._p[:] = inputs
        if not isfinite(self._p.dot(self._p) + self._z.dot(self._z)):
            return Solution(self._z.copy(), False, np.inf, 0)
        iterations = 0
        for _ in range(self._mpc.iterations):
            self._evaluate()
            self._set_limits(bounds)
            step, _, flag, info = daqp.solve(
                self._hessian,
                self._gradient,
                self._jacobian,
                self._upper,
                self._lower,
                self._sense,
            )
            iterations += int(info["iterations"])
            if flag < 1 or not isfinite(step.dot(step)):
                return Solution(self._z.copy(), False, np.inf, iterations)
            self._z += step
            if max(map(abs, step.tolist())) < 1e-4:
                break
        self._evaluate()
        rows, hard = self._rows, slice(0, _REACH.start)
        beyond = np.maximum(bounds.row_lower - rows, rows - bounds.row_upper)
        violation = float(np.maximum.reduce(beyond[hard], initial=0.0))
        return Solution(self._z.copy(), True, violation, iterations)

    def _set_limits(self, bounds: Bounds) -> None:
        n = VARIABLES
        np.subtract(bounds.upper, self._z, out=self._upper[:n])
        np.subtract(bounds.lower, self._z, out=self._lower[:n])
        np.subtract(bounds.row_upper, self._rows, out=self._upper[n:])
        np.subtract(bounds.row_lower, self._rows, out=self._lower[n:])
        for index in (TIME, TIME_NEXT):
            lower, upper = self._lower.item(index), self._upper.item(index)
            upper = min(upper, max(0.06, lower))
            self._upper[index], self._lower[index] = upper, max(lower, min(-0.06, upper))
