"""What a suite's results show: every case and contestant with its limits, kept or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from wm_bringup.judging.criteria.table import CRITERIA
from wm_bringup.judging.episode import EpisodeResult, values_of
from wm_bringup.judging.statistics import Statistic, combined, figure, proportion_interval
from wm_bringup.judging.suite import Bound, Case, Limit, Over, Suite
from wm_control.types import Array


@dataclass(frozen=True, slots=True)
class Checked:
    """A limit and what was found. found: None without any number."""

    limit: Limit
    over: Statistic
    found: Array | None
    n: int
    held: bool

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary."""
        bound = "at_most" if self.limit.at_least is None else "at_least"
        return {
            "criterion": self.limit.criterion,
            "over": self.over,
            "found": None if self.found is None else self.found.tolist(),
            bound: getattr(self.limit, bound),
            "n": self.n,
            "held": self.held,
        }

    def __str__(self) -> str:
        """One sentence, for what does not hold."""
        found = "not measured" if self.found is None else _number(self.found)
        atleast = self.limit.at_least is not None
        bound = self.limit.at_least if atleast else self.limit.at_most
        words = "at least" if atleast else "at most"
        return f"{self.limit.criterion} ({self.over}) is {found}, limit {words} {_number(bound)}"


@dataclass(frozen=True, slots=True)
class Row:
    """One contestant in one case.

    walked_by: who walked, where estimators are the contestants. trials: of which some ended in
    falls; episodes, or what the suite counts instead.
    """

    case: Case
    contestant: str
    walked_by: str
    results: tuple[EpisodeResult, ...]
    checks: tuple[Checked, ...]
    trials: int

    @property
    def held(self) -> bool:
        """Whether all its limits hold."""
        return all(check.held for check in self.checks)

    @property
    def falls(self) -> int:
        """Episodes in which the robot fell."""
        return sum(result.fell for result in self.results)

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary, with a figure for every criterion that is one number."""
        falls, trials = self.falls, self.trials
        return {
            "case": self.case.name,
            "contestant": self.contestant,
            **({"walked_by": self.walked_by} if self.walked_by else {}),
            "n": len(self.results),
            "falls": falls,
            "falls_of": trials,
            "falls_interval": list(proportion_interval(falls, trials)),
            "held": self.held,
            "limits": [check.as_json() for check in self.checks],
            "figures": self.figures(),
        }

    def figures(self) -> dict[str, Any]:
        """Every criterion over all episodes: value, interval, worst episode, n, unit."""
        names = dict.fromkeys(name for result in self.results for name in result.metrics)
        return {name: _figure(name, values_of(self.results, name)) for name in names}


def over_of(name: str, over: Over | None) -> Statistic:
    """Say how the numbers of many episodes become one."""
    known = CRITERIA[name]
    if over == "worst":
        return "min" if known.more_is_better else "max"
    return over or known.over


def check(limit: Limit, results: Sequence[EpisodeResult]) -> Checked:
    """Compare a criterion over all results with its limit.

    It does not hold without a number, nor where one is missing of a robot that stayed up (falls
    have a limit of their own), nor where the limit has more numbers or fewer.
    """
    over = over_of(limit.criterion, limit.over)
    values = values_of(results, limit.criterion)
    if not values:
        return Checked(limit, over, None, 0, held=False)
    found = combined(values, over)
    atleast = limit.at_least is not None
    bound = np.array(limit.at_least if atleast else limit.at_most, dtype=float)
    fits = not bound.ndim or bound.shape == found.shape
    kept = fits and bool(np.all(found >= bound if atleast else found <= bound))
    whole = all(result[limit.criterion] is not None for result in results if not result.fell)
    return Checked(limit, over, found, len(values), kept and whole)


def rows_of(suite: Suite, results: Sequence[EpisodeResult]) -> list[Row]:
    """Group results by case and contestant, in the suite's order."""
    groups: dict[tuple[str, str, str], list[EpisodeResult]] = {}
    for result in sorted(results, key=lambda one: one.seed):
        key = (result.case, result.notes.get("walked_by", ""), result.contestant)
        groups.setdefault(key, []).append(result)
    walkers = [who.name for who in suite.contestants]
    by = walkers if suite.estimators else [""]
    rows = []
    for case, walked_by, who in product(suite.cases, by, suite.estimators or walkers):
        own = groups.get((case.name, walked_by, who))
        if own:
            judged = not suite.judged or who in suite.judged
            limits = suite.limits_of(case) if judged else ()
            checks = tuple(check(limit, own) for limit in limits)
            trials = _trials(own, suite.falls_per)
            rows.append(Row(case, who, walked_by, tuple(own), checks, trials))
    return rows


def _trials(results: Sequence[EpisodeResult], per: str | None) -> int:
    """Count the episodes; or all that a criterion counts, and each fall as one more."""
    if per is None:
        return len(results)
    values = values_of(results, per)
    return int(sum(v for v in values if not isinstance(v, tuple))) + sum(r.fell for r in results)


def _figure(name: str, values: Sequence[float | tuple[float, ...]]) -> dict[str, Any] | None:
    known, over = CRITERIA[name], over_of(name, None)
    if not values:
        return None
    if isinstance(values[0], tuple):
        content: dict[str, Any] = {"value": combined(values, over).tolist(), "n": len(values)}
    else:
        numbers = [float(value) for value in values if not isinstance(value, tuple)]
        one = figure(numbers, over, more_is_better=known.more_is_better)
        content = {
            "value": one.value,
            "interval": [one.low, one.high],
            "worst": one.worst,
            "n": one.n,
        }
    return {**content, "over": over, "unit": known.unit, "version": known.version}


def _number(value: Array | Bound) -> str:
    return " ".join(f"{v:.3g}" for v in np.atleast_1d(np.array(value, dtype=float)))
