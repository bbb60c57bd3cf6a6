"""Whether the robot fell in a run of the graph, told from the arbiter's decisions."""

from __future__ import annotations

from wm_bringup.wire import decisions
from wm_control.arbiter.robot_rules import OPERATOR_STOP
from wm_control.types import Action, Decision

FALLEN = ("base_height", "tilt")
"""Rules of the arbiter that are true of a robot on the ground and of none that walks."""


class FallWatch:
    """Keeps the first fall of a run; what a simulator truly shows is not asked.

    A robot whose fall the arbiter shapes is lost, and one that lies has fallen.

    A robot that was never armed may lie on the floor, and one that the operator has stopped may
    sink to it: neither has fallen.
    """

    def __init__(self) -> None:
        """Nothing seen yet."""
        self.fall = ""
        self._armed = False

    def see(self, decision: Decision) -> None:
        """Take in one decision."""
        self._armed = self._armed or decision.armed
        first = decision.first_cause
        if self.fall or not self._armed or (first is not None and first.rule == OPERATOR_STOP):
            return
        lost = decision.action == Action.FALL_POSTURE
        if lost or any(cause.rule in FALLEN for cause in decision.causes):
            self.fall = f"the robot fell: {decisions.summary(decision)}"
