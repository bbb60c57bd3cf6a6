"""From a plan read at now to one joint command: references, tasks, QP, command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wm_control.constants import CONTROL_PERIOD
from wm_control.fast_init import fast_init
from wm_control.gait.parameters import GaitParameters
from wm_control.mpc.plan import Phase
from wm_control.mpc.template import template_state
from wm_control.robot.model import RobotModel
from wm_control.types import LEFT, RIGHT, Array, Command, Estimate, SolveReport, Status
from wm_control.wbc.height_reference import HeightReference, RecentReach
from wm_control.wbc.leaky_integrator import LeakyIntegrator
from wm_control.wbc.parameters import WholeBodyParameters
from wm_control.wbc.sources import SOLES, Sources
from wm_control.wbc.tasks import (
    Reference,
    Task,
    Tasks,
    base_orientation,
    stance,
    swing,
    template,
    yaw_momentum,
)
from wm_control.wbc.whole_body_qp import SoleContact, TaskStack, WholeBodyQp, WholeBodySolution

_SUPPORTS = ((True, True), (True, False), (False, True))
"""Whether left and right foot are loaded."""

_LEGS, _ARMS = ("left_leg", "right_leg"), ("left_arm", "right_arm")


@fast_init
@dataclass(frozen=True, slots=True)
class WholeBodyResult:
    """command is None only when no QP was ever solved. report: of this tick's QP."""

    command: Command | None
    report: SolveReport
    wrenches: Array


class WholeBodyController:
    """Whole-body inverse dynamics at the control rate. Owns the swing and height references."""

    def __init__(
        self,
        model: RobotModel,
        gait: GaitParameters,
        parameters: WholeBodyParameters,
        taken: Sequence[int] = (),
    ) -> None:
        """Use ``model`` exclusively; gains come from the description's rotor data.

        taken: joints that somebody else moves. Nothing is wanted of them but that they go on as
        they move, so that no balance is built on what they will not do.
        """
        self._model, self._gait, self._parameters = model, gait, parameters
        self._sources, self._reference = Sources(model), Reference()
        self._tasks = {
            loaded: Tasks(model, parameters, self._sources, self._reference, tasks_on(loaded))
            for loaded in _SUPPORTS
        }
        self._push = np.zeros((6, 6))
        self._qp = WholeBodyQp(model, parameters)
        description = model.description
        self._stiffness = parameters.stiffness_scale * np.asarray(description.stiffness)
        self._damping = parameters.damping_scale * np.asarray(description.damping)
        self._default = np.asarray(description.default_position)
        self._taken = list(taken)
        self._weights = self._posture_weights()
        self._swinging: int | None = None
        self._height = HeightReference()
        self._reach = RecentReach()
        self._command: Command | None = None
        self._joints = LeakyIntegrator(model.n)
        self._failures = 0

    def _posture_weights(self) -> Array:
        """(n,); heads, grippers and the like hold still as the waist does: only arms swing."""
        p, groups = self._parameters, self._model.description.groups
        weights = np.full(self._model.n, p.weight_torso)
        for names, weight in ((_LEGS, p.weight_legs), (_ARMS, p.weight_arms)):
            for name in names:
                weights[list(groups.get(name, ()))] = weight
        weights[self._taken] = p.weight_taken
        return weights

    def reset(self) -> None:
        """Forget references and the last command."""
        self._swinging = None
        self._height.reset()
        self._reach.reset()
        self._command = None
        self._joints.reset()
        self._failures = 0

    def step(
        self, estimate: Estimate, phase: Phase, dt: float, *, anew: bool = False
    ) -> WholeBodyResult:
        """Solve for this instant; a failed QP repeats the last command and says so.

        A state that is not finite counts as a failed QP and does not reach the references. anew:
        begin all references where the robot is, because it has been somebody else's until now.
        """
        model = self._model
        model.update_dynamics(estimate)
        if not model.is_finite:
            return WholeBodyResult(self._command, self._report(None), np.zeros((0, 6)))
        if anew:
            self._begin_references(phase)
        self._advance_swing(phase, dt)
        tasks, contacts = self._compose(phase, dt)
        problem = self._qp.build(tasks, contacts)
        solution = self._qp.solve(problem)
        report = self._report(solution)
        if solution.ok:
            self._command = self._joint_command(estimate, solution, dt)
        return WholeBodyResult(self._command, report, solution.wrenches)

    def soles(self) -> Array | None:
        """(2, 4) x, y, z, yaw of the soles in world, as of the last step; None if not finite."""
        if not self._model.is_finite:
            return None
        return np.array([self._model.sole_pose(foot) for foot in (LEFT, RIGHT)])

    def _report(self, solution: WholeBodySolution | None) -> SolveReport:
        """Report on this tick; None when there was no state to solve for."""
        self._failures = 0 if solution is not None and solution.ok else self._failures + 1
        status, cause = Status.OK, ""
        if self._failures:
            status = Status.FAILED if self._failures > 2 else Status.DEGRADED
            what = "whole-body QP failed" if solution is not None else "estimate not finite"
            cause = f"{what} {self._failures} times in a row; last command repeated"
        residual, iterations = (
            (solution.residual, solution.iterations) if solution is not None else (0.0, 0)
        )
        return SolveReport("whole_body_qp", status, 0.0, residual, iterations, 0.0, cause)

    def _begin_references(self, phase: Phase) -> None:
        self._height.reset()
        self._reach.reset()
        self._joints.reset()
        if phase.swing is not None:
            model = self._model
            moving = model.frame_velocity(model.sole_ids[phase.swing])[[0, 1, 2, 5]]
            self._reference.swing.begin(model.sole_pose(phase.swing), moving)
            self._swinging = phase.swing

    def _advance_swing(self, phase: Phase, dt: float) -> None:
        if phase.swing is None:
            self._swinging = None
            return
        swing = self._reference.swing
        if self._swinging != phase.swing:
            swing.begin(self._model.sole_pose(phase.swing))
            self._swinging = phase.swing
        swing.advance(phase.target, self._gait.apex_height, phase.elapsed, phase.remaining, dt)
        duration = phase.elapsed + phase.remaining
        self._reference.swing_progress[0] = phase.elapsed / max(duration, 1e-3)

    def _compose(self, phase: Phase, dt: float) -> tuple[TaskStack, list[SoleContact]]:
        reference, p, q, v = self._reference, self._parameters, self._model.q, self._model.v
        self._sources.refresh()
        self._follow_template(phase, dt)
        reference.yaw[0], reference.yaw_rate[0] = phase.yaw, phase.yaw_rate
        tasks = self._tasks[phase.contacts]
        tasks.update()
        posture = p.posture_stiffness * (self._default - q[7:]) - p.posture_damping * v[6:]
        if self._taken:
            posture[self._taken] = 0.0
        stack = TaskStack(tasks.jacobian, tasks.target, self._weights, posture)
        loaded = [foot for foot in (LEFT, RIGHT) if phase.contacts[foot]]
        return stack, [self._contact(foot, phase.load[foot]) for foot in loaded]

    def _contact(self, foot: int, load: float) -> SoleContact:
        """Describe a loaded sole; load: share of the weight that it may carry."""
        push, rotation = self._push, self._sources.rotation(foot)
        np.multiply(rotation, self._model.weight, out=push[:3, :3])
        push[3:, 3:] = push[:3, :3]
        return SoleContact(self._sources.rows[SOLES[foot]].T.dot(push), 0.0, 0.05 + 1.6 * load)

    def _follow_template(self, phase: Phase, dt: float) -> None:
        """Set the centre of pressure on the ground, and the vertical acceleration of the CoM."""
        p, reference = self._parameters, self._reference
        left, right = (self._sources.position(foot).tolist() for foot in (LEFT, RIGHT))
        support = (left, right)[phase.support]
        ground = support[2] if phase.swing is not None else 0.5 * (left[2] + right[2])
        reach = self._reach.update(phase.reach, self._gait.step_duration, dt)
        wanted = ground + self._gait.com_height_at(reach)
        com = float(self._model.com[2])
        height = self._height
        vertical = float(self._model.momentum[2]) / self._model.mass
        acceleration = p.com_height_stiffness * (height.follow(wanted, com, dt) - com)
        acceleration += p.com_height_damping * (height.rate - vertical)
        reference.height_acceleration[0] = acceleration + height.acceleration
        reference.cop[2] = ground
        reference.cop[:2] = self._standing_cop(ground) if phase.cop is None else phase.cop

    def _standing_cop(self, ground: float) -> Array:
        """(2,) centre of pressure that brings the divergent component between the soles."""
        left, right = (self._sources.position(foot)[:2] for foot in (LEFT, RIGHT))
        middle: Array = 0.5 * (left + right)
        dcm = template_state(self._model, np.append(middle, ground), self._gait.omega).dcm
        return middle + (1.0 + self._gait.stand_dcm_gain) * (dcm - middle)

    def _joint_command(self, estimate: Estimate, solution: WholeBodySolution, dt: float) -> Command:
        """Position and velocity lead as the QP's accelerations do, torque is the QP's."""
        position, velocity = self._joints.step(
            estimate.joint_position,
            estimate.joint_velocity,
            solution.acceleration[6:],
            self._parameters.leak ** (dt / CONTROL_PERIOD),
            dt,
        )
        observation = estimate.observation
        return Command(
            stamp=observation.stamp,
            sequence=observation.sequence,
            position=position,
            velocity=velocity,
            stiffness=self._stiffness,
            damping=self._damping,
            torque=solution.torque,
        )


def tasks_on(loaded: tuple[bool, bool]) -> Sequence[Task]:
    """List the tasks of a robot on these feet; a foot that is not loaded swings."""
    soles = [stance(foot) if loaded[foot] else swing(foot) for foot in (LEFT, RIGHT)]
    return (template, yaw_momentum, *soles, base_orientation)
