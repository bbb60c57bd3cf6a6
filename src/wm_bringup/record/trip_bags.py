"""What happened around a trip of the arbiter, at full rate, in a small bag for each.

The cycles of the last two seconds are kept as they come from the real-time process. Half a second
after a trip they are written: in a thread of its own, and in small pieces, for the interpreter
that encodes them has plans to pass on meanwhile.
"""

from __future__ import annotations

import re
import shutil
import threading
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue

from rosbags.typesys import Stores, get_typestore

from wm_bringup.bags.writer import BagWriter
from wm_bringup.cycle.control_cycle import CycleRecord
from wm_bringup.cycle.record_codec import Packed, unpack
from wm_bringup.host import clock
from wm_bringup.record.trip_watch import TripWatch
from wm_bringup.wire import decisions
from wm_bringup.wire.messages import (
    CommandEncoder,
    VelocityEncoder,
    encode_diagnostics,
)
from wm_bringup.wire.proposals import ProposalEncoder
from wm_bringup.wire.robot_messages import (
    BaseMotion,
    EstimateEncoder,
    ObservationEncoder,
    TruthEncoder,
)
from wm_bringup.wire.topics import (
    DECISION,
    ESTIMATE,
    GROUND_TRUTH,
    IMU,
    JOINT_COMMAND,
    JOINT_STATES,
    VELOCITY,
    Topic,
    proposal_topic,
)
from wm_control.constants import CONTROL_PERIOD
from wm_control.controllers.proposal import Proposal
from wm_control.robot.description import RobotDescription
from wm_control.types import Cause

KEPT = 2.0
"""How much a bag holds [s]."""

AFTERWARDS = 0.5
"""How much of it is from after the trip [s]."""

BAGS = 10
"""A folder holds the newest so many; one of a walking G1 has 8 MB."""

PAUSE = 0.002
"""Between two cycles that are encoded [s]."""

_PREFIX = "trip_"


class CycleEncoder:
    """One cycle as the messages that the graph would publish of it, were it to publish all."""

    def __init__(self, description: RobotDescription, hardware: str = "/") -> None:
        """Lay out the messages of a robot. hardware: its namespace, as diagnostics tell it."""
        self._hardware = hardware
        self._n = n = len(description.joint_names)
        self._sensors = ObservationEncoder(description.joint_names)
        self._estimate = EstimateEncoder(n)
        self._command = CommandEncoder(n)
        self._velocity = VelocityEncoder()
        self._truth = TruthEncoder()
        self._proposals: dict[str, ProposalEncoder] = {}

    def messages(self, record: CycleRecord) -> Iterator[tuple[Topic, bytes]]:
        """Yield them; the proposals as the loop had them: held, and grown older, where not new."""
        yield from self.fast(record)
        yield from self.slow(record)
        yield self.decision(record)
        if record.truth is not None:
            yield self.truth(record.truth)

    def fast(self, record: CycleRecord) -> Iterator[tuple[Topic, bytes]]:
        """Yield what sensors said and drives were told."""
        tick = record.tick
        yield JOINT_STATES, self._sensors.joints(tick.observation)
        yield IMU, self._sensors.imu(tick.observation)
        yield JOINT_COMMAND, self._command.encode(tick.decision.command)

    def slow(self, record: CycleRecord) -> Iterator[tuple[Topic, bytes]]:
        """Yield what was believed, admitted and proposed."""
        tick = record.tick
        yield ESTIMATE, self._estimate.encode(tick.estimate)
        yield VELOCITY, self._velocity.encode(tick.admitted)
        for name, result in tick.results.items():
            encoder = self._proposals.setdefault(name, ProposalEncoder(self._n))
            proposal = Proposal.of(result, tick.estimate)
            yield proposal_topic(name), encoder.encode(proposal)

    def decision(self, record: CycleRecord) -> tuple[Topic, bytes]:
        """Return the decision and what it was made on."""
        tick = record.tick
        said = decisions.statuses(
            tick.decision,
            tick.results.values(),
            behind=tick.background,
            hardware=self._hardware,
        )
        return DECISION, encode_diagnostics(tick.decision.stamp, said)

    def truth(self, truth: BaseMotion) -> tuple[Topic, bytes]:
        """Return the true motion of the base."""
        return GROUND_TRUTH, self._truth.encode(truth)


class TripBags:
    """Keeps the newest cycles, and leaves a bag in a folder for each trip.

    One thread calls ``see``; it never waits and never raises. Trips within half a second of one
    that is to be written are in its bag; trips while a bag is being written are only counted.
    """

    def __init__(
        self,
        folder: Path,
        description: RobotDescription,
        namespace: str = "",
        *,
        say: Callable[[str], None],
        pause: float = PAUSE,
    ) -> None:
        """Keep nothing yet. say: is told of each bag, and why there is none. pause: [s]."""
        self._folder, self._say, self._pause = folder, say, pause
        self._space = f"/{namespace.strip('/')}" if namespace.strip("/") else ""
        self._n = len(description.joint_names)
        self._encoder = CycleEncoder(description, self._space or "/")
        self._ring: deque[Packed] = deque(maxlen=round(KEPT / CONTROL_PERIOD))
        self._watch = TripWatch()
        self._tripped: Cause | None = None
        self._left = 0
        self._queue: SimpleQueue[tuple[Cause, list[Packed]] | None] = SimpleQueue()
        self._idle = threading.Event()
        self._idle.set()
        self._ending = False
        self.passed_over = 0
        self._thread = threading.Thread(target=self._write_all, name="trip_bags", daemon=True)
        self._thread.start()

    def see(self, packed: Packed, record: CycleRecord) -> None:
        """Take in a cycle, as it came over the link and as it was read."""
        self._ring.append(packed)
        cause = self._watch.see(record.tick)
        if self._tripped is not None:
            self._left -= 1
            if self._left <= 0:
                self._hand_over()
        elif cause is not None and not self._ending:
            self._begin(cause)

    def _begin(self, cause: Cause) -> None:
        if not self._idle.is_set():
            self.passed_over += 1
            return
        self._tripped = cause
        self._left = round(AFTERWARDS / CONTROL_PERIOD)

    def _hand_over(self) -> None:
        """Let the other thread write what is there."""
        if self._tripped is not None:
            self._idle.clear()
            self._queue.put((self._tripped, list(self._ring)))
            self._tripped = None

    def end(self) -> None:
        """Begin no other bag: the robot is about to be damped because everything ends."""
        self._ending = True

    def close(self) -> None:
        """Write what is still to be written, without pauses, and join the thread."""
        self._ending, self._pause = True, 0.0
        self._hand_over()
        self._queue.put(None)
        self._thread.join()

    def _write_all(self) -> None:
        get_typestore(Stores.ROS2_JAZZY)  # takes 0.1 s the first time: not beside a trip
        while (task := self._queue.get()) is not None:
            cause, cycles = task
            try:
                path = self._write(cause, cycles)
                seconds = len(cycles) * CONTROL_PERIOD
                self._say(
                    f"tripped by {cause.text}: the {seconds:.1f} s around it are in {path}"
                    f"{self._told_passed_over()}"
                )
            except Exception as error:  # the next trip shall have its bag whatever befell this one
                self._say(f"tripped by {cause.text}: no bag of it: {error}")
            finally:
                self._idle.set()

    def _told_passed_over(self) -> str:
        """Say of how many trips there is no bag because others were being written."""
        passed, self.passed_over = self.passed_over, 0
        return f"; of {passed} before it there is none" if passed else ""

    def _write(self, cause: Cause, cycles: list[Packed]) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / _name(cause)
        writer = BagWriter(path, ballast_bytes=0)
        try:
            for packed in cycles:
                self._write_cycle(writer, unpack(packed, self._n))
                clock.sleep(self._pause)
        finally:
            writer.close()
        self._tidy_up()
        return path

    def _write_cycle(self, writer: BagWriter, record: CycleRecord) -> None:
        stamp = round(1e9 * record.tick.decision.stamp)
        for topic, message in self._encoder.messages(record):
            name = f"{self._space}/{topic.name}"
            if name not in writer.counts:
                writer.add_topic(name, topic.type)
            writer.write(name, stamp, message)

    def _tidy_up(self) -> None:
        """Keep the newest."""
        for old in bags_in(self._folder)[:-BAGS]:
            shutil.rmtree(old, ignore_errors=True)


def bags_in(folder: Path) -> list[Path]:
    """List the bags of trips in a folder, the oldest first."""
    return sorted(path for path in folder.glob(f"{_PREFIX}*") if path.is_dir())


def _name(cause: Cause) -> str:
    """Name a bag by time and cause, so that names are in the order of time."""
    time_of_day = datetime.now().strftime("%Y_%m_%d-%H_%M_%S_%f")
    about = "_".join(filter(None, (cause.controller, cause.rule)))
    return f"{_PREFIX}{time_of_day}_{re.sub(r'[^a-z0-9_]', '_', about)}"
