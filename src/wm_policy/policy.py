"""One policy, ready to run: observation, network, and targets for all joints of the robot."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Command, Estimate, VelocityCommand
from wm_policy.drives import largest_damping
from wm_policy.manifest import Manifest
from wm_policy.network import NetworkFile
from wm_policy.novelty import Novelty
from wm_policy.observation import ObservationBuilder, ObservedBefore
from wm_policy.phase import PhaseClock
from wm_policy.posture import MOVE_TIME, HeldPosture, held_posture
from wm_policy.runner import Flat, PolicyRunner
from wm_policy.values import Bounds

LEAST_STIFFNESS = 1.0
"""Below it, no target within reach pulls like a driver; actions are told as if it were this."""


@dataclass(frozen=True, slots=True)
class PolicyStep:
    """What one policy step decided, for all n joints in the robot's order.

    position [rad], stiffness [N·m/rad], damping [N·m·s/rad]: (n,). novelty: of the observation
    (novelty.py). inference_time: observation to targets, on the clock handed in [s]. cause: empty,
    or why this step must not be used.
    """

    position: Array
    stiffness: Array
    damping: Array
    novelty: float
    inference_time: float
    cause: str = ""


@dataclass(frozen=True, slots=True)
class PolicyMemory:
    """What a policy remembers. states: of its network. held: of the joints that it holds."""

    states: list[Flat]
    observed: ObservedBefore
    held: tuple[Array | None, float]


class Policy:
    """A checked policy. ``step`` at its rate; between steps its last targets hold."""

    def __init__(
        self,
        manifest: Manifest,
        network: NetworkFile,
        robot: RobotDescription,
        clock: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """clock: for ``inference_time``. NetworkError when onnxruntime refuses the network."""
        self.manifest, self.network = manifest, network
        self.period = 1.0 / manifest.rate
        self.identity = _identity(manifest, network)
        self.runner = PolicyRunner(network, manifest)
        self.observation = ObservationBuilder(manifest, robot.joint_names, self.runner.inputs)
        known = {**network.statistics, **manifest.statistics}
        self.novelty = Novelty(manifest, self.observation.table, known)
        self.held: HeldPosture = held_posture(manifest, robot)
        self._clock = clock
        self._targets = _Targets(manifest, robot, self.held, self.runner)
        self._ranges = manifest.command
        self._action = self.observation.signals.last_action
        self._output: Flat = self.runner.outputs[manifest.action.output]
        pick = manifest.action.pick
        self._pick = None if pick is None else np.array(pick, dtype=np.intp)
        clip = manifest.action.clip
        self._clip = None if clip is None else _sides(clip)
        phase = manifest.phase
        self._speed = self.runner.outputs[phase.speed] if phase and phase.speed else None
        self._gains_change = manifest.gains.stiffness is None or manifest.gains.damping is None
        self.runner.warm_up()
        self.reset()

    def reset(self) -> None:
        """Forget everything; the next step is the first."""
        self.runner.reset()
        self.observation.reset()
        self._targets.reset()

    def memory(self) -> PolicyMemory:
        """Copy all that the next step depends on beside its arguments."""
        return PolicyMemory(self.runner.memory(), self.observation.memory(), self._targets.memory())

    def recall(self, memory: PolicyMemory) -> None:
        """Go back to before a step."""
        self.runner.recall(memory.states)
        self.observation.recall(memory.observed)
        self._targets.recall(memory.held)

    @property
    def stride(self) -> float | None:
        """Duration of two steps of its clock [s]; None where it cannot follow others' steps."""
        clock, phase = self.observation.clock, self.manifest.phase
        return 1.0 / phase.frequency if clock and phase and clock.can_follow else None

    @property
    def clock(self) -> PhaseClock | None:
        """Its gait clock, if it is told a phase."""
        return self.observation.clock

    def follow_steps(self, support: int, progress: float) -> None:
        """Set its clock to the steps that another driver takes, see ``PhaseClock.follow_steps``."""
        if self.observation.clock is not None:
            self.observation.clock.follow_steps(support, progress)

    def bounded(self, velocity: VelocityCommand) -> tuple[float, float, float]:
        """Clamp a velocity command to the ranges of the policy; NaN stays NaN."""
        r = self._ranges
        return (
            _clamp(velocity.linear_x, r.linear_x),
            _clamp(velocity.linear_y, r.linear_y),
            _clamp(velocity.angular_z, r.angular_z),
        )

    def step(self, estimate: Estimate, velocity: VelocityCommand) -> PolicyStep:
        """One policy step. Never raises for what is measured: ``cause`` says what is wrong."""
        start = self._clock()
        self.observation.build(estimate, self.bounded(velocity))
        novelty = self.novelty.score(self.observation.frame)
        self.runner.run()
        if self._speed is not None and self.observation.clock is not None:
            self.observation.clock.speed = float(self._speed[0])
        action = self._action
        action[:] = self._output if self._pick is None else self._output[self._pick]
        self._bound(action)
        position, stiffness, damping = self._targets.of(action, estimate)
        cause = ""
        squares = position.dot(position)
        if self._gains_change:
            squares += stiffness.dot(stiffness) + damping.dot(damping)
        if self._speed is not None:
            squares += float(self._speed[0])
        if not math.isfinite(squares + novelty):
            cause = self._not_finite(novelty)
        return PolicyStep(position, stiffness, damping, novelty, self._clock() - start, cause)

    def _not_finite(self, novelty: float) -> str:
        """Say what is not finite, and begin anew: a state may hold it for ever."""
        self.reset()
        what = "observation" if not math.isfinite(novelty) else "output"
        return f"{what} of the policy is not finite"

    def asked_gains(self) -> tuple[Array, Array]:
        """Stiffness and damping of ``action.joints`` as asked for, before any limit."""
        gains, outputs = self.manifest.gains, self.runner.outputs
        stiffness = outputs[gains.stiffness_output] if gains.stiffness_output else gains.stiffness
        damping = outputs[gains.damping_output] if gains.damping_output else gains.damping
        return np.array(stiffness, dtype=np.float64), np.array(damping, dtype=np.float64)

    def replace_action(self, executed: Command, estimate: Estimate) -> None:
        """Remember, as the last action, the one that would have had the effect of ``executed``.

        For a policy that runs in shadow: torque-equivalent, so that gains and feed-forward of
        whoever drove do not matter.
        """
        self._targets.action_of(executed, estimate, self._action)
        self._bound(self._action)

    def _bound(self, action: Flat) -> None:
        """Clip an action as the network's output is, in place."""
        if self._clip is not None:
            np.maximum(action, self._clip[0], out=action)
            np.minimum(action, self._clip[1], out=action)


class _Targets:
    """From the network's action to joint targets, and back."""

    def __init__(
        self, manifest: Manifest, robot: RobotDescription, held: HeldPosture, runner: PolicyRunner
    ) -> None:
        names = list(robot.joint_names)
        action = manifest.action
        self._joints = np.array([names.index(joint) for joint in action.joints])
        self._scale = np.array(action.scale)
        self._offset = _offset(manifest)
        self._measured = action.target == "measured"
        self._limits = np.array([_sides(pair) for pair in action.limits or ()]).T
        self._held, self._held_joints = held, np.array(held.joints, dtype=np.intp)
        self._stiffness, self._damping = np.zeros(len(names)), np.zeros(len(names))
        self._stiffness[self._held_joints] = held.stiffness
        self._damping[self._held_joints] = held.damping
        gains = manifest.gains
        self._gain_outputs: list[tuple[Array, Flat]] = []
        for array, number, output in (
            (self._stiffness, gains.stiffness, gains.stiffness_output),
            (self._damping, gains.damping, gains.damping_output),
        ):
            if number is not None:
                array[self._joints] = number
            elif output is not None:
                self._gain_outputs.append((array, runner.outputs[output]))
        self._largest_damping = largest_damping(robot)
        np.minimum(self._damping, self._largest_damping, out=self._damping)
        self._per_step = 1.0 / (MOVE_TIME * manifest.rate)
        self._from: Array | None = None
        self._share = 0.0

    def reset(self) -> None:
        self._from = None
        self._share = 0.0

    def memory(self) -> tuple[Array | None, float]:
        """Say from where, and how far, the held joints have been moved."""
        return self._from, self._share

    def recall(self, memory: tuple[Array | None, float]) -> None:
        self._from, self._share = memory

    def of(self, action: Flat, estimate: Estimate) -> tuple[Array, Array, Array]:
        """Return new arrays of position, stiffness and damping of all joints."""
        position = np.empty(len(self._stiffness))
        own = self._scale * action
        own += estimate.joint_position[self._joints] if self._measured else self._offset
        if self._limits.size:
            np.maximum(own, self._limits[0], out=own)
            np.minimum(own, self._limits[1], out=own)
        position[self._joints] = own
        if len(self._held_joints):
            position[self._held_joints] = self._hold(estimate)
        return position, *self._gains()

    def _gains(self) -> tuple[Array, Array]:
        """Stiffness and damping of all joints, the newest where they are outputs."""
        if not self._gain_outputs:
            return self._stiffness, self._damping
        stiffness, damping = self._stiffness.copy(), self._damping.copy()
        for array, output in self._gain_outputs:
            fresh = stiffness if array is self._stiffness else damping
            fresh[self._joints] = output
        np.minimum(damping, self._largest_damping, out=damping)
        return stiffness, damping

    def _hold(self, estimate: Estimate) -> Array:
        """Posture of the held joints, moved to from where they were at the first step."""
        if self._from is None:
            self._from = estimate.joint_position[self._held_joints].copy()
        if self._share >= 1.0:
            return self._held.position
        self._share = min(1.0, self._share + self._per_step)
        return self._from + self._share * (self._held.position - self._from)

    def action_of(self, executed: Command, estimate: Estimate, action: Flat) -> None:
        """Write the action whose target, under the policy's gains, pulls like ``executed``."""
        q, dq = estimate.joint_position[self._joints], estimate.joint_velocity[self._joints]
        pick = self._joints
        torque = executed.torque[pick] + executed.stiffness[pick] * (executed.position[pick] - q)
        torque += executed.damping[pick] * (executed.velocity[pick] - dq)
        stiffness, damping = self._gains()
        target = q + (torque + damping[pick] * dq) / np.maximum(stiffness[pick], LEAST_STIFFNESS)
        reference = q if self._measured else self._offset
        np.divide(target - reference, self._scale, out=action, casting="same_kind")


def _identity(manifest: Manifest, network: NetworkFile) -> float:
    """Return a number that two policies share only if network and manifest are the same."""
    content = f"{network.weights_sha256} {manifest}".encode()
    return float(int.from_bytes(hashlib.sha256(content).digest()[:6]))


def _offset(manifest: Manifest) -> Array:
    action = manifest.action
    if action.target != "default":
        return np.zeros(len(action.joints))
    if action.offset is not None:
        return np.array(action.offset)
    default = dict(zip(manifest.joints, manifest.default_position, strict=True))
    return np.array([default[joint] for joint in action.joints])


def _sides(bounds: Bounds) -> tuple[float, float]:
    low, high = bounds
    return (-np.inf if low is None else low, np.inf if high is None else high)


def _clamp(value: float, bounds: tuple[float, float]) -> float:
    return bounds[0] if value < bounds[0] else bounds[1] if value > bounds[1] else value
