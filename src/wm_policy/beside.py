"""A learned policy beside the loop: when it answers, what it takes for a restart, who drives.

The counterpart of ``wm_control.controllers.beside.PlannerBeside``; the graph's inference thread and
the lock-step contestant feed the same object.
"""

from __future__ import annotations

from typing import Protocol

from wm_control.controllers.beside import Arrival, EstimateOrder, VelocityInForce
from wm_control.drivers import ARBITER
from wm_control.types import (
    AdmittedVelocity,
    Command,
    Controller,
    ControllerResult,
    Estimate,
    Executed,
)


class PolicyLike(Controller, Protocol):
    """A controller that answers at a rate of its own, such as ``PolicyController``."""

    def is_due(self, stamp: float, dt: float) -> bool:
        """Whether a tick at ``stamp`` [s] makes it answer anew; dt: between ticks [s]."""


class PolicyBeside:
    """A policy that answers the estimates that are due by its own rate, and the first of a run.

    While somebody else drives it runs in the shadow: it observes, as its last action, what the
    driver's command amounted to, so that its histories are true and it could take over with the
    next step.
    """

    def __init__(self, policy: PolicyLike, tick: float) -> None:
        """tick: between observations of the robot [s]."""
        self.velocity = VelocityInForce()
        self.order = EstimateOrder()
        self._policy, self._tick = policy, tick
        self._executed: Command | None = None

    @property
    def name(self) -> str:
        """Of the policy, as the arbiter knows it."""
        return self._policy.name

    @property
    def drives(self) -> bool:
        """Whether this policy's commands reach the robot, by what was heard last."""
        newest = self.velocity.newest
        return newest is not None and newest.source == self.name

    def hear(self, velocity: AdmittedVelocity) -> None:
        """Take in the velocity that the gate admitted, and with it who drives."""
        self.velocity.hear(velocity)

    def observe_executed(self, command: Command) -> None:
        """Take in the command that was sent to the robot."""
        self._executed = command

    def answer(self, estimate: Estimate) -> ControllerResult | None:
        """Take a policy step from this estimate, or return None when none is due."""
        arrival = self.order.sort(estimate)
        if arrival is Arrival.START:
            self._executed = None
            self._policy.reset(estimate)
        elif arrival is Arrival.OLD or not self._policy.is_due(estimate.stamp, self._tick):
            return None
        velocity = self.velocity.at(estimate.stamp)
        return self._policy.step(estimate, velocity, self._tick, self._last_executed())

    def _last_executed(self) -> Executed | None:
        """Say what the robot was sent last in this run, and by whom as far as was heard."""
        if self._executed is None:
            return None
        newest = self.velocity.newest
        return Executed(self._executed, newest.source if newest else ARBITER)
