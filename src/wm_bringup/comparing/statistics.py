"""Intervals and tests for comparisons; each says its method in words, for whoever reads a figure.

All intervals are 95 %. Chance is seeded: equal numbers give equal intervals, bit for bit.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import CensoredData, binomtest, chi2, ecdf, trim_mean

from wm_bringup.judging.statistics import (
    RESAMPLES,
    bootstrap_interval,
    mcnemar,
    proportion_interval,
)
from wm_control.types import Array

WILSON = "Wilson"
NEWCOMBE = "difference of paired shares: Newcombe's hybrid score (method 10); p: McNemar, exact"
IQM = (
    "interquartile mean of every case, averaged over the cases; percentile bootstrap over the "
    "episodes of each case"
)
PAIRED_IQM = (
    "difference of such means, percentile bootstrap over the pairs of each case; p: random "
    "exchange within pairs, by the mean difference of every case; 1 where that points the other way"
)
RATE = (
    "Poisson, exact (Garwood); where an episode has several events, percentile bootstrap over "
    "episodes"
)
RATE_PAIR = (
    "ratio of rates, percentile bootstrap over pairs (where one has no event, from the exact "
    "interval of the share of events); p: random exchange within pairs"
)
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


def mean_of_cases(cases: Sequence[Sequence[float]]) -> float:
    """Mean over cases of the interquartile mean of each: a case counts as much as another."""
    return float(np.mean([interquartile_mean(np.array(one, dtype=float)) for one in cases]))


def score(cases: Sequence[Sequence[float]]) -> Estimated:
    """Mean over cases of the interquartile mean of each, of n >= 1 numbers a case.

    No interval where the numbers of every case are the same.
    """
    arrays = [np.array(values, dtype=float) for values in cases]
    value = mean_of_cases(cases)
    if not any(np.ptp(one) for one in arrays):
        return Estimated(value, math.nan, math.nan)
    chance = np.random.default_rng(0)
    means = [interquartile_mean(one[_drawn(chance, one.size)]) for one in arrays]
    return Estimated(value, *_percentiles(np.mean(means, axis=0)))


def _drawn(chance: np.random.Generator, n: int) -> NDArray[np.int64]:
    """Draw n of n with replacement, (RESAMPLES, n)."""
    return chance.integers(n, size=(RESAMPLES, n))


def _percentiles(values: Array) -> tuple[float, float]:
    """95 % of values that may be infinite; what is not a number is left out."""
    low, high = np.nanquantile(values, (0.025, 0.975), method="inverted_cdf")
    return float(low), float(high)


ROUNDING = 1e-9
"""Relative difference of two sums of the same numbers in another order, and no more."""


def paired_scores(cases: Sequence[Sequence[tuple[float, float]]]) -> Tested:
    """Score of one minus score of the other, over the n >= 1 pairs of each case.

    A pair that differs by rounding is one that does not differ. The test looks at all of every
    case, of which the score leaves out the ends: nothing is shown where the two disagree who is
    better.
    """
    pairs = [_without_rounding(np.array(values, dtype=float)) for values in cases]
    value = float(_score_difference(pairs))
    n = sum(len(one) for one in pairs)
    if n < 2 or all(np.array_equal(*one.T) for one in pairs):
        return Tested(value, math.nan, math.nan, 1.0)
    chance = np.random.default_rng(0)
    drawn = _score_difference([one[_drawn(chance, len(one))] for one in pairs])
    apart = [one[:, 0] - one[:, 1] for one in pairs]
    exchanged = [np.where(_coins(chance, len(one)), -one, one).mean(axis=1) for one in apart]
    mean = float(np.mean([one.mean() for one in apart]))
    p = _as_large(np.asarray(np.mean(exchanged, axis=0)), mean) if value * mean > 0.0 else 1.0
    return Tested(value, *_percentiles(drawn), p)


def _without_rounding(pairs: Array) -> Array:
    first, second = pairs.T
    same = np.isclose(first, second, ROUNDING, 0.0)
    return np.column_stack([first, np.where(same, first, second)])


def _score_difference(cases: Sequence[Array]) -> Array:
    """Score of the first minus that of the second of (..., n, 2) pairs of each case."""
    return np.asarray(
        np.mean(
            [interquartile_mean(one[..., 0]) - interquartile_mean(one[..., 1]) for one in cases],
            axis=0,
        )
    )


def _coins(chance: np.random.Generator, n: int) -> NDArray[np.bool_]:
    """Whether each of n pairs is exchanged, (EXCHANGES, n)."""
    heads: NDArray[np.bool_] = chance.integers(2, size=(EXCHANGES, n), dtype=np.int8) == 1
    return heads


def _as_large(by_chance: Array, value: float) -> float:
    """Probability of a difference as large by chance, either way."""
    reached = np.abs(by_chance) >= abs(value) * (1.0 - ROUNDING)
    return float((1 + np.count_nonzero(reached)) / (1 + by_chance.size))


def per_hour(events: Sequence[float], hours: Sequence[float]) -> Estimated:
    """Rate of events [1/h] over episodes; 0 in one hour is 0 with 3.7 as upper limit.

    Several events in one episode are not independent of each other.
    """
    counts, times = np.array(events, dtype=float), np.array(hours, dtype=float)
    total, whole = float(counts.sum()), float(times.sum())
    if counts.max() > 1.0 and counts.size > 1:
        drawn = _drawn(np.random.default_rng(0), counts.size)
        return Estimated(total / whole, *_percentiles(_rate(counts[drawn], times[drawn])))
    low = 0.0 if total == 0.0 else float(chi2.ppf(0.025, 2 * total)) / 2.0
    high = float(chi2.ppf(0.975, 2 * total + 2)) / 2.0
    return Estimated(total / whole, low / whole, high / whole)


def _rate(counts: Array, times: Array, axis: int = -1) -> Array:
    rate: Array = counts.sum(axis=axis) / times.sum(axis=axis)
    return rate


def rate_ratio(
    events: Sequence[tuple[float, float]], hours: Sequence[tuple[float, float]]
) -> Tested:
    """Rate of one per rate of the other over n >= 1 pairs of episodes.

    Infinite where the other has no event, NaN where both have none.
    """
    counts, times = np.array(events, dtype=float), np.array(hours, dtype=float)
    total = counts.sum(axis=0)
    if not total.any():
        return Tested(math.nan, 0.0, math.inf, 1.0)
    pairs = np.stack([counts, times], axis=-1)  # (n, 2, 2): of one and other, events and hours
    chance = np.random.default_rng(0)
    interval = (
        _percentiles(_ratio(pairs[_drawn(chance, len(pairs))]))
        if total.all() and len(pairs) > 1
        else _exact_ratio(total, times.sum(axis=0))
    )
    signs = np.where(_coins(chance, len(pairs)), -1.0, 1.0)
    mine, swapped = (_rate_difference(pairs, one) for one in (np.ones(len(pairs)), signs))
    return Tested(float(_ratio(pairs)), *interval, _as_large(swapped, float(mine)))


def _ratio(pairs: Array) -> Array:
    """Ratio of rates of (..., n, 2, 2) pairs."""
    rates = _rate(pairs[..., 0], pairs[..., 1], axis=-2)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: Array = np.asarray(rates[..., 0] / rates[..., 1])
    return ratio


def _rate_difference(pairs: Array, signs: Array) -> Array:
    """Difference of rates of (n, 2, 2) pairs, of which those with sign -1 are exchanged."""
    both, apart = pairs.sum(axis=(0, 1)), signs @ (pairs[:, 0] - pairs[:, 1])
    one, other = (both + apart) / 2.0, (both - apart) / 2.0
    difference: Array = one[..., 0] / one[..., 1] - other[..., 0] / other[..., 1]
    return difference


def _exact_ratio(events: Array, hours: Array) -> tuple[float, float]:
    """Interval of a ratio of Poisson rates: of all events, the share that are one's is binomial."""
    expected = float(hours[0] / hours.sum())
    test = binomtest(round(events[0]), round(events.sum()), expected)
    low, high = test.proportion_ci(0.95, "exact")
    return _odds(float(low)) / _odds(expected), _odds(float(high)) / _odds(expected)


def _odds(share_of: float) -> float:
    return share_of / (1.0 - share_of) if share_of < 1.0 else math.inf


def share_ratio(one: Sequence[bool], other: Sequence[bool]) -> Estimated:
    """Share of one per share of the other, of independent episodes; NaN where the other is none."""
    samples = (np.array(one, dtype=float), np.array(other, dtype=float))
    if not samples[1].any():
        return Estimated(math.nan, math.nan, math.nan)
    value = float(_mean_ratio(*samples))
    if min(map(len, samples)) < 2 or not np.ptp(samples[0]) + np.ptp(samples[1]):
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
    """Kaplan-Meier; who was still up at its end has not fallen by then.

    Where all have fallen the upper limit is the last one that was known.
    """
    times = np.array(seconds, dtype=float)
    down = np.array(fell, dtype=bool)
    curve = ecdf(CensoredData(uncensored=times[down], right=times[~down])).sf
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # where all are up, or none: no interval
        band = curve.confidence_interval(0.95, method="log-log")
    low = np.nan_to_num(band.low.probabilities, nan=0.0)
    high = _held(band.high.probabilities)
    limits = (tuple(np.clip(one, 0.0, 1.0).tolist()) for one in (low, high))
    return Survival(tuple(curve.quantiles.tolist()), tuple(curve.probabilities.tolist()), *limits)


def _held(limits: Array) -> Array:
    """Put the last known upper limit where there is none; 1 before any is known."""
    held = np.array(limits, dtype=float)
    for k in np.flatnonzero(np.isnan(held)):
        held[k] = held[k - 1] if k else 1.0
    return held
