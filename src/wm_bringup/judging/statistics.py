"""From the numbers of many runs to one, and how sure it is.

``scipy.stats`` takes up to a second to import: only where an interval is asked for, and in no
process that walks an episode.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from wm_control.types import Array

Statistic = Literal["mean", "rms", "max", "min", "sum", "p50", "p90", "p99"]
"""How the numbers of many runs become one; max of tails and sum of events, rms of RMS errors."""

RESAMPLES = 2000


def _root_mean_square(values: Array, axis: int = -1) -> Array:
    root: Array = np.sqrt(np.mean(values**2, axis=axis))
    return root


STATISTICS: dict[Statistic, Callable[..., Array]] = {
    "mean": np.mean,
    "rms": _root_mean_square,
    "max": np.max,
    "min": np.min,
    "sum": np.sum,
    "p50": partial(np.percentile, q=50),
    "p90": partial(np.percentile, q=90),
    "p99": partial(np.percentile, q=99),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One number over n runs: its value, its 95 % interval (NaN without one), its worst run."""

    value: float
    low: float
    high: float
    worst: float
    n: int


def proportion_interval(count: int, n: int, method: str = "exact") -> tuple[float, float]:
    """95 % interval of a rate: ``exact`` is Clopper-Pearson, ``wilson`` is Wilson's.

    0 of 20 gives (0, 0.168): no fall in 20 only bounds the rate at 17 %. n = 0 gives (0, 1).
    """
    if n == 0:
        return 0.0, 1.0
    from scipy.stats import binomtest

    interval = binomtest(count, n).proportion_ci(0.95, method)
    return float(interval.low), float(interval.high)


def mcnemar(
    only_one: int,
    only_other: int,
    alternative: Literal["two-sided", "greater", "less"] = "two-sided",
) -> float:
    """Probability that chance parts pairs so unevenly (exact test of McNemar); 1 of no pairs."""
    differing = only_one + only_other
    if not differing:
        return 1.0
    from scipy.stats import binomtest

    return float(binomtest(only_one, differing, 0.5, alternative).pvalue)


def bootstrap_interval(
    samples: Sequence[Array], statistic: Callable[..., Any], *, paired: bool = False
) -> tuple[float, float]:
    """95 % interval by percentiles of a bootstrap, the same every time."""
    from scipy.stats import bootstrap

    interval = bootstrap(
        samples, statistic, method="percentile", paired=paired, n_resamples=RESAMPLES, rng=0
    ).confidence_interval
    return float(interval.low), float(interval.high)


def count_of(count: int, n: int) -> str:
    """Write ``count of n`` with its interval in whole percent, but in tenths of small ones."""
    low, high = (
        f"{100 * share:.1f}" if 0.0 < share < 0.02 else f"{100 * share:.0f}"
        for share in proportion_interval(count, n)
    )
    return f"{count} of {n} ({low}-{high} %)"


@dataclass(frozen=True, slots=True)
class Count:
    """So many of n."""

    count: int
    n: int

    @staticmethod
    def of(flags: Iterable[bool]) -> Count:
        """Count the true ones."""
        flags = list(flags)
        return Count(sum(flags), len(flags))

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary, with its Clopper-Pearson interval."""
        return {
            "count": self.count,
            "n": self.n,
            "interval": list(proportion_interval(self.count, self.n)),
        }

    def __str__(self) -> str:
        """For tables."""
        return count_of(self.count, self.n) if self.n else "-"


def combined(values: Sequence[float | tuple[float, ...]], over: Statistic) -> Array:
    """Combine numbers, or numbers by axis, of n >= 1 runs; () or (axes,)."""
    one: Array = np.asarray(STATISTICS[over](np.array(values, dtype=float), axis=0))
    return one


def figure(values: Sequence[float], over: Statistic, *, more_is_better: bool = False) -> Figure:
    """Combine the finite ones of these numbers, with an interval for means and RMS.

    Intervals are percentile bootstraps over the runs; for events there is
    ``proportion_interval``, and for tails none.
    """
    finite = np.array([value for value in values if math.isfinite(value)], dtype=float)
    if not finite.size:
        return Figure(*(math.nan,) * 4, 0)
    statistic, low, high = STATISTICS[over], math.nan, math.nan
    if finite.size > 1 and over in ("mean", "rms"):
        low, high = bootstrap_interval((finite,), statistic)
    worst = finite.min() if more_is_better else finite.max()
    return Figure(float(statistic(finite)), low, high, float(worst), int(finite.size))
