"""Which of the controllers drives: by preference the first that can.

Down at once: who cannot drive is replaced in the same cycle, by one whose newest proposal is sound.
Up only after a dwell: who is preferred and available again has to stay so for a while.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wm_control.arbiter.availability import Standing


@dataclass(frozen=True, slots=True)
class Selection:
    """Who drives, and who is about to.

    driving: name of the controller in charge. candidate: of a preferred one that is available and
    waits for its dwell to be over; or empty. since: when it became that [s].
    """

    driving: str
    candidate: str = ""
    since: float = 0.0


def select(
    last: Selection,
    now: float,
    preference: Sequence[str],
    standings: Mapping[str, Standing],
    dwell: float,
) -> Selection:
    """Choose who drives from ``now`` [s] on.

    preference: names of the controllers that may drive, the most wanted first. dwell: how long a
    candidate has to stay available before it takes over from a driver that is available too [s].

    With nobody available the least bad one is in charge (the arbiter does what its standing calls
    for); of equally bad ones who drove before.
    """
    driver = last.driving
    if driver == preference[0] and standings[driver].available and not last.candidate:
        return last
    fit = [
        name
        for name in preference
        if (standings[name].available if name == driver else standings[name].can_take_over)
    ]
    if not fit:
        return Selection(_least_bad(driver, preference, standings))
    first = fit[0]
    if driver not in fit:
        return Selection(first)
    if first == driver:
        return Selection(driver)
    since = last.since if first == last.candidate else now
    if now - since >= dwell:
        return Selection(first)
    return Selection(driver, first, since)


def _least_bad(driver: str, names: Sequence[str], standings: Mapping[str, Standing]) -> str:
    """Whoever calls for the mildest action; of one with a first flaw nobody knows yet how bad."""
    known = [name for name in names if name == driver or not standings[name].available]
    return min(known, key=lambda name: (standings[name].action, name != driver))
