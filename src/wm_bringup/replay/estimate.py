"""The estimator on the observations of any bag: innovations always, errors where truth is known.

Observations come one by one and are not kept; of each there remain some forty numbers, so that an
hour of a robot's life fits into the memory of a laptop.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from wm_bringup.bags.stream import BagStream
from wm_bringup.bags.writer import BagError
from wm_bringup.cycle.latency import percentiles
from wm_bringup.cycle.stack import estimator_parameters
from wm_bringup.judging.criteria.table import GROUPS, measure
from wm_bringup.record.observations import SAME_INSTANT
from wm_bringup.record.run_record import TIME, Column, RunFacts, RunRecord
from wm_bringup.replay.foreign import (
    ANY_RUN,
    Pose,
    Sample,
    find_topic,
    foreign_samples,
    published_truth,
)
from wm_bringup.replay.mapping import (
    TopicMapping,
    types_of,
)
from wm_bringup.replay.recording import Recording
from wm_bringup.replay.sent import SentCommands
from wm_control.estimation.factory import make_estimator
from wm_control.estimation.parameters import EstimatorParameters
from wm_control.quaternion import rotation_from_quaternion
from wm_control.robot.description import RobotDescription, load_robot
from wm_control.types import Array, Estimate, Observation

CRITERIA = tuple(name for group in ("estimate", "consistency") for name in GROUPS[group])
"""What is measured; of these, without the truth, health alone."""

TIMED = ("cpu_ms_p50", "cpu_ms_p99")
"""Criteria that another run of the same does not repeat."""

OF_ONE_RUN = ("drift_percent", "estimate_lost", "yaw_drift", "ate", "rpe", "diverged")
"""Criteria of a path, that are not measured where a bag holds several."""

TRUTH_GAP = 0.1
"""Between two looks at the truth that are further apart nothing is known [s]."""

STOOD = "innovation_left", "innovation_right"
"""Figures of the filter: squared innovation of a standing sole's place over its variance."""


class _Rows:
    """Rows of numbers, eight bytes each."""

    def __init__(self, **sizes: tuple[int, ...]) -> None:
        self._shapes = sizes
        self._data = {name: array("d") for name in sizes}

    def add(self, **values: Any) -> None:  # noqa: ANN401 - numbers or arrays of them
        for name, value in values.items():
            if self._shapes[name]:
                self._data[name].frombytes(np.ascontiguousarray(value, dtype=np.float64).tobytes())
            else:
                self._data[name].append(value)

    def columns(self) -> dict[str, Array]:
        return {
            name: np.frombuffer(data).reshape(-1, *self._shapes[name])
            for name, data in self._data.items()
        }

    def __len__(self) -> int:
        return len(self._data[TIME])


RUN = "run"
"""Number of the run that a row belongs to: in each the clock may begin again."""

_TOLD = {
    TIME: (),
    RUN: (),
    "estimated_position": (3,),
    "estimated_orientation": (4,),
    "estimated_velocity": (3,),
    "velocity_covariance": (3, 3),
    "tilt_covariance": (2, 2),
    "height_variance": (),
    "unhealthy": (),
}
_TRUE = {
    TIME: (),
    RUN: (),
    "base_position": (3,),
    "base_orientation": (4,),
    "base_velocity": (3,),
}
TRUTH = tuple(name for name in _TRUE if name not in (TIME, RUN))


@dataclass(frozen=True, slots=True)
class Estimated:
    """What the estimator made of a bag. metrics: by criterion; innovations: percentiles by name.

    sent: what the command filter makes of the commands; None where there are none.
    """

    samples: int
    seconds: float
    truths: int
    metrics: Mapping[str, Any]
    innovations: Mapping[str, Any]
    unhealthy: Mapping[str, int]
    problems: tuple[str, ...]
    sent: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary."""
        return {
            "samples": self.samples,
            "seconds": self.seconds,
            "looks_at_the_truth": self.truths,
            "metrics": dict(self.metrics),
            "innovations": dict(self.innovations),
            "unhealthy_samples": dict(self.unhealthy),
            "sent": self.sent,
            "problems": list(self.problems),
        }


def estimate(
    path: Path,
    mapping: TopicMapping,
    robot: str,
    recorded: Recording | None = None,
    *,
    asked: bool = False,
) -> Estimated:
    """Run the configured estimator over a bag; BagError where it holds no observation.

    recorded: the bag as one of cycles, where it is one, whose own parameters are then used. asked:
    all that the mapping names was asked for, so that what the bag lacks is a problem.
    """
    sent: SentCommands | None = None
    if recorded is not None:
        setup = recorded.setup
        description, parameters = setup.description, setup.estimator
        problems, samples = recorded.problems, _of_cycles(recorded)
        robot = setup.robot
    else:
        description, parameters = load_robot(robot), None
        stream = BagStream(path, types_of(mapping))
        problems = stream.problems
        if asked:
            problems.extend(_lacking(stream, mapping))
        if mapping.command is not None and find_topic(stream, mapping.command):
            sent = SentCommands(mapping.command, description, robot)
        samples = foreign_samples(stream, mapping, description, sent)
    done = _run(path, samples, description, parameters or estimator_parameters(robot), problems)
    return done if sent is None else replace(done, sent=sent.as_json())


def _lacking(stream: BagStream, mapping: TopicMapping) -> Iterator[str]:
    for source in (mapping.truth, mapping.command):
        if source is not None and not find_topic(stream, source):
            yield f"holds no /{source.topic}, which the mapping names"


def _of_cycles(recording: Recording) -> Iterator[Sample]:
    before, evaluated = -1, False
    for cycle in recording.cycles():
        evaluated |= cycle.seen is not None
        observation = cycle.tick.observation
        begun = cycle.tick.heard.anew or any(
            call.value == "reset" for call, _ in cycle.tick.heard.calls
        )
        if cycle.held:
            continue
        yield Sample(observation, anew=begun or before < 0)
        before = observation.sequence
        truth = cycle.seen and cycle.seen.truth
        if truth:
            yield Sample(
                truth=Pose(
                    truth.stamp,
                    truth.base_position_in_world,
                    truth.base_orientation,
                    truth.base_velocity_in_base,
                    observation.run,
                )
            )
    if not evaluated:
        yield from published_truth(recording.stream)


def _run(
    path: Path,
    samples: Iterator[Sample],
    description: RobotDescription,
    parameters: EstimatorParameters,
    problems: list[str],
) -> Estimated:
    estimator = make_estimator(description, parameters)
    told, true = _Rows(**_TOLD), _Rows(**_TRUE)
    innovations: dict[str, array[float]] = {name: array("d") for name in STOOD}
    unhealthy: Counter[str] = Counter()
    count = 0
    for sample in samples:
        if sample.truth is not None:
            _see_truth(true, sample.truth)
        if sample.observation is None:
            continue
        observation = sample.observation
        believed = (estimator.reset if sample.anew else estimator.update)(observation)
        count += 1
        if not believed.healthy:
            unhealthy[_kind(believed.cause)] += 1
        _believe(told, believed, observation)
        for name in STOOD:
            if (value := estimator.figures.get(name, 0.0)) > 0.0:
                innovations[name].append(value)
    if not count:
        told_of = "".join(f"; {problem}" for problem in problems)
        raise BagError(f"{path} holds no observation of this robot{told_of}")
    metrics = _metrics(told, true, problems)
    return Estimated(
        count,
        _seconds(told),
        len(true),
        metrics,
        {name: _tail(values) for name, values in innovations.items()},
        dict(sorted(unhealthy.items())),
        tuple(problems),
    )


def _metrics(told: _Rows, true: _Rows, problems: list[str]) -> dict[str, Any]:
    """Measure what was believed, beside what was true where that is known; say what is left out."""
    record, runs = _record(told, true), len(np.unique(told.columns()[RUN]))
    if len(true) and "base_position" not in record:
        problems.append(f"none of {len(true)} looks at the truth is of the time of an observation")
    elif len(true) and runs > 1:
        problems.append(f"{runs} runs: {', '.join(OF_ONE_RUN)} are of one path, and left out")
    left_out = (*TIMED, *OF_ONE_RUN) if runs > 1 else TIMED
    measured = measure(record, [name for name in CRITERIA if name not in left_out])
    return {name: one.value for name, one in measured.items()}


def _seconds(told: _Rows) -> float:
    """From the first to the last observation of every run, together [s]."""
    columns = told.columns()
    stamps, runs = columns[TIME], columns[RUN]
    return float(sum(np.ptp(stamps[runs == run]) for run in np.unique(runs)))


def _kind(cause: str) -> str:
    """Leave the numbers out of a cause, so that equal ones are counted together."""
    return " ".join(word for word in cause.split() if not any(c.isdigit() for c in word))


def _tail(values: array[float]) -> dict[str, Any]:
    tail = percentiles(np.frombuffer(values) if values else np.zeros(0))
    return {name: getattr(tail, name) for name in ("n", "p50", "p95", "p99", "p99_9", "max")}


def _believe(rows: _Rows, believed: Estimate, observation: Observation) -> None:
    rows.add(
        **{TIME: observation.stamp, RUN: observation.run},
        estimated_position=believed.base_position_in_world,
        estimated_orientation=believed.base_orientation,
        estimated_velocity=believed.base_velocity_in_base,
        velocity_covariance=believed.twist_covariance[:3, :3],
        tilt_covariance=believed.pose_covariance[3:5, 3:5],
        height_variance=believed.pose_covariance[2, 2],
        unhealthy=float(not believed.healthy),
    )


def _see_truth(rows: _Rows, truth: Pose) -> None:
    rotation = rotation_from_quaternion(truth.orientation.tolist())
    rows.add(
        **{TIME: truth.stamp, RUN: truth.run},
        base_position=truth.position,
        base_orientation=truth.orientation,
        base_velocity=rotation @ truth.velocity,
    )


def _record(told: _Rows, true: _Rows) -> RunRecord:
    """Lay what was true beside what was believed, at the stamps of the observations."""
    columns: dict[str, Column] = dict(told.columns())
    runs = columns.pop(RUN)
    if len(true):
        looked = _within_runs(true.columns(), columns[TIME].astype(np.float64), runs)
        if np.isfinite(looked["base_position"]).any():
            columns |= looked
    return RunRecord(columns, RunFacts())


def _within_runs(true: Mapping[str, Array], stamps: Array, runs: Column) -> dict[str, Column]:
    """Look the truth up at each stamp, among the looks of the same run."""
    found = {name: np.full((len(stamps), *_TRUE[name]), math.nan) for name in TRUTH}
    for run in np.unique(runs):
        here, looks = runs == run, np.isin(true[RUN], (run, ANY_RUN))
        if looks.any():
            of_run = _at({name: column[looks] for name, column in true.items()}, stamps[here])
            for name in TRUTH:
                found[name][here] = of_run[name]
    return dict(found)


def _at(true: Mapping[str, Array], stamps: Array) -> dict[str, Column]:
    """Look the truth up between two looks, linearly; NaN where nobody looked for too long."""
    order = np.argsort(true[TIME], kind="stable")
    looks = true[TIME][order]
    after = np.clip(np.searchsorted(looks, stamps), 1, max(len(looks) - 1, 1))
    before = after - 1
    after = np.minimum(after, len(looks) - 1)
    passed, span = stamps - looks[before], looks[after] - looks[before]
    share = np.clip(passed / np.where(span > 0.0, span, np.inf), 0.0, 1.0)
    known = (passed >= -SAME_INSTANT) & (passed <= span + SAME_INSTANT) & (span <= TRUTH_GAP)
    found: dict[str, Column] = {}
    for name in TRUTH:
        a, b = true[name][order][before], true[name][order][after]
        if name == "base_orientation":
            b = np.where(np.sum(a * b, axis=1, keepdims=True) < 0.0, -b, b)
        between = a + share[:, None] * (b - a)
        if name == "base_orientation":
            between = between / np.linalg.norm(between, axis=1, keepdims=True)
        between[~known] = math.nan
        found[name] = between
    return found
