"""Intervals and tests for comparisons; each says its method in words, for whoever reads a figure.

All intervals are 95 %. Chance is seeded: equal numbers give equal intervals, bit for bit.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import (
    CensoredData,
    binomtest,
    chi2,
    ecdf,
    permutation_test,
    trim_mean,
)

from wm_bringup.judging.statistics import bootstrap_interval, mcnemar, proportion_interval
from wm_control.types import Array

WILSON = "Wilson"
NEWCOMBE = "difference of paired shares: Newcombe's hybrid score (method 10); p: McNemar, exact"
IQM = "interquartile mean, percentile bootstrap over episodes"
PAIRED_IQM = (
    "difference of interquartile means, percentile bootstrap over pairs; p: random exchange "
    "within pairs"
)
GARWOOD = "Poisson, exact (Garwood)"
POISSON_PAIR = "ratio of Poisson rates, from the exact interval of the share of events; p: the same"
RATIO = "ratio of shares, percentile bootstrap over episodes"
KAPLAN_MEIER = "Kaplan-Meier, log-log interval"

EXCHANGES = 9999
_QUARTER = 0.25


@dataclass(frozen=True, slots=True)
class Estimated:
    """A number with its 95 % interval; NaN where there is none."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Tested:
    """A difference with its interval, and how probable one as large is by chance."""

    value: float
    low: float
    high: float
    p: float


def share(flags: Sequence[bool]) -> Estimated:
    """Share of the true ones of n >= 1, Wilson."""
    count, n = sum(flags), len(flags)
    return Estimated(count / n, *proportion_interval(count, n, "wilson"))


def paired_shares(one: Sequence[bool], other: Sequence[bool]) -> Tested:
    """Share of one minus share of the other over n >= 1 pairs.

    Interval: Newcombe, Statistics in Medicine 17 (1998) 2635, method 10: the Wilson limits of both
    shares, put together with the correlation phi of the pairs.
    """
    pairs = list(zip(one, other, strict=True))
    n = len(pairs)
    both, first, second, none = (
        sum(pair == wanted for pair in pairs)
        for wanted in ((True, True), (True, False), (False, True), (False, False))
    )
    p1, (l1, u1) = (both + first) / n, proportion_interval(both + first, n, "wilson")
    p2, (l2, u2) = (both + second) / n, proportion_interval(both + second, n, "wilson")
    phi = _phi(both, first, second, none)
    difference = p1 - p2
    below = _joint(p1 - l1, u2 - p2, phi)
    above = _joint(u1 - p1, p2 - l2, phi)
    return Tested(difference, difference - below, difference + above, mcnemar(first, second))


def _phi(both: int, first: int, second: int, none: int) -> float:
    """Correlation of the pairs, Newcombe's cautious one: less where it is positive."""
    margins = (both + first) * (second + none) * (both + second) * (first + none)
    if not margins:
        return 0.0
    n, product = both + first + second + none, float(both * none - first * second)
    cautious = max(product - n / 2.0, 0.0) if product > 0.0 else product
    return cautious / math.sqrt(margins)


def _joint(a: float, b: float, phi: float) -> float:
    return math.sqrt(max(a * a - 2.0 * phi * a * b + b * b, 0.0))


def interquartile_mean(values: Array, axis: int = -1) -> Array:
    """Mean of what is left without the lowest and the highest quarter."""
    mean: Array = np.asarray(trim_mean(values, _QUARTER, axis=axis))
    return mean


def score(values: Sequence[float]) -> Estimated:
    """Interquartile mean of n >= 1 numbers; no interval where all are the same."""
    array = np.array(values, dtype=float)
    value = float(interquartile_mean(array))
    if np.ptp(array) == 0.0:
        return Estimated(value, math.nan, math.nan)
    return Estimated(value, *bootstrap_interval((array,), interquartile_mean))


ROUNDING = 1e-9
"""Relative difference of two sums of the same numbers in another order, and no more."""


def _iqm_difference(one: Array, other: Array, axis: int = -1) -> Array:
    return interquartile_mean(one, axis) - interquartile_mean(other, axis)


def paired_scores(one: Sequence[float], other: Sequence[float]) -> Tested:
    """Interquartile mean of one minus that of the other, over n >= 1 pairs.

    A pair that differs by rounding is one that does not differ.
    """
    first, second = np.array(one, dtype=float), np.array(other, dtype=float)
    pairs = (first, np.where(np.isclose(first, second, ROUNDING, 0.0), first, second))
    value = float(_iqm_difference(*pairs))
    if pairs[0].size < 2 or np.array_equal(*pairs):
        return Tested(value, math.nan, math.nan, 1.0)
    exchanged = permutation_test(
        pairs,
        _iqm_difference,
        permutation_type="samples",
        vectorized=True,
        n_resamples=EXCHANGES,
        rng=0,
    )
    interval = bootstrap_interval(pairs, _iqm_difference, paired=True)
    return Tested(value, *interval, float(exchanged.pvalue))


def per_hour(events: float, hours: float) -> Estimated:
    """Rate of events [1/h]; 0 in one hour is 0 with 3.7 as upper limit."""
    low = 0.0 if events == 0 else float(chi2.ppf(0.025, 2 * events)) / 2.0
    return Estimated(
        events / hours, low / hours, float(chi2.ppf(0.975, 2 * events + 2)) / 2.0 / hours
    )


def rate_ratio(events: tuple[int, int], hours: tuple[float, float]) -> Tested:
    """Rate of one per rate of the other: given all events, the share that are one's is binomial.

    Infinite, or NaN, where the other has none.
    """
    total = sum(events)
    expected = hours[0] / sum(hours)
    if total == 0:
        return Tested(math.nan, 0.0, math.inf, 1.0)
    test = binomtest(events[0], total, expected)
    interval = test.proportion_ci(0.95, "exact")
    odds = [_odds(found) / _odds(expected) for found in (events[0] / total, *interval)]
    return Tested(odds[0], odds[1], odds[2], float(test.pvalue))


def _odds(share_of: float) -> float:
    return share_of / (1.0 - share_of) if share_of < 1.0 else math.inf


def share_ratio(one: Sequence[bool], other: Sequence[bool]) -> Estimated:
    """Share of one per share of the other, of independent episodes; NaN where the other is none."""
    samples = (np.array(one, dtype=float), np.array(other, dtype=float))
    if not samples[1].any():
        return Estimated(math.nan, math.nan, math.nan)
    value = float(_mean_ratio(*samples))
    if not np.ptp(samples[0]) + np.ptp(samples[1]):
        return Estimated(value, math.nan, math.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of resamples whose ratio is infinite
        return Estimated(value, *bootstrap_interval(samples, _mean_ratio))


def _mean_ratio(one: Array, other: Array, axis: int = -1) -> Array:
    """Ratio of means; infinite where the other's is zero."""
    above, below = one.mean(axis=axis), other.mean(axis=axis)
    infinite = np.full(np.broadcast(above, below).shape, np.inf)
    ratio: Array = np.divide(above, below, out=infinite, where=below > 0.0)
    return ratio


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values of one family (Holm, 1979): the k-th smallest of m times m - k + 1, rising.

    0.01, 0.04, 0.03 become 0.03, 0.06, 0.06.
    """
    m, largest = len(p_values), 0.0
    adjusted = [0.0] * m
    for k, index in enumerate(sorted(range(m), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (m - k) * p_values[index]))
        adjusted[index] = largest
    return adjusted


@dataclass(frozen=True, slots=True)
class Survival:
    """Share still up from each time on, with its interval; equally long."""

    times: tuple[float, ...]
    share: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


def time_to_fall(seconds: Sequence[float], fell: Sequence[bool]) -> Survival:
    """Kaplan-Meier; who was still up at its end has not fallen by then."""
    times = np.array(seconds, dtype=float)
    down = np.array(fell, dtype=bool)
    curve = ecdf(CensoredData(uncensored=times[down], right=times[~down])).sf
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # where all are up, or none: no interval
        band = curve.confidence_interval(0.95, method="log-log")
    low, high = (
        tuple(np.clip(np.nan_to_num(one.probabilities, nan=edge), 0.0, 1.0).tolist())
        for one, edge in ((band.low, 0.0), (band.high, 1.0))
    )
    return Survival(tuple(curve.quantiles.tolist()), tuple(curve.probabilities.tolist()), low, high)
