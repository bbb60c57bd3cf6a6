"""The drivers of the robot by name, once: every table that has a row for each is keyed by these.

A driver is a contestant that can be put in charge: it proposes a command in every cycle, and the
arbiter lets one of them through. Another driver is another name here; tests name the tables that
then want another row.
"""

from __future__ import annotations

from typing import Final

ARBITER: Final = "arbiter"
"""Source of the commands that the arbiter makes itself."""

MPC: Final = "mpc"
"""The model-based controller: footstep planner and whole-body control."""

POLICY: Final = "policy"
"""A learned policy."""

DRIVERS: Final = (MPC, POLICY)

SOURCES: Final = (ARBITER, *DRIVERS)
"""Whose commands can reach the robot, in the order of their numbers in messages and traces."""


HYBRID: Final = "hybrid"
"""Short for the order of preference that is shipped: the first of ``DRIVERS`` first."""


def preference_of(controller: str) -> tuple[str, ...]:
    """Read who may drive, the most wanted first: ``mpc``, ``policy+mpc``, or ``hybrid``."""
    return DRIVERS if controller == HYBRID else tuple(controller.split("+"))


def read_preference(text: str) -> tuple[str, ...]:
    """Read an order of preference like ``preference_of``; ValueError for one that is none."""
    names = preference_of(text)
    for name in names:
        if name not in DRIVERS:
            raise ValueError(f"{name!r} is not one of {', '.join(DRIVERS)}")
    if len(set(names)) < len(names):
        raise ValueError(f"{text!r} names a driver twice")
    return names


def number_of(source: str) -> int:
    """Return the place of a source in ``SOURCES``; -1 for one that is not there."""
    return SOURCES.index(source) if source in SOURCES else -1
