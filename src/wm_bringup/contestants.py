"""Who walks the robot in lock-step: a controller in the loop, and what works beside it.

The lock-step runner knows contestants only by this interface, so that all are run and judged alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from wm_bringup.backends.base import CONTROL_PERIOD
from wm_bringup.courier import Courier, gait_phase
from wm_bringup.proposal_holder import ProposalHolder
from wm_bringup.proposals import Proposal, proposal_of
from wm_control.model_based import ModelBasedController
from wm_control.mpc.footstep_mpc import FootstepMpc
from wm_control.mpc.plan import WalkingPlan
from wm_control.types import Controller, Estimate, VelocityCommand

TICKS_PER_PLAN = 4
"""The planner runs at 125 Hz, the loop at 500 Hz."""


class Contestant(Protocol):
    """One contestant; all methods are called by the lock-step runner, in this order."""

    @property
    def controller(self) -> Controller:
        """The part of it that runs in the control loop."""

    @property
    def plan(self) -> WalkingPlan | None:
        """The plan that is being followed, for those that plan."""

    def prepare(self, estimate: Estimate) -> None:
        """Work ahead from a robot at rest, before its controller is reset for the start."""

    def start(self) -> None:
        """Take up what was prepared, after that reset."""

    def deliver(self, now: float) -> None:
        """Hand over to the controller what has arrived by ``now`` [s]."""

    def think(self, tick: int, estimate: Estimate, velocity: VelocityCommand) -> None:
        """Do the work beside the loop that is due after this tick; its results arrive later."""

    def gait_phase(self, now: float) -> float:
        """Phase of the stride in [0, 1), see ``courier.gait_phase``; NaN when it has none."""


class PolicyLike(Controller, Protocol):
    """A controller that answers at a rate of its own, such as a learned policy."""

    def is_due(self, stamp: float, dt: float) -> bool:
        """Whether a tick at ``stamp`` [s] makes it answer anew; dt: between ticks [s]."""


class ModelBasedContestant:
    """Footstep planner beside the loop, whole-body controller in it."""

    def __init__(
        self,
        planner: FootstepMpc,
        controller: ModelBasedController,
        plan_time: Callable[[], float],
    ) -> None:
        """plan_time: how long the next plan takes from estimate to arrival [s]."""
        self.controller = controller
        self._planner, self._plan_time = planner, plan_time
        self._courier = Courier(controller.receive)
        self._first: WalkingPlan | None = None

    @property
    def plan(self) -> WalkingPlan | None:
        """The plan that is being followed."""
        return self.controller.plan

    def prepare(self, estimate: Estimate) -> None:
        """Make a first plan from before the start, as in the real graph."""
        self._first = self._planner.step(estimate, VelocityCommand())

    def start(self) -> None:
        """Follow the first plan."""
        if self._first is not None:
            self.controller.receive(self._first)

    def deliver(self, now: float) -> None:
        """Hand over the plans that have arrived."""
        self._courier.deliver(now)

    def think(self, tick: int, estimate: Estimate, velocity: VelocityCommand) -> None:
        """Plan every fourth tick."""
        if tick % TICKS_PER_PLAN == 0:
            plan = self._planner.step(estimate, velocity)
            self._courier.send(plan, estimate.stamp + self._plan_time())

    def gait_phase(self, now: float) -> float:
        """Phase by the plan that is being followed."""
        return gait_phase(self.plan, now)


class LearnedContestant:
    """A policy beside the loop at its own rate, its newest proposal held in the loop.

    As in the graph, where the policy has a process of its own and a proposal takes its time.
    """

    plan: WalkingPlan | None = None

    def __init__(self, policy: PolicyLike, proposal_time: Callable[[], float]) -> None:
        """proposal_time: how long the next proposal takes from estimate to arrival [s]."""
        self.controller = ProposalHolder(policy.name)
        self._policy, self._proposal_time = policy, proposal_time
        self._courier = Courier(self.controller.receive)
        self._first: Proposal | None = None

    def prepare(self, estimate: Estimate) -> None:
        """Propose from rest, as to a robot that is held until it is armed."""
        self._policy.reset(estimate)
        self._first = self._propose(estimate, VelocityCommand())

    def start(self) -> None:
        """Take up the first proposal."""
        if self._first is not None:
            self.controller.receive(self._first)

    def deliver(self, now: float) -> None:
        """Hand over the proposals that have arrived."""
        self._courier.deliver(now)

    def think(self, tick: int, estimate: Estimate, velocity: VelocityCommand) -> None:
        """Take a policy step when one is due."""
        del tick
        if self._policy.is_due(estimate.stamp, CONTROL_PERIOD):
            proposal = self._propose(estimate, velocity)
            self._courier.send(proposal, estimate.stamp + self._proposal_time())

    def _propose(self, estimate: Estimate, velocity: VelocityCommand) -> Proposal:
        result = self._policy.step(estimate, velocity, CONTROL_PERIOD)
        return proposal_of(result, estimate)

    def gait_phase(self, now: float) -> float:
        """Unknown from outside."""
        del now
        return math.nan
