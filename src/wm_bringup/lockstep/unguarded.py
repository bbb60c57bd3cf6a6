"""The control loop without its safety layer: what a driver is worth by itself.

Off: every rule about the robot (but the operator's own stop), the arbiter's postures, the command
filter, the limits of velocity commands. On as ever: the torque limits of the drives, which are the
robot's, and the choice among several drivers, which is what makes them a hybrid. In lock-step only:
nothing that moves a real robot can be built from this.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wm_bringup.cycle.loop import ControlLoop
from wm_control.arbiter.arbiter import Arbiter
from wm_control.arbiter.command_filter import CommandFilter
from wm_control.arbiter.finite import arrays_of
from wm_control.arbiter.latched_rules import LatchedRules
from wm_control.arbiter.robot_rules import OPERATOR_STOP, ROBOT_RULES, UNARMED
from wm_control.arbiter.velocity_gate import STOP, not_finite
from wm_control.types import (
    Action,
    Command,
    ControllerResult,
    Estimate,
    Observation,
    VelocityCommand,
)

OPERATORS = tuple(rule for rule in ROBOT_RULES if rule.name in (OPERATOR_STOP, UNARMED))
"""Rules that are no judgement of the robot's state, but what its operator wants."""


class UnguardedArbiter(Arbiter):
    """Once armed lets the driver's command pass, whatever it is and whatever becomes of the robot.

    A driver without a command, or with one that is not a number, leaves the drives at the last one.
    """

    def reset(self, *, armed: bool = False) -> None:
        """Forget everything, see ``Arbiter.reset``."""
        self._robot = LatchedRules(OPERATORS)
        super().reset(armed=armed)

    def _shaped(self, now: float, action: Action) -> Action:
        """No action once it is armed, but for the operator's stop."""
        return Action.NOMINAL if self._armed and not self.stopped else super()._shaped(now, action)

    def _command(
        self,
        now: float,
        action: Action,
        estimate: Estimate,
        proposals: Mapping[str, ControllerResult],
    ) -> tuple[str, Command]:
        """Source and command; of a driver that has none, the last one again."""
        result = proposals.get(self._selection.driving)
        wanted = None if result is None else result.command
        lacks = wanted is None or not all(np.isfinite(part).all() for part in arrays_of(wanted))
        if action == Action.NOMINAL and lacks and self._last is not None:
            return self._driver, self._last
        return super()._command(now, action, estimate, proposals)

    def _remember_first(self) -> None:
        """Only that another driver has the robot is an intervention here."""
        super()._remember_first()
        if self._armed and self._selection.driving == self.preference[0]:
            self._first_cause = None


class NoFilter(CommandFilter):
    """Passes every command on as it is."""

    def apply(
        self, command: Command, observation: Observation, dt: float
    ) -> tuple[Command, NDArray[np.bool_]]:
        """Return the command, and (n,) that no joint of it was changed."""
        del observation, dt
        return command, self._nothing


class UnguardedLoop(ControlLoop):
    """``ControlLoop`` without the safety layer."""

    arbiter_class = UnguardedArbiter
    filter_class = NoFilter

    def _bounded(self, velocity: VelocityCommand) -> VelocityCommand:
        """Velocity command as it was asked for; what is not a number is a stop."""
        return STOP if not_finite(velocity) else velocity
