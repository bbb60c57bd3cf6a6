"""Fit a driver's network to branches: a logistic loss, and a hidden layer of a few units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from wm_control.arbiter.balance import BalanceMeter
from wm_control.arbiter.recoverability import FEATURES, FallNetwork
from wm_control.types import Array
from wm_training.recoverability.branches import AFTER, BranchFacts, BranchRecord

EVERY = 3
"""Cycles from one example to the next: neighbours tell the same."""

LOST = 0.2
"""So long before its fall nobody can save the robot any more: no examples [s]."""

DISTURBED = 0.4
"""Until so long after the push examples are taken [s]."""

CALM_SHARE = 5
"""Of the undisturbed cycles one in so many times ``EVERY`` is an example."""

UNITS = 10
"""Of the hidden layer."""

DECAY = 3e-3
"""Weight of the squared weights beside the mean loss of an example."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A branch as its last driver had it; where another one was relieved, only from then on.

    features: (k, w) of every cycle. since: (k,) time since the push [s].
    """

    facts: BranchFacts
    features: Array
    since: Array

    @property
    def driver(self) -> str:
        """Who had the robot."""
        return self.facts.branch.then

    @property
    def fell(self) -> bool:
        """Whether it fell."""
        return self.facts.fell_at is not None

    @property
    def seed(self) -> int:
        """Of the episode."""
        return self.facts.branch.seed

    def examples(self) -> NDArray[np.intp]:
        """Cycles to learn from."""
        step = np.arange(len(self.since))
        disturbed = (self.since >= 0.0) & (self.since <= DISTURBED) & (step % EVERY == 0)
        calm = (self.since < 0.0) & (step % (CALM_SHARE * EVERY) == 0)
        return np.flatnonzero(disturbed | calm)


def seen(record: BranchRecord, meter: BalanceMeter) -> Seen:
    """Let the arbiter's own meter look at a branch.

    Kept are the cycles of the driver at the end, until it can do nothing more.
    """
    facts, rows = record.facts, []
    meter.reset()
    for estimate in record.estimates():
        told = meter.features(estimate)
        rows.append(told if told is not None else (np.nan,) * len(FEATURES))
    relieved = facts.branch.first != facts.branch.then
    begin = facts.branch.at if relieved else -np.inf
    end = np.inf if facts.fell_at is None else facts.fell_at - LOST
    features = np.array(rows)
    kept = (record.stamps >= begin) & (record.stamps <= min(end, facts.pushed_at + AFTER))
    kept &= np.isfinite(features).all(axis=1)
    return Seen(facts, features[kept], record.stamps[kept] - facts.pushed_at)


def fit(branches: Sequence[Seen], seed: int) -> FallNetwork:
    """Fit a network to the branches of one driver: logistic loss, every branch weighs the same.

    An undisturbed robot that is pushed later is no example of a fall: then nothing had happened.
    """
    x, y, weight = _examples(branches)
    mean, deviation = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-3)
    scaled = (x - mean) / deviation
    inputs = x.shape[1]
    start = np.random.default_rng(seed).normal(scale=0.3, size=UNITS * (inputs + 2) + 1)

    def loss(theta: Array) -> tuple[float, Array]:
        hidden, bias, output, offset = _unpacked(theta, inputs)
        active = np.tanh(scaled @ hidden.T + bias)
        logit = active @ output + offset
        value = float(weight @ (np.logaddexp(0.0, logit) - y * logit))
        error = weight * (expit(logit) - y)
        back = np.outer(error, output) * (1.0 - active**2)
        gradient = np.concatenate(
            ((back.T @ scaled).ravel(), back.sum(axis=0), active.T @ error, [error.sum()])
        )
        return value + DECAY * float(theta @ theta), gradient + 2.0 * DECAY * theta

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 400})
    hidden, bias, output, offset = _unpacked(found.x, inputs)
    return FallNetwork(
        mean=_rounded(mean),
        deviation=_rounded(deviation),
        hidden=tuple(_rounded(row) for row in hidden),
        bias=_rounded(bias),
        output=_rounded(output),
        offset=round(float(offset), 6),
    )


def _rounded(values: Array) -> tuple[float, ...]:
    return tuple(float(f"{value:.6g}") for value in values.tolist())


def _unpacked(theta: Array, inputs: int) -> tuple[Array, Array, Array, float]:
    hidden, rest = theta[: UNITS * inputs].reshape(UNITS, inputs), theta[UNITS * inputs :]
    return hidden, rest[:UNITS], rest[UNITS:-1], float(rest[-1])


def _examples(branches: Sequence[Seen]) -> tuple[Array, Array, Array]:
    """Features, 1 for a fall, and weights whose sum is one, of all examples."""
    features, fell, weight = [], [], []
    for branch in branches:
        chosen = branch.examples()
        if not len(chosen):
            continue
        after = branch.since[chosen] >= 0.0
        features.append(branch.features[chosen])
        fell.append(np.where(after, float(branch.fell), 0.0))
        weight.append(np.full(len(chosen), 1.0 / len(chosen)))
    whole = np.concatenate(weight)
    return np.concatenate(features), np.concatenate(fell), whole / whole.sum()


def risk_of(network: FallNetwork, features: Array) -> Array:
    """(k,) what a network tells of (k, w) features, as ``FallForecast`` does of one row."""
    scaled = (features - np.array(network.mean)) / np.array(network.deviation)
    hidden = np.tanh(scaled @ np.array(network.hidden).T + np.array(network.bias))
    risk: Array = expit(hidden @ np.array(network.output) + network.offset)
    return risk
