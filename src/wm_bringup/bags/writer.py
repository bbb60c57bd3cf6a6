"""Write a rosbag2 (MCAP) that stays readable when the disk fills up or the process is killed.

Full disk: a few megabytes of ballast are written before the first message. When the kernel answers
"no space left", the ballast is deleted and what was begun is finished in its place, so that the
index and ``metadata.yaml`` still fit and the bag closes like any other.
Kill -9: ``flush`` ends the current chunk; chunks are readable without the index (see ``reader``).
"""

from __future__ import annotations

import errno
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rosbags.interfaces import Qos
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.rosbag2.errors import WriterError
from rosbags.typesys import Stores, TypesysError, get_typestore

from wm_control.errors import WmError

BALLAST_BYTES = 4 << 20
"""More than the largest chunk (1 MB), the index of a day's recording and metadata.yaml together."""

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


class BagError(WmError):
    """A bag cannot be written or read."""


class Ballast:
    """Space held in reserve on a disk: a file that is deleted when its space is needed."""

    def __init__(self, path: Path, size: int) -> None:
        """Write ``size`` bytes to ``path``; OSError when there is no room even for that."""
        self.path = path
        self.dropped = False
        try:
            path.write_bytes(bytes(size))
        except OSError:
            path.unlink(missing_ok=True)
            raise

    def drop(self) -> bool:
        """Give the space back; False when it was given back before."""
        first, self.dropped = not self.dropped, True
        self.path.unlink(missing_ok=True)
        return first


class BallastedFile(io.RawIOBase):
    """Raw file that finishes a write in the ballast's space when the disk is full."""

    def __init__(self, raw: io.RawIOBase, ballast: Ballast) -> None:
        """Wrap an open raw file."""
        self._raw = raw
        self._ballast = ballast

    def writable(self) -> bool:
        """Tell io that this file can be written."""
        return True

    def seekable(self) -> bool:
        """Tell io that this file has positions."""
        return True

    def tell(self) -> int:
        """Position in the file [bytes]."""
        return self._raw.tell()

    def write(self, data: Any) -> int | None:  # noqa: ANN401 - io accepts any buffer
        """Write; with the disk full, drop the ballast once and try again."""
        try:
            return self._raw.write(data)
        except OSError as error:
            if error.errno not in _NO_SPACE or not self._ballast.drop():
                raise
            return self._raw.write(data)

    def close(self) -> None:
        """Close the file below as well."""
        self._raw.close()
        super().close()


class BagWriter:
    """A new bag directory; ``write`` is cheap, a megabyte at a time goes to the disk.

    ``full`` becomes True when the disk is; from then on ``write`` takes nothing, and ``close``
    still leaves a complete bag with everything taken before.
    """

    def __init__(self, directory: Path, ballast_bytes: int = BALLAST_BYTES) -> None:
        """Create ``directory`` (which must not exist yet) and open the bag in it."""
        self.directory = directory
        self.counts: dict[str, int] = {}
        self._types = get_typestore(Stores.ROS2_JAZZY)
        self._connections: dict[str, Any] = {}
        try:
            self._writer = Writer(directory, version=9, storage_plugin=StoragePlugin.MCAP)
            self._writer.open()
            self._ballast = Ballast(directory / "ballast", ballast_bytes)
        except (OSError, WriterError) as error:
            raise BagError(f"cannot record into {directory}: {error}") from error
        storage: Any = self._writer.storage
        storage.bio.flush()
        storage.bio = io.BufferedWriter(BallastedFile(storage.bio.detach(), self._ballast))
        self._storage = storage

    @property
    def full(self) -> bool:
        """The disk has no room for more; only ``close`` is left to do."""
        return self._ballast.dropped

    @property
    def size(self) -> int:
        """Bytes on disk so far, without the chunk still in memory."""
        return int(self._storage.bio.tell())

    def add_topic(self, topic: str, msgtype: str, qos: Sequence[Qos] = ()) -> None:
        """Announce a topic; ``qos`` is what its publishers offer (used by ``ros2 bag play``)."""
        try:
            connection = self._writer.add_connection(
                topic, msgtype, typestore=self._types, offered_qos_profiles=qos
            )
        except (KeyError, TypesysError, WriterError) as error:
            raise BagError(f"cannot record {topic}: type {msgtype!r} is unknown") from error
        self._connections[topic] = connection
        self.counts[topic] = 0

    def write(self, topic: str, stamp: int, data: bytes) -> bool:
        """Take one serialized message received at ``stamp`` [ns]; False once the disk is full."""
        if self.full:
            return False
        self._writer.write(self._connections[topic], stamp, data)
        self.counts[topic] += 1
        return True

    def flush(self) -> None:
        """Bring everything taken so far onto the disk, readable even if nobody ever closes it."""
        if not self.full and self._storage.chunk.msgs:
            self._storage.close_chunk()
            self._storage.bio.flush()

    def close(self) -> None:
        """Write index and metadata; BagError when even the ballast's space does not suffice."""
        try:
            self._close_with_space()
        except OSError as error:
            raise BagError(
                f"{self.directory} has no index: {error.strerror}; its messages stay readable"
            ) from error
        finally:
            self._ballast.drop()

    def _close_with_space(self) -> None:
        if sum(self.counts.values()) == 0:
            self._writer.min_timestamp = self._writer.max_timestamp = 0
        if self.full:
            self._writer.close()
            return
        self.flush()
        self._ballast.drop()
        self._writer.close()
