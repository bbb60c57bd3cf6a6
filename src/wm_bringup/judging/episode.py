"""Episode: everything that is said about one run of one robot, and what many of them say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from scipy.stats import binomtest

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Episode:
    """One run, judged on the robot's true motion (metrics.py says how each number is made).

    A number is None when the run was too short to have it (no settled stride, no distance).

    seed: of the run. fell: and why, in ``fall_cause``. seconds: until the fall or the end.
    mean_velocity: x, y [m/s] and yaw [rad/s] in the heading frame over the settled strides.
    stride_rms_error: RMS over the settled strides of stride-averaged velocity minus command.
    strides: number of settled strides.
    estimator_velocity_rmse: x, y, z in base axes, over all samples [m/s].
    drift_percent: end-point error of the estimated position per distance walked.
    distance: walked [m]. min_height: of the base above the ground [m]. max_tilt: of the base [rad].
    cost_of_transport: positive mechanical work / (m g distance). torque_squared: time average of
    the sum over joints [N²·m²]. torque_rate: RMS over joints and time [N·m/s].
    foot_slip: mean horizontal speed of loaded soles [m/s]. peak_force: on one foot [body weights].
    torque_saturation: fraction of time in which some joint was at its torque limit.
    self_collision: fraction of time in which links touched each other.
    interventions: times the arbiter left NOMINAL; causes: rule -> times it was the first cause.
    clip_rate: fraction of ticks in which the command filter changed something.
    degraded: fraction of ticks whose controller was not OK; controller_causes: text -> ticks.
    late: fraction of ticks whose control path took longer than its period.
    max_plan_age: oldest plan used [s].
    happened: every push and fault that was asked for, when it began, how many samples it changed.
    missed: what was asked for and did not happen, as where the robot fell before it.
    trace_sha256: over every number of the trace; equal seeds give equal hashes.
    real_time_factor: simulated / wall time. cpu_per_tick_ms: mean CPU time by stage.
    """

    seed: int
    fell: bool
    seconds: float
    mean_velocity: Triple | None
    stride_rms_error: Triple | None
    estimator_velocity_rmse: Triple | None
    drift_percent: float | None
    fall_cause: str = ""
    strides: int = 0
    distance: float = 0.0
    min_height: float | None = None
    max_tilt: float | None = None
    cost_of_transport: float | None = None
    torque_squared: float | None = None
    torque_rate: float | None = None
    foot_slip: float | None = None
    peak_force: float | None = None
    torque_saturation: float | None = None
    self_collision: float | None = None
    interventions: int = 0
    causes: Mapping[str, int] = field(default_factory=dict)
    clip_rate: float = 0.0
    degraded: float = 0.0
    controller_causes: Mapping[str, int] = field(default_factory=dict)
    late: float = 0.0
    max_plan_age: float | None = None
    happened: tuple[Mapping[str, Any], ...] = ()
    missed: tuple[str, ...] = ()
    trace_sha256: str = ""
    real_time_factor: float | None = None
    cpu_per_tick_ms: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary for JSON; numbers that are not finite become null."""
        return {key: _plain(value) for key, value in asdict(self).items()}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Episode:
        """Rebuild an episode; keys of other versions are ignored."""
        known = {f.name for f in fields(Episode)}
        return Episode(**{k: _tuple(v) for k, v in data.items() if k in known})


def _plain(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _tuple(value: object) -> Any:  # noqa: ANN401 - whatever JSON holds
    return tuple(value) if isinstance(value, list) else value


def proportion_interval(count: int, n: int, method: str = "exact") -> tuple[float, float]:
    """95 % interval of a rate: ``exact`` is Clopper-Pearson, ``wilson`` is Wilson's.

    0 of 20 gives (0, 0.168): no fall in 20 only bounds the rate at 17 %. n = 0 gives (0, 1).
    """
    if n == 0:
        return 0.0, 1.0
    interval = binomtest(count, n).proportion_ci(0.95, method)
    return float(interval.low), float(interval.high)


def summarise_episodes(episodes: Sequence[Episode]) -> dict[str, Any]:
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


def _rms_over(episodes: Sequence[Episode], name: str) -> list[float] | None:
    """RMS per axis over the episodes that did not fall and have this number."""
    values = [getattr(e, name) for e in episodes if not e.fell and getattr(e, name) is not None]
    if not values:
        return None
    return [math.sqrt(sum(v[axis] ** 2 for v in values) / len(values)) for axis in range(3)]
