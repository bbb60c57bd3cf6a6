"""How hard a push is survived in half of the cases: a logistic function of the impulse.

    P(survives a push of impulse j) = 1 / (1 + exp(a + b j))

fitted with Firth's penalty (Jeffreys' prior; Firth, Biometrika 80 (1993) 27), which has a finite
answer also where weak pushes are all survived and strong ones all felled. The impulse at 50 % is
-a / b; its interval is the delta method's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import norm

from wm_control.types import Array

METHOD = "logistic function of the impulse, Firth's penalty; interval: delta method"


@dataclass(frozen=True, slots=True)
class HalfSurvived:
    """Impulse at which half survive [N·s]; None where all tried are on one side of it.

    beyond: the strongest push, where half or more survived even that; below: the weakest, where not
    half survived that. Neither where what was survived does not fall with the impulse.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    beyond: float | None = None
    below: float | None = None


def half_survived(impulses: Sequence[float], survived: Sequence[bool]) -> HalfSurvived:
    """Fit n pushes; without a bound on either side only where the fit lies within what was tried.

    An end of the interval beyond what was tried is told as None: nothing was tried there.
    """
    j, up = np.array(impulses, dtype=float), np.array(survived, dtype=float)
    n = len(j)
    if n == 0:
        return HalfSurvived(None, None, None, 0)
    weakest, strongest = float(j.min()), float(j.max())
    if weakest == strongest or up.all():
        return _outside(j, up)
    a, b, covariance = _fit(j, up)
    middle = -a / b if b else math.inf
    if not (b > 0.0 and weakest <= middle <= strongest):
        return _outside(j, up)
    slope = np.array([-1.0 / b, a / b**2])
    wide = float(norm.ppf(0.975)) * math.sqrt(float(slope @ covariance @ slope))
    low, high = middle - wide, middle + wide
    return HalfSurvived(
        middle, low if low >= weakest else None, high if high <= strongest else None, n
    )


def _outside(j: Array, up: Array) -> HalfSurvived:
    """Say on which side of what was tried half would survive, as far as the ends tell."""
    weakest, strongest = float(j.min()), float(j.max())
    more, less = up[j == strongest].mean() >= 0.5, up[j == weakest].mean() < 0.5
    return HalfSurvived(
        None, None, None, len(j), strongest if more else None, weakest if less else None
    )


def _fit(j: Array, up: Array) -> tuple[float, float, Array]:
    """Find a, b [1/(N·s)] and their (2, 2) covariance; impulses are scaled for the search."""
    centre, scale = float(j.mean()), float(j.std())
    rows = np.column_stack([np.ones(len(j)), (j - centre) / scale])
    found = minimize(_penalised, np.zeros(2), args=(rows, 1.0 - up), method="BFGS").x
    inverse = np.linalg.inv(_information(found, rows))
    back = np.array([[1.0, -centre / scale], [0.0, 1.0 / scale]])
    a, b = (back @ found).tolist()
    return a, b, back @ inverse @ back.T


def _penalised(parameters: Array, rows: Array, fell: Array) -> float:
    """Negative log likelihood, less half the log determinant of the information."""
    eta = rows @ parameters
    likelihood = float((fell * eta - np.logaddexp(0.0, eta)).sum())
    return -likelihood - 0.5 * float(np.linalg.slogdet(_information(parameters, rows))[1])


def _information(parameters: Array, rows: Array) -> Array:
    p = expit(rows @ parameters)
    information: Array = rows.T @ (rows * (p * (1.0 - p))[:, None])
    return information
