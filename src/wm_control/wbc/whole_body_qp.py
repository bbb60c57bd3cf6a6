r"""The inverse-dynamics QP over the full model.

Wanted are v̇, generalised accelerations, and w_1, ..., w_k, the wrench of the ground on each loaded
sole, in sole axes and in units of the robot's weight. With G_i = J_iᵀ diag(R_i, R_i) m g,

    minimise    sum_tasks |J v̇ - b|²_W + |v̇_j - b_j|²_w + w_reg |w|²
    subject to  M_b v̇ + h_b = sum G_b,i w_i                      base dynamics (6)
                -tau_max <= M_a v̇ + h_a - sum G_a,i w_i <= tau_max   (n, soft)
                C w_i <= 0,  f_min <= f_z,i <= f_max,i            contact wrench cone
                joint position and velocity limits, as bounds on v̇   (n, soft)

where indices b and a select base and actuated rows. Soft rows keep the problem feasible when the
state itself is beyond a limit. The base can be pushed in six ways and so can a sole push: the first
wrench is what the base dynamics leave for it,

    w_1 = G_b,1⁻¹ (M_b v̇ + h_b - sum_{i>1} G_b,i w_i),

so that the unknowns are x = (v̇, w_2, ..., w_k), without equations between them; only in the air
they remain. That is three times as fast. Solved by the dual active-set method DAQP (Arnström et
al., 2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import casadi as ca
import daqp
import numpy as np
from scipy.linalg.lapack import dgesv

from wm_control.fast_init import fast_init
from wm_control.kernel import Kernel
from wm_control.robot.description import RobotDescription
from wm_control.robot.model import BASE_DOF, RobotModel
from wm_control.types import Array
from wm_control.wbc.contact_cone import contact_wrench_cone
from wm_control.wbc.parameters import WholeBodyParameters

EQUALITY, SOFT = 5, 8
_FREE = 1e6
_WRENCH = 6
_ONE = np.ones(1)
_NORMAL = 2
"""Entry of a wrench that presses on the ground."""


@fast_init
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


@fast_init
@dataclass(frozen=True, slots=True)
class SoleContact:
    """One loaded sole: G of the module's docstring (nv, 6), and the bounds of its normal force."""

    transmission: Array
    normal_min: float
    normal_max: float


@fast_init
@dataclass(frozen=True, slots=True)
class WholeBodyProblem:
    """A dense QP in DAQP's form: the first ``len(x)`` bounds are simple ones.

    The first n rows are the joints' torques but for those at x = 0, torque_offset (n,) [N·m].
    first_wrench: (6, len(x) + 1), times (x, 1) the first sole's wrench [in weights]; no rows in the
    air.
    """

    hessian: Array
    gradient: Array
    rows: Array
    upper: Array
    lower: Array
    sense: np.ndarray[tuple[int], np.dtype[np.int32]]
    torque_offset: Array
    first_wrench: Array


@fast_init
@dataclass(frozen=True, slots=True)
class WholeBodySolution:
    """acceleration (nv,), torque (n,), wrenches (k, 6) in sole axes [N], [N·m].

    ok: the solver's word; residual: violation of contact cones, or in the air of the base dynamics
    [in weights]; iterations.
    """

    acceleration: Array
    torque: Array
    wrenches: Array
    ok: bool
    residual: float
    iterations: int


class _Workspace:
    """Preallocated matrices for one number of contacts; constant entries are written once.

    motion: (nv, size + 1) of (x, 1) M v̇ + h - sum_{i>1} G_i w_i. first_rows: what is asked of the
    first wrench, cone and normal force. Slices of rows: torque, then first, then the others' cones.
    """

    def __init__(self, nv: int, contacts: int, cone: Array, wrench_weight: Array) -> None:
        n, others = nv - BASE_DOF, max(contacts - 1, 0)
        self.first_rows = np.vstack((cone, np.eye(_WRENCH)[_NORMAL]))
        self.size = size = nv + _WRENCH * others
        first = len(self.first_rows) if contacts else BASE_DOF
        self.torque, self.first = slice(0, n), slice(n, n + first)
        count = n + first + len(cone) * others
        self.hessian, self.gradient = np.zeros((size, size)), np.zeros(size)
        self.rows = np.zeros((count, size))
        self.upper, self.lower = np.full(size + count, _FREE), np.full(size + count, -_FREE)
        self.sense = np.zeros(size + count, dtype=np.int32)
        self.row_upper, self.row_lower = self.upper[size:], self.lower[size:]
        self.sense[BASE_DOF:nv] = SOFT
        self.sense[size:][self.torque] = SOFT
        if not contacts:
            self.sense[size:][self.first] = EQUALITY
        for k in range(others):
            at, part = self.first.stop + k * len(cone), nv + _WRENCH * k
            self.rows[at : at + len(cone), part : part + _WRENCH] = cone
            self.row_upper[at : at + len(cone)] = 0.0
        self.diagonal = self.hessian.reshape(-1)[:: size + 1]
        self.other_weights = np.tile(wrench_weight, others)
        self.motion = np.zeros((nv, size + 1))


class WholeBodyQp:
    """Builds and solves the QP; building and solving are apart so that both can be looked at."""

    def __init__(self, model: RobotModel, parameters: WholeBodyParameters) -> None:
        """Derive cone, limits and weights from the description and the parameters."""
        self._model, self._parameters = model, parameters
        ends, sides = parameters.sole_margin
        half_length, half_width = model.sole_area(ends, ends, sides).upper
        cone = contact_wrench_cone(half_length, half_width, parameters.friction)
        weight = parameters.weight_wrench * np.array([1.0, 1.0, 0.2, 20.0, 20.0, 20.0])
        self._spaces = tuple(_Workspace(model.nv, k, cone, weight) for k in range(3))
        self._root_weight = np.sqrt(weight)[:, None]
        self._torque_limit = parameters.torque_fraction * np.asarray(model.description.torque_limit)
        self._bounds = joint_bounds(model.description, parameters.limit_horizon)
        self._position, self._velocity = self._bounds.inputs.values()

    def build(self, tasks: TaskStack, contacts: Sequence[SoleContact]) -> WholeBodyProblem:
        """Write the QP for the model's present state; the arrays are reused by the next build."""
        space = self._spaces[len(contacts)]
        self._write_motion(space, contacts)
        if contacts:
            torque, first = self._bear(space, contacts[0])
        else:
            torque, first = self._fall(space)
        offset = torque[:, space.size]
        space.rows[space.torque] = torque[:, : space.size]
        np.subtract(self._torque_limit, offset, out=space.row_upper[space.torque])
        np.subtract(-self._torque_limit, offset, out=space.row_lower[space.torque])
        self._write_cost(space, tasks, first)
        self._bound_joints(space)
        return WholeBodyProblem(
            space.hessian,
            space.gradient,
            space.rows,
            space.upper,
            space.lower,
            space.sense,
            offset,
            first,
        )

    def _write_motion(self, space: _Workspace, contacts: Sequence[SoleContact]) -> None:
        """Write M v̇ + h - sum_{i>1} G_i w_i, and the bounds of the other normal forces."""
        nv, motion = self._model.nv, space.motion
        motion[:, :nv] = self._model.mass_matrix
        motion[:, space.size] = self._model.bias
        for k, contact in enumerate(contacts[1:]):
            at = nv + _WRENCH * k
            np.negative(contact.transmission, out=motion[:, at : at + _WRENCH])
            space.lower[at + _NORMAL] = contact.normal_min
            space.upper[at + _NORMAL] = contact.normal_max

    def _bear(self, space: _Workspace, contact: SoleContact) -> tuple[Array, Array]:
        """Let the first sole bear what is left: torques (n,) and its wrench (6,), of (x, 1)."""
        motion, size, push = space.motion, space.size, contact.transmission
        _, _, first, singular = dgesv(push[:BASE_DOF], motion[:BASE_DOF])
        if singular:
            first[:] = np.nan  # no solution then passes
        torque = motion[BASE_DOF:] - push[BASE_DOF:].dot(first)
        held = space.first_rows.dot(first)
        space.rows[space.first] = held[:, :size]
        upper, lower = space.row_upper[space.first], space.row_lower[space.first]
        np.negative(held[:, size], out=upper)
        lower[-1] = upper[-1] + contact.normal_min
        upper[-1] += contact.normal_max
        return torque, first

    def _fall(self, space: _Workspace) -> tuple[Array, Array]:
        """Nothing bears the base: its dynamics stay as equations."""
        motion, size = space.motion, space.size
        space.rows[space.first] = motion[:BASE_DOF, :size]
        np.negative(motion[:BASE_DOF, size], out=space.row_upper[space.first])
        np.negative(motion[:BASE_DOF, size], out=space.row_lower[space.first])
        return motion[BASE_DOF:], np.zeros((0, size + 1))

    def _write_cost(self, space: _Workspace, tasks: TaskStack, first: Array) -> None:
        """Sum of squares: tasks and first wrench, by rows; posture and other wrenches beside."""
        nv, size, count = self._model.nv, space.size, len(tasks.target)
        rows, target = np.zeros((count + len(first), size)), np.zeros(count + len(first))
        rows[:count, :nv], target[:count] = tasks.jacobian, tasks.target
        weighted = self._root_weight[: len(first)] * first
        rows[count:] = weighted[:, :size]
        np.negative(weighted[:, size], out=target[count:])
        rows.T.dot(rows, out=space.hessian)
        target.dot(rows, out=space.gradient)
        space.diagonal[BASE_DOF:nv] += tasks.posture_weight
        space.gradient[BASE_DOF:nv] += tasks.posture_weight * tasks.posture
        space.diagonal[nv:] += space.other_weights
        np.negative(space.gradient, out=space.gradient)

    def _bound_joints(self, space: _Workspace) -> None:
        """Acceleration bounds that keep position and velocity inside their limits for a horizon."""
        joints = slice(BASE_DOF, self._model.nv)
        self._position[:] = self._model.q[7:]
        self._velocity[:] = self._model.v[BASE_DOF:]
        self._bounds.run()
        space.upper[joints], space.lower[joints] = self._bounds.outputs.values()

    def solve(self, problem: WholeBodyProblem) -> WholeBodySolution:
        """Solve; when the solver fails, ok is False and the arrays are not to be used."""
        nv, n, size = self._model.nv, self._model.n, len(problem.gradient)
        x, _, flag, info = daqp.solve(
            problem.hessian,
            problem.gradient,
            problem.rows,
            problem.upper,
            problem.lower,
            problem.sense,
            eps_prox=0.0,
        )
        value = problem.rows.dot(x)
        hard, bounds = value[n:], slice(size + n, None)
        beyond = np.maximum(hard - problem.upper[bounds], problem.lower[bounds] - hard)
        residual = float(np.maximum.reduce(beyond, initial=0.0))  # NaN when anything is
        wrenches = x[nv:]
        if len(problem.first_wrench):
            first = problem.first_wrench.dot(np.concatenate((x, _ONE)))
            wrenches = np.concatenate((first, wrenches))
        return WholeBodySolution(
            acceleration=x[:nv],
            torque=value[:n] + problem.torque_offset,
            wrenches=self._model.weight * wrenches.reshape(-1, _WRENCH),
            ok=bool(flag > 0 and residual < 1e-4),
            residual=residual,
            iterations=int(info["iterations"]),
        )


def joint_bounds(robot: RobotDescription, horizon: float) -> Kernel:
    """Bounds on joint accelerations (n,) from joint position and velocity (n,).

    After the horizon t the joint is at q + t dq + t² a / 2 with dq + t a. A joint that is beyond a
    limit is not brought back by more than 2000 rad/s², and the upper bound wins.
    """
    n, t = len(robot.joint_names), horizon
    q, dq = ca.SX.sym("q", n), ca.SX.sym("dq", n)
    coast, half = q + t * dq, 0.5 * t * t
    lower, upper = ca.DM(robot.position_lower), ca.DM(robot.position_upper)
    speed = ca.DM(robot.velocity_limit)
    most = ca.fmin((upper - coast) / half, (speed - dq) / t)
    least = ca.fmax((lower - coast) / half, (-speed - dq) / t)
    most, least = _clipped(most, -2e3, _FREE), _clipped(least, -_FREE, 2e3)
    return Kernel(
        "joint_bounds", {"q": q, "dq": dq}, {"upper": ca.fmax(most, least), "lower": least}
    )


def _clipped(value: ca.SX, least: float, most: float) -> ca.SX:
    return ca.fmin(ca.fmax(value, least), most)
