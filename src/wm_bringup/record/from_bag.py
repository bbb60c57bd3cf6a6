"""Reads the record of a run from a bag: what its topics say, and nothing that they do not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from wm_bringup.bags.reader import Bag
from wm_bringup.bags.stream import topic_named
from wm_bringup.bags.writer import BagError
from wm_bringup.cycle.latency import STAGES
from wm_bringup.record.fall import fall_in
from wm_bringup.record.from_lockstep import planned_stance
from wm_bringup.record.geometry import to_world
from wm_bringup.record.observations import SENSED
from wm_bringup.record.run_record import (
    CYCLES,
    NO_ARRAYS,
    OBSERVED,
    PLANS,
    TICKS,
    TIME,
    TOUCHDOWNS,
    Column,
    NotRecordedError,
    RunFacts,
    RunRecord,
)
from wm_bringup.record.strides import touchdowns
from wm_bringup.wire.cdr import MessageError, Reader
from wm_bringup.wire.messages import (
    JointStateDecoder,
    decode_imu,
    decode_multi_array,
    decode_twist,
)
from wm_bringup.wire.sample_joiner import SampleJoiner
from wm_bringup.wire.topics import (
    CMD_VEL,
    DECISION,
    GROUND_TRUTH,
    IMU,
    JOINT_STATES,
    LEFT_WRENCH,
    PLAN,
    Topic,
)
from wm_bringup.wire.vectors import join_vector
from wm_control.configuration.share import DEFAULT_ROBOT
from wm_control.constants import CONTROL_PERIOD
from wm_control.gait.state import Mode
from wm_control.mpc.plan import WalkingPlan, unpack
from wm_control.robot.description import load_robot
from wm_control.types import LEFT, Action, Array, Observation

NANO = 1e-9


def from_bag(
    bag: Bag,
    robot: str = DEFAULT_ROBOT,
    *,
    started: int | None = None,
    seconds: float = math.inf,
    needs: Sequence[Topic] = (),
) -> RunRecord:
    """Read the last run in a bag, ``seconds`` from ``started`` [ns, wall clock] on.

    Times count from there, or else from the bag's first message. needs: BagError names what lacks.
    """
    for topic in needs:
        if not _find(bag, topic):
            raise BagError(f"{bag.path} holds no /{topic.name}; it has {', '.join(_topics(bag))}")
    return _BagReader(bag, robot, started, seconds).read()


def with_latencies(record: RunRecord, path: Path, started: int, seconds: float) -> RunRecord:
    """Add the samples of the file that the control process leaves.

    started: in ROS time [ns]. NotRecordedError without a sample within ``seconds`` from there.
    """
    try:
        with np.load(path) as data:
            rows = {name: data[name] for name in data.files if name != "names"}
    except NO_ARRAYS as error:
        raise NotRecordedError(f"no latency samples: {error}") from error
    time = rows["t_sensor"] - NANO * started
    inside = (time >= 0.0) & (time <= seconds)
    if not inside.any():
        raise NotRecordedError(f"{path} holds no latency sample within the course")
    columns: dict[str, Column] = {
        CYCLES: time,
        "path_latency": rows["t_published"] - rows["t_sensor"],
        "wait": rows["t_start"] - rows["t_received"],
        "node_latency": rows["t_end"] - rows["t_start"],
        "deadline_missed": rows["deadline_missed"],
        **{f"{stage}_time": rows[f"{stage}_time"] for stage in STAGES},
    }
    return record.with_columns(**{name: column[inside] for name, column in columns.items()})


def _topics(bag: Bag) -> list[str]:
    return sorted(bag.counts)


def _find(bag: Bag, topic: Topic) -> str:
    """Return the recorded topic of this name, in whatever namespace; empty without one."""
    return topic_named(topic.name, bag.counts)


class _BagReader:
    """Reads one bag, topic by topic. Arrivals are times since the start, on the wall clock [s]."""

    def __init__(self, bag: Bag, robot: str, started: int | None, seconds: float) -> None:
        self._bag, self._robot, self._seconds = bag, robot, seconds
        self._started = _first_stamp(bag) if started is None else started

    def read(self) -> RunRecord:
        truth, plans = self._truth(), list(self._plans())
        observed = self._observations()
        zero = self._zero(truth, observed)
        columns: dict[str, Column] = {}
        if len(truth):
            columns |= self._true_columns(truth, zero)
        if observed:
            columns |= _observed_columns([o for _, o in observed], plans, zero)
        columns |= self._planned_columns(plans, zero)
        told, words = self._decisions()
        record = RunRecord({**columns, **told}, RunFacts(self._robot), words)
        if not len(truth):
            return record
        at, cause = fall_in(record)
        return record.with_facts(fall=cause, fell_at=at if cause else None)

    def _raw(self, topic: Topic) -> Iterator[tuple[float, bytes]]:
        """Yield (arrival, message) of a topic."""
        name = _find(self._bag, topic)
        for record in self._bag.records(name) if name else ():
            yield (record.stamp - self._started) * NANO, record.data

    def _messages(self, topic: Topic) -> Iterator[tuple[float, Any]]:
        """Yield (arrival, message) of a topic whose messages have many parts."""
        name = _find(self._bag, topic)
        for _, stamp, message in self._bag.messages(name) if name else ():
            yield (stamp - self._started) * NANO, message

    def _truth(self) -> Array:
        """(k, 15): arrival, stamp, position, quaternion, linear and angular twist in base axes."""
        rows = []
        for arrival, data in self._raw(GROUND_TRUTH):
            if 0.0 <= arrival <= self._seconds:
                with suppress(MessageError):
                    rows.append([arrival, *_odometry(data)])
        return np.array(rows).reshape(-1, 15)

    def _observations(self) -> list[tuple[float, Observation]]:
        """All joined samples of the last run, with their arrival."""
        rows: list[tuple[float, Observation]] = []
        arrived = 0.0

        def take(observation: Observation, anew: bool) -> None:
            if anew:
                rows.clear()
            rows.append((arrived, observation))

        joints, imu = _find(self._bag, JOINT_STATES), _find(self._bag, IMU)
        if not (joints and imu):
            return rows
        names = load_robot(self._robot).joint_names
        decoder, joiner = (
            JointStateDecoder(names),
            SampleJoiner(take, CONTROL_PERIOD, len(names)),
        )
        for record in self._bag.records(joints, imu):
            arrived = (record.stamp - self._started) * NANO
            with suppress(MessageError, ValueError):  # what cannot be decoded is a lost message
                if record.topic == joints:
                    joiner.joints(decoder.decode(record.data), NANO * record.stamp)
                else:
                    joiner.imu(decode_imu(record.data), NANO * record.stamp)
        return rows

    def _zero(self, truth: Array, observed: Sequence[tuple[float, Observation]]) -> float:
        """Time of the start on the robot's clock [s]."""
        if len(truth):
            return float(truth[0, 1] - truth[0, 0])
        return observed[0][1].stamp - observed[0][0] if observed else 0.0

    def _true_columns(self, truth: Array, zero: float) -> Mapping[str, Column]:
        orientation = truth[:, 5:9]
        columns: dict[str, Column] = {
            TIME: truth[:, 1] - zero,
            "received": truth[:, 0],
            "base_position": truth[:, 2:5],
            "base_orientation": orientation,
            "base_velocity": to_world(truth[:, 9:12], orientation),
            "base_angular_velocity": truth[:, 12:15],
        }
        commands = []
        for arrival, data in self._raw(CMD_VEL):
            command = decode_twist(data)
            commands.append([arrival, command.linear_x, command.linear_y, command.angular_z])
        if commands:
            table = np.array(commands)
            columns["velocity_command"] = _held(table[:, 0], table[:, 1:], truth[:, 0])
        return columns

    def _plans(self) -> Iterator[WalkingPlan]:
        """Yield the plans; one that is not finite is the arbiter's business and has no step."""
        for _, data in self._raw(PLAN):
            with suppress(MessageError, ValueError):
                yield unpack(join_vector(*decode_multi_array(data)))

    def _planned_columns(self, plans: Sequence[WalkingPlan], zero: float) -> dict[str, Column]:
        """Collect what the plans say; without any, the left foot lands where it is felt to."""
        if not plans:
            felt = [[_stamp(m), m.wrench.force.z] for _, m in self._messages(LEFT_WRENCH)]
            if not felt:
                return {}
            force = np.array(felt)
            return {TOUCHDOWNS: force[touchdowns(force[:, 1], force[:, 0]), 0] - zero}
        starts = {
            round(plan.gait.step_start, 4)
            for plan in plans
            if plan.gait.mode == Mode.WALK and plan.gait.support == LEFT
        }
        return {
            PLANS: np.array([plan.stamp for plan in plans]) - zero,
            "solve_time": np.array([plan.report.solve_time for plan in plans]),
            TOUCHDOWNS: np.array(sorted(starts)) - zero,
        }

    def _decisions(self) -> tuple[dict[str, Column], dict[str, tuple[str, ...]]]:
        """Collect the arbiter's decisions whenever action, driver or words change, and words."""
        words: dict[str, dict[str, int]] = {"told": {}, "driver": {}}
        rows: list[tuple[float, int, int, int]] = []
        before = None
        for arrival, message in self._messages(DECISION):
            status = message.status[0]
            values = {pair.key: pair.value for pair in status.values}
            action, driver = values.get("action", ""), values.get("source", "")
            said = action, driver, status.message
            inside = 0.0 <= arrival <= self._seconds
            if inside and action in Action.__members__ and said != before:
                before = said
                told = words["told"].setdefault(status.message, len(words["told"]))
                drives = words["driver"].setdefault(driver, len(words["driver"]))
                rows.append((arrival, int(Action[action]), told, drives))
        table = np.array(rows, dtype=float).reshape(-1, 4)
        columns: dict[str, Column] = {
            TICKS: table[:, 0],
            "action": table[:, 1].astype(np.int16),
            "told": table[:, 2].astype(np.int32),
            "driver": table[:, 3].astype(np.int32),
        }
        known = {name: tuple(numbers) for name, numbers in words.items()}
        return (columns if _find(self._bag, DECISION) else {}), known


def _first_stamp(bag: Bag) -> int:
    return next((record.stamp for record in bag.records()), 0)


def _odometry(data: bytes) -> Array:
    """Stamp [s] and (13,) of nav_msgs/Odometry: position, quaternion, linear and angular twist."""
    reader = Reader(data)
    stamp = reader.stamp()
    reader.string()
    reader.string()
    floats = reader.float64(85)
    return np.concatenate(([stamp], floats[:7], floats[43:49]))


def _stamp(message: Any) -> float:  # noqa: ANN401 - generated message types
    return float(message.header.stamp.sec + NANO * message.header.stamp.nanosec)


def _held(time: Array, values: Array, at: Array) -> Array:
    """Each value holds until the next; zero before the first."""
    index = np.searchsorted(time, at, side="right") - 1
    held: Array = np.where((index >= 0)[:, None], values[np.maximum(index, 0)], 0.0)
    return held


def _observed_columns(
    rows: Sequence[Observation], plans: Sequence[WalkingPlan], zero: float
) -> dict[str, Column]:
    stamps = np.array([o.stamp for o in rows])
    return {
        OBSERVED: stamps - zero,
        "observed_sequence": np.array([float(o.sequence) for o in rows]),
        **{f"observed_{name}": np.array([getattr(o, name) for o in rows]) for name in SENSED},
        "planned_stance": _stances(stamps, plans),
    }


def _stances(stamps: Array, plans: Sequence[WalkingPlan]) -> Array:
    """(k, 2) by the newest plan of every instant; before the first plan both stand."""
    if not plans:
        return np.full((len(stamps), 2), math.nan)
    ordered = sorted(plans, key=lambda plan: plan.stamp)
    newest = np.searchsorted([plan.stamp for plan in ordered], stamps, side="right") - 1
    return np.array(
        [
            planned_stance(ordered[k], float(now)) if k >= 0 else (1.0, 1.0)
            for k, now in zip(newest, stamps, strict=True)
        ]
    )
