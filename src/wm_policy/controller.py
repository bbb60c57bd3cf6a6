"""The learned contestant: a policy at its own rate, its targets held in between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wm_control.drivers import POLICY
from wm_control.gait.observed import ObservedGait
from wm_control.robot.description import RobotDescription
from wm_control.types import (
    Array,
    Command,
    ControllerResult,
    Estimate,
    Executed,
    SolveReport,
    Status,
    VelocityCommand,
)
from wm_policy.policy import Policy, PolicyMemory, PolicyStep

_LOAD_TRANSFER = 0.04
"""From a touchdown until that foot carries alone, in the gait of another driver [s]."""

NOVELTY = "novelty"
"""Figure of a policy's result: how strange its observation is to it (``wm_policy.novelty``)."""

STEPS = "steps"
"""Figure: policy steps that it has taken since it began, this one included."""

CLOCK = "clock"
"""Figure: phase of its clock after the newest step, in [0, 1); absent without a clock."""

POLICY_IDENTITY = "policy"
"""Figure: which policy it is (``Policy.identity``)."""


@dataclass(frozen=True, slots=True)
class ControllerMemory:
    """What a ``PolicyController`` remembers.

    step: the newest. due, taken: of the next one and of the newest [s]. steps: taken so far.
    """

    policy: PolicyMemory
    step: PolicyStep | None
    due: float
    taken: float
    steps: int


class PolicyController:
    """A ``types.Controller``: takes a policy step when one is due and holds its targets between.

    Its ``SolveReport`` carries the time of the inference as ``solve_time``; its figures are the
    novelty of the observation, how many steps it has taken, and which policy it is.

    Whenever the robot was sent another command than its own, of another controller or the arbiter,
    the policy observes the action that would have pulled like
    what was executed, so that its histories are filled with what really happened. Its clock, if it
    has one whose touchdowns are known, follows the steps that another driver takes.
    """

    name = POLICY

    def __init__(self, policy: Policy, description: RobotDescription) -> None:
        """Start with ``reset``."""
        self._policy = policy
        self._zero: Array = np.zeros(len(description.joint_names))
        self._next: Policy | None = None
        self._step: PolicyStep | None = None
        self._due = -np.inf
        self._taken = 0.0
        self._steps = 0
        self._gait = _observed(policy)

    @property
    def policy(self) -> Policy:
        """The policy that proposes now."""
        return self._policy

    def reset(self, estimate: Estimate) -> None:
        """Forget histories and targets; the next step is the policy's first."""
        self._policy.reset()
        if self._gait is not None:
            self._gait.reset(estimate.stamp)
        self._step = None
        self._steps = 0
        self._due = -np.inf

    def replace(self, policy: Policy) -> None:
        """Change to another, already checked policy with the next policy step, from its start."""
        policy.reset()
        self._next = policy

    def memory(self) -> ControllerMemory:
        """Copy all that its next step depends on, but for the contacts that it has seen."""
        return ControllerMemory(
            self._policy.memory(), self._step, self._due, self._taken, self._steps
        )

    def recall(self, memory: ControllerMemory) -> None:
        """Go back to before a step of the same policy."""
        self._policy.recall(memory.policy)
        self._step, self._due = memory.step, memory.due
        self._taken, self._steps = memory.taken, memory.steps

    def see(self, estimate: Estimate) -> None:
        """Take in the contacts of an estimate, whether a policy step is due or not."""
        if self._gait is not None:
            self._gait.see(estimate.stamp, estimate.contact_probability)

    def is_due(self, stamp: float, dt: float) -> bool:
        """Whether a tick at ``stamp`` [s] takes a policy step; dt: between ticks [s]."""
        return self._step is None or stamp >= self._due - 0.5 * dt

    def step(
        self,
        estimate: Estimate,
        velocity: VelocityCommand,
        dt: float,
        executed: Executed | None = None,
    ) -> ControllerResult:
        """One tick. Never raises; without a usable policy step the result is FAILED."""
        if self.is_due(estimate.stamp, dt):
            self._infer(estimate, velocity, executed)
        return self._result(estimate)

    def answer(
        self, estimate: Estimate, velocity: VelocityCommand, executed: Executed | None = None
    ) -> ControllerResult:
        """Take a policy step with this estimate, due or not. Never raises."""
        self._infer(estimate, velocity, executed)
        return self._result(estimate)

    def _result(self, estimate: Estimate) -> ControllerResult:
        """Propose the targets of the newest policy step, for the instant of an estimate."""
        step = self._step
        assert step is not None
        observation = estimate.observation
        status = Status.FAILED if step.cause else Status.OK
        report = SolveReport(
            name=self.name,
            status=status,
            age=estimate.stamp - self._taken,
            residual=0.0,
            iterations=1,
            solve_time=step.inference_time,
            cause=step.cause,
            holds_for=self._policy.period,
        )
        figures = {
            NOVELTY: step.novelty,
            STEPS: float(self._steps),
            POLICY_IDENTITY: self._policy.identity,
        }
        if self._policy.clock is not None:
            figures[CLOCK] = self._policy.clock.phase
        if step.cause:
            return ControllerResult(self.name, None, status, step.cause, (report,), figures)
        command = Command(
            stamp=observation.stamp,
            sequence=observation.sequence,
            position=step.position,
            velocity=self._zero,
            stiffness=step.stiffness,
            damping=step.damping,
            torque=self._zero,
        )
        return ControllerResult(self.name, command, status, "", (report,), figures)

    def _infer(
        self, estimate: Estimate, velocity: VelocityCommand, executed: Executed | None
    ) -> None:
        if self._next is not None:
            self._policy, self._next = self._next, None
            self._steps = 0
            self._gait = _observed(self._policy)
        if executed is not None and executed.source != self.name:
            self._policy.replace_action(executed.command, estimate)
            if executed.driven_by_another(self.name):
                self._follow_steps(estimate.stamp)
        self._step = self._policy.step(estimate, velocity)
        self._steps += 1
        self._taken = estimate.stamp
        on_time = estimate.stamp - self._due < self._policy.period
        self._due = (self._due if on_time else estimate.stamp) + self._policy.period

    def _follow_steps(self, now: float) -> None:
        """Set the policy's clock to the steps that are seen; one of a standing robot waits."""
        gait = self._gait
        if gait is not None and not gait.stands:
            self._policy.follow_steps(gait.support, gait.progress(now))


def _observed(policy: Policy) -> ObservedGait | None:
    """Watch the steps for a policy that can follow them."""
    stride = policy.stride
    return None if stride is None else ObservedGait(0.5 * stride, _LOAD_TRANSFER)
