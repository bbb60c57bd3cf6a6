"""What the interventions of hybrids are worth, from the episodes of a comparison alone.

A hybrid's episode is that of its preferred driver until another one takes the robot, so that the
contestant which is that driver alone tells what would have become of it. ``wm twins`` walks more
branches, and can say more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wm_bringup.comparing.plan import Comparison, Selection
from wm_bringup.comparing.summary import ArbiterTold, Number
from wm_bringup.comparing.table import EpisodeTable
from wm_bringup.judging.statistics import Count, proportion_interval
from wm_bringup.judging.suite import Contestant
from wm_bringup.judging.twin_scores import Twins, score
from wm_control.drivers import MPC, preference_of

METHOD = "shares: Clopper-Pearson; lead: from the first rescue to the fall of the driver alone"


def arbiters_told(comparison: Comparison, table: EpisodeTable) -> dict[str, ArbiterTold]:
    """Score every hybrid whose preferred driver walked alone as well, over the first world."""
    return {who.name: told for who, told in _scored(comparison, table)}


def _scored(
    comparison: Comparison, table: EpisodeTable
) -> Iterator[tuple[Contestant, ArbiterTold]]:
    for who in comparison.contestants:
        alone = _preferred_alone(who, comparison.contestants)
        if alone is not None:
            twins = _twins(table, who.name, alone.name)
            if twins:
                yield who, _told(twins, alone.name)


def _preferred_alone(who: Contestant, others: Sequence[Contestant]) -> Contestant | None:
    """Find the contestant that is the preferred driver of a hybrid, alone."""
    preferred, *rest = preference_of(who.controller)
    if not rest:
        return None
    same = (
        one
        for one in others
        if one.controller == preferred and (one.policy, one.overlay) in _files(who, preferred)
    )
    return next(same, None)


def _files(who: Contestant, preferred: str) -> tuple[tuple[str, str], ...]:
    """Policy and overlay that its preferred driver may have as a contestant; the MPC has none."""
    own = (who.policy, who.overlay)
    return (own, ("", "")) if preferred == MPC else (own,)


def _twins(table: EpisodeTable, hybrid: str, alone: str) -> list[Twins]:
    whole, off = (table.episodes(name, Selection()) for name in (hybrid, alone))
    return [Twins(one, off[pair]) for pair, one in whole.items() if pair in off]


def _told(twins: Sequence[Twins], alone: str) -> ArbiterTold:
    scores = score(twins)
    lead = scores.as_json()["lead"]
    return ArbiterTold(
        beside=alone,
        n=len(twins),
        method=METHOD,
        precision=_number(scores.precision),
        recall=_number(scores.recall),
        harm=_number(scores.harm),
        lead_p10=lead["p10"],
        lead_p50=lead["p50"],
        preferred_share=scores.preferred,
        switches_per_minute=scores.switches,
    )


def _number(count: Count) -> Number:
    """Share with its interval; of none there is no share."""
    value = count.count / count.n if count.n else None
    return Number(value, *proportion_interval(count.count, count.n), count.n, count.count)
