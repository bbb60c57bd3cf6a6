"""One line that says what is sent, and lines above it that stay."""

from __future__ import annotations

import shutil
from typing import TextIO

from wm_control.types import VelocityCommand


class StatusLine:
    """On a terminal one line is written over and over; elsewhere a line for every change."""

    def __init__(self, out: TextIO) -> None:
        """Nothing written yet."""
        self._out = out
        self._shown = ""

    def show(self, command: VelocityCommand, said: str) -> None:
        """Say what is sent, and what the arbiter says."""
        text = (
            f"x {command.linear_x:+.2f} m/s  y {command.linear_y:+.2f} m/s  "
            f"yaw {command.angular_z:+.2f} rad/s   {said}"
        )
        if text != self._shown:
            self._shown = text
            self._write(text)

    def _write(self, text: str) -> None:
        if self._out.isatty():
            columns = shutil.get_terminal_size().columns
            self._out.write(f"\r\x1b[K{text[: columns - 1]}")
        else:
            self._out.write(f"{text}\n")
        self._out.flush()

    def say(self, line: str) -> None:
        """Write a line that stays."""
        if self._out.isatty() and self._shown:
            self._out.write("\r\x1b[K")
        self._out.write(f"{line}\n")
        self._out.flush()
        self._shown = ""

    def close(self) -> None:
        """Leave the cursor on a line of its own."""
        if self._out.isatty() and self._shown:
            self._out.write("\n")
            self._out.flush()
