"""One control cycle as a message of a bag: everything that it heard, believed and decided.

std_msgs/UInt8MultiArray; its bytes are the length of a head (uint32, little endian), the head, and
blocks of float64. The head is JSON with NaN and Infinity as words; ``{"$": size}`` in it stands for
the next ``size`` bytes of the blocks, which are exact where text is for people. The keys are those
of ``KEYS``; what stands under each is what ``record_codec`` makes of it (docs/interfaces.md).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from wm_bringup.cycle.control_cycle import CycleRecord
from wm_bringup.cycle.record_codec import Packed, pack, unpack
from wm_bringup.wire.cdr import HEADER, MessageError
from wm_control.arbiter.parameters import SafetyParameters
from wm_control.configuration.parameters import load_parameters

KEYS = (
    "numbers",
    "observation",
    "estimate",
    "velocity",
    "results",
    "decision",
    "stamps",
    "driver",
    "background",
    "heard",
    "latency",
    "held",
)
"""Of the head, in the order of ``record_codec.pack``; the truth of a simulation is elsewhere."""

_BLOCK, _SAFETY = "$", "$safety"
_PREFIX = struct.Struct("<4sIIII")
"""Encapsulation, no dimensions, no offset, bytes that follow, and the length of the head."""

_NUMBER = struct.Struct("<I")


class _Blocks:
    """Collects what is no text while a head is written."""

    def __init__(self) -> None:
        self.found: list[bytes] = []

    def __call__(self, value: object) -> object:
        """Stand in for a value that JSON does not know."""
        if isinstance(value, bytes):
            self.found.append(value)
            return {_BLOCK: len(value)}
        if isinstance(value, np.ndarray):
            return self(value.tobytes())
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, SafetyParameters):
            return {_SAFETY: TypeAdapter(SafetyParameters).dump_python(value, mode="json")}
        raise TypeError(f"no message can hold a {type(value).__name__}")


def encode_message(content: Mapping[str, Any]) -> bytes:
    """Return content whose arrays and bytes are blocks, as std_msgs/UInt8MultiArray."""
    blocks = _Blocks()
    head = json.dumps(content, separators=(",", ":"), default=blocks).encode()
    body = b"".join(blocks.found)
    size = _NUMBER.size + len(head) + len(body)
    return _PREFIX.pack(HEADER, 0, 0, size, len(head)) + head + body


def decode_message(data: bytes) -> dict[str, Any]:
    """Read what ``encode_message`` wrote, blocks as bytes; MessageError for anything else."""
    if len(data) < _PREFIX.size:
        raise MessageError(f"a message of {len(data)} bytes holds no cycle")
    _, dimensions, offset, size, head = _PREFIX.unpack_from(data)
    at = _PREFIX.size + head
    if dimensions or offset or at > len(data) or size != len(data) - _PREFIX.size + _NUMBER.size:
        raise MessageError("its lengths contradict each other")
    blocks = _Reading(data, at)
    try:
        content = blocks.decode(data[_PREFIX.size : at].decode())
    except (ValueError, TypeError) as error:
        raise MessageError(f"its head is not readable: {error}") from error
    if blocks.at != len(data) or not isinstance(content, dict):
        raise MessageError("its blocks are not those that its head names")
    return content


class _Reading:
    """Takes the blocks of one message in the order in which its head names them."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def decode(self, head: str) -> object:
        """Read a head, each block in its place."""
        return json.JSONDecoder(object_hook=self._restored).decode(head)

    def _restored(self, value: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever stood there
        if _BLOCK in value:
            begin, self.at = self.at, self.at + value[_BLOCK]
            return self.data[begin : self.at]
        if _SAFETY in value:
            return load_parameters(SafetyParameters, value[_SAFETY], origin="the bag")
        return value


def encode_packed(packed: Packed) -> bytes:
    """Encode a cycle as it came over the link."""
    return encode_message(dict(zip(KEYS, packed, strict=False)))


def encode_cycle(record: CycleRecord) -> bytes:
    """Encode a cycle."""
    return encode_packed(pack(record))


def decode_cycle(data: bytes, n: int) -> CycleRecord:
    """Read a cycle of a robot with ``n`` joints; MessageError when it is none."""
    content = decode_message(data)
    try:
        return unpack((*(content[key] for key in KEYS), None), n)
    except (KeyError, TypeError, ValueError) as error:
        raise MessageError(f"it is no cycle of {n} joints: {error}") from error
