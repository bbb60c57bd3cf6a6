"""A bag that can be judged again: all that every cycle heard, and in lock-step all that was true.

Beside the topics that other tools open it holds those of ``wire.topics.JUDGED``: what the loop was
built from comes first, then a message for every cycle, and of an episode what the evaluator saw
and, last, what was said of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from wm_bringup.bags.writer import BagWriter
from wm_bringup.cycle.control_cycle import CycleRecord
from wm_bringup.cycle.cycle_message import encode_cycle
from wm_bringup.cycle.latency import LatencySample
from wm_bringup.cycle.loop import TickRecord
from wm_bringup.record.evaluation import Evaluation, encode_evaluation
from wm_bringup.record.for_viewers import CycleForViewers
from wm_bringup.record.trip_bags import CycleEncoder
from wm_bringup.wire.decisions import Changes
from wm_bringup.wire.messages import encode_string
from wm_bringup.wire.plans import PlanEncoder
from wm_bringup.wire.topics import (
    CYCLES,
    EVALUATION,
    PLAN,
    ROBOT_DESCRIPTION,
    SETUP,
    VERDICT,
    Topic,
)
from wm_control.arbiter.parameters import SafetyParameters
from wm_control.arbiter.recoverability import Recoverability
from wm_control.estimation.parameters import EstimatorParameters
from wm_control.mpc.plan import WalkingPlan
from wm_control.robot.description import RobotDescription

FORMAT = 1
"""Of what the topics hold; a reader refuses another one."""

SHOWN_EVERY = 4
"""Cycles from one estimate, velocity and proposal that people are shown to the next."""

_NO_LATENCY = LatencySample(0, "", 0.0, 0.0, 0.0, 0.0, 0.0)


def dumped(parameters: object) -> Any:  # noqa: ANN401 - plain data
    """Return parameters as plain data, every field with its value."""
    return TypeAdapter(type(parameters)).dump_python(parameters, mode="json")


def description_hash(description: RobotDescription) -> str:
    """Hash of all that a robot's files say."""
    digest = hashlib.sha256()
    for part in _flat(description):
        digest.update(part)
    return digest.hexdigest()


def _flat(value: object) -> Iterator[bytes]:
    """Yield the bytes of a value and of all that it holds."""
    if isinstance(value, np.ndarray):
        yield value.tobytes()
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(key)
            yield from _flat(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _flat(item)
    elif is_dataclass(value):
        for one in fields(value):
            yield from _flat(getattr(value, one.name))
    else:
        yield repr(value).encode()


def loop_setup(
    robot: str,
    description: RobotDescription,
    drivers: tuple[str, ...],
    shadows: tuple[str, ...],
    safety: SafetyParameters,
    estimator: EstimatorParameters | None,
    recoverability: Recoverability,
    **more: Any,  # noqa: ANN401 - plain data
) -> dict[str, Any]:
    """Say what a loop was built from, as plain data.

    estimator: None where the loop was given the truth. more: where the run comes from.
    """
    return {
        "format": FORMAT,
        "robot": robot,
        "robot_sha256": description_hash(description),
        "joints": list(description.joint_names),
        "drivers": list(drivers),
        "shadows": list(shadows),
        "parameters": {
            "safety": dumped(safety),
            "estimator": None if estimator is None else dumped(estimator),
            "recoverability": dumped(recoverability),
        },
        **more,
    }


class CycleBag:
    """A bag that is being written, a cycle at a time."""

    def __init__(
        self,
        folder: Path,
        description: RobotDescription,
        setup: Mapping[str, Any],
    ) -> None:
        """Begin a new folder; BagError where it cannot be."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._writer = BagWriter(folder, ballast_bytes=0)
        self._encoder = CycleEncoder(description)
        self._changes = Changes()
        self._plans, self._planned = PlanEncoder(), nan
        self._cycles, self._stamp = 0, 0
        self._write(SETUP, encode_string(json.dumps(setup)))
        self._viewed = CycleForViewers(description)
        self._write(ROBOT_DESCRIPTION, self._viewed.description)
        self._writer.flush()  # whatever is cut off later, this is there

    def _write(self, topic: Topic, message: bytes) -> None:
        name = f"/{topic.name}"
        if name not in self._writer.counts:
            self._writer.add_topic(name, topic.type)
        self._writer.write(name, self._stamp, message)

    def cycle(self, tick: TickRecord, *, held: bool, plan: WalkingPlan | None = None) -> None:
        """Take in a cycle. plan: the newest one there is."""
        record = CycleRecord(tick, _NO_LATENCY, held)
        self._stamp = max(self._stamp, round(1e9 * tick.decision.stamp))
        self._write(CYCLES, encode_cycle(record))
        for topic, message in self._encoder.fast(record):
            self._write(topic, message)
        if self._cycles % SHOWN_EVERY == 0:
            for topic, message in self._encoder.slow(record):
                self._write(topic, message)
        if plan is not None and plan.stamp != self._planned:
            self._planned = plan.stamp
            self._write(PLAN, self._plans.encode(plan))
        if self._changes.news(tick.decision):
            self._write(*self._encoder.decision(record))
        for topic, message in self._viewed.cycle(tick.estimate):
            self._write(topic, message)
        self._cycles += 1

    def plan(self, plan: WalkingPlan | None) -> None:
        """Take in the planner's newest plan, if there is a planner."""
        for topic, message in self._viewed.plan(plan):
            self._write(topic, message)

    def evaluation(self, seen: Evaluation) -> None:
        """Take in what the evaluator saw in the newest cycle."""
        self._write(EVALUATION, encode_evaluation(seen))
        if seen.truth is not None:
            self._write(*self._encoder.truth(seen.truth))

    def verdict(self, said: Mapping[str, Any]) -> None:
        """Take in what was said of the episode, as plain data."""
        self._write(VERDICT, encode_string(json.dumps(said)))

    def close(self) -> None:
        """Finish the bag."""
        self._writer.close()
