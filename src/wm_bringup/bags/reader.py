"""A whole rosbag2 in memory, also one that is truncated, has no index or holds unknown types.

What is readable is kept, see ``BagStream``, and every loss is named in ``Bag.problems``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rosbags.typesys.store import Typestore

from wm_bringup.bags.stream import BagRecord, BagStream, is_refusal
from wm_bringup.bags.writer import BagError


class Bag:
    """What could be read of a recording, in order of reception.

    path: as given. counts: messages by topic. msgtypes: type by topic.
    problems: every loss or oddity found, one sentence each; empty for an intact bag.
    """

    def __init__(self, path: Path, records: list[BagRecord], types: Typestore) -> None:
        """Hold ``records``, deserializable with the definitions in ``types``."""
        self.path = path
        self.problems: list[str] = []
        self.counts = dict(Counter(record.topic for record in records))
        self.msgtypes = {record.topic: record.msgtype for record in records}
        self._records = records
        self._types = types

    @property
    def seconds(self) -> float:
        """Time between the first and the last message [s]."""
        return (self._records[-1].stamp - self._records[0].stamp) * 1e-9

    def records(self, *topics: str) -> Iterator[BagRecord]:
        """Yield the serialized messages of these topics (default: all)."""
        return (r for r in self._records if not topics or r.topic in topics)

    def messages(self, *topics: str) -> Iterator[tuple[str, int, Any]]:
        """Yield (topic, stamp [ns], message); an undecodable message becomes a problem."""
        lost: Counter[str] = Counter()
        for record in self.records(*topics):
            try:
                message = self._types.deserialize_cdr(record.data, record.msgtype)
            except Exception as error:
                if not is_refusal(error):
                    raise
                lost[record.topic] += 1
                continue
            yield record.topic, record.stamp, message
        for topic, count in lost.items():
            self._add_problem(
                f"{topic}: {count} of {self.counts[topic]} messages "
                f"of type {self.msgtypes[topic]} cannot be decoded and were left out"
            )

    def _add_problem(self, text: str) -> None:
        if text not in self.problems:
            self.problems.append(text)


def open_bag(path: Path) -> Bag:
    """Read a bag directory or file; BagError when there is nothing readable in it."""
    stream = BagStream(path)
    records = list(stream.records())
    if not stream.intact:
        records.sort(key=lambda record: record.stamp)
    if not records:
        raise BagError(f"{path} holds no messages" + "".join(f"; {p}" for p in stream.problems))
    bag = Bag(path, records, stream.types)
    bag.problems = stream.problems
    return bag
