"""Who drives: down at once, up only after a dwell, at a good moment, and not for ever anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from wm_control.arbiter.availability import Standing
from wm_control.arbiter.parameters import ArbiterParameters


@dataclass(frozen=True, slots=True)
class Selection:
    """Who drives, and who is about to.

    driving: name of the controller in charge. candidate: of a preferred one that could drive and
    waits for its dwell to be over; or empty. since: when it became that [s]. switches: times at
    which the driver changed lately [s]. settled: it changed too often: who drives well keeps the
    robot until the operator clears.
    """

    driving: str
    candidate: str = ""
    since: float = 0.0
    switches: tuple[float, ...] = ()
    settled: bool = False


def select(
    last: Selection,
    now: float,
    preference: Sequence[str],
    standings: Mapping[str, Standing],
    parameters: ArbiterParameters,
    *,
    moving: bool = True,
) -> Selection:
    """Choose who drives from ``now`` [s] on.

    preference: names of the controllers that may drive, the most wanted first. moving: the robot is
    armed; else there is nothing to wait for, and nothing to count.

    Somebody fit drives, if there is anybody: the driver before, or the most wanted one. Else one
    that is available, if only to somebody better: the driver before, or the most wanted. With
    nobody available the least bad one is in charge (the arbiter does what its standing calls for);
    of equally bad ones who drove before.
    """
    driver = last.driving
    if driver == preference[0] and standings[driver].fit and not last.candidate:
        return last
    free = replace(last, candidate="", since=0.0)
    fit = [name for name in preference if _can_drive(name, driver, standings)]
    if driver not in fit:
        return _switched(free, _best(driver, preference, standings, fit), now, parameters, moving)
    first = fit[0]
    if first == driver:
        return free
    if not moving:
        return replace(free, driving=first)
    if last.settled or not standings[first].trusted:
        return free
    since = last.since if first == last.candidate else now
    if now - since >= parameters.switch_dwell and standings[first].ready:
        return _switched(free, first, now, parameters, moving)
    return replace(free, candidate=first, since=since)


def _can_drive(name: str, driver: str, standings: Mapping[str, Standing]) -> bool:
    """Whether a controller is fit to go on, or to take over."""
    standing = standings[name]
    return standing.fit and (name == driver or standing.sound)


def _best(
    driver: str, preference: Sequence[str], standings: Mapping[str, Standing], fit: Sequence[str]
) -> str:
    """Whoever is best when the driver is not fit."""
    if fit:
        return fit[0]
    if standings[driver].available:
        return driver
    available = [name for name in preference if standings[name].can_take_over]
    return available[0] if available else _least_bad(driver, preference, standings)


def _switched(
    last: Selection, driving: str, now: float, parameters: ArbiterParameters, moving: bool
) -> Selection:
    """Put somebody in charge, and count it if it is another one."""
    if driving == last.driving:
        return last
    if not moving:
        return replace(last, driving=driving)
    begin = now - parameters.switch_window
    switches = (*(time for time in last.switches if time > begin), now)
    settled = last.settled or len(switches) >= parameters.switch_budget
    return replace(last, driving=driving, switches=switches, settled=settled)


def _least_bad(driver: str, names: Sequence[str], standings: Mapping[str, Standing]) -> str:
    """Whoever calls for the mildest action; of one with a first flaw nobody knows yet how bad."""
    known = [name for name in names if name == driver or not standings[name].available]
    return min(known, key=lambda name: (standings[name].action, name != driver))
