"""The episodes of a comparison, to be looked up: who, in which case and world, by which seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wm_bringup.comparing.plan import (
    ORACLE,
    AxisCase,
    Comparison,
    FigureSpec,
    Selection,
    World,
    cell_name,
)
from wm_bringup.comparing.values import VALUES
from wm_bringup.judging.criteria.criterion import Measured
from wm_bringup.judging.episode import EpisodeResult
from wm_bringup.judging.twins import RANDOM, twin_name
from wm_bringup.scenarios.scenario import Scenario
from wm_control.drivers import POLICY, preference_of

Pair = tuple[str, int]
"""Case and seed: what two contestants have in common."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """Who is compared: a contestant of the file, or a control that is made of some.

    trained_for: bounds of x, y [m/s] and yaw [rad/s] that its policy was trained for, by name of
    the manifest; None without a policy.
    """

    name: str
    kind: str
    drivers: tuple[str, ...]
    trained_for: Mapping[str, Sequence[float]] | None = None


def entrants_of(
    comparison: Comparison, trained_for: Mapping[str, Mapping[str, Sequence[float]]]
) -> tuple[Entrant, ...]:
    """List everybody in the order of the file, controls last. trained_for: by contestant."""
    found = [
        Entrant(who.name, _kind(who.controller), preference_of(who.controller),
                trained_for.get(who.name))
        for who in comparison.contestants
    ]  # fmt: skip
    by_name = {one.name: one for one in found}
    for name in comparison.random.of:
        one = by_name[name]
        found.append(Entrant(twin_name(name, RANDOM), RANDOM, one.drivers, one.trained_for))
    if comparison.oracle:
        parents = [by_name[name] for name in comparison.oracle]
        drivers = tuple(dict.fromkeys(driver for one in parents for driver in one.drivers))
        trained = next((one.trained_for for one in parents if one.trained_for), None)
        found.append(Entrant(ORACLE, ORACLE, drivers, trained))
    return tuple(found)


def _kind(controller: str) -> str:
    drivers = preference_of(controller)
    return "hybrid" if len(drivers) > 1 else drivers[0]


class EpisodeTable:
    """Results by contestant, case, world and seed."""

    def __init__(
        self, comparison: Comparison, entrants: Sequence[Entrant], results: Iterable[EpisodeResult]
    ) -> None:
        """Take what has been walked; the oracle's episodes are made of its parents'."""
        self.comparison = comparison
        self.entrants = {one.name: one for one in entrants}
        cells = comparison.cell_cases()
        self._found: dict[str, dict[str, dict[Pair, EpisodeResult]]] = {}
        for one in results:
            case, world = cells[one.case]
            in_world = self._found.setdefault(one.contestant, {}).setdefault(world.name, {})
            in_world[case.name, one.seed] = one
        if comparison.oracle:
            self._found[ORACLE] = self._oracle(comparison.oracle)
        self._suites = {world.name: suite for world, suite in comparison.suites()}

    def _oracle(self, parents: Sequence[str]) -> dict[str, dict[Pair, EpisodeResult]]:
        """Falls where all parents fall; nothing else is known of it."""
        made: dict[str, dict[Pair, EpisodeResult]] = {}
        for world in self.comparison.worlds:
            each = [self._found.get(name, {}).get(world.name, {}) for name in parents]
            for pair in each[0]:
                if all(pair in own for own in each):
                    fell = all(own[pair].fell for own in each)
                    made.setdefault(world.name, {})[pair] = EpisodeResult(
                        cell_name(pair[0], world.name), ORACLE, pair[1],
                        {"fell": Measured(float(fell), "")},
                    )  # fmt: skip
        return made

    def scenario(self, case: str, world: str, seed: int) -> Scenario:
        """Scenario of an episode."""
        suite = self._suites[world]
        named = {one.name: one for one in suite.cases}
        return suite.scenario_of(named[cell_name(case, world)], seed)

    def outside(self, case: AxisCase, entrant: Entrant) -> bool:
        """Whether a case is outside of what some driver of a contestant was made for.

        By what its axis says, or by a velocity beyond its policy's training.
        """
        if set(self.comparison.axis_of(case).outside) & set(entrant.drivers):
            return True
        if POLICY not in entrant.drivers or entrant.trained_for is None:
            return False
        world = self.comparison.worlds_of(case)[0].name
        first = self._suites[world].seeds_of(case).first
        asked = self.scenario(case.name, world, first).velocity
        bounds = entrant.trained_for
        return any(
            not bounds[name][0] <= value <= bounds[name][1]
            for segment in asked
            for name, value in (
                ("linear_x", segment.x),
                ("linear_y", segment.y),
                ("angular_z", segment.yaw),
            )
        )

    def episodes(self, name: str, selection: Selection) -> dict[Pair, EpisodeResult]:
        """Episodes of a contestant in a selection, in the order of cases and seeds."""
        world = selection.world or self.comparison.home.name
        found = self._found.get(name, {}).get(world, {})
        wanted = [case.name for case in self.comparison.cases if self._in(case, name, selection)]
        order = {case: k for k, case in enumerate(wanted)}
        return {
            pair: found[pair]
            for pair in sorted(
                (p for p in found if p[0] in order), key=lambda p: (order[p[0]], p[1])
            )
        }

    def known_cases(self, spec: FigureSpec, selection: Selection) -> set[str]:
        """Cases in which a figure's value is known of somebody who stayed up."""
        return {
            pair[0]
            for name in self.entrants
            for pair, one in self.episodes(name, selection).items()
            if not one.fell and value_of(spec, one) is not None
        }

    def _in(self, case: AxisCase, name: str, selection: Selection) -> bool:
        if selection.axes and case.axis not in selection.axes:
            return False
        if selection.distribution == "any":
            return True
        outside = self.outside(case, self.entrants[name])
        return outside == (selection.distribution == "outside")

    def falls(self, name: str, world: World, case: str) -> tuple[int, int]:
        """Falls and episodes of a contestant in one case."""
        found = self._found.get(name, {}).get(world.name, {})
        own = [one.fell for (known, _), one in found.items() if known == case]
        return sum(own), len(own)


def value_of(spec: FigureSpec, result: EpisodeResult) -> float | None:
    """Read a figure's value off one episode; None where there is none.

    Of the oracle only falls are known.
    """
    if spec.over == "score" and result.fell and spec.fallen != "measured":
        unknown = spec.fallen == "left_out" or result.contestant == ORACLE
        return None if unknown else float(spec.fallen)
    found = VALUES[spec.value].read(result)
    if isinstance(found, tuple):
        return None if spec.component is None else float(found[spec.component])
    return None if found is None else float(found)


def values_of(spec: FigureSpec, episodes: Mapping[Pair, EpisodeResult]) -> dict[Pair, float]:
    """Read a figure's value off every episode that has it."""
    read = ((pair, value_of(spec, one)) for pair, one in episodes.items())
    return {pair: value for pair, value in read if value is not None}
