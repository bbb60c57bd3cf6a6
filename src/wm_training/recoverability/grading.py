"""How good networks are on episodes that they never saw, and from which risk on a driver yields.

Everything is said of folds: the episodes of each are judged by a network that was fitted to the
others. What is exported was fitted to all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

from wm_bringup.judging.statistics import proportion_interval
from wm_control.types import Array
from wm_training.recoverability.fitting import Seen, fit, risk_of

FOLDS = 5

FALSE_ALARMS = 0.005
"""Share of the episodes in which an alarm may be raised although nothing has happened."""

EVEN = 0.5
"""No limit is lower: as long as the driver will rather save the robot than not, it keeps it."""

IN_A_ROW = 2
"""Cycles that an alarm takes, as in the rule ``recoverability``."""

_RESAMPLED = 500
"""Draws of episodes for an interval."""


def folds(branches: Sequence[Seen]) -> Iterator[tuple[list[Seen], list[Seen]]]:
    """Yield what is fitted to, and what is judged; all branches of a seed are in one fold."""
    for fold in range(FOLDS):
        yield (
            [branch for branch in branches if branch.seed % FOLDS != fold],
            [branch for branch in branches if branch.seed % FOLDS == fold],
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """A branch with the (k,) risk that a network told of it which never saw its episode."""

    branch: Seen
    risk: Array

    def alarm(self, limit: float) -> float | None:
        """When the rule would trip after the push [s]; None: never."""
        over = self._lasting > limit
        first = np.flatnonzero(over & (self._since >= 0.0))
        return float(self._since[first[0]]) if len(first) else None

    @property
    def is_calm(self) -> bool:
        """Whether there are undisturbed cycles, which no other branch has as well."""
        return bool((self._since < 0.0).any())

    @property
    def highest_while_calm(self) -> float:
        """Limit from which on there is no alarm before anything has happened."""
        return float(self._lasting[self._since < 0.0].max())

    @property
    def _lasting(self) -> Array:
        """Risk that was told ``IN_A_ROW`` cycles in a row."""
        count = len(self.risk) - IN_A_ROW + 1
        lasting: Array = np.min([self.risk[k : k + count] for k in range(IN_A_ROW)], axis=0)
        return lasting

    @property
    def _since(self) -> Array:
        return self.branch.since[IN_A_ROW - 1 :]


def cross_judged(branches: Sequence[Seen], seed: int) -> list[Judged]:
    """Judge every branch of one driver by a network that was fitted to other episodes."""
    judged = []
    for others, held_out in folds(branches):
        network = fit(others, seed)
        judged += [Judged(branch, risk_of(network, branch.features)) for branch in held_out]
    return judged


def calibrated_limit(judged: Sequence[Judged]) -> float:
    """Return the lowest limit, from ``EVEN`` on, with at most ``FALSE_ALARMS``."""
    highest = sorted((one.highest_while_calm for one in judged if one.is_calm), reverse=True)
    allowed = int(FALSE_ALARMS * len(highest))
    return max(highest[allowed], EVEN) if highest else 1.0


def card_of(judged: Sequence[Judged], limit: float, seed: int) -> dict[str, Any]:
    """Say how good the networks are on episodes that they never saw."""
    fell = [one for one in judged if one.branch.fell]
    saved = [one for one in judged if not one.branch.fell]
    calm = [one for one in judged if one.is_calm]
    alarms = [one.alarm(limit) for one in fell]
    told = [alarm for alarm in alarms if alarm is not None]
    leads = [
        one.branch.facts.fell_at - one.branch.facts.pushed_at - alarm
        for one, alarm in zip(fell, alarms, strict=True)
        if alarm is not None and one.branch.facts.fell_at is not None
    ]
    false = sum(one.highest_while_calm > limit for one in calm)
    needless = sum(one.alarm(limit) is not None for one in saved)
    return {
        "branches": len(judged),
        "falls": len(fell),
        "auc_50_ms_after_the_push": auc_with_interval(judged, 0.05, seed),
        "auc_150_ms_after_the_push": auc_with_interval(judged, 0.15, seed),
        "limit": round(limit, 4),
        "calm_episodes": len(calm),
        "false_alarms": false,
        "false_alarms_interval": _interval(false, len(calm)),
        "alarms_after_pushes_it_survives": needless,
        "alarms_after_pushes_it_survives_interval": _interval(needless, len(saved)),
        "falls_told": len(told),
        "falls_told_interval": _interval(len(told), len(fell)),
        "told_after_the_push_p50_s": _median(told),
        "lead_before_the_fall_p50_s": _median(leads),
        "calibration": calibration_curve(judged),
    }


def _median(values: Sequence[float]) -> float | None:
    return round(float(np.median(values)), 3) if values else None


def _interval(hits: int, count: int) -> list[float]:
    return [round(value, 4) for value in proportion_interval(hits, count)] if count else []


def auc_with_interval(judged: Sequence[Judged], since: float, seed: int) -> list[float | None]:
    """Area under the ROC curve at a time since the push, and its 95 % interval by episodes."""
    risks, falls, seeds = [], [], []
    for one in judged:
        near = np.flatnonzero(np.abs(one.branch.since - since) < 0.003)
        if len(near):
            risks.append(float(one.risk[near[0]]))
            falls.append(one.branch.fell)
            seeds.append(one.branch.seed)
    risk, fell, episode = np.array(risks), np.array(falls, dtype=bool), np.array(seeds)
    rng, drawn = np.random.default_rng(seed), []
    names = np.unique(episode)
    rows = {name: np.flatnonzero(episode == name) for name in names.tolist()}
    for _ in range(_RESAMPLED):
        chosen = np.concatenate([rows[name] for name in rng.choice(names, len(names)).tolist()])
        drawn.append(auc(risk[chosen], fell[chosen]))
    low, high = np.nanpercentile(drawn, (2.5, 97.5)) if np.isfinite(drawn).any() else (None, None)
    return [None if v is None else round(float(v), 3) for v in (auc(risk, fell), low, high)]


def auc(risk: Array, fell: NDArray[np.bool_]) -> float:
    """Probability that a fall was given the higher risk than what ended well; NaN without both.

    It is the statistic of Mann and Whitney by the number of pairs.
    """
    falls, well = risk[fell], risk[~fell]
    if not len(falls) or not len(well):
        return float("nan")
    statistic = mannwhitneyu(falls, well, method="asymptotic").statistic
    return float(statistic / (len(falls) * len(well)))


def calibration_curve(judged: Sequence[Judged]) -> list[list[float]]:
    """Told risk (mean), share that fell and number of examples, in five bands of the risk."""
    risks, falls = [], []
    for one in judged:
        chosen = one.branch.examples()
        chosen = chosen[one.branch.since[chosen] >= 0.0]
        risks.append(one.risk[chosen])
        falls.append(np.full(len(chosen), float(one.branch.fell)))
    risk, fell = np.concatenate(risks), np.concatenate(falls)
    band = np.minimum((5.0 * risk).astype(int), 4)
    return [
        [round(float(risk[band == k].mean()), 3), round(float(fell[band == k].mean()), 3), int(n)]
        for k in range(5)
        if (n := (band == k).sum())
    ]
