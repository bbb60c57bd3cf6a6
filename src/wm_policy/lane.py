"""The lane of a learned policy: the same policy once more, in step with the one that proposes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import inf, isfinite, nan

from wm_control.arbiter.command_watch import torque_distance
from wm_control.constants import CONTROL_PERIOD
from wm_control.controllers.proposal import Proposal
from wm_control.robot.description import RobotDescription
from wm_control.types import Command, Estimate, Executed, VelocityCommand
from wm_policy.controller import CLOCK, POLICY_IDENTITY, STEPS, ControllerMemory, PolicyController
from wm_policy.policy import Policy

REMEMBERED = 64
"""Cycles that may still be answered: at 500 Hz, for longer than a proposal is followed."""

MOST_LOST = 5
"""Steps in a row that the lane makes good when their proposals were lost; more are a restart."""

SETTLING = 25
"""Steps after which a policy has forgotten, beside its histories, what else it began from."""


_ANOTHER = "another policy proposes"


@dataclass(slots=True)
class _Cycle:
    """What the driver was told in one cycle. executed: what was sent in it, once it is known."""

    estimate: Estimate
    velocity: VelocityCommand
    executed: Executed | None = None


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A step that was taken before its proposal came. before: what was remembered then."""

    cycle: _Cycle
    before: ControllerMemory
    command: Command | None


class PolicyLane:
    """A ``wm_control.controllers.lane.Lane``.

    It takes the steps that the driver took, on the estimates that the driver says it answered, but
    as the loop knows them. The step that is due it takes before the proposal comes; if the driver
    has answered another estimate, it goes back. Those of lost proposals it takes at the policy's
    rate. A driver that has begun anew is followed from its first step on; where that, or more than
    can be made good, was missed, its clock is taken over, and it is believed to agree after so many
    steps that a policy's memory is over. Another policy than its own it cannot know.
    """

    def __init__(
        self, policy: Policy, description: RobotDescription, tick: float = CONTROL_PERIOD
    ) -> None:
        """policy: of the lane alone, equal to the driver's. tick: between estimates [s]."""
        self._description, self._tick = description, tick
        self._cycles: deque[_Cycle] = deque(maxlen=REMEMBERED)
        self._next: Policy | None = None
        self._run: int | None = None
        self._follow(policy)

    def _follow(self, policy: Policy) -> None:
        """Begin with a policy; one that takes over in a run knows what was executed in it."""
        self._policy = policy
        self._controller = PolicyController(policy, self._description)
        self._memory = SETTLING + _longest_history(policy)
        self._forget("nothing proposed yet")

    def replace(self, policy: Policy) -> None:
        """Change to another policy as soon as the driver has; may be called by another thread."""
        self._next = policy

    def reset(self) -> None:
        """Forget what the driver was doing; what the loop saw may still be answered."""
        self._forget("the loop began anew")
        self._run = None

    def _forget(self, doubt: str) -> None:
        """Forget all but in which run the driver is."""
        self._doubt = doubt
        self._steps: int | None = None
        self._told = self._unsettled = 0
        self._ahead: _Ahead | None = None
        self._last: _Cycle | None = None
        self._expected: Command | None = None
        self._seen = float("-inf")

    def see(self, estimate: Estimate, velocity: VelocityCommand) -> None:
        """Take in a cycle."""
        self._cycles.append(_Cycle(estimate, velocity))

    def work_ahead(self, executed: Executed) -> None:
        """Take in what was sent in that cycle; take the step that is due, one at a time."""
        cycle = self._cycles[-1]
        cycle.executed = executed
        due = self._controller.is_due(cycle.estimate.stamp, self._tick)
        if due and self._steps is not None and self._ahead is None:
            self._ahead = _Ahead(cycle, self._controller.memory(), self._answer(cycle))

    def disagreement(self, proposal: Proposal, estimate: Estimate) -> float | None:
        """Take the steps up to this proposal's, and compare; a count that is repeated is a lie."""
        cycle = self._answered(proposal)
        repeats = cycle is not None and self._repeats(proposal, cycle)
        expected, command = self.expects(proposal), proposal.result.command
        if repeats:
            return inf
        if expected is None or command is None:
            return None
        return torque_distance(command, expected, estimate, self._description.torque_limit)

    def _repeats(self, proposal: Proposal, cycle: _Cycle) -> bool:
        """Whether a driver that took no step since claims to have answered another estimate."""
        if self._steps is None or cycle is self._last:
            return False
        in_run = cycle.estimate.observation.run == self._run
        return in_run and proposal.result.figures.get(STEPS) == self._told

    def expects(self, proposal: Proposal) -> Command | None:
        """Take the steps up to this proposal's; None where the driver is not known to agree."""
        cycle, steps = self._answered(proposal), _count(proposal)
        doubt = self._doubt_of(proposal, cycle, steps)
        if cycle is None or doubt:
            self._forget(doubt)
            if doubt != _ANOTHER:  # which may be the lane's before long, and took over in this run
                self._run = None
            return None
        if cycle is self._last:  # it came twice
            return self._expected
        repeats = self._repeats(proposal, cycle)
        for missed in range(0 if repeats else self._missed(steps, cycle), 0, -1):
            self._take(self._before(cycle, missed))
        self._last, self._told = cycle, steps
        command = self._take(cycle)
        self._expected = None if self._unsettled else command
        if self._unsettled:
            self._unsettled -= 1
            self._set_clock(proposal.result.figures.get(CLOCK, nan))
        return self._expected

    def _set_clock(self, phase: float) -> None:
        """Take over the phase of the driver's clock after this step."""
        clock = self._policy.clock
        if clock is not None and isfinite(phase):
            clock.put(phase)

    @property
    def doubt(self) -> str:
        """Why it cannot know now what the driver should propose, in words; or empty."""
        if self._steps is None:
            return self._doubt
        return f"settles for {self._unsettled} steps more" if self._unsettled else ""

    def _doubt_of(self, proposal: Proposal, cycle: _Cycle | None, steps: int) -> str:
        """Say why the driver of this proposal cannot be followed; empty if it can."""
        if cycle is None:
            return "it answered what the loop does not remember"
        if steps < 1:
            return "it does not say how many steps it has taken"
        identity, coming = proposal.result.figures.get(POLICY_IDENTITY), self._next
        if coming is not None and identity == coming.identity:
            self._next = None
            self._follow(coming)
        return "" if identity == self._policy.identity else _ANOTHER

    def _missed(self, steps: int, cycle: _Cycle) -> int:
        """Count the steps to be taken before the one of this cycle; begin anew with the driver."""
        missed = -1 if self._steps is None else steps - self._steps - 1
        if missed < 0:
            missed = max(steps - 1, 0)
            self._begin_anew(self._before(cycle, missed).estimate)
        if missed > MOST_LOST:
            missed, self._unsettled = 0, self._memory
        self._steps = steps - missed - 1
        return missed

    def _begin_anew(self, first: Estimate) -> None:
        """Begin with the driver; its policy's first estimate tells no contacts, nor earlier ones.

        One that counts from one again is another process, which was told nothing of this run.
        """
        if self._steps is not None:
            self._run = None
        self._ahead, self._unsettled = None, 0
        self._controller.reset(first)
        self._seen = first.stamp

    def _go_back(self) -> None:
        """Undo the step that was taken ahead."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            self._controller.recall(ahead.before)

    def _take(self, cycle: _Cycle) -> Command | None:
        """Take one step, unless it has been taken ahead."""
        assert self._steps is not None
        self._steps += 1
        ahead = self._ahead
        if ahead is not None and ahead.cycle is cycle:
            self._ahead = None
            return ahead.command
        self._go_back()
        return self._answer(cycle)

    def _answer(self, cycle: _Cycle) -> Command | None:
        """Answer a cycle; nobody has moved the robot before the first of a run."""
        run = cycle.estimate.observation.run
        for one in self._cycles:
            if self._seen < one.estimate.stamp <= cycle.estimate.stamp:
                self._controller.see(one.estimate)
                self._seen = one.estimate.stamp
        executed = cycle.executed if run == self._run else None
        self._run = run
        return self._controller.answer(cycle.estimate, cycle.velocity, executed).command

    def _answered(self, proposal: Proposal) -> _Cycle | None:
        """Cycle whose estimate a proposal answers."""
        for cycle in reversed(self._cycles):
            observation = cycle.estimate.observation
            if (observation.stamp, observation.sequence) == (proposal.stamp, proposal.sequence):
                return cycle
        return None

    def _before(self, cycle: _Cycle, steps: int) -> _Cycle:
        """Cycle that a step was due in that is so many steps before that of another cycle."""
        if not steps:
            return cycle
        stamp = cycle.estimate.stamp - steps * self._policy.period
        return min(self._cycles, key=lambda cycle: abs(cycle.estimate.stamp - stamp))


def _count(proposal: Proposal) -> int:
    """Return how many steps the driver says it has taken; 0 where that makes no sense."""
    steps = proposal.result.figures.get(STEPS, 0.0)
    return int(steps) if isfinite(steps) else 0


def _longest_history(policy: Policy) -> int:
    """Frames that the policy observes at most."""
    blocks = (block for tensor in policy.manifest.inputs for block in tensor.blocks)
    return max(block.history.length if block.history else 1 for block in blocks)
