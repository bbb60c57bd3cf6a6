"""A comparison as a command line wants it: fewer seeds, one engine, other policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from wm_bringup.comparing.plan import Comparison, Facet, FigureSpec, Selection, World
from wm_bringup.judging.suite import Contestant
from wm_bringup.robots.simulated import EngineName
from wm_control.drivers import POLICY, preference_of


def with_seeds(comparison: Comparison, count: int) -> Comparison:
    """Return it with so many seeds in every case, whatever it says itself."""
    cases = tuple(
        replace(case, seeds=case.seeds and replace(case.seeds, count=count))
        for case in comparison.cases
    )
    return replace(comparison, cases=cases, seeds=replace(comparison.seeds, count=count), times=1)


def in_engine(comparison: Comparison, engine: EngineName) -> Comparison:
    """Return it with everything walked in one engine.

    Worlds that differ in nothing else become one, by the name of the one that was there
    already; figures of what lies between them go, and with them the headline that is one.
    """
    alike: dict[bool, World] = {}
    for world in comparison.worlds:
        if world.engine == engine or world.safety_layer not in alike:
            alike[world.safety_layer] = replace(world, engine=engine)
    names = {world.name: alike[world.safety_layer].name for world in comparison.worlds}
    cases = (
        replace(case, worlds=tuple(dict.fromkeys(names[name] for name in case.worlds)))
        for case in comparison.cases
    )
    facets = (_with_figures(facet, _renamed(facet.figures, names)) for facet in comparison.facets)
    return replace(
        comparison,
        worlds=tuple(alike.values()),
        cases=tuple(cases),
        facets=tuple(facets),
        pushes=_in_world(comparison.pushes, names),
    )


def with_policies(comparison: Comparison, files: tuple[Path, ...]) -> Comparison:
    """Return it with other policies: the first in every place of the file's own, the others as
    contestants beside it, named after their files.
    """  # noqa: D205 - one sentence
    first, *rest = files
    given = tuple(
        replace(who, policy=str(first)) if _learned(who) else who for who in comparison.contestants
    )
    more = tuple(
        replace(who, name=f"{who.name} {path.stem}", policy=str(path))
        for path in rest
        for who in comparison.contestants
        if _learned(who)
    )
    return replace(comparison, contestants=(*given, *more))


def _in_world(selection: Selection, names: Mapping[str, str]) -> Selection:
    return replace(selection, world=names.get(selection.world, selection.world))


def _renamed(figures: Sequence[FigureSpec], names: Mapping[str, str]) -> tuple[FigureSpec, ...]:
    """Return the figures with worlds by other names, without those that compare one with itself."""
    found = (
        replace(
            one,
            of=_in_world(one.of, names),
            beside=one.beside and _in_world(one.beside, names),
        )
        for one in figures
    )
    home = next(iter(names.values()))
    return tuple(
        one for one in found if one.beside is None or _at(one.of, home) != _at(one.beside, home)
    )


def _with_figures(facet: Facet, figures: tuple[FigureSpec, ...]) -> Facet:
    headline = facet.headline
    kept = headline is not None and headline.figure in [one.name for one in figures]
    return replace(facet, figures=figures, headline=headline if kept else None)


def _at(selection: Selection, home: str) -> Selection:
    """Return it with its world said."""
    return replace(selection, world=selection.world or home)


def _learned(who: Contestant) -> bool:
    return POLICY in preference_of(who.controller)
