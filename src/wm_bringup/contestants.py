"""Who walks the robot in lock-step: a controller in the loop, and what works beside it.

The lock-step runner knows contestants only by this interface, so that all are run and judged alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from wm_bringup.plan_courier import PlanCourier, gait_phase
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
        """Phase of the stride in [0, 1), see ``plan_courier.gait_phase``; NaN when it has none."""


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
        self._courier = PlanCourier(controller.receive)
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


class SoloContestant:
    """A controller that needs nobody beside the loop, such as a learned policy."""

    plan: WalkingPlan | None = None

    def __init__(self, controller: Controller) -> None:
        """Take the controller that does all the work."""
        self.controller = controller

    def prepare(self, estimate: Estimate) -> None:
        """Nothing to prepare."""

    def start(self) -> None:
        """Nothing was prepared."""

    def deliver(self, now: float) -> None:
        """Nothing is under way."""

    def think(self, tick: int, estimate: Estimate, velocity: VelocityCommand) -> None:
        """Nothing to do beside the loop."""

    def gait_phase(self, now: float) -> float:
        """Unknown from outside."""
        del now
        return math.nan
