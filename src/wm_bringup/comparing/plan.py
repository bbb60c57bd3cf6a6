"""A comparison: a suite with more said, as a YAML file says it.

What a suite asks once is asked here in several worlds (an engine, with or without the safety
layer); its cases lie on axes that are declared inside or outside of what each kind of driver was
made for; its facets say which figures are read off which episodes, and which one is the headline.
Files live in ``config/comparisons/``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, TypeAdapter, field_validator, model_validator
from pydantic.dataclasses import dataclass

from wm_bringup.comparing.values import VALUES
from wm_bringup.judging.runner import SuiteRun, runs_of
from wm_bringup.judging.suite import Case, Contestant, Paired, Seeds, Suite
from wm_bringup.robots.simulated import EngineName
from wm_control.configuration.parameters import STRICT, load_parameters, merged, read_yaml
from wm_control.configuration.share import DEFAULT_ROBOT, config_file
from wm_control.drivers import MPC, POLICY

FacetName = Literal["performance", "scalability", "compute", "generalization", "safety"]

ORACLE = "oracle"
"""Name of the contestant that falls only where every one of its parents does."""


@dataclass(frozen=True, slots=True, config=STRICT)
class World:
    """Where cases are walked."""

    name: str
    engine: EngineName = "pybullet"
    safety_layer: bool = Field(default=True, description="see lockstep/unguarded.py")


@dataclass(frozen=True, slots=True, config=STRICT)
class Axis:
    """What is varied."""

    name: str
    title: str = ""
    outside: tuple[str, ...] = Field(
        default=(), description="drivers that were not made for it: mpc, policy"
    )

    @field_validator("outside")
    @classmethod
    def _drivers(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in (MPC, POLICY):
                raise ValueError(f"'{name}' is none of {MPC}, {POLICY}")
        return names


@dataclass(frozen=True, slots=True, config=STRICT)
class AxisCase(Case):
    """One scenario on an axis."""

    axis: str = ""
    worlds: tuple[str, ...] = Field(default=(), description="where; empty: in the first world")


@dataclass(frozen=True, slots=True, config=STRICT)
class Selection:
    """Which episodes a figure is read off."""

    axes: tuple[str, ...] = Field(default=(), description="empty: all")
    world: str = Field(default="", description="empty: the first")
    distribution: Literal["inside", "outside", "any"] = Field(
        default="any", description="of what the contestant's own drivers were made for"
    )


@dataclass(frozen=True, slots=True, config=STRICT)
class FigureSpec:
    """One number per contestant."""

    name: str
    title: str
    value: str = Field(description="of an episode: a criterion, or another of comparing/values.py")
    component: int | None = Field(default=None, ge=0, description="of a value with several axes")
    over: Literal["share", "score", "per_hour"] = Field(
        default="score",
        description="share of episodes for which it holds; interquartile mean; events per hour",
    )
    of: Selection = Field(default_factory=Selection)
    beside: Selection | None = Field(
        default=None, description="read a second time off these; the figure is what lies between"
    )
    between: Literal["change", "ratio"] = Field(default="change")
    fallen: float | Literal["left_out", "measured"] = Field(
        default="left_out", description="what a score takes for an episode that ends in a fall"
    )
    more_is_better: bool = False

    @model_validator(mode="after")
    def _known(self) -> FigureSpec:
        if self.value not in VALUES:
            raise ValueError(f"figure '{self.name}': there is no value '{self.value}'")
        if self.beside is not None and self.over == "per_hour":
            raise ValueError(f"figure '{self.name}': nothing is read twice of rates")
        if self.between == "ratio" and self.over != "share":
            raise ValueError(f"figure '{self.name}': only shares are told as a ratio")
        return self


@dataclass(frozen=True, slots=True, config=STRICT)
class Headline:
    """The one comparison of a facet that was chosen before anything was walked."""

    figure: str
    one: str
    other: str


@dataclass(frozen=True, slots=True, config=STRICT)
class Facet:
    """One side of the question."""

    name: FacetName
    title: str
    headline: Headline | None = Field(
        default=None, description="null: of a facet whose figures are not of episodes"
    )
    figures: tuple[FigureSpec, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Facet:
        names = [one.name for one in self.figures]
        if len(set(names)) < len(names):
            raise ValueError(f"facet '{self.name}' has two figures of one name")
        if self.headline and self.headline.figure not in names:
            raise ValueError(f"facet '{self.name}': the headline's figure is none of its figures")
        return self


@dataclass(frozen=True, slots=True, config=STRICT)
class Random:
    """Contestants that are walked once more with hand-overs by chance, at their own rate."""

    of: tuple[str, ...] = ()
    axes: tuple[str, ...] = Field(default=(), description="empty: all; in the first world")


@dataclass(frozen=True, slots=True, config=STRICT)
class Comparison:
    """Cases x worlds x contestants x seeds, and the facets they are looked at from."""

    name: str
    axes: tuple[Axis, ...] = Field(min_length=1)
    cases: tuple[AxisCase, ...] = Field(min_length=1)
    contestants: tuple[Contestant, ...] = Field(min_length=1)
    facets: tuple[Facet, ...] = Field(min_length=1)
    title: str = ""
    seeds: Seeds = Field(default_factory=Seeds)
    times: int = Field(default=1, ge=1, description="multiplies the seeds of every case")
    robot: str = DEFAULT_ROBOT
    scenario: dict[str, Any] = Field(default_factory=dict, description="of all cases")
    worlds: tuple[World, ...] = Field(default=(World("pybullet"),), min_length=1)
    random: Random = Field(default_factory=Random)
    oracle: tuple[str, ...] = Field(
        default=(), description="falls only where every one of these contestants falls"
    )
    pushes: Selection = Field(
        default_factory=Selection,
        description="whose impulse at 50 % survival and time to fall are told",
    )
    paired: tuple[Paired, ...] = Field(
        default=(), description="held to over all cases of the first world, see docs/suites.md"
    )

    @model_validator(mode="after")
    def _whole(self) -> Comparison:
        worlds, axes = self._names("worlds"), self._names("axes")
        known = {*self._names("contestants"), *([ORACLE] if self.oracle else ())}
        self._names("cases")
        for case in self.cases:
            _among(f"case '{case.name}': axis", [case.axis], axes)
            _among(f"case '{case.name}': world", case.worlds, worlds)
        if not any(self.home in self.worlds_of(case) for case in self.cases):
            raise ValueError(f"no case is walked in the first world, '{self.home.name}'")
        for where, selection in self._selections():
            _among(f"{where}: axis", selection.axes, axes)
            _among(f"{where}: world", filter(None, [selection.world]), worlds)
        for facet in self.facets:
            if facet.headline is not None:
                pair = (facet.headline.one, facet.headline.other)
                _among(f"facet '{facet.name}': headline", pair, known)
        _among("random", self.random.of, known)
        _among("random: axis", self.random.axes, axes)
        _among("oracle", self.oracle, known)
        for pair_of in self.paired:
            _among("paired", (pair_of.contestant, *pair_of.parents), known)
        return self

    def _selections(self) -> Iterator[tuple[str, Selection]]:
        """Yield every selection of episodes, and where it is said."""
        yield "pushes", self.pushes
        for facet in self.facets:
            for one in facet.figures:
                yield from ((f"facet '{facet.name}'", selection) for selection in _looked_at(one))

    def _names(self, key: str) -> list[str]:
        """Names of what stands under a key; ValueError where two are alike."""
        names = [one.name for one in getattr(self, key)]
        if len(set(names)) < len(names):
            raise ValueError(f"{key}: two of one name: {', '.join(names)}")
        return names

    @property
    def home(self) -> World:
        """The first world, which holds where none is said."""
        return self.worlds[0]

    def worlds_of(self, case: AxisCase) -> tuple[World, ...]:
        """Worlds in which a case is walked."""
        wanted = case.worlds or (self.home.name,)
        return tuple(world for world in self.worlds if world.name in wanted)

    def axis_of(self, case: AxisCase) -> Axis:
        """Axis that a case lies on."""
        return next(axis for axis in self.axes if axis.name == case.axis)

    def suite_in(self, world: World) -> Suite:
        """Return what is asked in one world as a suite, whose cases carry the world's name."""
        cases = tuple(
            replace(
                _plain_case(case),
                name=cell_name(case.name, world.name),
                seeds=case.seeds and self._multiplied(case.seeds),
            )
            for case in self.cases
            if world in self.worlds_of(case)
        )
        return Suite(
            name=f"{self.name} in {world.name}",
            cases=cases,
            contestants=self.contestants,
            seeds=self._multiplied(self.seeds),
            scenario=self.scenario,
            robot=self.robot,
            engine=world.engine,
            safety_layer=world.safety_layer,
            paired=self.paired if world == self.home else (),
        )

    def _multiplied(self, seeds: Seeds) -> Seeds:
        return replace(seeds, count=self.times * seeds.count)

    def suites(self) -> Iterator[tuple[World, Suite]]:
        """Yield every world in which something is asked, and what."""
        for world in self.worlds:
            if any(world in self.worlds_of(case) for case in self.cases):
                yield world, self.suite_in(world)

    def runs(self) -> list[SuiteRun]:
        """All runs, without those by chance.

        All contestants walk a seed of a case before the next one: what goes on beside it on the
        computer meanwhile, which CPU times tell, then meets them alike.
        """
        runs = [run for _, suite in self.suites() for run in runs_of(suite)]
        cases = {name: k for k, name in enumerate(dict.fromkeys(run.case for run in runs))}
        return sorted(runs, key=lambda run: (cases[run.case], run.seed))

    def cell_cases(self) -> dict[str, tuple[AxisCase, World]]:
        """Case and world by the name that their episodes carry."""
        return {
            cell_name(case.name, world.name): (case, world)
            for case in self.cases
            for world in self.worlds_of(case)
        }

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary, defaults included."""
        content: dict[str, Any] = TypeAdapter(Comparison).dump_python(self, mode="json")
        return content

    def sha256(self) -> str:
        """Hash of what decides the episodes: all but titles and what is read off them."""
        content = self.as_json()
        for key in ("title", "facets", "paired", "oracle", "pushes"):
            del content[key]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def check_files(self) -> None:
        """ParameterError for a policy that is not there."""
        self.suite_in(self.home).check_files()


def _plain_case(case: AxisCase) -> Case:
    return Case(**{one.name: getattr(case, one.name) for one in fields(Case)})


def cell_name(case: str, world: str) -> str:
    """Name a case in a world."""
    return f"{case} in {world}"


def _looked_at(figure: FigureSpec) -> Iterator[Selection]:
    yield figure.of
    if figure.beside is not None:
        yield figure.beside


def _among(what: str, names: Any, known: Any) -> None:  # noqa: ANN401 - any iterables of names
    for name in names:
        if name not in known:
            raise ValueError(f"{what} '{name}' is none of {', '.join(sorted(known))}")


def load_comparison(source: str | Path) -> Comparison:
    """Load a shipped comparison by name, or any by the path of its YAML file.

    ``like: NAME`` in it: another one, of which it says only what is different.
    ParameterError names file, key, value and bound.
    """
    path = comparison_file(source)
    comparison = load_parameters(Comparison, _whole_content(path), origin=str(path))
    for _, suite in comparison.suites():
        for case in suite.cases:
            suite.scenario_of(case, suite.seeds_of(case).first)
    return comparison


def _whole_content(path: Path) -> dict[str, Any]:
    """Return what a file says, laid over what the file says that it is like."""
    content = dict(read_yaml(path))
    like = content.pop("like", None)
    return content if like is None else merged(_whole_content(comparison_file(str(like))), content)


def comparison_file(source: str | Path) -> Path:
    """Return the file of a comparison."""
    path = Path(source)
    return path if path.suffix in (".yaml", ".yml") else config_file(f"comparisons/{source}.yaml")
