"""Read a rosbag2 message by message, of whatever size and from whoever wrote it.

Nothing is kept but the message in hand. MCAP and sqlite3, as a folder or as one file. MCAP that is
cut off, has no index or is damaged is read as far as it goes, and every loss is named in
``problems``; of a damaged sqlite3 file nothing is.
"""

from __future__ import annotations

import sqlite3
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rosbags.highlevel import AnyReader, AnyReaderError
from rosbags.rosbag2.errors import ReaderError
from rosbags.serde import SerdeError
from rosbags.typesys import Stores, TypesysError, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from wm_bringup.bags.mcap_scan import BrokenOffError, scan
from wm_bringup.bags.writer import BagError

_REFUSALS = (
    *(AnyReaderError, ReaderError, OSError, AssertionError, KeyError, ValueError, TypeError),
    *(struct.error, TypesysError, SerdeError, EOFError, IndexError, sqlite3.Error),
    *(RuntimeError, OverflowError, MemoryError),
)
"""What rosbags raises of a file that is not as it should be; of lengths that are none, and of
lz4, the last three."""

_UNPACKERS = ("apsw", "zstd")
"""Libraries below rosbags, any error of which is one of the file's."""


class BagRecord(NamedTuple):
    """One recorded message, still serialized; stamp: time of reception [ns]."""

    topic: str
    msgtype: str
    stamp: int
    data: bytes


def topic_named(name: str, topics: Iterable[str]) -> str:
    """Return the topic of this name, in whatever namespace; empty without one."""
    ending = f"/{name.strip('/')}"
    return min((topic for topic in topics if topic.endswith(ending)), key=len, default="")


class BagStream:
    """A recording, read in the order of reception as often as it is asked for.

    path: as given. intact: whether it is as it was written; another one is in the order of its
    file. msgtypes: type by topic. types: definitions, ours and those in the bag. problems: every
    loss found so far, one sentence each.
    """

    def __init__(self, path: Path, extra_types: Typestore | None = None) -> None:
        """Look at what there is; BagError for what is no bag at all.

        extra_types: definitions of types that neither ROS 2 nor the bag defines.
        """
        if not path.exists():
            raise BagError(f"there is no bag at {path}")
        self.path = path
        self.problems: list[str] = []
        self.msgtypes: dict[str, str] = {}
        self.types = extra_types or get_typestore(Stores.ROS2_JAZZY)
        self._files: list[Path] = []
        for log in _open_logs(path):
            self._say(f"{log.name}: the recorder did not finish; its last messages may be missing")
        self.intact = self._look()
        if not self.intact:
            for _ in self.records():  # no index says which topics there are
                pass

    def _look(self) -> bool:
        try:
            with self._reader() as reader:
                self.msgtypes = {c.topic: c.msgtype for c in reader.connections}
                _register(reader.typestore.fielddefs, self.types)
                return True
        except Exception as error:
            if not is_refusal(error):
                raise
            self._files = _files_in(self.path)
            if not self._files:
                raise BagError(
                    f"{self.path} is no bag: not an intact one, and no MCAP, which could be read "
                    f"without its index ({_line(error)})"
                    + "".join(f"; {problem}" for problem in self.problems)
                ) from error
            self._say(f"not an intact bag: {_line(error)}")
            return False

    def _reader(self) -> AnyReader:
        return AnyReader([self.path], default_typestore=self.types)

    def _say(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)

    def records(self, *topics: str) -> Iterator[BagRecord]:
        """Yield the serialized messages of these topics (default: all), as far as they go."""
        kept = 0
        try:
            for record in self._read(topics):
                kept += 1
                yield record
        except Exception as error:
            if not is_refusal(error):
                raise
            self._say(f"breaks off: {_line(error)}; kept the first {kept} messages")

    def _read(self, topics: Sequence[str]) -> Iterator[BagRecord]:
        if self.intact:
            yield from self._read_intact(topics)
        else:
            for file in self._files:
                yield from (r for r in self._scan(file) if not topics or r.topic in topics)

    def _read_intact(self, topics: Sequence[str]) -> Iterator[BagRecord]:
        with self._reader() as reader:
            wanted = [c for c in reader.connections if not topics or c.topic in topics]
            if wanted:
                for connection, stamp, data in reader.messages(connections=wanted):
                    yield BagRecord(connection.topic, connection.msgtype, stamp, bytes(data))

    def _scan(self, file: Path) -> Iterator[BagRecord]:
        """Read an MCAP file record by record."""
        kept = 0
        try:
            for found in scan(file):
                if not found.msgtype:
                    self._say(f"{found.topic}: messages without a type are left out")
                    continue
                if self.msgtypes.get(found.topic) != found.msgtype:
                    self.msgtypes[found.topic] = found.msgtype
                    self._define(found.msgtype, found.definition)
                kept += 1
                yield BagRecord(found.topic, found.msgtype, found.stamp, found.data)
        except BrokenOffError as error:
            self._say(f"{file.name} {error}: kept the first {kept} messages")

    def _define(self, msgtype: str, definition: str) -> None:
        """Make a type known that is not a standard one."""
        if msgtype not in self.types.fielddefs:
            try:
                _register(get_types_from_msg(definition, msgtype), self.types)
            except Exception as error:
                if not is_refusal(error):
                    raise
                self._say(f"message type {msgtype!r} has no readable definition ({_line(error)})")

    def messages(self, *topics: str) -> Iterator[tuple[str, int, Any]]:
        """Yield (topic, stamp [ns], message); one that cannot be decoded becomes a problem."""
        lost: Counter[tuple[str, str]] = Counter()
        for record in self.records(*topics):
            try:
                message = self.types.deserialize_cdr(record.data, record.msgtype)
            except Exception as error:
                if not is_refusal(error):
                    raise
                lost[record.topic, record.msgtype] += 1
                continue
            yield record.topic, record.stamp, message
        for (topic, msgtype), count in lost.items():
            self._say(f"{topic}: {count} messages of type {msgtype} cannot be decoded")


def is_refusal(error: Exception) -> bool:
    """Whether an exception is the reader's way of saying that a file is damaged."""
    module = type(error).__module__.split(".")
    return isinstance(error, _REFUSALS) or any(name in module for name in _UNPACKERS)


def _line(error: Exception) -> str:
    """Return the first line of what an exception says."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def _files_in(path: Path) -> list[Path]:
    """MCAP files, which can be read without an index, in the order in which they were begun."""
    files = [path] if path.is_file() else sorted(path.glob("*.mcap"), key=_by_number)
    return [file for file in files if file.suffix == ".mcap"]


def _open_logs(path: Path) -> list[Path]:
    """Find what sqlite3 had not yet put into its file when the recorder was killed."""
    files = [path] if path.is_file() else sorted(path.glob("*.db3"))
    logs = (file.with_name(f"{file.name}-wal") for file in files if file.suffix == ".db3")
    return [log for log in logs if log.is_file() and log.stat().st_size > 0]


def _by_number(file: Path) -> tuple[str, int]:
    """Key of NAME_2.mcap, which comes before NAME_10.mcap."""
    name = file.stem.rstrip("0123456789")
    return name, int(file.stem[len(name) :] or 0)


def _register(found: Any, types: Typestore) -> None:  # noqa: ANN401 - rosbags' own mapping
    types.register({k: v for k, v in found.items() if k not in types.fielddefs})
