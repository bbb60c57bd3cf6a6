"""Errors of the state estimate beside the truth, as columns: estimate minus truth."""

from __future__ import annotations

import numpy as np

from wm_bringup.record.geometry import rotations, to_base
from wm_bringup.record.run_record import TIME, Flags, RunRecord, TooShortError
from wm_control.types import Array

SETTLE = 0.5
"""Time after the first look that is not judged, where a criterion says so [s]."""


def known(record: RunRecord) -> RunRecord:
    """Return the looks at which the truth is known; TooShortError with fewer than two."""
    seen: Flags = np.asarray(np.isfinite(record["base_position"]).all(axis=1))
    if np.count_nonzero(seen) < 2:
        raise TooShortError("the truth is known at fewer than two times")
    return record if seen.all() else record.rows(seen)


def settled(record: RunRecord) -> RunRecord:
    """Return the looks at which the truth is known, from ``SETTLE`` after the first of them on."""
    return late_rows(known(record))


def late_rows(record: RunRecord) -> RunRecord:
    """Return the looks from ``SETTLE`` after the first on; TooShortError with fewer than two."""
    time = record[TIME]
    late: Flags = time - time[0] >= SETTLE
    if np.count_nonzero(late) < 2:
        raise TooShortError(f"the run is shorter than {SETTLE:g} s")
    return record.rows(late)


def period_of(record: RunRecord) -> float:
    """Median time between two looks [s]."""
    return float(np.median(np.diff(record[TIME])))


def velocity_error(record: RunRecord) -> Array:
    """(k, 3) of the estimate, base axes [m/s]."""
    return record["estimated_velocity"] - to_base(
        record["base_velocity"], record["base_orientation"]
    )


def height_errors(record: RunRecord) -> Array:
    """(k,) of the base [m]."""
    return (record["estimated_position"] - record["base_position"])[:, 2]


def tilt_error(record: RunRecord) -> Array:
    """(k, 2) about the world's x and y axes [rad]."""
    believed, true = record["estimated_orientation"], record["base_orientation"]
    return rotation_error(rotations(believed), rotations(true))[:, :2]


def rms(error: Array) -> Array:
    """Root of the mean square over time; per column."""
    mean: Array = np.sqrt(np.mean(error**2, axis=0))
    return mean


def rotation_error(belief: Array, truth: Array) -> Array:
    """(k, 3) rotation vectors of R_believed R_trueᵀ, world axes, for small errors [rad]."""
    error = belief @ truth.transpose(0, 2, 1)
    skew = 0.5 * (error - error.transpose(0, 2, 1))
    return np.stack((skew[:, 2, 1], skew[:, 0, 2], skew[:, 1, 0]), axis=1)
