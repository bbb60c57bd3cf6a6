"""Who walks the robot in lock-step: a controller in the loop, and what works beside it.

The lock-step runner knows contestants only by this interface, so that all are run and judged alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

from wm_bringup.cycle.loop import TickRecord
from wm_bringup.cycle.proposal_holder import ProposalHolder
from wm_bringup.faults.meanings import PLAN
from wm_bringup.faults.parts import FaultyDelivery
from wm_bringup.faults.paths import FaultyPaths
from wm_bringup.wire.delayed_delivery import DelayedDelivery
from wm_control.controllers.beside import PlannerBeside
from wm_control.controllers.lane import Lane
from wm_control.controllers.model_based import ModelBasedController
from wm_control.controllers.proposal import Proposal
from wm_control.mpc.plan import WalkingPlan, gait_phase
from wm_control.robot.description import RobotDescription
from wm_control.types import Controller, ControllerResult, Estimate
from wm_policy.beside import PolicyBeside


class BesideLoop(Protocol):
    """What works beside the loop; the lock-step runner calls the methods in this order."""

    @property
    def plan(self) -> WalkingPlan | None:
        """The plan that is being followed, for those that plan."""

    def prepare(self, estimate: Estimate) -> None:
        """Work ahead from a robot at rest, before its controller is reset for the start."""

    def start(self) -> None:
        """Take up what was prepared, after that reset."""

    def deliver(self, now: float) -> None:
        """Hand over to the controller what has arrived by ``now`` [s]."""

    def think(self, record: TickRecord) -> None:
        """Do the work beside the loop that is due after this tick; its results arrive later."""

    def gait_phase(self, now: float) -> float:
        """Phase of the stride in [0, 1), see ``plan.gait_phase``; NaN when it has none."""


class Contestant(BesideLoop, Protocol):
    """One driver of the robot, or one that could be."""

    @property
    def controller(self) -> Controller:
        """The part of it that runs in the control loop."""

    @property
    def newest(self) -> ControllerResult | None:
        """What it proposed last beside the loop; None where it proposes in the loop."""

    def meet(self, faults: FaultyPaths) -> None:
        """From the start on, let what it sends to that part meet faults on its way."""

    def work_ahead(self, record: TickRecord) -> None:
        """Do what its part in the loop can do before the next tick, once the command is out."""


class SideBySide:
    """Several contestants on one robot, of which one drives and the others run in its shadow.

    It looks like one to the lock-step runner: plan and phase are those of whoever drives.
    """

    def __init__(self, contestants: Sequence[Contestant], driver: Callable[[], str]) -> None:
        """driver: returns the name of the controller in charge."""
        self._contestants = {one.controller.name: one for one in contestants}
        self._driver = driver

    @property
    def driving(self) -> Contestant:
        """The contestant in charge."""
        return self._contestants[self._driver()]

    @property
    def plan(self) -> WalkingPlan | None:
        """The plan that is being followed."""
        return self.driving.plan

    def prepare(self, estimate: Estimate) -> None:
        """Let all of them work ahead."""
        for one in self._contestants.values():
            one.prepare(estimate)

    def start(self) -> None:
        """Let all of them take up what they prepared."""
        for one in self._contestants.values():
            one.start()

    def deliver(self, now: float) -> None:
        """Hand over to each controller what has arrived for it."""
        for one in self._contestants.values():
            one.deliver(now)

    def think(self, record: TickRecord) -> None:
        """Let each of them do the work that is due."""
        for one in self._contestants.values():
            one.work_ahead(record)
            one.think(record)

    def gait_phase(self, now: float) -> float:
        """Phase by whoever drives."""
        return self.driving.gait_phase(now)


class ModelBasedContestant:
    """Footstep planner beside the loop, whole-body controller in it."""

    newest: ControllerResult | None = None

    def __init__(
        self,
        planner: PlannerBeside,
        controller: ModelBasedController,
        plan_time: Callable[[], float],
    ) -> None:
        """plan_time: how long the next plan takes from estimate sent to arrival [s]."""
        self.controller = controller
        self._planner, self._plan_time = planner, plan_time
        self._delivery = DelayedDelivery(controller.receive)
        self._first: WalkingPlan | None = None
        self._now = 0.0

    def meet(self, faults: FaultyPaths) -> None:
        """Let plans meet faults on their way."""
        path = faults.get(PLAN)
        if path is not None:
            self._delivery = FaultyDelivery(self.controller.receive, path)

    @property
    def plan(self) -> WalkingPlan | None:
        """The plan that is being followed."""
        return self.controller.plan

    def prepare(self, estimate: Estimate) -> None:
        """Make a first plan from before the start, as in the real graph."""
        self._first = self._planner.answer(estimate)

    def start(self) -> None:
        """Follow the first plan."""
        if self._first is not None:
            self.controller.receive(self._first)

    def deliver(self, now: float) -> None:
        """Hand over the plans that have arrived; work that begins in this tick begins now."""
        self._now = now
        self._delivery.deliver(now)

    def work_ahead(self, record: TickRecord) -> None:
        """Nothing: its controller waits for the next estimate."""

    def think(self, record: TickRecord) -> None:
        """Plan when a plan is due."""
        self._planner.hear(record.admitted)
        plan = self._planner.answer(record.estimate)
        if plan is not None:
            self._delivery.send(plan, self._now + self._plan_time())

    def gait_phase(self, now: float) -> float:
        """Phase by the plan that is being followed."""
        return gait_phase(self.plan, now)


class LearnedContestant:
    """A policy beside the loop at its own rate, its newest proposal held in the loop.

    As in the graph, where the policy has a process of its own and a proposal takes its time.
    """

    plan: WalkingPlan | None = None
    newest: ControllerResult | None = None

    def __init__(
        self,
        policy: PolicyBeside,
        description: RobotDescription,
        proposal_time: Callable[[], float],
        lane: Lane | None = None,
    ) -> None:
        """proposal_time: how long the next proposal takes from estimate sent to arrival [s].

        lane: computes the proposals once more in the loop.
        """
        self.controller = ProposalHolder(policy.name, description, lane)
        self._policy, self._proposal_time = policy, proposal_time
        self._lane = lane
        self._delivery = DelayedDelivery(self.controller.receive)
        self._first: Proposal | None = None
        self._now = 0.0

    def meet(self, faults: FaultyPaths) -> None:
        """Let proposals meet faults on their way."""
        path = faults.get(self.controller.name)
        if path is not None:
            self._delivery = FaultyDelivery(self.controller.receive, path)

    def prepare(self, estimate: Estimate) -> None:
        """Propose from rest, as to a robot that is held until it is armed."""
        self._first = self._propose(estimate)

    def start(self) -> None:
        """Take up the first proposal."""
        if self._first is not None:
            self.controller.receive(self._first)

    def deliver(self, now: float) -> None:
        """Hand over the proposals that have arrived; work that begins in this tick begins now."""
        self._now = now
        self._delivery.deliver(now)

    def work_ahead(self, record: TickRecord) -> None:
        """Take the lane's policy step when one is due."""
        if self._lane is not None:
            self._lane.work_ahead(record.executed)

    def think(self, record: TickRecord) -> None:
        """Take a policy step when one is due."""
        self._policy.hear(record.admitted)
        self._policy.observe_executed(record.decision.command)
        proposal = self._propose(record.estimate)
        if proposal is not None:
            self._delivery.send(proposal, self._now + self._proposal_time())

    def _propose(self, estimate: Estimate) -> Proposal | None:
        result = self._policy.answer(estimate)
        self.newest = result or self.newest
        return None if result is None else Proposal.of(result, estimate)

    def gait_phase(self, now: float) -> float:
        """Unknown from outside."""
        del now
        return math.nan
