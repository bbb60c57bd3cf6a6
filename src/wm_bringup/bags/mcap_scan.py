"""Walk through an MCAP file record by record, for files that have lost their index.

Layout (mcap.dev/spec): eight bytes of magic, then records ``opcode u8, length u64, body``, little
endian; a chunk's body holds records in turn. Only schemas, channels and messages matter here.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar

from rosbags.rosbag2.storage_mcap import decompress

MAGIC = b"\x89MCAP0\r\n"

T = TypeVar("T")

_CHUNK_HEAD = 8 + 8 + 8 + 4 + 4
"""Bytes of a chunk up to the name of its compression: two times, size, checksum, length."""

_SCHEMA, _CHANNEL, _MESSAGE, _CHUNK, _DATA_END = 0x03, 0x04, 0x05, 0x06, 0x0F


class ScannedMessage(NamedTuple):
    """One message with all that was said about its topic; stamp: log time [ns].

    msgtype, definition: empty for a topic that has no schema.
    """

    topic: str
    msgtype: str
    definition: str
    stamp: int
    data: bytes


class BrokenOffError(Exception):
    """The file ends, or stops making sense, in the middle of a record."""


def scan(path: Path) -> Iterator[ScannedMessage]:
    """Yield every whole message; BrokenOffError where the rest cannot be read."""
    with path.open("rb") as stream:
        if stream.read(8) != MAGIC:
            raise BrokenOffError("does not begin like an MCAP file")
        yield from _scan_records(stream, {}, {})


def _scan_records(
    stream: BinaryIO,
    schemas: dict[int, tuple[str, str]],
    channels: dict[int, tuple[str, int]],
) -> Iterator[ScannedMessage]:
    """Walk through the records of a file or chunk; ids seen before are in the dictionaries."""
    end = _end(stream)
    while (opcode := stream.read(1)) and opcode[0] != _DATA_END:
        (size,) = struct.unpack("<Q", _exactly(stream, 8))
        data = stream.read(min(size, end - stream.tell()))
        if len(data) < size:
            yield from _scan_cut(opcode[0], data, schemas, channels)
            raise BrokenOffError(f"ends {size - len(data)} bytes before the end of a record")
        body = BytesIO(data)
        if opcode[0] == _SCHEMA:
            (number,) = struct.unpack("<H", _exactly(body, 2))
            name, _, text = _string(body), _string(body), _string(body)
            schemas[number] = (name, text)
        elif opcode[0] == _CHANNEL:
            number, schema = struct.unpack("<HH", _exactly(body, 4))
            channels[number] = (_string(body), schema)
        elif opcode[0] == _MESSAGE:
            number, _, stamp, _ = struct.unpack("<HIQQ", _exactly(body, 22))
            topic, schema = _known(channels, number)
            told = _known(schemas, schema) if schema else ("", "")
            yield ScannedMessage(topic, *told, stamp, body.read())
        elif opcode[0] == _CHUNK:
            yield from _scan_records(BytesIO(_chunk_data(body)), schemas, channels)
    if not opcode and not isinstance(stream, BytesIO):
        raise BrokenOffError("ends without an index")


def _end(stream: BinaryIO) -> int:
    """Bytes from the beginning to the end, whatever lengths are said inside."""
    here = stream.tell()
    end = stream.seek(0, SEEK_END)
    stream.seek(here)
    return end


def _scan_cut(
    opcode: int,
    data: bytes,
    schemas: dict[int, tuple[str, str]],
    channels: dict[int, tuple[str, int]],
) -> Iterator[ScannedMessage]:
    """Walk through what is there of a record that is cut off: of a chunk, if nothing packs it."""
    body = BytesIO(data)
    if opcode == _CHUNK and len(data) > _CHUNK_HEAD:
        body.seek(_CHUNK_HEAD - 4)
        if not _string(body):
            _exactly(body, 8)
            yield from _scan_records(body, schemas, channels)


def _chunk_data(body: BinaryIO) -> bytes:
    _, _, size, checksum = struct.unpack("<QQQI", _exactly(body, 28))
    compression = _string(body)
    data = _exactly(body, *struct.unpack("<Q", _exactly(body, 8)))
    try:
        return bytes(decompress(data, compression, size, checksum))
    except Exception as error:  # zstd has one of its own, lz4 none at all
        raise BrokenOffError(f"holds a damaged chunk: {error}") from error


def _known(table: dict[int, tuple[str, T]], number: int) -> tuple[str, T]:
    if number not in table:
        raise BrokenOffError(f"refers to record {number} that it does not hold")
    return table[number]


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(min(size, sys.maxsize))
    if len(data) != size:
        raise BrokenOffError(f"ends {size - len(data)} bytes before the end of a record")
    return data


def _string(stream: BinaryIO) -> str:
    (size,) = struct.unpack("<I", _exactly(stream, 4))
    return _exactly(stream, size).decode("utf-8", errors="replace")
