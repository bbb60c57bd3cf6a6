"""Drivers beside the loop: which estimates they answer, with which velocity, what a restart is.

A planner, a policy or a planner's follower runs in a process of its own, or, in lock-step, between
two ticks. Both feed the objects of this module, so that what is judged is what runs. An estimate
may come twice (a packet of the robot was lost), late, out of order or not at all; none of that is a
restart. A restart is told by the run that an estimate belongs to (``Observation.run``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from math import isfinite
from typing import Protocol

from wm_control.controllers.proposal import propose
from wm_control.drivers import ARBITER, MPC
from wm_control.mpc.plan import WalkingPlan
from wm_control.types import (
    Action,
    AdmittedVelocity,
    Command,
    Controller,
    ControllerResult,
    Estimate,
    Executed,
    VelocityCommand,
    driven_by_another,
)

STOP = VelocityCommand()

VELOCITY_PATIENCE = 0.1
"""An admitted velocity holds this long after, or before, the estimate that it came with [s]."""

_RUN_PATIENCE = 10
"""Estimates in a row of an older run after which that run is believed to be the present one."""


class Arrival(Enum):
    """What an estimate is to somebody who has seen others before."""

    START = auto()
    NEW = auto()
    OLD = auto()


@dataclass(slots=True)
class EstimateOrder:
    """Sorts estimates as they come in.

    START: the first one, or the first of another run: forget the past. NEW: later than all others
    of its run. OLD: repeated, late or out of order; there is nothing in it that is not known.

    repeated, late: how many of each came.
    """

    repeated: int = 0
    late: int = 0
    _run: int | None = None
    _stamp: float = float("-inf")
    _older: int = 0

    def sort(self, estimate: Estimate) -> Arrival:
        """Say what this estimate is, and remember it unless it is old."""
        run, stamp = estimate.observation.run, estimate.stamp
        if not isfinite(stamp):
            self.late += 1
            return Arrival.OLD
        if self._run is None or run > self._run or (run < self._run and self._insists()):
            self._run, self._stamp, self._older = run, stamp, 0
            return Arrival.START
        if run < self._run:
            self.late += 1
            return Arrival.OLD
        self._older = 0
        if stamp > self._stamp:
            self._stamp = stamp
            return Arrival.NEW
        self.repeated += stamp == self._stamp
        self.late += stamp != self._stamp
        return Arrival.OLD

    def _insists(self) -> bool:
        """Whether an older run comes so often that its counter must have begun again."""
        self._older += 1
        return self._older > _RUN_PATIENCE


@dataclass(slots=True)
class VelocityInForce:
    """The newest velocity that the gate admitted, for as long as it is of this time."""

    newest: AdmittedVelocity | None = None

    def hear(self, velocity: AdmittedVelocity) -> None:
        """Take in what was admitted; an older one does not replace a newer one of its run."""
        held = self.newest
        if held is None or velocity.run != held.run or velocity.stamp >= held.stamp:
            self.newest = velocity

    def at(self, stamp: float) -> VelocityCommand:
        """Return the velocity to follow from the estimate of ``stamp`` [s]: a stop in doubt."""
        held = self.newest
        if held is None or not abs(stamp - held.stamp) <= VELOCITY_PATIENCE:
            return STOP
        return held.command

    @property
    def cause(self) -> str:
        """Why the robot is stopped although somebody may ask for more; or empty."""
        held = self.newest
        if held is None:
            return "no velocity admitted yet"
        return f"stopped by {held.action.name}" if held.action >= Action.FALLBACK else ""


class Planner(Protocol):
    """What plans, such as ``FootstepMpc``."""

    def reset(self, estimate: Estimate) -> None:
        """Forget the past and start from this estimate."""

    def step(
        self, estimate: Estimate, velocity: VelocityCommand, *, in_shadow: bool = False
    ) -> WalkingPlan:
        """Plan from this estimate; never raises. in_shadow: another driver has the robot."""


class PlannerBeside:
    """A planner that answers one estimate per period, and the first of every run.

    While another driver has the robot it plans in its shadow, for the steps that really happen.

    late: plans that came more than half a period after they were due, because estimates were lost
    or the solve before took too long. planned: plans made.
    """

    def __init__(self, planner: Planner, period: float, tick: float) -> None:
        """period: between plans [s]. tick: between observations of the robot [s]."""
        self.velocity = VelocityInForce()
        self.order = EstimateOrder()
        self.planned = self.late = 0
        self._planner, self._period, self._tolerance = planner, period, 0.5 * tick
        self._last = float("-inf")

    def hear(self, velocity: AdmittedVelocity) -> None:
        """Take in the velocity that the gate admitted, and with it who drives."""
        self.velocity.hear(velocity)

    @property
    def in_shadow(self) -> bool:
        """Whether another driver has the robot, by what was heard last."""
        newest = self.velocity.newest
        return newest is not None and driven_by_another(newest.source, MPC)

    def answer(self, estimate: Estimate) -> WalkingPlan | None:
        """Plan from this estimate, or return None when no plan is due."""
        arrival = self.order.sort(estimate)
        elapsed = estimate.stamp - self._last
        if arrival is Arrival.START:
            self._planner.reset(estimate)
        elif arrival is Arrival.OLD or elapsed < self._period - self._tolerance:
            return None
        else:
            self.late += elapsed > 1.5 * self._period
        self._last = estimate.stamp
        self.planned += 1
        velocity = self.velocity.at(estimate.stamp)
        return self._planner.step(estimate, velocity, in_shadow=self.in_shadow)


class ControllerBeside:
    """A controller that answers the estimates of every instant, and is told what was executed.

    While somebody else drives it runs in the shadow: it observes what the driver's command amounted
    to, so that it could take over with the next answer.
    """

    def __init__(self, controller: Controller, tick: float) -> None:
        """tick: between observations of the robot [s]."""
        self.velocity = VelocityInForce()
        self.order = EstimateOrder()
        self._controller, self._tick = controller, tick
        self._executed: Command | None = None

    @property
    def name(self) -> str:
        """Of the controller, as the arbiter knows it."""
        return self._controller.name

    @property
    def drives(self) -> bool:
        """Whether this controller's commands reach the robot, by what was heard last."""
        newest = self.velocity.newest
        return newest is not None and newest.source == self.name

    def hear(self, velocity: AdmittedVelocity) -> None:
        """Take in the velocity that the gate admitted, and with it who drives."""
        self.velocity.hear(velocity)

    def observe_executed(self, command: Command) -> None:
        """Take in the command that was sent to the robot."""
        self._executed = command

    def answer(self, estimate: Estimate) -> ControllerResult | None:
        """Propose from this estimate, or return None when no proposal is due."""
        arrival = self.order.sort(estimate)
        if arrival is Arrival.START:
            self._executed = None
            self.begin(estimate)
        elif arrival is Arrival.OLD or not self.is_due(estimate):
            return None
        velocity = self.velocity.at(estimate.stamp)
        return propose(self._controller, estimate, velocity, self._tick, self._last_executed())

    def begin(self, estimate: Estimate) -> None:
        """Begin another run with this estimate."""
        self._controller.reset(estimate)

    def is_due(self, estimate: Estimate) -> bool:
        """See a new estimate and say whether it is to be answered: here, every one."""
        del estimate
        return True

    def _last_executed(self) -> Executed | None:
        """Say what the robot was sent last in this run, and by whom as far as was heard."""
        if self._executed is None:
            return None
        newest = self.velocity.newest
        return Executed(self._executed, newest.source if newest else ARBITER)


class PlanFollower(Controller, Protocol):
    """A controller that follows plans, such as ``ModelBasedController``."""

    def receive(self, plan: WalkingPlan) -> None:
        """Take a plan."""


class PlanFollowerBeside(ControllerBeside):
    """A follower of plans beside the loop.

    A plan may come before the estimate that begins its run; it is handed over again, because the
    follower forgets with its reset.
    """

    def __init__(self, follower: PlanFollower, tick: float) -> None:
        """tick: between observations of the robot [s]."""
        super().__init__(follower, tick)
        self._follower = follower
        self._plan: WalkingPlan | None = None

    def receive(self, plan: WalkingPlan) -> None:
        """Take a plan."""
        self._plan = plan
        self._follower.receive(plan)

    def begin(self, estimate: Estimate) -> None:
        """Begin another run; a plan from before it is about another life of the robot."""
        super().begin(estimate)
        if self._plan is not None and self._plan.stamp >= estimate.stamp:
            self._follower.receive(self._plan)
