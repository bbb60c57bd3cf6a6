"""Memory that the library reads and writes, one slot per message, and the messages in it."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from ctypes import addressof, memset, sizeof
from dataclasses import fields
from typing import Any, Final

import numpy as np

from wm_bringup.robots.unitree.cyclone.library import FREE_CONTENTS, Cyclone
from wm_bringup.robots.unitree.cyclone.types import (
    Request,
    Response,
    describe_frame,
    describe_struct,
)
from wm_bringup.robots.unitree.frames import Frame, copied
from wm_bringup.robots.unitree.link import ApiRequest, ApiResponse, Channel

STRUCTS: Final[dict[type[Any], type[ctypes.Structure]]] = {
    ApiRequest: Request,
    ApiResponse: Response,
}
"""The structs that classes of messages travel as; members of the same names are theirs."""


class FrameMemory:
    """Slots for frames; their padding stays zero, since the library writes members only."""

    def __init__(self, type_name: str, layout: np.dtype[Any], slots: int) -> None:
        """All zeros."""
        self.descriptor = describe_frame(type_name, layout)
        self.size = layout.itemsize
        self._frames = np.zeros(slots, layout)
        self._bytes = self._frames.view("u1")
        self.address = self._frames.ctypes.data

    def put(self, frame: Frame) -> None:
        """Fill the first slot."""
        self._bytes[: self.size] = frame.view("u1")

    def get(self, slots: Iterable[int]) -> list[Frame]:
        """Copy frames out."""
        return [copied(self._frames[k : k + 1]) for k in slots]

    def free(self, library: Cyclone, slots: int) -> None:
        """Nothing hangs on a frame."""


class CallMemory:
    """Slots for structs with strings, which hang on them until ``free``."""

    def __init__(self, type_name: str, message: type[Any], slots: int) -> None:
        """All zeros."""
        struct = STRUCTS[message]
        self.descriptor = describe_struct(type_name, struct)
        self.size = sizeof(struct)
        self._structs: ctypes.Array[Any] = (struct * slots)()
        self._message, self._names = message, [field.name for field in fields(message)]
        self.address = addressof(self._structs)

    def put(self, message: object) -> None:
        """Fill the first slot; strings live as long as it does."""
        for name in self._names:
            value = getattr(message, name)
            setattr(self._structs[0], name, value.encode() if isinstance(value, str) else value)

    def get(self, slots: Iterable[int]) -> list[Any]:
        """Read messages; a string that is no UTF-8 keeps what can be read of it."""
        return [
            self._message(**{name: self._read(self._structs[k], name) for name in self._names})
            for k in slots
        ]

    def free(self, library: Cyclone, slots: int) -> None:
        """Give back what the library hung on the first ``slots``, which it would use again."""
        for k in range(slots):
            library.sample_free(addressof(self._structs[k]), self.descriptor, FREE_CONTENTS)
            memset(addressof(self._structs[k]), 0, self.size)

    @staticmethod
    def _read(struct: ctypes.Structure, name: str) -> object:
        value = getattr(struct, name)
        return value.decode(errors="replace") if isinstance(value, bytes) else value


Memory = FrameMemory | CallMemory


def memory_for(channel: Channel[Any], slots: int) -> Memory:
    """Make memory for what a channel carries."""
    if isinstance(channel.carries, np.dtype):
        return FrameMemory(channel.type_name, channel.carries, slots)
    return CallMemory(channel.type_name, channel.carries, slots)
