"""Criteria of the estimate's covariance: whether errors are as large as it says."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtri

from wm_bringup.judging.criteria.criterion import Value, criterion
from wm_bringup.judging.criteria.errors import height_errors, settled, tilt_error, velocity_error
from wm_bringup.record.run_record import RunRecord
from wm_control.types import Array

CONFIDENCE = 0.95


@criterion("", more_is_better=True)
def nees_velocity_share(record: RunRecord) -> Value:
    """Share of velocity errors, squared by their covariance, within the 95 % band."""
    return share_in_band(_nees_velocity(settled(record)), 3)


@criterion("", more_is_better=True)
def nees_tilt_share(record: RunRecord) -> Value:
    """Share of roll and pitch errors, squared by their covariance, within the 95 % band."""
    record = settled(record)
    squares = squared_by_covariance(tilt_error(record), record["tilt_covariance"])
    return share_in_band(squares, 2)


@criterion("", more_is_better=True)
def nees_height_share(record: RunRecord) -> Value:
    """Share of height errors, squared by their variance, within the 95 % band."""
    record = settled(record)
    return share_in_band(height_errors(record) ** 2 / record["height_variance"], 1)


@criterion("")
def nees_velocity_mean(record: RunRecord) -> Value:
    """Mean of the velocity errors squared by their covariance; 3 is honest."""
    return float(np.mean(_nees_velocity(settled(record))))


def _nees_velocity(record: RunRecord) -> Array:
    return squared_by_covariance(velocity_error(record), record["velocity_covariance"])


def squared_by_covariance(error: Array, covariance: Array) -> Array:
    """NEES (k,): eᵀ P⁻¹ e for (k, n) errors and (k, n, n) covariances."""
    scaled = np.linalg.solve(covariance, error[:, :, None])[:, :, 0]
    squares: Array = np.sum(error * scaled, axis=1)
    return squares


def share_in_band(squares: Array, degrees: int) -> float:
    """Share of squares between the 2.5 and 97.5 % quantiles of chi-square."""
    high, low = chdtri(degrees, (0.5 - 0.5 * CONFIDENCE, 0.5 + 0.5 * CONFIDENCE))
    return float(np.mean((squares >= low) & (squares <= high)))
