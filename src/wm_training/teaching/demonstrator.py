"""The model-based controller as a teacher: it says what it would do, whoever drives.

DAgger (Ross, Gordon and Bagnell 2011): the student drives some of the time, so that it sees where
its own mistakes lead, and every moment is labelled with what the teacher commands there. The label
is the joint target that would pull, under the student's gains, like the teacher's whole command:

    target = q + (tau_teacher + kd dq) / kp,  averaged over one period of the student

The student's clock is the teacher's gait, so that both are in the same step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wm_control.constants import CONTROL_PERIOD
from wm_control.controllers.model_based import ModelBasedController, ModelBasedParameters
from wm_control.gait.state import Mode
from wm_control.mpc.plan import gait_phase
from wm_control.robot.description import RobotDescription
from wm_control.types import (
    Array,
    Command,
    ControllerResult,
    Estimate,
    Estimator,
    Executed,
    Status,
    VelocityCommand,
)
from wm_policy.phase import PhaseClock
from wm_policy.policy import Policy


@dataclass(slots=True)
class Example:
    """One moment: observation (w,) as the student saw it, label (k,) as its raw action.

    stamp [s]. usable: whether teacher and student mean the same gait then.
    """

    stamp: float
    observation: NDArray[np.float32]
    label: NDArray[np.float32]
    usable: bool


class TeachersClock(PhaseClock):
    """The student's clock, put to the teacher's gait instead of running by itself."""

    def follow(self, phase: float) -> None:
        """phase: of the stride as ``gait_phase`` says it; NaN while standing."""
        left = 2.0 * math.pi * (phase - 0.5)
        values = (0.0, 0.0) if math.isnan(phase) else (left, left + math.pi)
        for index, value in enumerate(values):
            self.sine[index] = math.sin(value)
            self.cosine[index] = math.cos(value)

    def tick(self, command: Sequence[float], rolling: float, pitching: float) -> None:
        """Nothing: ``follow`` has put the clock."""


class Demonstrator(ModelBasedController):
    """The teacher in the loop, with the student beside it.

    examples: collected since ``reset``.
    """

    def __init__(
        self,
        description: RobotDescription,
        parameters: ModelBasedParameters,
        student: Policy,
        sensing: Estimator,
        student_drives: Callable[[float], bool],
    ) -> None:
        """sensing: the estimator that the student would have. student_drives: at this time [s]."""
        super().__init__(description, parameters)
        self._student, self._sensing, self._drives = student, sensing, student_drives
        manifest = student.manifest
        names = list(description.joint_names)
        self._legs = np.array([names.index(joint) for joint in manifest.action.joints])
        self._pose = np.array(manifest.default_position)
        self._scale = np.array(manifest.action.scale)
        assert manifest.gains.stiffness is not None
        assert manifest.gains.damping is not None
        self._kp, self._kd = np.array(manifest.gains.stiffness), np.array(manifest.gains.damping)
        self._limits = np.array(manifest.action.limits).T
        assert manifest.phase is not None
        self._clock = TeachersClock(manifest.phase, manifest.rate)
        student.observation.clock = self._clock
        self._ticks = round(1.0 / (manifest.rate * CONTROL_PERIOD))  # in the student's period
        self.examples: list[Example] = []
        self._sum, self._count = np.zeros(len(self._legs)), 0
        self._command: Command | None = None
        self._believed: Estimate | None = None

    def reset(self, estimate: Estimate) -> None:
        """Start an episode."""
        super().reset(estimate)
        self._believed = self._sensing.reset(estimate.observation)
        self._student.reset()
        self.examples = []
        self._sum[:], self._count, self._command = 0.0, 0, None

    def step(
        self,
        estimate: Estimate,
        velocity: VelocityCommand,
        dt: float,
        executed: Executed | None = None,
    ) -> ControllerResult:
        """One tick of the teacher; the student's command if it is the student's turn."""
        self._believed = self._sensing.update(estimate.observation)
        result = super().step(estimate, velocity, dt, executed)
        if result.command is None:
            return result
        if self._count % self._ticks == 0:
            self._finish_label()
            self._ask_student(estimate)
        self._sum += self._equivalent_target(result.command, estimate)
        self._count += 1
        if self._command is not None and self._drives(estimate.stamp):
            stamped = self._stamped(self._command, estimate)
            return ControllerResult(self.name, stamped, Status.OK, "", result.solves)
        return result

    def _ask_student(self, estimate: Estimate) -> None:
        """Let the student observe and act; its last action is the one that was really at work."""
        plan = self.plan
        assert plan is not None
        assert self._believed is not None
        walking = plan.gait.mode == Mode.WALK
        lifts = walking and plan.gait.lifts
        self._clock.follow(gait_phase(plan, estimate.stamp) if lifts else math.nan)
        asked = plan.gait.velocity if walking else np.zeros(3)
        step = self._student.step(self._believed, VelocityCommand(*asked.tolist()))
        zero = np.zeros(len(step.position))
        self._command = Command(0.0, 0, step.position, zero, step.stiffness, step.damping, zero)
        observed = self._student.runner.inputs[self._student.manifest.inputs[0].name].copy()
        moving = bool(np.hypot(asked[0], asked[1]) >= 0.05 or abs(asked[2]) >= 0.05)
        usable = (lifts and moving) or not walking
        empty = np.zeros(len(self._legs), dtype=np.float32)
        self.examples.append(Example(estimate.stamp, observed, empty, usable))

    def _finish_label(self) -> None:
        """Complete the example of the period that has just ended."""
        if not self._count:
            return
        target = np.clip(self._sum / self._ticks, self._limits[0], self._limits[1])
        label = ((target - self._pose) / self._scale).astype(np.float32)
        last = self.examples[-1]
        last.label = label
        self._sum[:], self._count = 0.0, 0
        if not self._drives(last.stamp):
            self._student.observation.signals.last_action[:] = label

    def _equivalent_target(self, command: Command, estimate: Estimate) -> Array:
        pick = self._legs
        q, dq = estimate.joint_position[pick], estimate.joint_velocity[pick]
        torque = command.torque[pick] + command.stiffness[pick] * (command.position[pick] - q)
        torque += command.damping[pick] * (command.velocity[pick] - dq)
        target: Array = q + (torque + self._kd * dq) / self._kp
        return target

    @staticmethod
    def _stamped(command: Command, estimate: Estimate) -> Command:
        o = estimate.observation
        return Command(
            o.stamp,
            o.sequence,
            command.position,
            command.velocity,
            command.stiffness,
            command.damping,
            command.torque,
        )
