"""Bags of others: what their messages say, by a mapping, as observations and looks at the truth."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wm_bringup.bags.stream import BagStream, topic_named
from wm_bringup.bags.writer import BagError
from wm_bringup.replay.mapping import (
    UNITS,
    Imu,
    JointOrder,
    Joints,
    MessageFieldError,
    Source,
    TopicMapping,
    Truth,
    load_mapping,
    numbers,
    quaternion,
    stamp_reader,
)
from wm_bringup.replay.sent import SentCommands
from wm_bringup.wire.messages import ImuSample, JointSample
from wm_bringup.wire.sample_joiner import BEGINNING, REORDER_TIME, Counts, SampleJoiner
from wm_control.constants import CONTROL_PERIOD
from wm_control.quaternion import rotation_from_quaternion
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Observation

ANY_RUN = -1
"""Of a look at the truth by a clock that never begins again."""


@dataclass(frozen=True, slots=True)
class Pose:
    """A look at the truth. position: (3,) [m]. orientation: (4,) xyzw. velocity: (3,) base axes.

    run: of the observations that it belongs to (``Observation.run``).
    """

    stamp: float
    position: Array
    orientation: Array
    velocity: Array
    run: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """One observation, or one look at the truth. anew: the robot began again with it."""

    observation: Observation | None = None
    anew: bool = False
    truth: Pose | None = None


Reading = Callable[[Any, int], None]
"""Takes a message and its reception [ns]."""


def foreign_samples(
    stream: BagStream,
    mapping: TopicMapping,
    description: RobotDescription,
    sent: SentCommands | None = None,
) -> Iterator[Sample]:
    """Yield the observations and looks at the truth of a bag, by its mapping.

    BagError names the topics that it lacks, or that have another type than is said. sent: is shown
    the commands, beside the observations.
    """
    names = {source: find_topic(stream, source) for source in mapping.sources}
    for source in (mapping.joints, mapping.imu):
        if not names[source]:
            raise BagError(
                f"{stream.path} holds no /{source.topic}; it holds "
                f"{', '.join(sorted(stream.msgtypes)) or 'nothing readable'}"
                + "".join(f"; {problem}" for problem in stream.problems)
            )
    ready: list[Sample] = []
    joiner = SampleJoiner(
        lambda observation, anew: ready.append(Sample(observation, anew)),
        CONTROL_PERIOD,
        len(description.joint_names),
    )
    readers = _readers(mapping, names, description, joiner, ready)
    if sent is not None and mapping.command is not None:
        readers.setdefault(names[mapping.command], []).append(sent.read)
    lost: Counter[str] = Counter()
    for topic, received, message in stream.messages(*readers):
        for read in readers[topic]:
            if problem := _problem_of(read, message, received):
                lost[f"{topic}: {problem}"] += 1
        yield from ready
        if sent is not None and ready:
            sent.observed = ready[-1].observation or sent.observed
        ready.clear()
    stream.problems.extend(f"{what} ({count} messages)" for what, count in lost.items())
    stream.problems.extend(_losses(joiner.counts))


def _losses(counts: Counts) -> Iterator[str]:
    if counts.halves:
        yield f"{counts.halves} samples lack their joints or their IMU"
    if counts.late:
        yield f"{counts.late} messages are older than what came before them, and were left out"


def published_truth(stream: BagStream) -> Iterator[Sample]:
    """Yield the looks at the truth that a live graph of this project published, of any run."""
    source = load_mapping("ros2").truth
    if source is None or not (topic := find_topic(stream, source)):
        return
    ready: list[Sample] = []
    read = truth_reader(source, ready, lambda _: ANY_RUN)
    for _, received, message in stream.messages(topic):
        read(message, received)
        yield ready.pop()


def _problem_of(read: Reading, message: Any, received: int) -> str:  # noqa: ANN401 - any type
    """Read a message; return why it cannot be, or nothing."""
    try:
        read(message, received)
    except (MessageFieldError, TypeError, ValueError) as error:
        return str(error)
    return ""


def find_topic(stream: BagStream, source: Source) -> str:
    """Name of a source's topic in whatever namespace, empty where it is not there.

    BagError where it is there with another type.
    """
    found = topic_named(source.topic, stream.msgtypes)
    if not found:
        return ""
    if stream.msgtypes[found] != source.type:
        raise BagError(f"{stream.path}: {found} is {stream.msgtypes[found]}, not {source.type}")
    return found


def _readers(
    mapping: TopicMapping,
    names: Mapping[Source, str],
    description: RobotDescription,
    joiner: SampleJoiner,
    ready: list[Sample],
) -> dict[str, list[Reading]]:
    readers: dict[str, list[Reading]] = {}
    joints = _joint_reader(mapping.joints, description, joiner)
    readers.setdefault(names[mapping.joints], []).append(joints)
    readers.setdefault(names[mapping.imu], []).append(_imu_reader(mapping.imu, joiner))
    truth = mapping.truth
    if truth is not None and names[truth]:
        readers.setdefault(names[truth], []).append(truth_reader(truth, ready, _Runs(joiner).of))
    return readers


def _joint_reader(source: Joints, description: RobotDescription, joiner: SampleJoiner) -> Reading:
    order = JointOrder(source.names, description.joint_names, source.topic)
    stamp = stamp_reader(source)
    scales = (UNITS[source.position_unit], UNITS[source.velocity_unit], 1.0)
    paths = (source.position, source.velocity, source.effort)

    def read(message: Any, received: int) -> None:  # noqa: ANN401 - generated message types
        count = order.see(message)
        rows = (
            order.sorted(numbers(path, count, scale)(message))
            for path, scale in zip(paths, scales, strict=True)
        )
        joiner.joints(JointSample(stamp(message, received), *rows), 1e-9 * received)

    return read


def _imu_reader(source: Imu, joiner: SampleJoiner) -> Reading:
    stamp = stamp_reader(source)
    orientation = numbers(source.orientation, 4)
    rate = numbers(source.angular_velocity, 3, UNITS[source.angular_velocity_unit])
    force = numbers(source.linear_acceleration, 3, UNITS[source.linear_acceleration_unit])

    def read(message: Any, received: int) -> None:  # noqa: ANN401 - generated message types
        turned = quaternion(orientation(message), source.quaternion)
        sample = ImuSample(stamp(message, received), turned, rate(message), force(message))
        joiner.imu(sample, 1e-9 * received)

    return read


class _Runs:
    """Tells the run of a look at the truth, which may begin before or after that of the joints."""

    def __init__(self, joiner: SampleJoiner) -> None:
        self._joiner = joiner
        self._run, self._last = joiner.first_run, -math.inf

    def of(self, stamp: float) -> int:
        """Return the run of a look, in the order in which they come."""
        now = self._joiner.first_run + self._joiner.counts.restarts
        back = self._last - stamp > REORDER_TIME
        if back and (now > self._run or stamp < BEGINNING):
            self._run = max(self._run + 1, now)
        self._last = stamp
        return self._run


def truth_reader(source: Truth, ready: list[Sample], run_of: Callable[[float], int]) -> Reading:
    """Return what makes looks at the truth of messages. run_of: the run of a stamp."""
    stamp = stamp_reader(source)
    position, orientation = numbers(source.position, 3), numbers(source.orientation, 4)
    velocity = numbers(source.velocity, 3)

    def read(message: Any, received: int) -> None:  # noqa: ANN401 - generated message types
        turned = quaternion(orientation(message), source.quaternion)
        moving = velocity(message)
        if source.velocity_frame == "world":
            moving = rotation_from_quaternion(turned.tolist()).T @ moving
        at = stamp(message, received)
        ready.append(Sample(truth=Pose(at, position(message), turned, moving, run_of(at))))

    return read
