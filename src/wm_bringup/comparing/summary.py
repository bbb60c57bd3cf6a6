"""The shape of ``summary.json``: every number with n, interval, method, unit and version.

Equal seeds, code and parameters give equal files, byte for byte; what is measured on a clock is in
``timings.json``, which has the same shape. A number that there is none of is null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from wm_bringup.judging.episode import plain

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Number:
    """One contestant's figure. n: episodes (pairs, where it is what lies between two).

    bound: of a share only, how bad it may be at most, Clopper-Pearson, one-sided 97.5 %.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    events: int | None = None
    bound: float | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One contestant minus another (their ratio, of rates) on the episodes that both walked.

    p: without correction. p_holm: corrected over all of the facet's differences but the headline.
    shown: whether there is a difference, by p of the headline and p_holm of the others. better: the
    contestant whose number is better; of a contestant's own change, itself.
    """

    figure: str
    one: str
    other: str
    value: float | None
    low: float | None
    high: float | None
    p: float
    p_holm: float | None
    n: int
    method: str
    headline: bool
    shown: bool
    better: str
    words: str


@dataclass(frozen=True, slots=True)
class FigureTold:
    """A figure of every contestant. selection: in words, off which episodes it is read."""

    name: str
    title: str
    unit: str
    definition: str
    version: int
    method: str
    selection: str
    more_is_better: bool
    contestants: Mapping[str, Number]


Facts = Mapping[str, Mapping[str, Any]]
"""Figures that are not of episodes, by contestant and name; each a ``costs.fact.Fact``."""


@dataclass(frozen=True, slots=True)
class FacetTold:
    """One facet. facts: by contestant and name. verdict: sentences made from the numbers.

    headline_figure: name of the figure that the headline is declared for, also where it cannot be
    judged. elsewhere: where the headline is told, empty where it is here or there is none.
    """

    title: str
    headline_figure: str
    headline: Difference | None
    figures: Sequence[FigureTold]
    differences: Sequence[Difference]
    verdict: Sequence[str]
    facts: Facts = field(default_factory=dict)
    elsewhere: str = ""


@dataclass(frozen=True, slots=True)
class ContestantTold:
    """Who walked. kind: mpc, policy, hybrid, random or oracle. policy: name, licence, hash, range.

    offences: in how many episodes it was caught at what, see ``lockstep.watched``. disqualified:
    why its episodes count for nothing, empty where they do.
    """

    name: str
    kind: str
    drivers: Sequence[str]
    policy: Mapping[str, Any] | None
    episodes: int
    offences: Mapping[str, int]
    disqualified: str


@dataclass(frozen=True, slots=True)
class CaseTold:
    """One case. outside: contestants whose drivers were not made for it. falls: by contestant and
    world: falls and episodes.
    """  # noqa: D205 - one list

    name: str
    title: str
    axis: str
    worlds: Sequence[str]
    outside: Sequence[str]
    falls: Mapping[str, Mapping[str, tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class ImpulseRow:
    """Pushes of one impulse [N·s] from one side, and how many were survived (Wilson)."""

    impulse: float
    survived: int
    n: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class DirectionTold:
    """Pushes from one side. direction: to where, 0 forward, 90 left [degrees].

    half: impulse at which half survive [N·s], null where that lies beyond the strongest push
    (``beyond``) or below the weakest (``below``); low, high: null beyond what was tried.
    """

    direction: float
    half: float | None
    low: float | None
    high: float | None
    beyond: float | None
    below: float | None
    n: int
    rows: Sequence[ImpulseRow]


@dataclass(frozen=True, slots=True)
class PushesTold:
    """Survival of pushes by contestant and direction."""

    method: str
    selection: str
    contestants: Mapping[str, Sequence[DirectionTold]]


@dataclass(frozen=True, slots=True)
class CurveTold:
    """Share still up from each time [s] on."""

    n: int
    falls: int
    times: Sequence[float]
    share: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True, slots=True)
class FallTimesTold:
    """Time to fall by contestant."""

    method: str
    selection: str
    contestants: Mapping[str, CurveTold]


@dataclass(frozen=True, slots=True)
class ArbiterTold:
    """What a hybrid's interventions are worth; see ``docs/suites.md``, twins.

    beside: the contestant that is its preferred driver alone. n: episodes that both walked.
    precision: rescued episodes that fall without. recall: falls of the driver alone that a rescue
    came at least 0.2 s before. harm: rescued episodes that fell and do not without. lead: [s].
    """

    beside: str
    n: int
    method: str
    precision: Number
    recall: Number
    harm: Number
    lead_p10: float | None
    lead_p50: float | None
    preferred_share: float
    switches_per_minute: float


@dataclass(frozen=True, slots=True)
class EpisodeTold:
    """An episode worth looking at. key: in ``episodes.jsonl``."""

    key: str
    case: str
    world: str
    contestant: str
    seed: int
    seconds: float
    cause: str


@dataclass(frozen=True, slots=True)
class Summary:
    """All that a comparison found."""

    schema: int
    name: str
    title: str
    robot: str
    contestants: Sequence[ContestantTold]
    worlds: Sequence[Mapping[str, Any]]
    axes: Sequence[Mapping[str, Any]]
    cases: Sequence[CaseTold]
    facets: Mapping[str, FacetTold]
    pushes: PushesTold
    time_to_fall: FallTimesTold
    arbiters: Mapping[str, ArbiterTold]
    worst: Sequence[EpisodeTold]
    claims: Sequence[Mapping[str, Any]]
    broken: Sequence[str]
    missed: Sequence[str]
    held: bool


@dataclass(frozen=True, slots=True)
class Timings:
    """What is measured on a clock, of every facet that has such figures.

    late: contestants that need more time for an answer than they are charged, and how much.
    latency: distribution of each contestant's path, see ``costs.path_latency``.
    """

    schema: int
    name: str
    facets: Mapping[str, FacetTold]
    late: Mapping[str, str]
    latency: Mapping[str, Mapping[str, Any]]


def as_text(content: object) -> str:
    """Write dataclasses, or plain content, as JSON: keys as declared, numbers in full."""
    whole = content if isinstance(content, Mapping) else asdict(content)  # type: ignore[call-overload]
    return json.dumps(plain(whole), indent=1, ensure_ascii=False) + "\n"
