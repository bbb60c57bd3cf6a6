r"""The inverse-dynamics QP over the full model.

Unknowns x = (v̇, w_1, ..., w_k): generalised accelerations and the wrench of the ground on each
loaded sole, in sole axes and in units of the robot's weight. With G_i = J_iᵀ diag(R_i, R_i) m g,

    minimise    sum_tasks |J v̇ - b|²_W + |v̇_j - b_j|²_w + w_reg |w|²
    subject to  M_b v̇ + h_b = sum G_b,i w_i                      base dynamics (6)
                -tau_max <= M_a v̇ + h_a - sum G_a,i w_i <= tau_max   (n, soft)
                C w_i <= 0,  f_min <= f_z,i <= f_max,i            contact wrench cone
                joint position and velocity limits, as bounds on v̇   (n, soft)

where indices b and a select base and actuated rows. Soft rows keep the problem feasible when the
state itself is beyond a limit. Solved by the dual active-set method DAQP (Arnström et al., 2022).
"""

from __future__ import annotations

from dataclasses import dataclass

import daqp
import numpy as np

from wm_control.robot.model import BASE_DOF, RobotModel
from wm_control.types import Array
from wm_control.wbc.contact_cone import contact_wrench_cone
from wm_control.wbc.parameters import WholeBodyParameters

EQUALITY, SOFT = 5, 8
_FREE = 1e6


@dataclass(frozen=True, slots=True)
class TaskStack:
    """Everything that is wanted at this instant.

    jacobian: (rows, nv) and target: (rows,), both already multiplied by the square root of the
    task's weight. posture_weight, posture: (n,) weights and wanted accelerations of the joints.
    """

    jacobian: Array
    target: Array
    posture_weight: Array
    posture: Array


@dataclass(frozen=True, slots=True)
class SoleContact:
    """One loaded sole: G of the module's docstring (nv, 6), and the bounds of its normal force."""

    transmission: Array
    normal_min: float
    normal_max: float


@dataclass(frozen=True, slots=True)
class WholeBodyProblem:
    """A dense QP in DAQP's form: the first ``len(x)`` bounds are simple ones."""

    hessian: Array
    gradient: Array
    rows: Array
    upper: Array
    lower: Array
    sense: np.ndarray[tuple[int], np.dtype[np.int32]]


@dataclass(frozen=True, slots=True)
class WholeBodySolution:
    """acceleration (nv,), torque (n,), wrenches (k, 6) in sole axes [N], [N·m].

    ok: the solver's word; residual: violation of base dynamics [in weights]; iterations.
    """

    acceleration: Array
    torque: Array
    wrenches: Array
    ok: bool
    residual: float
    iterations: int


class _Workspace:
    """Preallocated matrices for one number of contacts; constant entries are written once."""

    def __init__(self, nv: int, contacts: int, cone: Array) -> None:
        n, self.size = nv - BASE_DOF, nv + 6 * contacts
        rows = nv + cone.shape[0] * contacts
        total = self.size + rows
        self.hessian = np.zeros((self.size, self.size))
        self.gradient = np.zeros(self.size)
        self.rows = np.zeros((rows, self.size))
        self.upper = np.full(total, _FREE)
        self.lower = np.full(total, -_FREE)
        self.sense = np.zeros(total, dtype=np.int32)
        self.sense[BASE_DOF:nv] = SOFT
        self.sense[self.size : self.size + BASE_DOF] = EQUALITY
        self.sense[self.size + BASE_DOF : self.size + nv] = SOFT
        for k in range(contacts):
            at = nv + k * cone.shape[0]
            self.rows[at : at + cone.shape[0], nv + 6 * k : nv + 6 * k + 6] = cone
            self.upper[self.size + at : self.size + at + cone.shape[0]] = 0.0
        self.n = n
        self.diagonal = np.arange(self.size)


class WholeBodyQp:
    """Builds and solves the QP; building and solving are apart so that both can be looked at."""

    def __init__(self, model: RobotModel, parameters: WholeBodyParameters) -> None:
        """Derive cone, limits and weights from the description and the parameters."""
        self._model, self._parameters = model, parameters
        description = model.description
        ends, sides = parameters.sole_margin
        half_length, half_width = model.sole_area(ends, ends, sides).upper
        cone = contact_wrench_cone(half_length, half_width, parameters.friction)
        self._spaces = tuple(_Workspace(model.nv, k, cone) for k in range(3))
        self._torque_limit = parameters.torque_fraction * np.asarray(description.torque_limit)
        self._position_lower = np.asarray(description.position_lower)
        self._position_upper = np.asarray(description.position_upper)
        self._velocity_limit = np.asarray(description.velocity_limit)
        self._wrench_weight = parameters.weight_wrench * np.array([1.0, 1.0, 0.2, 20.0, 20.0, 20.0])

    def build(self, tasks: TaskStack, contacts: tuple[SoleContact, ...]) -> WholeBodyProblem:
        """Write the QP for the model's present state; the arrays are reused by the next build."""
        model, space = self._model, self._spaces[len(contacts)]
        nv, data = model.nv, model.data
        hessian, gradient, rows = space.hessian, space.gradient, space.rows
        np.matmul(tasks.jacobian.T, tasks.jacobian, out=hessian[:nv, :nv])
        joints = space.diagonal[BASE_DOF:nv]
        hessian[joints, joints] += tasks.posture_weight
        np.matmul(tasks.jacobian.T, tasks.target, out=gradient[:nv])
        gradient[BASE_DOF:nv] += tasks.posture_weight * tasks.posture
        np.negative(gradient[:nv], out=gradient[:nv])
        rows[:nv, :nv] = data.M
        upper, lower, base = space.upper, space.lower, space.size
        bias = data.nle
        upper[base : base + BASE_DOF] = lower[base : base + BASE_DOF] = -bias[:BASE_DOF]
        upper[base + BASE_DOF : base + nv] = self._torque_limit - bias[BASE_DOF:]
        lower[base + BASE_DOF : base + nv] = -self._torque_limit - bias[BASE_DOF:]
        for k, contact in enumerate(contacts):
            at = nv + 6 * k
            np.negative(contact.transmission, out=rows[:nv, at : at + 6])
            wrench = space.diagonal[at : at + 6]
            hessian[wrench, wrench] = self._wrench_weight
            lower[at + 2], upper[at + 2] = contact.normal_min, contact.normal_max
        self._bound_joints(upper[BASE_DOF:nv], lower[BASE_DOF:nv])
        return WholeBodyProblem(hessian, gradient, rows, upper, lower, space.sense)

    def _bound_joints(self, upper: Array, lower: Array) -> None:
        """Acceleration bounds that keep position and velocity inside their limits for a horizon."""
        t = self._parameters.limit_horizon
        q, v = self._model.q[7:], self._model.v[6:]
        coast = q + t * v
        half = 0.5 * t * t
        np.minimum((self._position_upper - coast) / half, (self._velocity_limit - v) / t, out=upper)
        np.maximum(
            (self._position_lower - coast) / half, (-self._velocity_limit - v) / t, out=lower
        )
        np.clip(upper, -2e3, _FREE, out=upper)
        np.clip(lower, -_FREE, 2e3, out=lower)
        np.maximum(upper, lower, out=upper)

    def solve(self, problem: WholeBodyProblem) -> WholeBodySolution:
        """Solve; when the solver fails, ok is False and the arrays are not to be used."""
        nv = self._model.nv
        x, _, flag, info = daqp.solve(
            problem.hessian,
            problem.gradient,
            problem.rows,
            problem.upper,
            problem.lower,
            problem.sense,
            eps_prox=0.0,
        )
        value = problem.rows[:nv] @ x
        size = problem.hessian.shape[0]
        residual = np.abs(value[:BASE_DOF] - problem.upper[size : size + BASE_DOF]).max()
        residual = float(residual) / self._model.weight
        return WholeBodySolution(
            acceleration=x[:nv],
            torque=value[BASE_DOF:] + self._model.data.nle[BASE_DOF:],
            wrenches=x[nv:].reshape(-1, 6) * self._model.weight,
            ok=bool(flag > 0 and residual < 1e-4),
            residual=residual,
            iterations=int(info["iterations"]),
        )
