"""Decisions for people and tools: what is published of one, how often, and how it is read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from wm_control.types import Action, Cause, Decision

HEARTBEAT = 0.1
"""A decision that does not change is still published this often [s]."""


def summary(decision: Decision) -> str:
    """One line: the action and its first cause."""
    if decision.first_cause is None:
        return f"{decision.action.name}: {decision.source} drives"
    return f"{decision.action.name}: {decision.first_cause.text}"


def values(decision: Decision) -> dict[str, object]:
    """Key and value of everything that one decision says about itself."""
    first = decision.first_cause
    return {
        "action": decision.action.name,
        "source": decision.source,
        "armed": decision.armed,
        "first_cause": first.rule if first else "",
        "joints_clipped": int(np.count_nonzero(decision.clipped)),
    }


def cause_values(cause: Cause) -> dict[str, object]:
    """Key and value of one cause."""
    return {"value": cause.value, "limit": cause.limit}


def action_in(published: Mapping[str, str]) -> Action:
    """Read the action back from published values; DAMPING when it is none we know."""
    name = published.get("action", "")
    return Action[name] if name in Action.__members__ else Action.DAMPING


@dataclass(slots=True)
class Changes:
    """Tells which decisions are news: another action, source, arming or set of causes."""

    _last: tuple[object, ...] = ()
    _published: float = float("-inf")

    def news(self, decision: Decision) -> bool:
        """Whether this decision is to be published."""
        rules = tuple(cause.rule for cause in decision.causes)
        now = (decision.action, decision.source, decision.armed, rules)
        changed = now != self._last
        elapsed = abs(decision.stamp - self._published)
        if not changed and elapsed < HEARTBEAT:
            return False
        self._last, self._published = now, decision.stamp
        return True
