"""Read a rosbag2 back, also one that is truncated, has no index or holds unknown types.

An intact bag is read by ``rosbags``. Any other MCAP file is read record by record until it breaks
off; what is readable is kept and every loss is named in ``Bag.problems``.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rosbags.highlevel import AnyReader, AnyReaderError
from rosbags.serde import SerdeError
from rosbags.typesys import Stores, TypesysError, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from wm_bringup.bags.mcap_scan import BrokenOffError, scan
from wm_bringup.bags.writer import BagError


class BagRecord(NamedTuple):
    """One recorded message, still serialized; stamp: time of reception [ns]."""

    topic: str
    msgtype: str
    stamp: int
    data: bytes


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
            except (KeyError, TypesysError, SerdeError, struct.error, ValueError, AssertionError):
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
    """Read a bag directory or ``.mcap`` file; BagError when there is nothing readable in it."""
    if not path.exists():
        raise BagError(f"there is no bag at {path}")
    try:
        bag = _read_intact(path)
    except (AnyReaderError, OSError, AssertionError, KeyError) as error:
        bag = _salvage(path, str(error))
    if not bag.counts:
        raise BagError(f"{path} holds no messages" + "".join(f"; {p}" for p in bag.problems))
    return bag


def _read_intact(path: Path) -> Bag:
    standard = get_typestore(Stores.ROS2_JAZZY)
    with AnyReader([path], default_typestore=standard) as reader:
        records = [
            BagRecord(connection.topic, connection.msgtype, stamp, bytes(data))
            for connection, stamp, data in reader.messages()
        ]
        types = reader.typestore
    return Bag(path, records, types)


def _salvage(path: Path, reason: str) -> Bag:
    """Read every whole record of the MCAP files at ``path``, whatever is wrong with the rest."""
    files = [path] if path.is_file() else sorted(path.glob("*.mcap"))
    if not files:
        raise BagError(f"{path} holds no .mcap file ({reason})")
    types = get_typestore(Stores.ROS2_JAZZY)
    records: list[BagRecord] = []
    problems = [f"not an intact bag: {reason}"]
    for file in files:
        problems += _salvage_file(file, types, records)
    records.sort(key=lambda record: record.stamp)
    bag = Bag(path, records, types)
    bag.problems = problems
    return bag


def _salvage_file(file: Path, types: Typestore, records: list[BagRecord]) -> list[str]:
    """Append the readable messages of one file to ``records``; returns what went wrong."""
    problems: list[str] = []
    seen: set[str] = set()
    before = len(records)
    try:
        for found in scan(file):
            if found.msgtype not in seen:
                seen.add(found.msgtype)
                problems += _register(found.msgtype, found.definition, types)
            records.append(BagRecord(found.topic, found.msgtype, found.stamp, found.data))
    except BrokenOffError as error:
        kept = len(records) - before
        problems.append(f"{file.name} {error}: kept the first {kept} messages")
    return problems


def _register(msgtype: str, definition: str, types: Typestore) -> list[str]:
    """Make a type known that is not a standard one; returns the problem if it cannot be."""
    if msgtype in types.fielddefs:
        return []
    try:
        found = get_types_from_msg(definition, msgtype)
        types.register({k: v for k, v in found.items() if k not in types.fielddefs})
    except (TypesysError, ValueError) as error:
        first_line = next(iter(str(error).splitlines()), "")
        return [f"message type {msgtype!r} has no readable definition ({first_line})"]
    return []
