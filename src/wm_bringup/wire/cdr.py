"""Build and read ROS 2 messages as bytes: little-endian CDR, version 1, as every ROS 2 wire uses.

A message of fixed size is laid out once; afterwards only its numbers change, through numpy views
into the same buffer. That is some ten times cheaper than filling and serializing message objects
(docs/decisions/0005-joint-command-message.md) and needs no ROS to be installed.
"""

from __future__ import annotations

import math
import struct

import numpy as np

from wm_control.errors import WmError
from wm_control.types import Array

HEADER = b"\x00\x01\x00\x00"
"""Encapsulation: plain CDR, little endian; alignment counts from behind it."""


_LAST_SECOND = 2.0**31 - 1.0


class MessageError(WmError):
    """Bytes are not the message they are said to be, or not one we can use."""


class Writer:
    """Lays out one message; every method appends a field and returns its offset in bytes."""

    def __init__(self) -> None:
        """Start with the encapsulation header."""
        self._buffer = bytearray(HEADER)

    def _align(self, size: int) -> int:
        self._buffer.extend(bytes(-(len(self._buffer) - len(HEADER)) % size))
        return len(self._buffer)

    def uint8(self, value: int) -> int:
        """Append a byte."""
        self._buffer.append(value)
        return len(self._buffer) - 1

    def uint32(self, value: int = 0) -> int:
        """Append an unsigned integer, also the length of a sequence."""
        offset = self._align(4)
        self._buffer.extend(struct.pack("<I", value))
        return offset

    def stamp(self, stamp: float = 0.0) -> int:
        """Append builtin_interfaces/Time [s]."""
        offset = self._align(4)
        self._buffer.extend(bytes(8))
        put_stamp(self._buffer, offset, stamp)
        return offset

    def string(self, text: str) -> int:
        """Append a string."""
        data = text.encode() + b"\0"
        offset = self.uint32(len(data))
        self._buffer.extend(data)
        return offset

    def float64(self, count: int) -> int:
        """Append ``count`` zeros (an array of fixed size, or the content of a sequence)."""
        offset = self._align(8) if count else len(self._buffer)
        self._buffer.extend(bytes(8 * count))
        return offset

    def finish(self) -> bytearray:
        """Return the message."""
        return self._buffer


class Reader:
    """Reads one message front to back; MessageError when it ends too early."""

    def __init__(self, data: bytes) -> None:
        """Check the encapsulation header."""
        if len(data) < len(HEADER) or data[:2] != HEADER[:2]:
            raise MessageError(f"not a little-endian CDR message: starts with {data[:4]!r}")
        self.data = data
        self.offset = len(HEADER)

    def _take(self, size: int, align: int) -> int:
        start = self.offset + -(self.offset - len(HEADER)) % align
        if start + size > len(self.data):
            raise MessageError(f"message ends after {len(self.data)} bytes, {start + size} needed")
        self.offset = start + size
        return start

    def uint8(self) -> int:
        """Read a byte."""
        return self.data[self._take(1, 1)]

    def uint32(self) -> int:
        """Read an unsigned integer."""
        start = self._take(4, 4)
        return int.from_bytes(self.data[start : start + 4], "little")

    def stamp(self) -> float:
        """Read builtin_interfaces/Time [s]."""
        seconds, nanoseconds = struct.unpack_from("<iI", self.data, self._take(8, 4))
        return float(seconds) + 1e-9 * float(nanoseconds)

    def string(self) -> str:
        """Read a string."""
        size = self.uint32()
        start = self._take(size, 1)
        return self.data[start : start + max(size - 1, 0)].decode(errors="replace")

    def float64(self, count: int) -> Array:
        """Read (count,) numbers, without copying."""
        if count == 0:
            return np.zeros(0)
        return np.frombuffer(self.data, np.float64, count, self._take(8 * count, 8))

    def float64_sequence(self) -> Array:
        """Read a sequence of numbers, without copying."""
        return self.float64(self.uint32())


def split_stamp(stamp: float) -> tuple[int, int]:
    """Split a stamp [s] into whole seconds and nanoseconds, as builtin_interfaces/Time has them.

    A stamp that no Time can hold, NaN for one, becomes zero: ROS's word for "unknown".
    """
    if not (abs(stamp) < _LAST_SECOND):
        return 0, 0
    seconds = math.floor(stamp)
    nanoseconds = round(1e9 * (stamp - seconds))
    return seconds + nanoseconds // 1_000_000_000, nanoseconds % 1_000_000_000


def put_stamp(buffer: bytearray, offset: int, stamp: float) -> None:
    """Write a stamp [s] as builtin_interfaces/Time, rounded to the nanosecond."""
    struct.pack_into("<iI", buffer, offset, *split_stamp(stamp))


def float_view(buffer: bytearray, offset: int, count: int) -> Array:
    """(count,) numbers inside a message, to be written in place."""
    return np.frombuffer(buffer, np.float64, count, offset)
