"""From a plan read at now to one joint command: references, tasks, QP, command."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wm_control.constants import CONTROL_PERIOD
from wm_control.mpc.parameters import GaitParameters
from wm_control.mpc.plan import Phase
from wm_control.mpc.template import template_state
from wm_control.robot.model import RobotModel
from wm_control.types import LEFT, RIGHT, Array, Command, Estimate, SolveReport, Status
from wm_control.wbc.parameters import WholeBodyParameters
from wm_control.wbc.swing import SwingReference
from wm_control.wbc.tasks import Tasks
from wm_control.wbc.whole_body_qp import SoleContact, TaskStack, WholeBodyQp, WholeBodySolution

_HEIGHT_RATE = 0.15
"""How fast the height reference follows the ground [m/s]."""


@dataclass(frozen=True, slots=True)
class WholeBodyResult:
    """command is None only when no QP was ever solved. report: of this tick's QP."""

    command: Command | None
    report: SolveReport
    wrenches: Array


class WholeBodyController:
    """Whole-body inverse dynamics at the control rate. Owns the swing and height references."""

    def __init__(
        self, model: RobotModel, gait: GaitParameters, parameters: WholeBodyParameters
    ) -> None:
        """Use ``model`` exclusively; gains come from the description's rotor data."""
        self._model, self._gait, self._parameters = model, gait, parameters
        self._tasks = Tasks(model, parameters)
        self._qp = WholeBodyQp(model, parameters)
        description = model.description
        self._stiffness = parameters.stiffness_scale * np.asarray(description.stiffness)
        self._damping = parameters.damping_scale * np.asarray(description.damping)
        self._default = np.asarray(description.default_position)
        self._weights = self._posture_weights()
        self._swing: SwingReference | None = None
        self._height: float | None = None
        self._command: Command | None = None
        self._reference: tuple[Array, Array] | None = None
        self._failures = 0

    def _posture_weights(self) -> Array:
        p, groups = self._parameters, self._model.description.groups
        weights = np.full(self._model.n, p.weight_arms)
        weights[list(groups["left_leg"]) + list(groups["right_leg"])] = p.weight_legs
        weights[list(groups.get("waist", ()))] = p.weight_torso
        return weights

    def reset(self) -> None:
        """Forget references and the last command."""
        self._swing = self._height = self._command = None
        self._reference = None
        self._failures = 0

    def step(self, estimate: Estimate, phase: Phase, dt: float) -> WholeBodyResult:
        """Solve for this instant; a failed QP repeats the last command and says so.

        A state that is not finite counts as a failed QP and does not reach the references.
        """
        model = self._model
        model.update_dynamics(estimate)
        if not model.is_finite:
            return WholeBodyResult(self._command, self._report(None), np.zeros((0, 6)))
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

    def _advance_swing(self, phase: Phase, dt: float) -> None:
        if phase.swing is None:
            self._swing = None
            return
        if self._swing is None:
            self._swing = SwingReference.at(self._model.sole_pose(phase.swing))
        self._swing.advance(
            phase.target, self._gait.apex_height, phase.elapsed, phase.remaining, dt
        )

    def _compose(self, phase: Phase, dt: float) -> tuple[TaskStack, tuple[SoleContact, ...]]:
        model, tasks, p = self._model, self._tasks, self._parameters
        tasks.clear()
        tasks.template(*self._template_targets(phase, dt))
        tasks.yaw_momentum()
        contacts = []
        for foot in (LEFT, RIGHT):
            frame = model.sole_ids[foot]
            jacobian, sole = model.frame_jacobian(frame), model.frame_state(frame)
            if phase.contacts[foot]:
                tasks.stance(jacobian, sole)
                contacts.append(self._contact(jacobian, sole.rotation, phase.load[foot]))
            elif self._swing is not None:
                tasks.swing(
                    jacobian,
                    sole,
                    self._swing.position,
                    self._swing.velocity,
                    self._swing.acceleration,
                    phase.elapsed / max(phase.elapsed + phase.remaining, 1e-3),
                )
        base = model.base_id
        tasks.base_orientation(
            model.frame_jacobian(base), model.frame_state(base), phase.yaw, phase.yaw_rate
        )
        posture = (
            p.posture_stiffness * (self._default - model.q[7:]) - p.posture_damping * model.v[6:]
        )
        return TaskStack(*tasks.stack, self._weights, posture), tuple(contacts)

    def _contact(self, jacobian: Array, rotation: Array, load: float) -> SoleContact:
        transmission = np.empty((self._model.nv, 6))
        weight = self._model.weight
        np.matmul(jacobian[:3].T, rotation * weight, out=transmission[:, :3])
        np.matmul(jacobian[3:].T, rotation * weight, out=transmission[:, 3:])
        return SoleContact(transmission, 0.0, 0.05 + 1.6 * load)

    def _template_targets(self, phase: Phase, dt: float) -> tuple[Array, float]:
        """(3,) centre of pressure on the ground, and the vertical acceleration of the CoM."""
        model, p = self._model, self._parameters
        soles = [model.data.oMf[frame].translation for frame in model.sole_ids]
        ground = (
            0.5 * (soles[0][2] + soles[1][2]) if phase.swing is None else soles[phase.support][2]
        )
        com = model.com
        wanted = ground + self._gait.com_height
        height = float(com[2]) if self._height is None else self._height
        rise = float(np.clip(wanted - height, -_HEIGHT_RATE * dt, _HEIGHT_RATE * dt))
        self._height = height + rise
        vertical = float(model.momentum[2]) / model.mass
        acceleration = p.com_height_stiffness * (self._height - float(com[2]))
        acceleration += p.com_height_damping * (rise / dt - vertical)
        if phase.cop is not None:
            return np.append(phase.cop, ground), acceleration
        middle = 0.5 * (soles[0][:2] + soles[1][:2])
        dcm = template_state(model, np.append(middle, ground), self._gait.omega).dcm
        cop = middle + (1.0 + self._gait.stand_dcm_gain) * (dcm - middle)
        return np.append(cop, ground), acceleration

    def _joint_command(self, estimate: Estimate, solution: WholeBodySolution, dt: float) -> Command:
        """Integrate the QP's accelerations into q and dq, leaking towards the measurement.

        The drive's PD thus only sees what the model did not foresee, and cannot wind up.
        """
        keep = self._parameters.leak ** (dt / CONTROL_PERIOD)
        q, dq = estimate.joint_position, estimate.joint_velocity
        if self._reference is None:
            self._reference = (q, dq)
        position, velocity = self._reference
        velocity = dq + keep * (velocity - dq) + dt * solution.acceleration[6:]
        position = q + keep * (position - q) + dt * velocity
        self._reference = (position, velocity)
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
