"""Descriptions for Cyclone of structures in memory, made from the layouts of ``frames``.

Cyclone's serializer runs over the struct by a list of operations, ``ADR | type, offset`` each.
Final structs within it leave no trace on the wire: members are listed flat, whatever they are in.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator, Sequence
from ctypes import c_bool, c_char_p, c_int32, c_int64, c_uint8, c_uint32
from typing import Any, Final

import numpy as np

from wm_bringup.robots.unitree.cyclone.library import TopicDescriptor

_ADDRESS: Final = 0x01 << 24
_BYTES: Final = {1: 0x01, 2: 0x02, 4: 0x03, 8: 0x04}
_STRING, _SEQUENCE, _ARRAY = 0x05, 0x07, 0x08
_END: Final = 0


class ByteSequence(ctypes.Structure):
    """``sequence<octet>``; empty as zeros."""

    _fields_ = (
        ("maximum", c_uint32),
        ("length", c_uint32),
        ("buffer", ctypes.POINTER(c_uint8)),
        ("release", c_bool),
    )


class Request(ctypes.Structure):
    """``unitree_api`` Request."""

    _fields_ = (
        ("number", c_int64),
        ("api", c_int64),
        ("lease", c_int64),
        ("priority", c_int32),
        ("noreply", c_uint8),
        ("parameter", c_char_p),
        ("binary", ByteSequence),
    )


class Response(ctypes.Structure):
    """``unitree_api`` Response."""

    _fields_ = (
        ("number", c_int64),
        ("api", c_int64),
        ("code", c_int32),
        ("data", c_char_p),
        ("binary", ByteSequence),
    )


def describe_frame(type_name: str, layout: np.dtype[Any]) -> TopicDescriptor:
    """Describe a layout of numbers, arrays and structs of them."""
    return _describe(type_name, layout.itemsize, layout.alignment, [*_of_layout(layout, 0), _END])


def describe_struct(type_name: str, struct: type[ctypes.Structure]) -> TopicDescriptor:
    """Describe a struct of numbers, strings and sequences of bytes."""
    operations = []
    for name, kind in struct._fields_:  # type: ignore[misc]  # bit fields would have three
        operations += [_ADDRESS | _code(kind), getattr(struct, name).offset]
    return _describe(
        type_name, ctypes.sizeof(struct), ctypes.alignment(struct), [*operations, _END]
    )


def _code(kind: type[Any]) -> int:
    if kind is c_char_p:
        return _STRING << 16
    if kind is ByteSequence:
        return _SEQUENCE << 16 | _BYTES[1] << 8
    return _BYTES[ctypes.sizeof(kind)] << 16


def _of_layout(layout: np.dtype[Any], at: int) -> Iterator[int]:
    if layout.names is not None:
        for name in layout.names:
            member, offset = layout.fields[name][:2]  # type: ignore[index]  # has names: has fields
            yield from _of_layout(member, at + offset)
    elif layout.subdtype is None:
        yield from (_ADDRESS | _BYTES[layout.itemsize] << 16, at)
    elif layout.base.names is None:
        count = math.prod(layout.shape)
        yield from (_ADDRESS | _ARRAY << 16 | _BYTES[layout.base.itemsize] << 8, at, count)
    else:
        for k in range(math.prod(layout.shape)):
            yield from _of_layout(layout.base, at + k * layout.base.itemsize)


def _describe(type_name: str, size: int, align: int, operations: Sequence[int]) -> TopicDescriptor:
    return TopicDescriptor(
        size=size,
        align=align,
        type_name=type_name.encode(),
        operation_count=len(operations),
        operations=(c_uint32 * len(operations))(*operations),
        meta=b"",
    )
