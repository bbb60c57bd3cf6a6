"""Take serialized messages in one thread, write them to a bag in another, count every loss."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue

from rosbags.interfaces import Qos

from wm_bringup.bags.writer import BagError, BagWriter

MAX_QUEUED = 400_000
"""Messages held while the disk stalls, about 100 s of the whole graph; more count as lost."""


class SequenceGaps:
    """Counts messages missing from the numbered streams of one topic.

    Each publisher numbers its own messages 1, 2, 3, ... and a subscriber sees the numbers without
    the publisher's name. A number that continues a known stream belongs to it; one that continues
    none is the start of a new publisher's stream while fewer streams than publishers are known,
    and otherwise a jump in the stream closest below it. So the count is exact for one publisher
    and a lower bound for several.
    """

    def __init__(self) -> None:
        """Start without any stream."""
        self.lost = 0
        self._next: list[int] = []

    def see(self, number: int, publishers: int = 1) -> None:
        """Take in one message's number; ``publishers`` is how many there are on the topic."""
        if number in self._next:
            self._next[self._next.index(number)] = number + 1
            return
        below = [expected for expected in self._next if expected < number]
        if len(self._next) < max(1, publishers) or not below:
            self._next.append(number + 1)
            return
        closest = max(below)
        self.lost += number - closest
        self._next[self._next.index(closest)] = number + 1


@dataclass(slots=True)
class TopicCount:
    """What happened to one topic: taken from DDS, lost before us, lost because we were full."""

    msgtype: str
    taken: int = 0
    dropped: int = 0
    bytes: int = 0
    gaps: SequenceGaps = field(default_factory=SequenceGaps)


class BagRecorder:
    """A bag being written by its own thread; ``put`` never blocks and never raises.

    problem: empty, or why nothing more is written; what was written before stays readable.
    """

    def __init__(self, writer: BagWriter, flush_period: float = 0.25) -> None:
        """Start writing; at most ``flush_period`` seconds of data are lost if we are killed."""
        self.writer = writer
        self.counts: dict[str, TopicCount] = {}
        self.problem = ""
        self._flush_period = flush_period
        self._queue: SimpleQueue[tuple[str, int, bytes]] = SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._write_all, name="bag_writer", daemon=True)
        self._qos: dict[str, Sequence[Qos]] = {}
        self._thread.start()

    def announce(self, topic: str, msgtype: str, qos: Sequence[Qos] = ()) -> None:
        """Say what comes on a topic, before the first ``put``."""
        self._qos[topic] = qos
        self.counts.setdefault(topic, TopicCount(msgtype))

    def put(
        self, topic: str, stamp: int, data: bytes, number: int = 0, publishers: int = 1
    ) -> None:
        """Take one serialized message, received at ``stamp`` [ns]; number 0: not numbered."""
        count = self.counts[topic]
        if number:
            count.gaps.see(number, publishers)
        if self.problem or self._queue.qsize() >= MAX_QUEUED:
            count.dropped += 1
            return
        count.taken += 1
        count.bytes += len(data)
        self._queue.put((topic, stamp, data))

    @property
    def queued(self) -> int:
        """Messages waiting for the disk."""
        return self._queue.qsize()

    @property
    def lost(self) -> int:
        """Messages that were published but are not in the bag, as far as can be known."""
        return sum(count.gaps.lost + count.dropped for count in self.counts.values())

    def close(self) -> None:
        """Write what is queued, close the bag; a failure to do so is in ``problem``."""
        self._closing.set()
        self._thread.join()

    def _write_all(self) -> None:
        try:
            while not self.problem and not (self._closing.is_set() and self._queue.empty()):
                self._closing.wait(self._flush_period)
                for _ in range(self._queue.qsize()):
                    self._write(*self._queue.get())
                self.writer.flush()
                if self.writer.full:
                    self._stop(f"disk full: recording into {self.writer.directory} stopped")
        except (OSError, BagError) as error:
            self._stop(f"recording stopped: {error}")
        finally:
            self._close_writer()

    def _write(self, topic: str, stamp: int, data: bytes) -> None:
        if topic not in self.writer.counts:
            self.writer.add_topic(topic, self.counts[topic].msgtype, self._qos[topic])
        if not self.writer.write(topic, stamp, data):
            self.counts[topic].taken -= 1
            self.counts[topic].dropped += 1

    def _stop(self, reason: str) -> None:
        written = sum(self.writer.counts.values())
        self.problem = f"{reason} after {written} messages, which stay readable; the robot goes on"
        for _ in range(self._queue.qsize()):
            topic, _, _ = self._queue.get()
            self.counts[topic].taken -= 1
            self.counts[topic].dropped += 1

    def _close_writer(self) -> None:
        try:
            self.writer.close()
        except BagError as error:
            self.problem = self.problem or str(error)
