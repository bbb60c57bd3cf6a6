"""Figures of contestants, and what lies between two of them on the episodes that both walked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import TypeVar

from wm_bringup.comparing import statistics
from wm_bringup.comparing.plan import (
    ORACLE,
    Facet,
    FigureSpec,
    Headline,
    Selection,
)
from wm_bringup.comparing.statistics import Estimated, Tested
from wm_bringup.comparing.summary import Difference, FacetTold, Facts, FigureTold, Number
from wm_bringup.comparing.table import EpisodeTable, Pair, values_of
from wm_bringup.comparing.values import VALUES
from wm_bringup.comparing.words import difference_words, verdict_of
from wm_bringup.judging.paired import SIGNIFICANT
from wm_bringup.judging.statistics import proportion_interval
from wm_bringup.judging.twins import RANDOM, twin_name

T = TypeVar("T")

Values = Mapping[Pair, float]

METHODS = {
    "share": statistics.WILSON,
    "score": statistics.IQM,
    "per_hour": statistics.RATE,
}
BETWEEN = {
    "share": statistics.NEWCOMBE,
    "score": statistics.PAIRED_IQM,
    "per_hour": statistics.RATE_PAIR,
}


def facet_told(facet: Facet, table: EpisodeTable, facts: Facts, *, measured: bool) -> FacetTold:
    """Work out one facet. measured: the figures that are measured on a clock, or the others."""
    specs = [one for one in facet.figures if VALUES[one.value].measured == measured]
    figures = [figure_of(spec, table) for spec in specs]
    found = [
        difference
        for spec, figure in zip(specs, figures, strict=True)
        for difference in _differences(spec, figure, table)
    ]
    by_name = {spec.name: (spec, figure) for spec, figure in zip(specs, figures, strict=True)}
    told = []
    for one in decided(found, facet.headline):
        spec, figure = by_name[one.figure]
        told.append(replace(one, words=difference_words(one, figure, _on_pairs(spec, table, one))))
    figures = [figure for figure in figures if figure.contestants]
    headline = next((one for one in told if one.headline), None)
    verdict, elsewhere = verdict_of(told, figures), ""
    if facet.headline is not None and headline is None:
        spec = next(one for one in facet.figures if one.name == facet.headline.figure)
        if VALUES[spec.value].measured == measured:
            lacks = f"the headline could not be judged: {spec.title} was not measured of both"
            verdict = [lacks, *verdict]
        else:
            other = "summary.json" if measured else "timings.json"
            elsewhere = f"the headline, {spec.title}, is told in {other}"
    declared = "" if facet.headline is None else facet.headline.figure
    return FacetTold(facet.title, declared, headline, figures, told, verdict, facts, elsewhere)


def figure_of(spec: FigureSpec, table: EpisodeTable) -> FigureTold:
    """One figure of every contestant who has it."""
    value = VALUES[spec.value]
    numbers = {name: _number(spec, table, name) for name in table.entrants}
    method = METHODS[spec.over]
    if spec.beside is not None:
        method = statistics.RATIO if spec.between == "ratio" else BETWEEN[spec.over]
    unit = {"share": "", "score": value.unit, "per_hour": "1/h"}[spec.over]
    if spec.component is not None:
        unit = unit.split(", ")[spec.component]
    return FigureTold(
        spec.name,
        spec.title,
        unit,
        value.definition + _of_fallen(spec),
        value.version,
        method,
        selection_words(spec, table),
        spec.more_is_better,
        {name: number for name, number in numbers.items() if number is not None},
    )


def _of_fallen(spec: FigureSpec) -> str:
    """Say what became of the episodes that ended in a fall."""
    if spec.over != "score":
        return ""
    if spec.fallen == "left_out":
        return " Robots that stayed up."
    if spec.fallen == "measured":
        return ""
    return f" Of a robot that fell: {spec.fallen:g}, in cases where somebody stayed up to tell."


def selection_words(spec: FigureSpec, table: EpisodeTable) -> str:
    """Say in words which episodes a figure is read off; chance walked some of them only."""
    first = _words(spec.of, table) + _of_chance(spec.of, table)
    return first if spec.beside is None else f"{first}, beside {_words(spec.beside, table)}"


def _of_chance(selection: Selection, table: EpisodeTable) -> str:
    random = table.comparison.random
    if selection.world not in ("", table.comparison.home.name):
        return ""  # it walked nothing there
    axes = selection.axes or [axis.name for axis in table.comparison.axes]
    walked = [axis for axis in axes if axis in random.axes]
    if not random.of or not random.axes or not walked or len(walked) == len(axes):
        return ""
    names = ", ".join(twin_name(name, RANDOM) for name in random.of)
    return f" ({names}: {', '.join(walked)} alone)"


def _words(selection: Selection, table: EpisodeTable) -> str:
    axes = ", ".join(selection.axes) or "all axes"
    world = selection.world or table.comparison.home.name
    inside = {
        "any": "",
        "inside": ", inside of what a contestant was made for",
        "outside": ", outside of what a contestant was made for",
    }
    return f"{axes} in {world}{inside[selection.distribution]}"


def _read(spec: FigureSpec, selection: Selection, table: EpisodeTable, name: str) -> Values:
    """Read a figure's values off a contestant's episodes.

    What a fall counts as says nothing in a case where the value is known of nobody who stayed up.
    """
    values = values_of(spec, table.episodes(name, selection))
    if spec.over != "score" or isinstance(spec.fallen, str):
        return values
    known = table.known_cases(spec, selection)
    return {pair: value for pair, value in values.items() if pair[0] in known}


def _by_case(values: Mapping[Pair, T]) -> list[list[T]]:
    """Part values by case."""
    cases: dict[str, list[T]] = {}
    for (case, _), value in values.items():
        cases.setdefault(case, []).append(value)
    return list(cases.values())


def _number(spec: FigureSpec, table: EpisodeTable, name: str) -> Number | None:
    """Work out one contestant's figure; None where there is nothing to work it out from."""
    own = _read(spec, spec.of, table, name)
    if not own:
        return None
    if spec.beside is not None:
        found = _between(spec, own, _read(spec, spec.beside, table, name))
        return None if found is None else _as_number(*found)
    return _number_of(spec, own, _hours(table, name, spec.of))


def _number_of(spec: FigureSpec, own: Values, hours: Values) -> Number | None:
    """Work out a figure of n >= 1 values; None of episodes that took no time."""
    if spec.over == "per_hour":
        events, times = list(own.values()), [hours[pair] for pair in own]
        if not sum(times):
            return None
        rate = _as_number(statistics.per_hour(events, times), len(own))
        return replace(rate, events=round(sum(events)))
    if spec.over == "share":
        flags = [bool(value) for value in own.values()]
        count = sum(flags)
        number = _as_number(statistics.share(flags), len(flags))
        least, most = proportion_interval(count, len(flags))
        return replace(number, events=count, bound=least if spec.more_is_better else most)
    return _as_number(statistics.score(_by_case(own)), len(own))


def _between(spec: FigureSpec, own: Values, beside: Values) -> tuple[Estimated, int] | None:
    """Work out what lies between a contestant's own figures of two selections."""
    if spec.between == "ratio":
        if not beside:
            return None
        flags = [[bool(value) for value in one.values()] for one in (own, beside)]
        ratio = statistics.share_ratio(*flags)
        return None if math.isnan(ratio.value) else (ratio, len(own) + len(beside))
    both = _pairs(own, beside)
    if not both:
        return None
    tested = _difference_of(spec, both)
    return Estimated(tested.value, tested.low, tested.high), len(both)


Pairs = Mapping[Pair, tuple[float, float]]
"""Values of two, on the episodes that both have."""


def _pairs(one: Values, other: Values) -> Pairs:
    return {pair: (value, other[pair]) for pair, value in one.items() if pair in other}


def _difference_of(spec: FigureSpec, pairs: Pairs) -> Tested:
    """Test the difference of shares or scores."""
    if spec.over == "share":
        flags = [[bool(value) for value in side] for side in zip(*pairs.values(), strict=True)]
        return statistics.paired_shares(*flags)
    return statistics.paired_scores(_by_case(pairs))


def _hours(table: EpisodeTable, name: str, selection: Selection) -> Values:
    """Length of every episode [h]."""
    episodes = table.episodes(name, selection)
    return {pair: (one.number("seconds") or 0.0) / 3600.0 for pair, one in episodes.items()}


def _as_number(found: Estimated, n: int) -> Number:
    return Number(found.value, found.low, found.high, n)


def contrasts(table: EpisodeTable) -> Iterator[tuple[str, str]]:
    """Yield who is compared with whom: contestants with each other, and with their controls."""
    comparison = table.comparison
    walking = [who.name for who in comparison.contestants]
    yield from combinations(walking, 2)
    yield from ((name, twin_name(name, RANDOM)) for name in comparison.random.of)
    if comparison.oracle:
        yield from ((name, ORACLE) for name in walking if name not in comparison.oracle)


def _differences(spec: FigureSpec, figure: FigureTold, table: EpisodeTable) -> Iterator[Difference]:
    """Yield every difference of a figure, as yet uncorrected."""
    if spec.beside is not None:
        yield from _changes(spec, figure, table)
        return
    for one, other in contrasts(table):
        pairs = _pairs(*(_read(spec, spec.of, table, name) for name in (one, other)))
        tested = _tested(spec, table, (one, other), pairs) if pairs else None
        if tested is not None:
            yield _difference(spec, (one, other), tested, len(pairs))


def _tested(
    spec: FigureSpec, table: EpisodeTable, who: tuple[str, str], pairs: Pairs
) -> Tested | None:
    """Test a difference; None of rates over episodes that took no time."""
    if spec.over != "per_hour":
        return _difference_of(spec, pairs)
    one, other = (_hours(table, name, spec.of) for name in who)
    times = [(one[pair], other[pair]) for pair in pairs]
    if not all(map(sum, zip(*times, strict=True))):
        return None
    return statistics.rate_ratio(list(pairs.values()), times)


def _difference(spec: FigureSpec, who: tuple[str, str], tested: Tested, n: int) -> Difference:
    one, other = who
    neutral = 1.0 if spec.over == "per_hour" else 0.0
    first = (tested.value > neutral) == spec.more_is_better
    better = (
        "" if tested.value == neutral or math.isnan(tested.value) else (one if first else other)
    )
    return Difference(
        figure=spec.name,
        one=one,
        other=other,
        value=tested.value,
        low=tested.low,
        high=tested.high,
        p=tested.p,
        p_holm=None,
        n=n,
        method=BETWEEN[spec.over],
        headline=False,
        shown=False,
        better=better,
        words="",
    )


def _on_pairs(spec: FigureSpec, table: EpisodeTable, one: Difference) -> list[Number]:
    """Both contestants' figures over the episodes that both walked, without intervals."""
    values = [_read(spec, spec.of, table, name) for name in (one.one, one.other)]
    common = values[0].keys() & values[1].keys()
    found = []
    for name, own in zip((one.one, one.other), values, strict=True):
        kept = {pair: value for pair, value in own.items() if pair in common}
        total, n = sum(kept.values()), len(kept)
        if spec.over == "score":
            value, events = statistics.mean_of_cases(_by_case(kept)), None
        else:
            hours = _hours(table, name, spec.of)
            per = n if spec.over == "share" else sum(hours[pair] for pair in kept)
            value, events = total / per, round(total)
        found.append(Number(value, None, None, n, events))
    return found


def _changes(spec: FigureSpec, figure: FigureTold, table: EpisodeTable) -> Iterator[Difference]:
    """Yield how a contestant's figure differs from one selection to the other, where in pairs."""
    assert spec.beside is not None
    if spec.between == "ratio" or spec.over == "per_hour":
        return
    for name in figure.contestants:
        values = [_read(spec, where, table, name) for where in (spec.of, spec.beside)]
        pairs = _pairs(*values)
        yield _difference(spec, (name, name), _difference_of(spec, pairs), len(pairs))


def decided(found: Sequence[Difference], headline: Headline | None) -> list[Difference]:
    """Correct all but the headline by Holm, and say what is shown."""
    wanted = None if headline is None else (headline.figure, {headline.one, headline.other})
    is_headline = [wanted == (one.figure, {one.one, one.other}) for one in found]
    family = [k for k, main in enumerate(is_headline) if not main]
    corrected = dict(zip(family, statistics.holm([found[k].p for k in family]), strict=True))
    return [
        replace(
            one,
            p_holm=corrected.get(k),
            headline=is_headline[k],
            shown=(one.p if is_headline[k] else corrected[k]) < SIGNIFICANT,
        )
        for k, one in enumerate(found)
    ]
