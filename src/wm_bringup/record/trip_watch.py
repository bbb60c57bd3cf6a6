"""Tells from one cycle after the other when the arbiter trips, and by what."""

from __future__ import annotations

from wm_bringup.cycle.loop import TickRecord
from wm_control.arbiter.robot_rules import UNARMED
from wm_control.types import Action, Cause


class TripWatch:
    """A trip: a first cause appears, a driver is replaced by a cause, the robot is damped.

    Of an armed robot only: one that is not armed does not move, and waits for much that is not
    there yet.
    """

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._before: TickRecord | None = None

    def see(self, tick: TickRecord) -> Cause | None:
        """Take in a cycle; returns what tripped in it."""
        before, self._before = self._before, tick
        if before is None or not (before.decision.armed or tick.decision.armed):
            return None
        return _appeared(before, tick) or _replaced(before, tick) or _damped(before, tick)


def _appeared(before: TickRecord, tick: TickRecord) -> Cause | None:
    first, last = tick.decision.first_cause, before.decision.first_cause
    if first is None or first.rule == UNARMED:
        return None
    return first if last is None or last.rule == UNARMED else None


def _replaced(before: TickRecord, tick: TickRecord) -> Cause | None:
    """Find what is held against a driver that has just been replaced."""
    if tick.driver == before.driver:
        return None
    return next((c for c in tick.decision.causes if c.controller == before.driver), None)


def _damped(before: TickRecord, tick: TickRecord) -> Cause | None:
    if not tick.decision.action == Action.DAMPING > before.decision.action:
        return None
    return next((c for c in tick.decision.causes if c.action == Action.DAMPING), None)
