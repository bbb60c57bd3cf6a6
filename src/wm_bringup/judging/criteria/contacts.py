"""Criteria of contacts and slips as the estimator tells them, beside the true ones."""

from __future__ import annotations

import math

import numpy as np

from wm_bringup.judging.criteria.criterion import Value, criterion
from wm_bringup.judging.criteria.errors import known, period_of
from wm_bringup.record.run_record import Flags, RunRecord
from wm_bringup.record.strides import CONTACT_FORCE
from wm_control.types import LEFT, RIGHT, Array

SLIP_SPEED, SLIP_FORCE, SLIP_TICKS = 0.05, 50.0, 10
"""A true slip: a sole loaded by more [N] moves along the ground faster [m/s] for samples."""

SLIP_LATE = 50
"""Samples after which a slip counts as missed."""


@criterion("", more_is_better=True)
def contact_f1(record: RunRecord) -> Value:
    """Harmonic mean of precision and recall of told contacts, over both feet and all samples."""
    record = known(record)
    true = record["normal_force"] > CONTACT_FORCE
    return f1_score(record["contact_probability"] > 0.5, true)


@criterion("")
def slips(record: RunRecord) -> Value:
    """How often a sole truly slips: loaded by 50 N and faster than 0.05 m/s for ten samples."""
    return float(len(_slips(known(record))))


@criterion("", more_is_better=True)
def slips_found_share(record: RunRecord) -> Value:
    """Share of the true slips that were told within fifty samples."""
    delays = _slips(known(record))
    found = [delay for delay in delays if math.isfinite(delay)]
    return len(found) / len(delays) if delays else None


@criterion("ms")
def slip_delay_ms(record: RunRecord) -> Value:
    """Median time from a true slip's onset to its being told, of those found."""
    record = known(record)
    found = [delay for delay in _slips(record) if math.isfinite(delay)]
    return 1e3 * period_of(record) * float(np.median(found)) if found else None


@criterion("")
def slip_alarm_share(record: RunRecord) -> Value:
    """Share of a loaded sole's time in which a slip is told and none is within fifty samples."""
    record = known(record)
    return slip_alarms(record["sole_velocity"], record["normal_force"], record["slip_told"] > 0.5)


def _slips(record: RunRecord) -> list[float]:
    return slip_delays(record["sole_velocity"], record["normal_force"], record["slip_told"] > 0.5)


def f1_score(told: Flags, true: Flags) -> float:
    """Harmonic mean of precision and recall over both feet and all samples."""
    hits, wrong = int(np.sum(told & true)), int(np.sum(told != true))
    return 2.0 * hits / max(2 * hits + wrong, 1)


def slip_delays(sole_velocity: Array, normal_force: Array, slipping: Flags) -> list[float]:
    """Count samples from every true slip's onset to its detection; infinite for a missed one."""
    sliding = _sliding(sole_velocity, normal_force)
    delays: list[float] = []
    for foot in (LEFT, RIGHT):
        edges = np.diff(np.concatenate(((0,), sliding[:, foot].astype(int), (0,))))
        for begin, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
            if end - begin >= SLIP_TICKS:
                told = np.flatnonzero(slipping[begin : begin + SLIP_LATE, foot])
                delays.append(float(told[0]) if len(told) else math.inf)
    return delays


def slip_alarms(sole_velocity: Array, normal_force: Array, slipping: Flags) -> float:
    """Share of a loaded sole's time for which a slip is told and none is within ``SLIP_LATE``."""
    sliding = _sliding(sole_velocity, normal_force)
    near = np.zeros_like(sliding)
    window = np.ones(2 * SLIP_LATE + 1)
    for foot in (LEFT, RIGHT):
        near[:, foot] = np.convolve(sliding[:, foot].astype(float), window, "same") > 0.5
    quiet = (normal_force > SLIP_FORCE) & ~near
    told = float(np.count_nonzero(slipping & quiet))
    return told / max(float(np.count_nonzero(quiet)), 1.0)


def _sliding(sole_velocity: Array, normal_force: Array) -> Flags:
    """(k, 2) whether a loaded sole moves along the ground; sole velocity (k, 2, 3 or 6)."""
    fast = np.linalg.norm(sole_velocity[:, :, :2], axis=2) > SLIP_SPEED
    return np.asarray(fast & (normal_force > SLIP_FORCE), dtype=np.bool_)
