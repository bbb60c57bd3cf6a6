"""Decisions for people and tools: what is published of one, how often, and how it is read back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from wm_bringup.wire.messages import HealthStatus, Level
from wm_control.arbiter.background import NOTHING_KNOWN, Background
from wm_control.drivers import ARBITER
from wm_control.types import Action, Cause, ControllerResult, Decision, Status

HEARTBEAT = 0.1
"""A decision that does not change is still published this often [s]."""


LEVELS = {
    Action.NOMINAL: Level.OK,
    Action.LIMITED: Level.WARN,
    Action.FALLBACK: Level.WARN,
    Action.SAFE_POSTURE: Level.ERROR,
    Action.FALL_POSTURE: Level.ERROR,
    Action.DAMPING: Level.ERROR,
}


OF_STATUS = {Status.OK: Level.OK, Status.DEGRADED: Level.WARN, Status.FAILED: Level.ERROR}


def worst_cause(decision: Decision) -> Cause | None:
    """Find the active cause with the most severe action; of several the first."""
    active = [cause for cause in decision.causes if cause.action > Action.NOMINAL]
    return max(active, key=lambda cause: cause.action, default=None)


def summary(decision: Decision) -> str:
    """One line: the action, why it is so, and what began it."""
    worst, first = worst_cause(decision), decision.first_cause
    if worst is None:
        why = f" (began with: {first.text})" if first else ""
        return f"{decision.action.name}: {decision.source} drives{why}"
    assert first is not None
    began = "" if first.rule == worst.rule else f" (began with: {first.text})"
    return f"{decision.action.name}: {worst.text}{began}"


def statuses(
    decision: Decision,
    results: Iterable[ControllerResult] = (),
    hardware: str = "",
    behind: Background = NOTHING_KNOWN,
) -> list[HealthStatus]:
    """List the content of ``arbiter/decision``: the decision, each active cause, each proposal."""
    first = decision.first_cause
    values = {
        "action": decision.action.name,
        "source": decision.source,
        "previous": decision.previous,
        "share": decision.share,
        "armed": decision.armed,
        "first_cause": first.rule if first else "",
        "joints_clipped": int(np.count_nonzero(decision.clipped)),
        "preference": "+".join(behind.preference),
        "switches": behind.switches,
        "settled": behind.settled,
        "base_height": behind.balance.height,
        "impulse": behind.balance.impulse,
        "capture_margin": behind.balance.capture_margin,
        "slide": behind.balance.slide,
        "slope": behind.balance.slope,
        **{f"risk_{name}": risk for name, risk in behind.balance.risks.items()},
    }
    level = LEVELS[decision.action]
    whole = HealthStatus("arbiter: decision", level, summary(decision), values, hardware)
    causes = (_cause_status(cause, hardware) for cause in decision.causes)
    proposals = (_proposal_status(result, decision.source, hardware) for result in results)
    return [whole, *causes, *proposals]


def drivers_status(decision: Decision, driver: str, behind: Background) -> HealthStatus:
    """Say who drives, and how every controller stands, for /diagnostics.

    driver: in charge, whether its command passes or the arbiter's own does.
    """
    passes = decision.source == driver
    said = f"{driver} drives" if passes else f"{driver} in charge, the arbiter acts"
    others = [f"{name} {word}" for name, word in behind.standings.items() if name != driver]
    held_against = [cause.text for cause in decision.causes if cause.controller]
    settled = ["settled: nobody is taken back until /arbiter/clear"] if behind.settled else []
    level = Level.WARN if held_against or settled or not passes else Level.OK
    values: dict[str, object] = {
        "drives": driver if passes else ARBITER,
        "preference": "+".join(behind.preference),
        **behind.standings,
        "switches": behind.switches,
        "settled": behind.settled,
        "base_height_m": behind.balance.height,
        "impulse_n_s": behind.balance.impulse,
        "capture_margin_m": behind.balance.capture_margin,
        "slide_m": behind.balance.slide,
        "slope_rad": behind.balance.slope,
        **{f"risk_{name}": risk for name, risk in behind.balance.risks.items()},
    }
    line = "; ".join([", ".join([said, *others]), *held_against, *settled])
    return HealthStatus("arbiter: drivers", level, line, values)


def _cause_status(cause: Cause, hardware: str) -> HealthStatus:
    values: dict[str, object] = {"value": cause.value, "limit": cause.limit}
    values |= {"controller": cause.controller} if cause.controller else {}
    if not cause.controller:
        name, level = f"arbiter: {cause.rule}", LEVELS[cause.action]
    else:
        name = f"arbiter: {cause.controller}: {cause.rule}"
        level = max(LEVELS[cause.action], Level.WARN)
    return HealthStatus(name, level, cause.text, values, hardware)


def _proposal_status(result: ControllerResult, source: str, hardware: str) -> HealthStatus:
    """Say what one controller proposes, whether it drives or is in shadow."""
    drives = result.controller == source
    values: dict[str, object] = {"drives": drives, "status": result.status.name}
    values |= result.figures
    said = result.cause or ("drives" if drives else "in shadow")
    level = OF_STATUS[result.status]
    return HealthStatus(f"arbiter: proposal of {result.controller}", level, said, values, hardware)


@dataclass(slots=True)
class Changes:
    """Tells which decisions are news: another action, source, arming or set of causes.

    A hand-over is news when it begins and when it is over.
    """

    _last: tuple[object, ...] = ()
    _published: float = float("-inf")

    def news(self, decision: Decision) -> bool:
        """Whether this decision is to be published."""
        rules = tuple((cause.controller, cause.rule) for cause in decision.causes)
        now = (decision.action, decision.source, decision.previous, decision.armed, rules)
        changed = now != self._last
        elapsed = abs(decision.stamp - self._published)
        if not changed and elapsed < HEARTBEAT:
            return False
        self._last, self._published = now, decision.stamp
        return True
