"""Footstep MPC: where and when to step, from an estimate and a velocity command, at 125 Hz."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import cos, exp, sin, sqrt

import numpy as np

from wm_control.mpc.footstep_problem import (
    CONSTRAINTS,
    COP,
    COP_NEXT,
    STEPS,
    TIME,
    TIME_NEXT,
    VARIABLES,
    Bounds,
    FootstepProblem,
    Solution,
)
from wm_control.mpc.parameters import FootstepMpcParameters, GaitParameters
from wm_control.mpc.plan import Gait, Mode, WalkingPlan, predict_dcm
from wm_control.mpc.template import NominalGait, TemplateState, nominal_gait, template_state
from wm_control.mpc.transitions import (
    Soles,
    begin_walking,
    foot_to_lift,
    may_stand,
    next_step,
    standing,
)
from wm_control.mpc.velocity import StrideIntegral, slew
from wm_control.robot.model import RobotModel
from wm_control.types import LEFT, RIGHT, Array, Estimate, SolveReport, Status, VelocityCommand

_FREE = 1e3
"""A bound that never binds; QP solvers want it finite and moderate."""


class FootstepMpc:
    """Plans footsteps and their timing; holds the gait's clock."""

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
        self._integral = StrideIntegral(gait)
        self._leg_length = mpc.reach_fraction * model.leg_length()
        self._base_behind = model.base_behind_com()
        self._gait: Gait | None = None
        self._z = np.zeros(VARIABLES)
        self._last: float = 0.0
        self._failures = 0

    @property
    def parameters(self) -> FootstepMpcParameters:
        """What it was built with."""
        return self._mpc

    def reset(self, estimate: Estimate) -> None:
        """Stand where the robot is."""
        self._model.update_kinematics(estimate)
        self._gait = standing(estimate.stamp, self._soles())
        self._integral.reset()
        self._last = estimate.stamp
        self._failures = 0

    def adopt(self, plan: WalkingPlan) -> None:
        """Go on from another planner's plan, mid-step."""
        self._gait = plan.gait
        self._integral.reset()
        self._last = plan.stamp
        self._z = self._guess(plan.gait, plan.footsteps, plan.cop_offset, plan.next_duration)

    def step(self, estimate: Estimate, velocity: VelocityCommand) -> WalkingPlan:
        """Plan from this estimate; never raises. A failed solve repeats the last decision, says
        DEGRADED, and from the third in a row FAILED."""
        began = self._clock()
        if self._gait is None:
            self.reset(estimate)
        assert self._gait is not None
        now = estimate.stamp
        dt = min(max(now - self._last, 0.0), 0.1)
        self._last = now
        self._model.update_kinematics(estimate)
        soles = self._soles()
        gait = self._follow_command(self._gait, velocity, dt)
        gait = self._move_on(gait, now, soles)
        if gait.mode == Mode.STAND:
            plan = self._stand(estimate, gait, soles)
        else:
            plan = self._walk(estimate, gait, soles)
        self._gait = plan.gait
        took = self._clock() - began
        return replace(plan, report=replace(plan.report, solve_time=took))

    def _soles(self) -> Soles:
        return Soles(np.array([self._model.sole_pose(foot) for foot in (LEFT, RIGHT)]))

    def _template(self, gait: Gait, soles: Soles) -> TemplateState:
        if gait.mode == Mode.STAND:
            pivot = np.append(soles.middle, soles.poses[:, 2].mean())
        else:
            pivot = soles.poses[gait.support, :3]
        return template_state(self._model, pivot, self._gait_parameters.omega)

    def _follow_command(self, gait: Gait, velocity: VelocityCommand, dt: float) -> Gait:
        wanted = slew(gait.velocity, velocity, self._gait_parameters, dt)
        at_feet = self._asked(replace(gait, velocity=wanted)) - gait.correction
        self._integral.advance(at_feet, gait.yaw, dt)
        yaw = gait.yaw + wanted[2] * dt
        lead = np.arctan2(np.sin(yaw - self._model.base_yaw()), np.cos(yaw - self._model.base_yaw()))
        return replace(gait, velocity=wanted, yaw=float(yaw - lead + np.clip(lead, -0.4, 0.4)))

    def _move_on(self, gait: Gait, now: float, soles: Soles) -> Gait:
        """Let the gait's clock act: start, touch down, stop."""
        parameters = self._gait_parameters
        if gait.mode == Mode.STAND:
            dcm = self._template(gait, soles).dcm
            first = foot_to_lift(gait.velocity, soles.offset(dcm), parameters)
            if first is None:
                return gait
            self._integral.reset()
            walking = begin_walking(gait, now, soles, soles.middle, first, parameters)
            self._z = self._guess(walking, soles.poses[[1 - first, first, 1 - first]])
            return walking
        if now < gait.touch_down - 1e-6:
            return gait
        cop = gait.support_pose[:2] + self._cop_offset(gait)
        landed = next_step(gait, now, soles, cop, parameters)
        if may_stand(landed, soles, self._template(landed, soles).dcm, parameters):
            return standing(now, soles)
        self._shift_guess(landed)
        if gait.lifts:
            correction = self._integral.touchdown(
                now, self._model.com[:2], gait.yaw, gait.correction
            )
            landed = replace(landed, correction=correction)
        return landed

    def _stand(self, estimate: Estimate, gait: Gait, soles: Soles) -> WalkingPlan:
        dcm = self._template(gait, soles).dcm
        report = SolveReport("footstep_mpc", Status.OK, 0.0, 0.0, 0, 0.0)
        feet = soles.poses[[RIGHT, LEFT, RIGHT]]
        gait = replace(gait, support_pose=soles.poses[LEFT], swing_start=soles.poses[RIGHT])
        turn = 0.02 * np.sin(soles.yaw - gait.yaw) if not gait.velocity.any() else 0.0
        gait = replace(gait, yaw=gait.yaw + float(turn))
        return WalkingPlan(
            estimate.stamp,
            estimate.observation.sequence,
            gait,
            feet,
            np.zeros(2),
            self._gait_parameters.step_duration,
            dcm,
            dcm,
            report,
        )

    def _walk(self, estimate: Estimate, gait: Gait, soles: Soles) -> WalkingPlan:
        now = estimate.stamp
        state = self._template(gait, soles)
        gait = replace(gait, support_pose=soles.poses[gait.support])
        nominal = self._nominal(gait)
        start = now + self._mpc.delay
        inputs = self._inputs(gait, state, soles, nominal, start)
        bounds = self._bounds(gait, soles, start, inputs)
        solution = self._problem.solve(inputs, bounds, self._z)
        report = self._report(solution)
        if solution.ok:
            self._z = solution.z
        else:
            self._z[TIME] -= self._mpc.period
        z = self._z
        base = gait.support_pose
        steps = z[STEPS].reshape(3, 2)
        feet = np.empty((3, 4))
        feet[:, :2] = base[:2] + steps
        feet[:, 2] = base[2]
        feet[:, 3] = [foot[2] for foot in nominal.feet[1:]]
        if not self._is_landing(gait):
            gait = replace(gait, touch_down=start + float(z[TIME]))
        cop = self._cop_offset(gait)
        touchdown = predict_dcm(
            state.dcm, base[:2] + cop, state.omega, max(gait.touch_down - now, 0.0)
        )
        plan_z = z.copy()
        plan_z[TIME] -= self._mpc.period
        self._z = plan_z
        return WalkingPlan(
            now,
            estimate.observation.sequence,
            gait,
            feet,
            cop,
            float(z[TIME_NEXT]),
            state.dcm,
            touchdown,
            report,
        )

    def _asked(self, gait: Gait) -> Array:
        """(2,) velocity of the point between the feet in the heading frame.

        The command is for base_link, which lies behind that point and swings out when turning.
        """
        asked = gait.velocity[:2] + gait.correction
        return asked + np.array([0.0, gait.velocity[2] * self._base_behind])

    def _asked_in_world(self, gait: Gait) -> Array:
        asked, c, s = self._asked(gait), cos(gait.yaw), sin(gait.yaw)
        return np.array([c * asked[0] - s * asked[1], s * asked[0] + c * asked[1]])

    def _nominal(self, gait: Gait) -> NominalGait:
        parameters = self._gait_parameters
        asked = self._asked(gait)
        remaining = max(gait.touch_down - self._last, 0.0)
        pose = gait.support_pose
        return nominal_gait(
            gait.support,
            (float(pose[0]), float(pose[1]), float(pose[3])),
            (gait.yaw + float(gait.velocity[2]) * remaining, gait.yaw),
            VelocityCommand(float(asked[0]), float(asked[1]), float(gait.velocity[2])),
            parameters.step_width,
            (parameters.double_support, parameters.step_duration),
            parameters.omega,
        )

    def _inputs(
        self, gait: Gait, state: TemplateState, soles: Soles, nominal: NominalGait, start: float
    ) -> Array:
        """Stack footstep_problem.INPUTS."""
        base = gait.support_pose[:2]
        cop_target = base + self._cop_offset(gait)
        elapsed = start - gait.step_start
        progress = min(elapsed / max(gait.double_support, 1e-3), 1.0)
        cop_now = gait.cop_start + progress * (cop_target - gait.cop_start)
        decay = exp(-state.omega * self._mpc.delay)
        dcm = predict_dcm(state.dcm, cop_now, state.omega, self._mpc.delay) - base
        convergent = cop_now + decay * (state.convergent - cop_now) - base
        feet = np.array([foot[:2] for foot in nominal.feet])
        offset = np.array(nominal.dcm) - feet[1:]
        total = self._gait_parameters.step_duration
        nominal_end = gait.step_start + (
            total if gait.lifts else self._gait_parameters.shift_duration
        )
        yaw_support, yaw_body = float(gait.support_pose[3]), nominal.feet[1][2]
        com = state.com
        hips = [self._model.hip_position(foot)[:2] - com for foot in (gait.swing, gait.support)]
        return np.concatenate(
            [
                dcm,
                convergent,
                cop_now - base,
                [max(gait.double_support - elapsed, 0.0)],
                [nominal_end - start, total],
                np.diff(feet, axis=0).ravel(),
                self._asked_in_world(gait),
                offset.ravel(),
                [cos(yaw_support), sin(yaw_support)],
                [cos(yaw_body), sin(yaw_body)],
                soles.poses[gait.swing, :2] - base,
                *hips,
            ]
        )

    def _bounds(self, gait: Gait, soles: Soles, start: float, inputs: Array) -> Bounds:
        mpc = self._mpc
        lower, upper = np.full(VARIABLES, -_FREE), np.full(VARIABLES, _FREE)
        for first in (COP.start, COP_NEXT.start, COP_NEXT.start + 2):
            lower[first : first + 2] = (mpc.cop_x[0], -mpc.cop_y)
            upper[first : first + 2] = (mpc.cop_x[1], mpc.cop_y)
        lift = gait.step_start + gait.double_support
        shortest, longest = mpc.single_support if gait.lifts else (0.02, 0.6)
        lower[TIME] = max(lift + shortest - start, 0.0)
        upper[TIME] = max(lift + longest - start, lower[TIME])
        if self._is_landing(gait):
            lower[TIME] = upper[TIME] = max(gait.touch_down - start, 0.0)
        lower[TIME_NEXT] = mpc.single_support[0] + self._gait_parameters.double_support
        upper[TIME_NEXT] = mpc.single_support[1] + self._gait_parameters.double_support
        if not gait.lifts:
            fixed = soles.poses[gait.swing, :2] - gait.support_pose[:2]
            lower[3:5] = upper[3:5] = fixed
        row_lower, row_upper = self._row_bounds(gait)
        if not gait.lifts:
            row_lower[:2], row_upper[:2] = -_FREE, _FREE
            row_lower[6:], row_upper[6:] = -_FREE, _FREE
        return Bounds(lower, upper, row_lower, row_upper)

    def _is_landing(self, gait: Gait) -> bool:
        """Too late to change when the foot lands; only where, as far as the swing can follow."""
        return gait.touch_down - self._last < self._mpc.delay + self._mpc.landing

    def _cop_offset(self, gait: Gait) -> Array:
        """(2,) decided CoP relative to the support sole, in world axes [m]."""
        c, s = cos(gait.support_pose[3]), sin(gait.support_pose[3])
        x, y = self._z[COP]
        return np.array([c * x - s * y, s * x + c * y])

    def _row_bounds(self, gait: Gait) -> tuple[Array, Array]:
        """Bounds of footstep_problem.ROWS; the swing foot lands outside of the support foot."""
        mpc = self._mpc
        lower, upper = np.empty(CONSTRAINTS), np.empty(CONSTRAINTS)
        near, far = mpc.step_y
        side = 1.0 if gait.swing == LEFT else -1.0
        for k in range(3):
            rows = slice(2 * k, 2 * k + 2)
            ends = sorted((side * near, side * far))
            lower[rows] = (-mpc.step_x, ends[0])
            upper[rows] = (mpc.step_x, ends[1])
            side = -side
        rise = float(self._model.hip_position(gait.support)[2] - gait.support_pose[2])
        reach = sqrt(max(self._leg_length**2 - rise**2, 0.01))
        lower[6:10], upper[6:10] = -reach, reach
        lower[10:14], upper[10:14] = 0.0, _FREE
        return lower, upper

    def _report(self, solution: Solution) -> SolveReport:
        if solution.ok:
            self._failures = 0
            status, cause = Status.OK, ""
        else:
            self._failures += 1
            status = Status.FAILED if self._failures > 2 else Status.DEGRADED
            cause = f"footstep QP failed {self._failures} times in a row; last decision repeated"
        return SolveReport(
            "footstep_mpc", status, 0.0, solution.violation, solution.iterations, 0.0, cause
        )

    def _guess(
        self, gait: Gait, feet: Array, cop: Array | None = None, duration: float | None = None
    ) -> Array:
        """A first decision vector from footsteps (3, 4) in world."""
        z = np.zeros(VARIABLES)
        z[TIME] = gait.touch_down - self._last
        if cop is not None:
            c, s = cos(gait.support_pose[3]), sin(gait.support_pose[3])
            z[COP] = (c * cop[0] + s * cop[1], -s * cop[0] + c * cop[1])
        z[STEPS] = (feet[:, :2] - gait.support_pose[:2]).ravel()
        z[TIME_NEXT] = duration or self._gait_parameters.step_duration
        return z

    def _shift_guess(self, landed: Gait) -> None:
        """After a touchdown the second footstep becomes the first."""
        z = self._z
        steps = z[STEPS].reshape(3, 2)
        moved = np.array([steps[1], steps[2], 2.0 * steps[2] - steps[1]]) - steps[0]
        z[STEPS] = moved.ravel()
        z[COP] = z[COP_NEXT][:2]
        z[COP_NEXT] = 0.0
        z[TIME] = landed.touch_down - self._last
        z[TIME_NEXT] = self._gait_parameters.step_duration
