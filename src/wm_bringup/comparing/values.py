"""What a figure may be read off of an episode: every criterion, and some that combine or invert."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wm_bringup.judging.criteria.criterion import Criterion, Value
from wm_bringup.judging.criteria.table import CRITERIA
from wm_bringup.judging.episode import EpisodeResult
from wm_control.constants import CONTROL_PERIOD

CONTROL_STAGES = ("estimator", "controller", "arbiter", "planner")
"""Stages that a robot's computer would do as well; physics and judging are the simulation's."""


@dataclass(frozen=True, slots=True)
class EpisodeValue:
    """A number of an episode. measured: on a clock, so that it differs from run to run."""

    read: Callable[[EpisodeResult], Value]
    unit: str
    definition: str
    version: int
    measured: bool = False


def _success(result: EpisodeResult) -> Value:
    return not result.fell


def _control_cpu(result: EpisodeResult) -> Value:
    stages: Mapping[str, float] | None = result.notes.get("cpu_per_tick_ms")
    if stages is None:
        return None
    return sum(stages[name] for name in CONTROL_STAGES) / 1e3 / CONTROL_PERIOD


def _criterion(one: Criterion) -> EpisodeValue:
    return EpisodeValue(
        lambda result: result[one.name],
        one.unit,
        one.definition,
        one.version,
        measured=one.name.startswith(("cpu_ms", "path_latency", "deadline", "longest_miss")),
    )


VALUES: Mapping[str, EpisodeValue] = {
    **{name: _criterion(one) for name, one in CRITERIA.items()},
    "success": EpisodeValue(_success, "", "Whether the robot did not fall (see `fell`).", 1),
    "control_cpu": EpisodeValue(
        _control_cpu,
        "s/s",
        "CPU seconds of estimator, controllers, arbiter and planner per simulated second.",
        1,
        measured=True,
    ),
}
"""Every value by name."""
