"""Keys pressed in the terminal that a graph was started from."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from typing import Any, TextIO

STOP_KEY = " "
"""Stops the robot."""


class Keyboard:
    """Reads keys without waiting and without Return, for as long as the ``with`` block lasts.

    What is no terminal has no keys, and neither has a terminal in which others are in the
    foreground: whoever touches it then is stopped by the kernel. gone: it was closed meanwhile.
    """

    def __init__(self, source: TextIO | None = None) -> None:
        """source: None: standard input."""
        self._source = source or sys.stdin
        self._before: list[Any] | None = None
        self.gone = False

    @property
    def in_hand(self) -> bool:
        """Whether keys that are pressed now are ours."""
        return self.there and self._ours

    @property
    def there(self) -> bool:
        """Whether there is somebody who could press a key."""
        return self._before is not None

    def __enter__(self) -> Keyboard:
        """Let the terminal hand over keys as they are pressed."""
        if self._ours:
            self._before = termios.tcgetattr(self._source.fileno())
            tty.setcbreak(self._source.fileno())
        return self

    @property
    def _ours(self) -> bool:
        """Whether it is a terminal, and we are in its foreground."""
        if self._source is None or self._source.closed or not self._source.isatty():
            return False
        try:
            return os.tcgetpgrp(self._source.fileno()) == os.getpgrp()
        except OSError:
            return True  # of no session of ours: nobody is in its foreground

    def __exit__(self, *_: object) -> None:
        """Leave the terminal as it was."""
        if self._before is not None and self._ours:
            termios.tcsetattr(self._source.fileno(), termios.TCSADRAIN, self._before)

    def pressed(self, key: str) -> bool:
        """Tell whether a key was pressed since the last call; all other keys are forgotten."""
        return key.encode() in self.read()

    def read(self) -> bytes:
        """Return all that was typed since the last call."""
        found = b""
        self.gone = self.gone or (self.there and not self._source.isatty())
        while self.in_hand and select.select([self._source], [], [], 0.0)[0]:
            try:
                some = os.read(self._source.fileno(), 64)
            except OSError:
                some = b""
            if not some:
                self.gone = True
                break
            found += some
        return found
