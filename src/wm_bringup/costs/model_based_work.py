"""Work of the model-based controller: per plan and per control step, stage by stage.

Expressions are counted by their instructions, quadratic programs by dimensions and iterations taken
(``qp_work``), rigid-body dynamics by ``rigid_body_work``, dense products by their shapes. Not
counted: some hundred scalar operations in Python around them (the gait's clock, nominal footsteps,
bounds), and the planner that waits in reserve.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from wm_bringup.costs.expression_work import expression_work
from wm_bringup.costs.qp_work import SolvedQp, qp_work
from wm_bringup.costs.rigid_body_work import centroidal_terms, whole_body_terms
from wm_bringup.costs.work import Work, numbers, product
from wm_control.controllers.model_based import ModelBasedParameters
from wm_control.mpc.footstep_problem import VARIABLES, build_footstep_problem
from wm_control.robot.description import RobotDescription
from wm_control.robot.model import BASE_DOF, RobotModel
from wm_control.wbc.leaky_integrator import LeakyIntegrator
from wm_control.wbc.sources import ROWS, Sources
from wm_control.wbc.tasks import Reference, Tasks
from wm_control.wbc.whole_body_controller import tasks_on
from wm_control.wbc.whole_body_qp import joint_bounds

_WRENCH = 6


@dataclass(frozen=True, slots=True)
class Usage:
    """What a walk asked of the controller.

    plans: made. qps: every QP that was solved, and how often.
    """

    plans: int
    qps: Mapping[SolvedQp, int]

    def of_planner(self) -> Counter[SolvedQp]:
        """QPs of the footstep problem."""
        return Counter({qp: n for qp, n in self.qps.items() if qp.unknowns == VARIABLES})

    def of_body(self) -> Counter[SolvedQp]:
        """QPs of the whole-body controller."""
        return Counter({qp: n for qp, n in self.qps.items() if qp.unknowns != VARIABLES})


def plan_work(
    description: RobotDescription, parameters: ModelBasedParameters, usage: Usage
) -> dict[str, Work]:
    """Mean work of one plan, by stage.

    The problem is evaluated once before every QP and once after the last.
    """
    qps = usage.of_planner()
    problem = expression_work(build_footstep_problem(parameters.gait, parameters.mpc))
    walked = usage.plans or 1
    solved = qps.total() / walked
    return {
        "centroidal dynamics": expression_work(centroidal_terms(RobotModel(description))),
        "footstep problem": (solved + min(solved, 1.0)) * problem,
        "footstep QPs": _mean(qps, walked),
    }


def tick_work(
    description: RobotDescription, parameters: ModelBasedParameters, usage: Usage
) -> dict[str, Work]:
    """Mean work of one step of the whole-body controller, by stage."""
    robot, qps = RobotModel(description), usage.of_body()
    ticks = qps.total() or 1  # each step solves one
    around, kernels = Work(), _kernels(description, parameters)
    for qp, times in qps.items():
        rows = _task_rows(description, parameters, qp)
        around += (times / ticks) * _around_qp(robot, qp, rows)
    return {
        "whole-body dynamics": expression_work(whole_body_terms(robot)),
        "tasks and references": kernels + _mean_tasks(description, parameters, qps, ticks),
        "posing the QP": around,
        "whole-body QP": _mean(qps, ticks),
    }


def _mean(qps: Counter[SolvedQp], times: int) -> Work:
    total = Work()
    for qp, count in qps.items():
        total += count * qp_work(qp)
    return (1.0 / times) * total


def _kernels(description: RobotDescription, parameters: ModelBasedParameters) -> Work:
    """Expressions that run in every tick, whatever bears the robot."""
    horizon = parameters.whole_body.limit_horizon
    kernels = (
        joint_bounds(description, horizon),
        Reference().swing.kernel,
        LeakyIntegrator(len(description.joint_names)).kernel,
    )
    total = Work()
    for kernel in kernels:
        total += expression_work(kernel.function)
    return total


def _loaded(robot: RobotModel, qp: SolvedQp) -> tuple[bool, bool]:
    """Feet that bear the robot; the right one stands for either."""
    return (True, True) if qp.unknowns > robot.nv else (False, True)


def _tasks(description: RobotDescription, parameters: ModelBasedParameters, qp: SolvedQp) -> Tasks:
    robot = RobotModel(description)
    listed = tasks_on(_loaded(robot, qp))
    return Tasks(robot, parameters.whole_body, Sources(robot), Reference(), listed)


def _task_rows(
    description: RobotDescription, parameters: ModelBasedParameters, qp: SolvedQp
) -> int:
    return len(_tasks(description, parameters, qp).target)


def _mean_tasks(
    description: RobotDescription,
    parameters: ModelBasedParameters,
    qps: Counter[SolvedQp],
    ticks: int,
) -> Work:
    """Mixing the sources into the tasks' rows, and what the mixtures are."""
    total, nv = Work(), len(description.joint_names) + BASE_DOF
    for qp, times in qps.items():
        tasks = _tasks(description, parameters, qp)
        one = expression_work(tasks.kernel.function)
        one += product(len(tasks.target), ROWS, nv) + product(ROWS, nv, 1)
        total += (times / ticks) * one
    return total


def _around_qp(robot: RobotModel, qp: SolvedQp, tasks: int) -> Work:
    """Eliminate the first wrench, sum up the cost, check the solution (``WholeBodyQp``).

    tasks: rows. ``rows.T @ rows`` is symmetric and costs half of a product.
    """
    n, size, contacts = robot.n, qp.unknowns, 2 if qp.unknowns > robot.nv else 1
    columns, rows = size + 1, tasks + _WRENCH
    return (
        contacts * product(robot.nv, _WRENCH, _WRENCH)
        + numbers(2 * _WRENCH**3 / 3 + 2 * _WRENCH**2 * columns, _WRENCH * (_WRENCH + columns))
        + product(n, _WRENCH, columns)
        + product(qp.rows - n, _WRENCH, columns) * (1.0 / contacts)
        + 0.5 * product(size, rows, size)
        + product(1, rows, size)
        + product(qp.rows, size, 1)
    )
