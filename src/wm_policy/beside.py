"""A learned policy beside the loop: when it answers.

The graph's inference thread and the lock-step contestant feed the same object.
"""

from __future__ import annotations

from typing import Protocol

from wm_control.controllers.beside import ControllerBeside
from wm_control.types import Controller, Estimate


class PolicyLike(Controller, Protocol):
    """A controller that answers at a rate of its own, such as ``PolicyController``."""

    def is_due(self, stamp: float, dt: float) -> bool:
        """Whether a tick at ``stamp`` [s] makes it answer anew; dt: between ticks [s]."""

    def see(self, estimate: Estimate) -> None:
        """Take in an estimate that may need no answer, for what happens between answers."""


class PolicyBeside(ControllerBeside):
    """A policy that answers the estimates that are due by its own rate, and the first of a run.

    In the shadow it observes, as its last action, what the driver's command amounted to, so that
    its histories are true.
    """

    def __init__(self, policy: PolicyLike, tick: float) -> None:
        """tick: between observations of the robot [s]."""
        super().__init__(policy, tick)
        self._policy = policy

    def is_due(self, estimate: Estimate) -> bool:
        """See a new estimate and say whether it is to be answered: by the policy's own rate."""
        self._policy.see(estimate)
        return self._policy.is_due(estimate.stamp, self._tick)
