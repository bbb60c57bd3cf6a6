"""The model-based contestant: footstep MPC above, whole-body control below, one interface."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from math import isnan

from pydantic.dataclasses import dataclass

from wm_control.arbiter.availability import READY
from wm_control.arbiter.controller_measurements import REFUSED
from wm_control.configuration.parameters import STRICT
from wm_control.drivers import MPC
from wm_control.gait.parameters import GaitParameters
from wm_control.gait.state import Gait, Mode
from wm_control.mpc.footstep_mpc import FootstepMpc
from wm_control.mpc.parameters import FootstepMpcParameters
from wm_control.mpc.plan import Phase, WalkingPlan, read_plan, with_age
from wm_control.mpc.plan_check import implausible_plan
from wm_control.refusal import Refusals
from wm_control.robot.description import RobotDescription
from wm_control.robot.geometry import sole_area
from wm_control.robot.model import RobotModel
from wm_control.types import (
    ControllerResult,
    Estimate,
    Executed,
    SolveReport,
    Status,
    VelocityCommand,
)
from wm_control.wbc.parameters import WholeBodyParameters
from wm_control.wbc.whole_body_controller import WholeBodyController

STALE_PERIODS = 3
"""A plan older than this many MPC periods (plus the configured delay) is not followed any more."""

_MOST_RECEIVED = 16
"""Plans that wait to be judged; the oldest go when more come within one tick."""

_SAME_STEP = 0.05
"""Planners whose touchdowns differ by more are in different steps [s]."""


@dataclass(frozen=True, slots=True, config=STRICT)
class ModelBasedParameters:
    """A robot's ``model_based.yaml``: all parameters of the model-based controller."""

    gait: GaitParameters
    mpc: FootstepMpcParameters
    whole_body: WholeBodyParameters


class ModelBasedController:
    """Follows the newest plan with the whole body; without a fresh plan, walks itself to a stop.

    The planner runs elsewhere, at its own rate, and may die. This controller then continues the
    last plan's gait with a planner of its own and zero velocity, so that the robot steps to a stop
    and stands: it reports DEGRADED and says why for as long as no fresh plan arrives.

    In the shadow of another driver its references stay where the robot is, so that what it proposes
    is what it would do from there.
    """

    name = MPC

    def __init__(
        self,
        description: RobotDescription,
        parameters: ModelBasedParameters,
        taken: Sequence[int] = (),
    ) -> None:
        """Build the whole-body controller and the backup planner, each on a model of its own.

        taken: joints that somebody else moves.
        """
        self._parameters = parameters
        self._body = WholeBodyController(
            RobotModel(description), parameters.gait, parameters.whole_body, taken
        )
        self._sole_area = sole_area(description.soles, 0.0, 0.0, 0.0)
        stopping = replace(parameters.gait, stand_at_zero_command=True)
        self._backup = FootstepMpc(RobotModel(description), stopping, parameters.mpc)
        self._plan: WalkingPlan | None = None
        self._own: WalkingPlan | None = None
        self._has_followed = self._has_stepped = False
        self._received: deque[WalkingPlan] = deque(maxlen=_MOST_RECEIVED)
        self._refused = 0
        self.refusals = Refusals()

    def reset(self, estimate: Estimate) -> None:
        """Forget plan and references; stand with the backup planner until a plan arrives."""
        self._body.reset()
        self._backup.reset(estimate)
        self._plan = None
        self._has_followed = self._has_stepped = False
        self._received.clear()
        self._refused = 0
        self._own = self._backup.step(estimate, VelocityCommand())

    def receive(self, plan: WalkingPlan) -> None:
        """Take a plan, for the next step to judge; of several the newest is followed."""
        self._received.append(plan)

    def _judge_received(self, now: float) -> None:
        """Ignore failed and older plans, refuse impossible ones, hold the newest of the others."""
        parameters = self._parameters
        while self._received:
            plan = self._received.popleft()
            if plan.status == Status.FAILED:
                continue
            soles = self._body.soles() if self._has_stepped else None
            refusal = implausible_plan(
                plan, now, soles, parameters.gait, parameters.mpc, self._sole_area
            )
            if refusal is not None:
                self.refusals.add(refusal)
                self._refused += 1
            elif self._plan is None or plan.stamp > self._plan.stamp:
                self._refused = 0
                self._plan = plan

    @property
    def plan(self) -> WalkingPlan | None:
        """The plan that is being followed."""
        return self._own if self._own is not None else self._plan

    def step(
        self,
        estimate: Estimate,
        velocity: VelocityCommand,
        dt: float,
        executed: Executed | None = None,
    ) -> ControllerResult:
        """One tick: choose the plan, read it at now, solve the whole-body QP. Never raises."""
        del velocity  # the planner has it
        if self.plan is None:
            self.reset(estimate)
        now = estimate.stamp
        in_shadow = executed is not None and executed.driven_by_another(self.name)
        plan, report = self._choose_plan(estimate, in_shadow)
        phase = read_plan(plan, now)
        result = self._body.step(estimate, phase, dt, anew=in_shadow)
        self._has_stepped = True
        worst = max(result.report.status, report.status)
        command = result.command if worst < Status.FAILED else None
        cause = report.cause or result.report.cause
        status = Status.FAILED if command is None else worst
        reports, figures = (report, result.report), _figures(plan.gait, phase, now)
        if self._refused:
            figures[REFUSED] = float(self._refused)
        return ControllerResult(self.name, command, status, cause, reports, figures)

    def _choose_plan(self, estimate: Estimate, in_shadow: bool) -> tuple[WalkingPlan, SolveReport]:
        now, period = estimate.stamp, self._parameters.mpc.period
        self._judge_received(now)
        limit = STALE_PERIODS * period + self._parameters.mpc.delay
        plan = self._plan
        fresh = plan is not None and now - plan.stamp <= limit
        free = in_shadow or not self._has_followed  # of a step that is under way by its own plan
        if plan is not None and fresh and (free or _agree(self._own, plan)):
            self._own, self._has_followed = None, True
            return plan, with_age(plan, now)
        if self._own is None:
            assert plan is not None
            self._backup.adopt(plan)
            self._own = self._backup.step(estimate, VelocityCommand(), in_shadow=in_shadow)
        elif now - self._own.stamp >= period - 1e-6:
            self._own = self._backup.step(estimate, VelocityCommand(), in_shadow=in_shadow)
        report = with_age(self._own, now)
        age = 0.0 if plan is None else now - plan.stamp
        return self._own, replace(
            report,
            status=max(report.status, Status.DEGRADED),
            age=age,
            cause=_why(plan, age, limit),
        )


def _figures(gait: Gait, phase: Phase, now: float) -> dict[str, float]:
    """Phase of the stride, and whether both feet stand, as a step must begin."""
    of_stride, ready = gait.phase(now), float(phase.swing is None)
    return {READY: ready} if isnan(of_stride) else {"phase": of_stride, READY: ready}


def _agree(own: WalkingPlan | None, plan: WalkingPlan) -> bool:
    """Tell whether the gait that is being walked can go on with ``plan``.

    A planner that was held up for long has lost the robot's step; it is followed again when both
    stand.
    """
    if own is None:
        return True
    ours, theirs = own.gait, plan.gait
    if ours.mode != theirs.mode or ours.mode == Mode.STAND:
        return ours.mode == theirs.mode
    same_step = abs(ours.touch_down - theirs.touch_down) <= _SAME_STEP
    return ours.support == theirs.support and same_step


def _why(plan: WalkingPlan | None, age: float, limit: float) -> str:
    """Say why the backup planner drives."""
    if plan is None:
        return "no mpc plan yet: standing with the backup planner"
    if age > limit:
        return (
            f"mpc plan is {1e3 * age:.0f} ms old (limit {1e3 * limit:.0f} ms): "
            "stepping to a stop with the backup planner"
        )
    return "mpc plans another step than the robot's: stepping to a stop with the backup planner"
