"""What an arbiter's interventions are worth, from its episodes and their twins."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wm_bringup.judging.episode import EpisodeResult
from wm_bringup.judging.markdown import markdown_table
from wm_bringup.judging.statistics import Count
from wm_bringup.judging.twins import OFF, RANDOM, THEN, twin_name

IN_TIME = 0.2
"""An intervention counts as before a fall from so long before it [s]."""


@dataclass(frozen=True, slots=True)
class Twins:
    """One episode and what else became of it.

    off: with the preferred driver alone; the episode itself, where nobody stepped in. then: with
    each of the others alone from the first rescue on, or from before the fall. chance: with drivers
    by chance; None where that was not walked.
    """

    whole: EpisodeResult
    off: EpisodeResult
    then: tuple[EpisodeResult, ...] = ()
    chance: EpisodeResult | None = None

    @property
    def rescued_at(self) -> float | None:
        """When another driver took the robot for the first time [s]; None if never."""
        return self.whole.number("first_rescue")

    @property
    def in_time(self) -> bool:
        """Whether that was well before the fall of the twin."""
        at, fall = self.rescued_at, self.off.number("seconds")
        return at is not None and fall is not None and at <= fall - IN_TIME

    @property
    def savable(self) -> bool:
        """Whether the preferred driver alone falls, and some other choice would not have."""
        return self.off.fell and any(not one.fell for one in self.then)

    @property
    def oracle_falls(self) -> bool:
        """Whether every choice of one driver from that moment on falls."""
        return self.off.fell and not self.savable


def twins_of(contestant: str, results: Iterable[EpisodeResult]) -> list[Twins]:
    """Put a contestant's episodes and their twins together."""
    found: dict[tuple[str, int], dict[str, EpisodeResult]] = {}
    for one in results:
        found.setdefault((one.case, one.seed), {})[one.contestant] = one
    off, chance = twin_name(contestant, OFF), twin_name(contestant, RANDOM)
    then = twin_name(contestant, THEN)
    return [
        Twins(
            own[contestant],
            own.get(off, own[contestant]),
            tuple(one for name, one in own.items() if name.startswith(f"{then} ")),
            own.get(chance),
        )
        for own in found.values()
        if contestant in own
    ]


@dataclass(frozen=True, slots=True)
class Scores:
    """Counts over the episodes of one contestant in one case, or in all.

    precision: rescued episodes whose twin falls. recall: falls of twins that a rescue came at least
    ``IN_TIME`` before. harm: rescued episodes that fell and whose twin did not. saved: savable
    episodes that did not fall. regret: episodes that fell although some choice would not have.
    lead: from the first rescue to the twin's fall, of each rescued episode whose twin falls [s].
    falls: by contestant, of those compared. preferred: share of time that it drove.
    """

    precision: Count
    recall: Count
    harm: Count
    saved: Count
    regret: Count
    lead: tuple[float, ...]
    falls: dict[str, Count]
    preferred: float
    switches: float

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary."""
        counts = {
            name: getattr(self, name).as_json()
            for name in ("precision", "recall", "harm", "saved", "regret")
        }
        return {
            **counts,
            "lead": {"n": len(self.lead), **dict(zip(("p10", "p50"), _lead(self), strict=True))},
            "falls": {name: count.as_json() for name, count in self.falls.items()},
            "preferred_share": self.preferred,
            "switches_per_minute": self.switches,
        }


def _lead(scores: Scores) -> tuple[float | None, float | None]:
    """10 % and 50 % of lead times [s]."""
    if not scores.lead:
        return None, None
    low, middle = np.percentile(scores.lead, (10, 50)).tolist()
    return low, middle


def score(twins: Sequence[Twins]) -> Scores:
    """Score one contestant's interventions over n >= 1 episodes."""
    rescued = [one for one in twins if one.rescued_at is not None]
    savable = [one for one in twins if one.savable]
    chance = [one.chance for one in twins if one.chance is not None]
    return Scores(
        precision=Count.of(one.off.fell for one in rescued),
        recall=Count.of(one.in_time for one in twins if one.off.fell),
        harm=Count.of(one.whole.fell and not one.off.fell for one in rescued),
        saved=Count.of(not one.whole.fell for one in savable),
        regret=Count.of(one.whole.fell and not one.oracle_falls for one in twins),
        lead=tuple(_lead_time(one) for one in rescued if one.off.fell),
        falls={
            "as it is": Count.of(one.whole.fell for one in twins),
            "preferred alone": Count.of(one.off.fell for one in twins),
            "random": Count.of(one.fell for one in chance),
            "oracle": Count.of(one.oracle_falls for one in twins),
        },
        preferred=_mean(one.whole.number("preferred_share") for one in twins),
        switches=_mean(one.whole.number("switches_per_minute") for one in twins),
    )


def _lead_time(twins: Twins) -> float:
    fall, rescued = twins.off.number("seconds"), twins.rescued_at
    assert fall is not None
    assert rescued is not None
    return fall - rescued


def _mean(numbers: Iterable[float | None]) -> float:
    """Mean of what is known; NaN where nothing is."""
    known = [number for number in numbers if number is not None]
    return float(np.mean(known)) if known else math.nan


def scores_table(scores: Sequence[tuple[str, str, Scores]]) -> str:
    """Tabulate case, contestant and scores in Markdown: first the falls, then what they are worth.

    Intervals are 95 %, Clopper-Pearson.
    """
    names = list(scores[0][2].falls) if scores else []
    falls = [(*who, *map(str, one.falls.values())) for *who, one in scores]
    worth = [(*who, *_worth(one)) for *who, one in scores]
    heads = (
        *("case", "contestant", "precision", "recall 0.2 s before", "lead s, p10 p50", "harm"),
        *("saved of the savable", "regret", "preferred drives", "switches per minute"),
    )
    return "\n\n".join(
        (
            markdown_table(("case", "contestant", *(f"falls, {name}" for name in names)), falls),
            markdown_table(heads, worth),
        )
    )


def _worth(one: Scores) -> tuple[str, ...]:
    lead = " ".join("-" if value is None else f"{value:.2f}" for value in _lead(one))
    counts = map(str, (one.precision, one.recall))
    rest = map(str, (one.harm, one.saved, one.regret))
    return (*counts, lead, *rest, f"{one.preferred:.3f}", f"{one.switches:.1f}")
