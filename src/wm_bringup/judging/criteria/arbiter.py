"""Criteria of safety: how often arbiter and command filter had to step in, and why."""

from __future__ import annotations

from collections import Counter

import numpy as np

from wm_bringup.judging.criteria.criterion import Value, criterion
from wm_bringup.record.run_record import Flags, RunRecord
from wm_control.types import Status


@criterion("", "sum")
def interventions(record: RunRecord) -> Value:
    """How often the arbiter did not let the preferred controller do as it wants."""
    return int(_begun(record).sum())


@criterion("")
def clip_rate(record: RunRecord) -> Value:
    """Share of control cycles in which the command filter changed something."""
    return float((record["clipped"] > 0).mean())


@criterion("")
def degraded(record: RunRecord) -> Value:
    """Share of control cycles in which the driver's result was not OK."""
    return float((record["status"] > Status.OK).mean())


def causes(record: RunRecord) -> dict[str, int]:
    """Rule -> times it was the first cause of an intervention."""
    told = record.told("cause")
    return dict(Counter(told[k] for k in np.flatnonzero(_begun(record))))


def controller_causes(record: RunRecord, most: int = 5) -> dict[str, int]:
    """Words -> control cycles, of the most frequent reasons for which a result was not OK."""
    told = record.told("controller_cause")
    bad = np.flatnonzero(record["status"] > Status.OK)
    return dict(Counter(_without_numbers(told[k]) for k in bad).most_common(most))


def shadows_degraded(record: RunRecord) -> dict[str, int]:
    """Name -> control cycles in which a controller beside the driver had no OK result."""
    return dict(Counter(name for told in record.told("shadows_degraded") for name in told.split()))


def _begun(record: RunRecord) -> Flags:
    """(t,) cycles that intervene after one that did not."""
    intervening = np.array([bool(cause) for cause in record.told("cause")])
    begun: Flags = intervening & ~np.concatenate([[False], intervening[:-1]])
    return begun


def _without_numbers(text: str) -> str:
    """Return the same words for the same cause, so that it can be counted."""
    return "".join("#" if c.isdigit() else c for c in text)
