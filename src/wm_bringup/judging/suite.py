"""A suite: cases x seeds x contestants with the limits that must hold, as a YAML file says them.

Files live in ``config/suites/``. What a suite says of the scenario holds for all its cases; a case
says only what is special, and its limit on a criterion takes the place of the suite's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, TypeAdapter, field_validator, model_validator
from pydantic.dataclasses import dataclass

from wm_bringup.judging.criteria.table import CRITERIA
from wm_bringup.judging.draws import Draws, draw
from wm_bringup.judging.statistics import Statistic
from wm_bringup.lockstep.lockstep import State
from wm_bringup.robots.simulated import EngineName
from wm_bringup.scenarios.scenario import Scenario
from wm_bringup.scenarios.sizing import sized
from wm_control.configuration.parameters import STRICT, load_parameters, merged
from wm_control.configuration.share import DEFAULT_ROBOT, config_file
from wm_control.drivers import MPC
from wm_control.errors import ParameterError
from wm_control.estimation.parameters import Kind

Over = Statistic | Literal["worst"]
Bound = float | tuple[float, ...] | None


def _known(name: str) -> str:
    if name not in CRITERIA:
        raise ValueError(f"no such criterion; there are {', '.join(CRITERIA)}")
    return name


@dataclass(frozen=True, slots=True, config=STRICT)
class Seeds:
    """Which seeds: ``count`` of them from ``first`` on."""

    first: int = Field(default=0, ge=0)
    count: int = Field(default=1, ge=1)

    def range(self) -> range:
        """All of them."""
        return range(self.first, self.first + self.count)


@dataclass(frozen=True, slots=True, config=STRICT)
class Contestant:
    """Who walks the robot."""

    name: str
    controller: str = Field(
        default=MPC, description="who may drive: mpc, policy, hybrid, or names joined by +"
    )
    policy: str = Field(default="", description="file of a policy; empty: our own")
    overlay: str = Field(default="", description="file that says what the policy's own does not")
    shadows: tuple[str, ...] = Field(
        default=(), description="controllers that run beside it and propose in every cycle"
    )


@dataclass(frozen=True, slots=True, config=STRICT)
class Limit:
    """What a criterion, over all seeds of a case, must keep."""

    criterion: str
    at_most: Bound = Field(default=None, description="one number, or one per axis")
    at_least: Bound = None
    over: Over | None = Field(default=None, description="null: as the criterion says")
    title: str = Field(default="", description="of a row of its own, where tables have those")

    _is_known = field_validator("criterion")(_known)

    @model_validator(mode="after")
    def _bounded(self) -> Limit:
        if (self.at_most is None) == (self.at_least is None):
            raise ValueError("needs either at_most or at_least")
        return self


@dataclass(frozen=True, slots=True, config=STRICT)
class Shown:
    """A column of the suite's table."""

    title: str
    criterion: str
    over: Over | None = Field(default=None, description="null: as the criterion says")
    share: bool = Field(
        default=False, description="of a criterion that is 0 or 1: share, with Wilson's interval"
    )

    _is_known = field_validator("criterion")(_known)


@dataclass(frozen=True, slots=True, config=STRICT)
class Paired:
    """One contestant beside others on the same cases and seeds, as a hybrid beside its parents.

    In no case may it fall significantly more than the one of them that falls least there.
    """

    contestant: str
    parents: tuple[str, ...] = Field(min_length=1)
    of_worse: float | None = Field(
        default=None, gt=0.0, description="falls at most, per those of the one that falls most"
    )


@dataclass(frozen=True, slots=True, config=STRICT)
class Grid:
    """Pushes in place of cases: impulses rise until no phase of the stride survives."""

    DIRECTIONS: ClassVar[Mapping[str, tuple[float, float]]] = {
        "forward": (1.0, 0.0),
        "back": (-1.0, 0.0),
        "left": (0.0, 1.0),
        "right": (0.0, -1.0),
    }
    """Unit vectors along heading and left."""

    step: float = Field(default=5.0, ge=1.0, le=80.0, description="between two impulses [N·s]")
    largest: float = Field(
        default=80.0, gt=0.0, description="the end even if the robot still stands [N·s]"
    )
    phases: int = Field(default=8, ge=1, le=64, description="of the stride, evenly spaced")

    @property
    def impulses(self) -> list[float]:
        """All impulses, rising [N·s]."""
        return [self.step * k for k in range(1, int(self.largest / self.step) + 1)]

    @property
    def cells(self) -> int:
        """How many there are."""
        return len(self.impulses) * len(self.DIRECTIONS) * self.phases


@dataclass(frozen=True, slots=True, config=STRICT)
class Case:
    """One scenario and its limits."""

    name: str
    title: str = Field(default="", description="for the table; empty: the name")
    scenario: dict[str, Any] = Field(default_factory=dict, description="what is special")
    by_seed: tuple[dict[str, Any], ...] = Field(
        default=(), description="further changes of the scenario, in turn with the seeds"
    )
    draws: Draws = Field(default_factory=Draws, description="what is drawn from the seed")
    seeds: Seeds | None = Field(default=None, description="null: the suite's")
    limits: tuple[Limit, ...] = ()
    walked_on: Kind | None = Field(default=None, description="estimator in the loop; null: own")
    step_in_place: bool = False
    robot: str | None = Field(default=None, description="who walks it; null: the suite's")
    without: tuple[str, ...] = Field(
        default=(), description="contestants that it means nothing for; they do not walk it"
    )


@dataclass(frozen=True, slots=True, config=STRICT)
class Suite:
    """Cases x seeds x contestants."""

    name: str
    title: str = ""
    cases: tuple[Case, ...] = ()
    grid: Grid | None = None
    contestants: tuple[Contestant, ...] = Field(
        default=(Contestant(MPC),), min_length=1, description="who walks"
    )
    estimators: tuple[str, ...] = Field(
        default=(), description="replayed on the recorded walks; they are the contestants then"
    )
    judged: tuple[str, ...] = Field(
        default=(), description="contestants that the limits are for; empty: all"
    )
    seeds: Seeds = Field(default_factory=Seeds)
    scenario: dict[str, Any] = Field(default_factory=dict, description="of all cases")
    limits: tuple[Limit, ...] = Field(default=(), description="of all cases")
    columns: tuple[Shown, ...] = ()
    paired: tuple[Paired, ...] = Field(default=(), description="compared fall by fall")
    falls_per: str | None = Field(
        default=None, description="criterion that counts the trials of an episode; null: one"
    )
    state: State = "estimated"
    robot: str = DEFAULT_ROBOT
    engine: EngineName = "pybullet"
    full_rate: bool = Field(default=False, description="look at the truth in every control cycle")
    safety_layer: bool = Field(
        default=True, description="false: whoever drives is let pass, see lockstep/unguarded.py"
    )
    seeds_first: bool = Field(
        default=False, description="every seed with all contestants before the next seed"
    )

    @field_validator("falls_per")
    @classmethod
    def _counts(cls, name: str | None) -> str | None:
        return name and _known(name)

    @model_validator(mode="after")
    def _whole(self) -> Suite:
        names = [case.name for case in self.cases]
        if len(set(names)) < len(names):
            raise ValueError(f"two cases of one name: {', '.join(names)}")
        if bool(self.cases) == bool(self.grid):
            raise ValueError("needs either cases or a grid")
        walking = [who.name for who in self.contestants]
        known = set(walking)
        if len(known) < len(walking):
            raise ValueError(f"two contestants of one name: {', '.join(walking)}")
        judges = self.estimators or walking
        for name in self.judged:
            if name not in judges:
                raise ValueError(f"judged '{name}' is none of {', '.join(judges)}")
        if self.grid is not None and (len(walking) > 1 or self.seeds.count != 1):
            raise ValueError("a grid is walked by one contestant, with one seed")
        for case in self.cases:
            if not set(case.without) < known:
                raise ValueError(
                    f"case '{case.name}' is without {', '.join(case.without)}: must be some, "
                    f"but not all, of {', '.join(sorted(known))}"
                )
        for pair in self.paired:
            for name in (pair.contestant, *pair.parents):
                if name not in known:
                    raise ValueError(f"paired '{name}' is none of {', '.join(sorted(known))}")
        return self

    def scenario_of(self, case: Case, seed: int) -> Scenario:
        """Build the scenario of one run; ParameterError names suite, case, key and bound."""
        turn = case.by_seed[seed % len(case.by_seed)] if case.by_seed else {}
        content = merged(merged(self.scenario, case.scenario), turn)
        origin = f"suite '{self.name}', case '{case.name}'"
        scenario = load_parameters(Scenario, {"name": case.name, **content}, origin=origin)
        robot = self.robot_of(case)
        return sized(draw(case.draws, scenario, seed, robot), robot)

    def robot_of(self, case: Case) -> str:
        """Return the robot that walks a case."""
        return case.robot or self.robot

    def limits_of(self, case: Case) -> tuple[Limit, ...]:
        """Limits of a case: its own, and the suite's on other criteria."""
        own = {limit.criterion for limit in case.limits}
        return (*(limit for limit in self.limits if limit.criterion not in own), *case.limits)

    def contestants_of(self, case: Case) -> tuple[Contestant, ...]:
        """Return who walks a case."""
        return tuple(who for who in self.contestants if who.name not in case.without)

    def seeds_of(self, case: Case) -> Seeds:
        """Seeds of a case."""
        return case.seeds or self.seeds

    def with_seeds(self, count: int) -> Suite:
        """Return the suite with so many seeds in every case; ParameterError for a grid."""
        if self.grid is not None and count != 1:
            raise ParameterError("seeds", count, "a grid is walked with one seed", self.name)
        cases = tuple(
            replace(case, seeds=case.seeds and replace(case.seeds, count=count))
            for case in self.cases
        )
        return replace(self, cases=cases, seeds=replace(self.seeds, count=count))

    def only(self, names: Sequence[str]) -> Suite:
        """Return the suite with these cases; ParameterError for one that it has not."""
        known = [case.name for case in self.cases]
        for name in names:
            if name not in known:
                raise ParameterError("case", name, f"must be one of {', '.join(known)}")
        return replace(self, cases=tuple(case for case in self.cases if case.name in names))

    def walked_by(self, names: Sequence[str]) -> Suite:
        """Return the suite with these contestants, and what is compared between them.

        ParameterError for one that it has not, and where they walk none of the cases or the limits
        are for none of them.
        """
        known = [who.name for who in self.contestants]
        for name in names:
            if name not in known:
                raise ParameterError("contestant", name, f"must be one of {', '.join(known)}")
        judged = self.judged if self.estimators else tuple(n for n in self.judged if n in names)
        if self.judged and not judged:
            expected = f"must have one of {', '.join(self.judged)}, whom the limits are for"
            raise ParameterError("contestant", ", ".join(names), expected)
        cases = tuple(
            replace(case, without=tuple(name for name in case.without if name in names))
            for case in self.cases
            if not set(names) <= set(case.without)
        )
        if self.cases and not cases:
            expected = f"must have one that walks {', '.join(case.name for case in self.cases)}"
            raise ParameterError("contestant", ", ".join(names), expected)
        return replace(
            self,
            contestants=tuple(who for who in self.contestants if who.name in names),
            cases=cases,
            judged=judged,
            paired=tuple(
                pair for pair in self.paired if {pair.contestant, *pair.parents} <= set(names)
            ),
        )

    def on(self, robot: str) -> Suite:
        """Return the suite on another robot; ParameterError where a case names its own."""
        for index, case in enumerate(self.cases):
            if case.robot is not None:
                expected = f"case '{case.name}' has a robot of its own: leave --robot out"
                raise ParameterError(f"cases.{index}.robot", case.robot, expected, self.name)
        return replace(self, robot=robot)

    def with_policies(self, folder: Path) -> Suite:
        """Return the suite with its policies' files looked for in ``folder``."""
        who = (
            replace(c, policy=str(folder / c.policy)) if c.policy else c for c in self.contestants
        )
        return replace(self, contestants=tuple(who))

    def check_files(self) -> None:
        """ParameterError for a policy that is not there."""
        for index, who in enumerate(self.contestants):
            if who.policy and not Path(who.policy).is_file():
                expected = "must be a file; --policies says in which folder"
                raise ParameterError(f"contestants.{index}.policy", who.policy, expected, self.name)

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary, defaults included."""
        content: dict[str, Any] = TypeAdapter(Suite).dump_python(self, mode="json")
        return content

    def sha256(self) -> str:
        """Hash of what decides a run's result: all but how many seeds, limits and titles."""
        return hashlib.sha256(json.dumps(_deciding(self), sort_keys=True).encode()).hexdigest()


def _deciding(suite: Suite) -> dict[str, Any]:
    content = suite.as_json()
    for key in ("title", "seeds", "limits", "judged", "columns", "paired", "falls_per"):
        del content[key]
    content["cases"] = {case["name"]: _without_limits(case) for case in content["cases"]}
    return content


def _without_limits(case: Mapping[str, Any]) -> dict[str, Any]:
    return {key: case[key] for key in case if key not in ("title", "seeds", "limits")}


def load_suite(source: str | Path) -> Suite:
    """Load a shipped suite by name, or any by the path of its YAML file.

    ParameterError names file, key, value and bound.
    """
    suite = load_parameters(Suite, suite_file(source))
    for case in suite.cases:
        if any("seed" in said for said in (suite.scenario, case.scenario, *case.by_seed)):
            expected = f"leave it out of case '{case.name}': a suite says which under 'seeds'"
            raise ParameterError("scenario.seed", "given", expected, suite.name)
        suite.scenario_of(case, suite.seeds_of(case).first)
    return suite


def suite_file(source: str | Path) -> Path:
    """Return the file of a suite."""
    path = Path(source)
    return path if path.suffix in (".yaml", ".yml") else config_file(f"suites/{source}.yaml")
