"""From the episodes of a comparison to its summary."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import TypeAdapter

from wm_bringup.comparing.arbiter_scores import arbiters_told
from wm_bringup.comparing.figures import facet_told
from wm_bringup.comparing.honesty import disqualified, late, offences_of
from wm_bringup.comparing.impulse import METHOD, half_survived
from wm_bringup.comparing.plan import Axis, Comparison, Selection, World, cell_name
from wm_bringup.comparing.statistics import KAPLAN_MEIER, time_to_fall
from wm_bringup.comparing.summary import (
    SCHEMA,
    CaseTold,
    ContestantTold,
    CurveTold,
    DirectionTold,
    EpisodeTold,
    FacetTold,
    Facts,
    FallTimesTold,
    ImpulseRow,
    PushesTold,
    Summary,
    Timings,
)
from wm_bringup.comparing.table import Entrant, EpisodeTable
from wm_bringup.judging.episode import EpisodeResult
from wm_bringup.judging.paired import ALL, broken_comparisons, comparisons
from wm_bringup.judging.statistics import proportion_interval

T = TypeVar("T")

WORST = 5
"""Episodes that are told as the worst."""


def summarise(
    comparison: Comparison,
    entrants: Sequence[Entrant],
    results: Sequence[EpisodeResult],
    *,
    policies: Mapping[str, Mapping[str, Any]],
    facts: Mapping[str, Facts] | None = None,
) -> Summary:
    """Work out everything; of who looked at the truth the episodes count for nothing.

    policies: what is known of each contestant's; see ``policy_facts``. facts: by facet.
    """
    out, offences = disqualified(results), offences_of(results)
    results = [one for one in results if one.contestant not in out]
    table = EpisodeTable(comparison, entrants, results)
    claims = _claims(comparison, results)
    broken = [
        *broken_comparisons(claims),
        *(f"{who} is disqualified: {why}" for who, why in out.items()),
    ]
    missed = _missed(results)
    return Summary(
        schema=SCHEMA,
        name=comparison.name,
        title=comparison.title,
        robot=comparison.robot,
        contestants=[
            _contestant(one, table, policies.get(one.name), offences.get(one.name, {}), out)
            for one in entrants
        ],
        worlds=[_plain(World, world) for world in comparison.worlds],
        axes=[_plain(Axis, axis) for axis in comparison.axes],
        cases=_cases(comparison, table),
        facets=facets_of(comparison, table, facts or {}, measured=False),
        pushes=_pushes(comparison, table),
        time_to_fall=_fall_times(comparison, table),
        arbiters=arbiters_told(comparison, table),
        worst=_worst(comparison, table),
        claims=[one.as_json() for one in claims],
        broken=broken,
        missed=missed,
        held=not (broken or missed),
    )


def timings(
    comparison: Comparison,
    entrants: Sequence[Entrant],
    results: Sequence[EpisodeResult],
    *,
    facts: Mapping[str, Facts] | None = None,
    latency: Mapping[str, Mapping[str, Any]] | None = None,
) -> Timings:
    """Work out the figures that are measured on a clock, of every facet that has some.

    facts: measured ones, by facet. latency: as ``Timings`` tells it.
    """
    out = disqualified(results)
    counted = [one for one in results if one.contestant not in out]
    table = EpisodeTable(comparison, entrants, counted)
    told = facets_of(comparison, table, facts or {}, measured=True)
    found = {name: facet for name, facet in told.items() if facet.figures or facet.facts}
    return Timings(SCHEMA, comparison.name, found, late(results), latency or {})


def facets_of(
    comparison: Comparison, table: EpisodeTable, facts: Mapping[str, Facts], *, measured: bool
) -> dict[str, FacetTold]:
    """Work out every facet. measured: what is measured on a clock, or the rest."""
    return {
        facet.name: facet_told(facet, table, facts.get(facet.name, {}), measured=measured)
        for facet in comparison.facets
    }


def _plain(kind: type[T], one: T) -> Mapping[str, Any]:
    content: Mapping[str, Any] = TypeAdapter(kind).dump_python(one, mode="json")
    return content


def _contestant(
    one: Entrant,
    table: EpisodeTable,
    policy: Mapping[str, Any] | None,
    offences: Mapping[str, int],
    out: Mapping[str, str],
) -> ContestantTold:
    episodes = sum(
        table.falls(one.name, world, case.name)[1]
        for case in table.comparison.cases
        for world in table.comparison.worlds_of(case)
    )
    return ContestantTold(
        one.name,
        one.kind,
        one.drivers,
        policy,
        episodes,
        offences,
        out.get(one.name, ""),
    )


def _cases(comparison: Comparison, table: EpisodeTable) -> list[CaseTold]:
    return [
        CaseTold(
            case.name,
            case.title or case.name,
            case.axis,
            [world.name for world in comparison.worlds_of(case)],
            [name for name, one in table.entrants.items() if table.outside(case, one)],
            {
                name: {
                    world.name: found
                    for world in comparison.worlds_of(case)
                    if (found := table.falls(name, world, case.name))[1]
                }
                for name in table.entrants
            },
        )
        for case in comparison.cases
    ]


def _pushes(comparison: Comparison, table: EpisodeTable) -> PushesTold:
    """Survival by direction, of episodes with one push that happened."""
    told = {name: _directions(table, name, comparison.pushes) for name in table.entrants}
    where = f"episodes with one push, on {', '.join(comparison.pushes.axes) or 'all axes'}"
    return PushesTold(METHOD, where, {name: found for name, found in told.items() if found})


def _directions(table: EpisodeTable, name: str, selection: Selection) -> list[DirectionTold]:
    world = selection.world or table.comparison.home.name
    found: dict[float, list[tuple[float, bool]]] = {}
    for (case, seed), result in table.episodes(name, selection).items():
        pushes = table.scenario(case, world, seed).pushes
        if len(pushes) == 1 and not result.missed:
            x, y, _ = pushes[0].impulse
            direction = round(math.degrees(math.atan2(y, x)), 1) % 360.0
            found.setdefault(direction, []).append((round(math.hypot(x, y), 6), not result.fell))
    return [_direction(direction, found[direction]) for direction in sorted(found)]


def _direction(direction: float, pushes: Sequence[tuple[float, bool]]) -> DirectionTold:
    impulses, up = [impulse for impulse, _ in pushes], [survived for _, survived in pushes]
    half = half_survived(impulses, up)
    rows = []
    for impulse in sorted(set(impulses)):
        own = [survived for known, survived in pushes if known == impulse]
        interval = proportion_interval(sum(own), len(own), "wilson")
        rows.append(ImpulseRow(impulse, sum(own), len(own), *interval))
    return DirectionTold(
        direction, half.value, half.low, half.high, half.beyond, half.below, half.n, rows
    )


def _fall_times(comparison: Comparison, table: EpisodeTable) -> FallTimesTold:
    """Time to fall of everybody who walked."""
    told = {}
    for name in table.entrants:
        episodes = table.episodes(name, comparison.pushes).values()
        timed = [(s, one.fell) for one in episodes if (s := one.number("seconds")) is not None]
        if timed:
            seconds, fell = zip(*timed, strict=True)
            curve = time_to_fall(seconds, fell)
            told[name] = CurveTold(
                len(timed), sum(fell), curve.times, curve.share, curve.low, curve.high
            )
    where = f"{', '.join(comparison.pushes.axes) or 'all axes'}"
    return FallTimesTold(KAPLAN_MEIER, where, told)


def _worst(comparison: Comparison, table: EpisodeTable) -> list[EpisodeTold]:
    """List the falls that should have been least: inside of what a contestant was made for, early.

    Of the contestants themselves in the first world, one of each in a case.
    """
    home = comparison.home
    cases = {case.name: case for case in comparison.cases}
    earliest: dict[tuple[str, str], tuple[bool, float, EpisodeResult]] = {}
    for who in comparison.contestants:
        for (case, _), one in table.episodes(who.name, Selection()).items():
            seconds = one.number("seconds")
            if one.fell and seconds is not None:
                outside = table.outside(cases[case], table.entrants[who.name])
                rank = (outside, seconds, one)
                known = earliest.get((case, who.name))
                if known is None or seconds < known[1]:
                    earliest[case, who.name] = rank
    chosen = sorted(earliest.items(), key=lambda item: (*item[1][:2], item[0]))[:WORST]
    return [
        EpisodeTold(
            f"{cell_name(case, home.name)}, {who}, seed {one.seed}",
            case,
            home.name,
            who,
            one.seed,
            seconds,
            str(one.notes.get("fall_cause", "")),
        )
        for (case, who), (_, seconds, one) in chosen
    ]


def _claims(comparison: Comparison, results: Sequence[EpisodeResult]) -> list[Any]:
    """Hold pairs to what the file says of them, over all cases of the first world together."""
    suite = comparison.suite_in(comparison.home)
    names = {case.name for case in suite.cases}
    found = comparisons(suite, [one for one in results if one.case in names])
    return [one for one in found if one.case == ALL or len(names) == 1]


def _missed(results: Iterable[EpisodeResult]) -> list[str]:
    """List what was asked for and did not happen to a robot that was up, as a suite does."""
    return sorted(
        f"{one.case}, {one.contestant}, seed {one.seed}: {what}"
        for one in results
        if not one.fell
        for what in one.missed
    )
