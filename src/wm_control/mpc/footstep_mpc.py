"""Footstep MPC: where and when to step, from an estimate and a velocity command, at 125 Hz."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wm_control.fast_init import replace
from wm_control.gait.clock import Body, GaitClock, Turn
from wm_control.gait.observed import ObservedGait
from wm_control.gait.parameters import GaitParameters
from wm_control.gait.state import Gait, Mode
from wm_control.gait.transitions import Soles, standing
from wm_control.mpc.footstep_problem import (
    COP,
    COP_NEXT,
    STEPS,
    TIME,
    TIME_NEXT,
    VARIABLES,
    FootstepProblem,
    Solution,
)
from wm_control.mpc.parameters import FootstepMpcParameters
from wm_control.mpc.plan import WalkingPlan, predict_dcm
from wm_control.mpc.posing import ProblemPoser, turn
from wm_control.mpc.template import NominalGait, TemplateState, nominal_gait, template_state
from wm_control.robot.model import RobotModel
from wm_control.types import LEFT, RIGHT, Array, Estimate, SolveReport, Status, VelocityCommand

_MAX_FAILURES = 2
"""Failed solves in a row for which the last decision is repeated."""


class FootstepMpc:
    """Plans footsteps and their timing over the gait that its clock keeps."""

    def __init__(
        self,
        model: RobotModel,
        gait: GaitParameters,
        mpc: FootstepMpcParameters,
        clock: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Use ``model`` exclusively. clock: [s], only to report how long a solve took."""
        self._model, self._gait_parameters, self._mpc, self._clock = model, gait, mpc, clock
        self._problem = FootstepProblem(gait, mpc)
        self._poser = ProblemPoser(model, gait, mpc)
        self._gait_clock = GaitClock(gait, model.base_behind_com())
        self._observed = ObservedGait(gait.step_duration, gait.double_support)
        self._z = np.zeros(VARIABLES)
        self._failures = 0
        self._newest: WalkingPlan | None = None

    @property
    def parameters(self) -> FootstepMpcParameters:
        """What it was built with."""
        return self._mpc

    def reset(self, estimate: Estimate) -> None:
        """Stand where the robot is, or, if that is not finite, where it is next seen."""
        self._model.update_kinematics(estimate)
        self._newest = None
        self._gait_clock.reset(estimate.stamp, self._soles() if self._model.is_finite else None)
        self._observed.reset(estimate.stamp)
        self._failures = 0

    def adopt(self, plan: WalkingPlan) -> None:
        """Go on from another planner's plan, mid-step."""
        self._gait_clock.adopt(plan.gait, plan.stamp)
        if plan.gait.mode == Mode.WALK:
            self._observed.begin(plan.gait.support, plan.gait.step_start)
        else:
            self._observed.reset(plan.stamp)
        self._z = self._guess(plan.gait, plan.footsteps)
        self._z[COP] = turn(-float(plan.gait.support_pose[3]), plan.cop_offset)
        self._z[TIME_NEXT] = plan.next_duration

    def step(
        self, estimate: Estimate, velocity: VelocityCommand, *, in_shadow: bool = False
    ) -> WalkingPlan:
        """Plan from this estimate; never raises.

        in_shadow: another driver has the robot; its steps are followed as the contacts tell them,
        so that the plan is at any time one that could be taken up.

        A failed solve repeats the last decision and is DEGRADED; the third in a row is FAILED, and
        so is a plan for a state that is not finite, which leaves the gait as it was.
        """
        began = self._clock()
        self._model.update_kinematics(estimate)
        if not self._model.is_finite:
            return self._blind(estimate)
        if self._gait_clock.gait is None:
            self.reset(estimate)
        soles = self._soles()
        self._observed.see(estimate.stamp, estimate.contact_probability)
        gait = self._pass_time(estimate.stamp, velocity, soles, in_shadow)
        act = self._stand if gait.mode == Mode.STAND else self._walk
        plan = act(estimate, gait, soles)
        self._gait_clock.gait = plan.gait
        took = self._clock() - began
        self._newest = replace(plan, report=replace(plan.report, solve_time=took))
        return self._newest

    def _blind(self, estimate: Estimate) -> WalkingPlan:
        """Repeat the last plan, FAILED, without letting the state into the gait."""
        report = SolveReport(
            "footstep_mpc", Status.FAILED, 0.0, 0.0, 0, 0.0, "the estimate is not finite"
        )
        plan = self._newest or self._stand_at(estimate, Soles(np.zeros((2, 4))))
        return replace(plan, report=report)

    def _soles(self) -> Soles:
        return Soles(np.array([self._model.sole_pose(foot) for foot in (LEFT, RIGHT)]))

    def _template(self, gait: Gait, soles: Soles) -> TemplateState:
        if gait.mode == Mode.STAND:
            pivot = np.append(soles.middle, soles.poses[:, 2].mean())
        else:
            pivot = soles.poses[gait.support, :3]
        return template_state(self._model, pivot, self._gait_parameters.omega)

    def _pass_time(
        self, now: float, velocity: VelocityCommand, soles: Soles, in_shadow: bool
    ) -> Gait:
        """Let the gait's clock run to ``now``, and keep the guess of a solution in step with it."""
        clock, model = self._gait_clock, self._model
        assert clock.gait is not None
        dt, yaw = clock.advance_to(now), model.base_yaw()
        gait = clock.follow_command(clock.gait, velocity, yaw, dt)
        body = Body(yaw, model.com[:2], lambda gait: self._template(gait, soles).dcm)
        cop = gait.support_pose[:2] + self._cop_offset(gait)
        if in_shadow:
            gait, turn = clock.follow(gait, self._observed, soles, yaw, cop)
        else:
            gait, turn = clock.move_on(gait, soles, body, cop)
        if turn is Turn.BEGAN:
            self._z = self._guess(gait, soles.poses[[gait.swing, gait.support, gait.swing]])
        elif turn is Turn.LANDED:
            self._shift_guess(gait)
        return gait

    def _stand(self, estimate: Estimate, gait: Gait, soles: Soles) -> WalkingPlan:
        """Both feet stay; the heading settles over the feet, the DCM law acts downstream."""
        drift = 0.02 * float(np.sin(soles.yaw - gait.yaw))
        gait = replace(
            gait,
            support_pose=soles.poses[LEFT],
            swing_start=soles.poses[RIGHT],
            yaw=gait.yaw + drift,
        )
        dcm = self._template(gait, soles).dcm
        return replace(self._stand_at(estimate, soles), gait=gait, dcm=dcm, dcm_touchdown=dcm)

    def _stand_at(self, estimate: Estimate, soles: Soles) -> WalkingPlan:
        """Plan to leave both soles where they are."""
        return WalkingPlan(
            stamp=estimate.stamp,
            sequence=estimate.observation.sequence,
            gait=standing(estimate.stamp, soles),
            footsteps=soles.poses[[RIGHT, LEFT, RIGHT]],
            cop_offset=np.zeros(2),
            next_duration=self._gait_parameters.step_duration,
            dcm=soles.middle,
            dcm_touchdown=soles.middle,
            report=SolveReport("footstep_mpc", Status.OK, 0.0, 0.0, 0, 0.0),
        )

    def _walk(self, estimate: Estimate, gait: Gait, soles: Soles) -> WalkingPlan:
        """Solve the footstep problem and read the plan off its decision."""
        now, poser = self._gait_clock.now, self._poser
        gait = replace(gait, support_pose=soles.poses[gait.support])
        state = self._template(gait, soles)
        asked = self._gait_clock.at_com(gait.velocity) + gait.correction
        nominal = self._nominal(gait, asked)
        in_world = turn(gait.yaw, asked)
        cop_offset = self._cop_offset(gait)
        inputs = poser.inputs(gait, state, soles, nominal, in_world, cop_offset, now)
        solution = self._problem.solve(inputs, poser.bounds(gait, soles, now), self._z)
        if solution.ok:
            self._z = solution.z
        if not poser.is_landing(gait, now):
            gait = replace(gait, touch_down=now + self._mpc.delay + float(self._z[TIME]))
        cop_offset = self._cop_offset(gait)
        cop = gait.support_pose[:2] + cop_offset
        left = max(gait.touch_down - now, 0.0)
        plan = WalkingPlan(
            stamp=now,
            sequence=estimate.observation.sequence,
            gait=gait,
            footsteps=self._footsteps(gait, nominal),
            cop_offset=cop_offset,
            next_duration=float(self._z[TIME_NEXT]),
            dcm=state.dcm,
            dcm_touchdown=predict_dcm(state.dcm, cop, state.omega, left),
            report=self._report(solution),
        )
        self._z = self._z.copy()
        self._z[TIME] -= self._mpc.period
        return plan

    def _footsteps(self, gait: Gait, nominal: NominalGait) -> Array:
        """(3, 4) the decided footsteps with the nominal headings, on the support's height."""
        feet = np.empty((3, 4))
        feet[:, :2] = gait.support_pose[:2] + self._z[STEPS].reshape(3, 2)
        feet[:, 2] = gait.support_pose[2]
        feet[:, 3] = [foot[2] for foot in nominal.feet[1:]]
        return feet

    def _nominal(self, gait: Gait, asked: Array) -> NominalGait:
        """Continue the periodic gait for the velocity ``asked`` (2,) of the centre of mass."""
        parameters, pose = self._gait_parameters, gait.support_pose
        remaining = max(gait.touch_down - self._gait_clock.now, 0.0)
        rate = float(gait.velocity[2])
        return nominal_gait(
            gait.support,
            (float(pose[0]), float(pose[1]), float(pose[3])),
            (gait.yaw + rate * remaining, gait.yaw),
            VelocityCommand(float(asked[0]), float(asked[1]), rate),
            parameters.step_width,
            (parameters.double_support, parameters.step_duration),
            parameters.omega,
        )

    def _cop_offset(self, gait: Gait) -> Array:
        """(2,) decided CoP relative to the support sole, in world axes [m]."""
        return turn(float(gait.support_pose[3]), self._z[COP])

    def _report(self, solution: Solution) -> SolveReport:
        self._failures = 0 if solution.ok else self._failures + 1
        status, cause = Status.OK, ""
        if self._failures:
            status = Status.FAILED if self._failures > _MAX_FAILURES else Status.DEGRADED
            cause = f"footstep QP failed {self._failures} times in a row; last decision repeated"
        residual = min(solution.violation, 1e6)
        return SolveReport("footstep_mpc", status, 0.0, residual, solution.iterations, 0.0, cause)

    def _guess(self, gait: Gait, feet: Array) -> Array:
        """Start the decision vector from footsteps (3, 4) in world."""
        z = np.zeros(VARIABLES)
        z[TIME] = gait.touch_down - self._gait_clock.now
        z[STEPS] = (feet[:, :2] - gait.support_pose[:2]).ravel()
        z[TIME_NEXT] = self._gait_parameters.step_duration
        return z

    def _shift_guess(self, landed: Gait) -> None:
        """After a touchdown the second footstep becomes the first."""
        z, steps = self._z.copy(), self._z[STEPS].reshape(3, 2)
        z[STEPS] = (np.array([steps[1], steps[2], 2.0 * steps[2] - steps[1]]) - steps[0]).ravel()
        z[COP] = self._z[COP_NEXT][:2]
        z[COP_NEXT] = 0.0
        z[TIME] = landed.touch_down - self._gait_clock.now
        z[TIME_NEXT] = self._gait_parameters.step_duration
        self._z = z
