"""What Cyclone writes on its log: a pipe instead of the terminal, read when somebody asks.

Among it is every message that could not be read, at the rate at which it comes; a thread that
receives must not wait for a terminal, nor for Python. Cyclone writes to the C library's ``stderr``
as it is when a domain is made; only some of its builds offer a function that says where else.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

ROOM: Final = 1 << 20
"""Bytes that wait between two looks, some 6000 lines; what does not fit is lost."""

_REFUSED: Final = re.compile(r"\[(\d+)\].*deserialization (\S+) failed")


class Log:
    """The log of one library, for as long as the process lives."""

    def __init__(self) -> None:
        """Make the pipe."""
        self._libc = ctypes.CDLL(None)
        self._libc.fdopen.restype = ctypes.c_void_p
        self._end, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        with suppress(OSError):  # a user's pipes may be full; this one is smaller then
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, ROOM)
        self._file = self._libc.fdopen(writing, b"w")
        self._rest = ""
        self._refused: Counter[tuple[int, str]] = Counter()
        self.last = ""

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Let a domain that is made in here write into the pipe."""
        stderr = ctypes.c_void_p.in_dll(self._libc, "stderr")
        before, stderr.value = stderr.value, self._file
        try:
            yield
        finally:
            stderr.value = before

    def refused(self, domain: int, topic: str, type_name: str) -> int:
        """Count messages on a topic that were too short, or in no known encapsulation."""
        self.read()
        return self._refused[domain, f"{topic}/{type_name}"]

    def read(self) -> None:
        """Take what was written since the last time; ``last``: the last line on something else."""
        try:
            while piece := os.read(self._end, ROOM):
                self._rest += piece.decode(errors="replace")
        except BlockingIOError:
            pass
        *lines, self._rest = self._rest.split("\n")
        for line in lines:
            if found := _REFUSED.search(line):
                self._refused[int(found[1]), found[2]] += 1
            else:
                self.last = line.partition("]")[2].strip()
