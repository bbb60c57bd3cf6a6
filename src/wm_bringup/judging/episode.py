"""What is said about one run of one contestant, and about many runs of one scenario."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wm_bringup.judging.criteria.criterion import Measured, Value
from wm_bringup.judging.criteria.table import CRITERIA
from wm_bringup.judging.statistics import combined, proportion_interval


@dataclass(frozen=True, slots=True)
class EpisodeResult:
    """One run, measured by criteria.

    case, contestant, seed: which run. metrics: numbers by criterion; one that the run's record
    could not give is absent. notes: what else is told, such as

    fall_cause: why it fell. causes: rule -> times it was the first cause of an intervention.
    controller_causes: text -> ticks. happened: every push and fault that was asked for, when it
    began, how many samples it changed. missed: what was asked for and did not happen, as where the
    robot fell before it. trace_sha256: over the whole record; equal seeds give equal hashes.
    offences: what drivers were caught at, see ``lockstep.watched``; absent of honest ones. thought:
    CPU time of each driver beside and in the loop, and what it was charged beside it [s].
    real_time_factor: simulated / wall time. cpu_per_tick_ms: mean CPU time by stage.
    """

    case: str
    contestant: str
    seed: int
    metrics: Mapping[str, Measured]
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """ValueError for a note that could be taken for a number of that name."""
        if doubled := sorted(CRITERIA.keys() & self.notes.keys()):
            raise ValueError(f"notes named as criteria: {', '.join(doubled)}")

    def __getitem__(self, name: str) -> Value:
        """Value of one criterion, None where there is none; KeyError for what is no criterion."""
        if name not in CRITERIA:
            raise KeyError(f"there is no criterion '{name}'")
        measured = self.metrics.get(name)
        return None if measured is None else measured.value

    def number(self, name: str) -> float | None:
        """Value of a criterion that is one number."""
        value = self[name]
        assert not isinstance(value, tuple), name
        return value

    def axes(self, name: str) -> tuple[float, ...] | None:
        """Value of a criterion that has a number per axis."""
        value = self[name]
        assert value is None or isinstance(value, tuple), name
        return value

    @property
    def fell(self) -> bool:
        """Whether the robot fell."""
        return bool(self["fell"])

    @property
    def missed(self) -> tuple[str, ...]:
        """What was asked for and did not happen."""
        return tuple(self.notes.get("missed", ()))

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary for JSON; numbers that are not finite become null."""
        numbers = {name: measured.value for name, measured in self.metrics.items()}
        who = {"case": self.case, "contestant": self.contestant, "seed": self.seed}
        content: dict[str, Any] = plain({**who, **numbers, **self.notes})
        return content

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> EpisodeResult:
        """Rebuild a result; what is no criterion is a note."""
        rest = dict(data)
        case, contestant, seed = (rest.pop(key) for key in ("case", "contestant", "seed"))
        metrics = {
            name: Measured(_tuple(rest.pop(name)), CRITERIA[name].unit)
            for name in data
            if name in CRITERIA
        }
        notes = {key: _tuple(value) for key, value in rest.items()}
        return EpisodeResult(case, contestant, seed, metrics, notes)


def plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Make ready for JSON: numbers that are not finite become null, tuples lists."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _tuple(value: object) -> Any:  # noqa: ANN401 - whatever JSON holds
    return tuple(value) if isinstance(value, list) else value


def summarise_episodes(episodes: Sequence[EpisodeResult]) -> dict[str, Any]:
    """Build the JSON of ``wm walk``: n, falls with their interval, every episode by seed."""
    ordered = sorted(episodes, key=lambda episode: episode.seed)
    falls = sum(episode.fell for episode in ordered)
    return {
        "n": len(ordered),
        "falls": falls,
        "falls_interval": list(proportion_interval(falls, len(ordered))),
        "falls_interval_method": "Clopper-Pearson, 95 %",
        "missed": sum(bool(episode.missed) for episode in ordered),
        "stride_rms_error": _rms_over(ordered, "stride_rms_error"),
        "estimator_velocity_rmse": _rms_over(ordered, "estimator_velocity_rmse"),
        "episodes": [episode.as_json() for episode in ordered],
    }


def values_of(episodes: Sequence[EpisodeResult], name: str) -> list[float | tuple[float, ...]]:
    """Return the values of a criterion, of the episodes that have it."""
    values = (episode[name] for episode in episodes)
    return [value for value in values if value is not None]


def _rms_over(episodes: Sequence[EpisodeResult], name: str) -> list[float] | None:
    """RMS per axis over the episodes that did not fall and have this number."""
    values = values_of([episode for episode in episodes if not episode.fell], name)
    return combined(values, "rms").tolist() if values else None
