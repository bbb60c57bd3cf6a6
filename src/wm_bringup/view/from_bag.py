"""Watches a bag: reads the topics that are drawn, and decodes a message when it is looked at."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from wm_bringup.bags.stream import BagStream, topic_named
from wm_bringup.bags.writer import BagError
from wm_bringup.view.reading import read_decision, read_latencies, read_targets
from wm_bringup.view.recording import Curve, Story
from wm_bringup.view.scene import STALE, Footstep, Moment, Surveyor, footprints
from wm_bringup.view.timeline import Stint, Told, newest, stints
from wm_bringup.wire.cdr import MessageError
from wm_bringup.wire.messages import decode_estimate, decode_string, decode_velocity
from wm_bringup.wire.plans import decode_plan
from wm_bringup.wire.topics import (
    DECISION,
    ESTIMATE,
    LATENCY,
    PLAN,
    PROPOSALS,
    ROBOT_DESCRIPTION,
    SETUP,
    VELOCITY,
    Topic,
)
from wm_control.errors import RobotDescriptionError
from wm_control.mpc.plan import WalkingPlan
from wm_control.robot.description import load_robot
from wm_control.types import Array, Estimate, VelocityCommand

NANO = 1e-9

STEP_EVERY, CURVE_EVERY = 0.02, 0.04
"""From one estimate to the next that footprints and curves are made of [s]."""


@dataclass(slots=True)
class Track:
    """Messages of one topic, still serialized. times: of reception, since the bag's first [s]."""

    times: list[float] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)

    def at(self, time: float, stale: float = float("inf")) -> bytes | None:
        """Newest message at ``time`` [s]; None before the first, and of one that is ``stale``."""
        place = newest(self.times, time)
        if place < 0 or time - self.times[place] > stale:
            return None
        return self.data[place]

    def every(self, period: float) -> list[int]:
        """Places of messages that are at least ``period`` [s] apart."""
        found: list[int] = []
        for place, time in enumerate(self.times):
            if not found or time - self.times[found[-1]] >= period - 1e-6:
                found.append(place)
        return found


class BagRun:
    """A ``Run`` out of a bag."""

    live = False

    def __init__(self, path: Path, robot: str = "") -> None:
        """Read what is drawn; BagError without an estimate.

        robot: by name or folder; empty: what the bag says it is of.
        """
        stream = BagStream(path)
        self._tracks = _read(stream)
        self._problems = tuple(stream.problems)
        estimates = self._tracks[ESTIMATE]
        if not estimates.times:
            raise BagError(f"{path} holds no /{ESTIMATE.name}, from which a robot could be drawn")
        self.description = load_robot(robot or _robot_of(self._tracks, path))
        self._n = len(self.description.joint_names)
        self.seconds = max(track.times[-1] for track in self._tracks.values() if track.times)
        told = [
            read_decision(data, time)
            for time, data in zip(*_columns(self._tracks[DECISION]), strict=True)
        ]
        self._told = [one for one in told if one is not None]
        self._told_at = [one.time for one in self._told]
        self.story = self._tell(path)

    def _tell(self, path: Path) -> Story:
        stretches = stints(self._told, self.seconds)
        return Story(path.name, stretches, self._curves(), self._steps())

    def stints(self) -> tuple[Stint, ...]:
        """Who drove, under which action."""
        return self.story.stretches

    def curves(self) -> Mapping[str, Curve]:
        """Curves over time."""
        return self.story.curves

    def footprints(self, until: float) -> Sequence[Footstep]:
        """Where the robot stepped until then."""
        return self.story.footprints(until)

    @property
    def problems(self) -> tuple[str, ...]:
        """Every loss found, one sentence each."""
        return self._problems

    def moment(self, time: float) -> Moment | None:
        """Return what was known at ``time`` [s]."""
        estimate = self._estimate(time)
        if estimate is None:
            return None
        targets = {
            name: read_targets(data, self._n)
            for name, topic in PROPOSALS.items()
            if (data := self._tracks[topic].at(time, STALE)) is not None
        }
        place = newest(self._told_at, time)
        return Moment(
            time,
            estimate,
            self._plan(time),
            {name: target for name, target in targets.items() if target is not None},
            self._told[place] if place >= 0 else None,
            self._asked(time),
        )

    def _estimate(self, time: float) -> Estimate | None:
        track = self._tracks[ESTIMATE]
        data = track.at(max(time, track.times[0]))
        return None if data is None else _estimate(data, self._n)

    def _plan(self, time: float) -> WalkingPlan | None:
        data = self._tracks[PLAN].at(time, STALE)
        with suppress(MessageError):
            return None if data is None else decode_plan(data)
        return None

    def _asked(self, time: float) -> VelocityCommand | None:
        data = self._tracks[VELOCITY].at(time, STALE)
        with suppress(MessageError):
            return None if data is None else decode_velocity(data).command
        return None

    def _steps(self) -> tuple[tuple[float, Footstep], ...]:
        track, survey = self._tracks[ESTIMATE], Surveyor(self.description)
        looked = (
            (track.times[place], _estimate(track.data[place], self._n))
            for place in track.every(STEP_EVERY)
        )
        return footprints([(time, survey.soles(e)) for time, e in looked if e is not None])

    def _curves(self) -> dict[str, Curve]:
        found = {
            **_told_curves(self._told),
            **_latency_curves(self._tracks[LATENCY]),
            **self._motion_curves(),
        }
        return {name: curve for name, curve in found.items() if len(curve.time)}

    def _motion_curves(self) -> dict[str, Curve]:
        track, asked = self._tracks[ESTIMATE], self._tracks[VELOCITY]
        rows, wanted = [], []
        for place in track.every(CURVE_EVERY):
            estimate = _estimate(track.data[place], self._n)
            if estimate is not None:
                rows.append((track.times[place], estimate.base_velocity_in_base[0]))
        for place in asked.every(CURVE_EVERY):
            with suppress(MessageError):
                command = decode_velocity(asked.data[place]).command
                wanted.append((asked.times[place], command.linear_x))
        return {"speed": curve_of(rows), "asked": curve_of(wanted)}


def _read(stream: BagStream) -> dict[Topic, Track]:
    """Read the topics that are drawn, in whatever namespace."""
    wanted = (
        *(ESTIMATE, PLAN, DECISION, VELOCITY, LATENCY, ROBOT_DESCRIPTION, SETUP),
        *PROPOSALS.values(),
    )
    names = {topic_named(topic.name, stream.msgtypes): topic for topic in wanted}
    names.pop("", None)
    tracks = {topic: Track() for topic in wanted}
    first: int | None = None
    for record in stream.records(*names) if names else ():
        first = record.stamp if first is None else first
        track = tracks[names[record.topic]]
        track.times.append((record.stamp - first) * NANO)
        track.data.append(record.data)
    return tracks


def _robot_of(tracks: Mapping[Topic, Track], path: Path) -> str:
    """Name of the robot that a bag says it is of; RobotDescriptionError where it says nothing."""
    with suppress(IndexError, MessageError, ValueError, KeyError):
        return str(json.loads(decode_string(tracks[SETUP].data[0]))["robot"])
    with suppress(IndexError, MessageError, ValueError):
        urdf = decode_string(tracks[ROBOT_DESCRIPTION].data[0])
        return urdf.partition('<robot name="')[2].partition('"')[0]
    raise RobotDescriptionError(f"{path} does not say of which robot it is: name it with --robot")


def _columns(track: Track) -> tuple[list[float], list[bytes]]:
    return track.times, track.data


def _estimate(data: bytes, n: int) -> Estimate | None:
    try:
        return decode_estimate(data, n)
    except MessageError:
        return None


def curve_of(rows: Sequence[tuple[float, float]]) -> Curve:
    """Make a curve of (time, value) in rising time."""
    table: Array = np.array(rows, dtype=float).reshape(-1, 2)
    return Curve(table[:, 0], table[:, 1])


def _told_curves(told: Sequence[Told]) -> dict[str, Curve]:
    names = {"margin": "capture_margin", "impulse": "impulse"}
    return {
        name: curve_of([(one.time, one.figures[key]) for one in told if key in one.figures])
        for name, key in names.items()
    }


def _latency_curves(track: Track) -> dict[str, Curve]:
    read = zip(track.times, map(read_latencies, track.data), strict=True)
    rows = [(time, one) for time, one in read if one is not None]
    return {
        "latency": curve_of([(time, 1e3 * one.median) for time, one in rows]),
        "longest": curve_of([(time, 1e3 * one.longest) for time, one in rows]),
    }
