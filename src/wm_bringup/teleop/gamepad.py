"""A gamepad, read from Linux's /dev/input/js* itself.

Eight bytes an event (linux/joystick.h): time [ms], value in [-32767, 32767], kind, number. What is
told when the device is opened, where sticks were then, is passed over: none is moved by that.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from pathlib import Path

_EVENT = struct.Struct("<IhBB")
_BUTTON, _AXIS = 0x01, 0x02
_FULL = 32767.0
_AT_MOST = 64 * _EVENT.size

DEVICES = Path("/dev/input")

DEAD_ZONE = 0.12
"""A stick that is less than this from its middle is let go, in parts of its travel."""

AHEAD, ASIDE, TURN = 1, 0, 3
"""Axes: the left stick walks, the right one turns; their numbers grow backward and to the right."""


class SticksAndButtons:
    """What a gamepad's events add up to."""

    def __init__(self) -> None:
        """Let go."""
        self._rest = b""
        self._axes: dict[int, float] = {}

    def feed(self, data: bytes) -> list[int]:
        """Take in what was read; returns the buttons that were pressed."""
        data, pressed = self._rest + data, []
        whole = len(data) - len(data) % _EVENT.size
        self._rest = data[whole:]
        for _, value, kind, number in _EVENT.iter_unpack(data[:whole]):
            if kind == _AXIS:
                self._axes[number] = max(-1.0, value / _FULL)
            elif kind == _BUTTON and value:
                pressed.append(number)
        return pressed

    @property
    def sticks(self) -> tuple[float, float, float]:
        """Forward, left and turning left, each in [-1, 1]."""
        return self._towards(AHEAD), self._towards(ASIDE), self._towards(TURN)

    def _towards(self, axis: int) -> float:
        value = -self._axes.get(axis, 0.0)
        beyond = max(abs(value) - DEAD_ZONE, 0.0) / (1.0 - DEAD_ZONE)
        return beyond if value > 0.0 else -beyond


class Gamepad:
    """One device; OSError where it cannot be opened."""

    def __init__(self, path: Path) -> None:
        """Open it; nothing waits for it."""
        self.path = path
        self._file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._state = SticksAndButtons()

    def poll(self) -> list[int] | None:
        """Take in what has happened; returns the buttons that were pressed, None: it is gone."""
        pressed: list[int] = []
        try:
            while data := os.read(self._file, _AT_MOST):
                pressed += self._state.feed(data)
        except BlockingIOError:
            return pressed
        except OSError:
            return None
        return None

    @property
    def sticks(self) -> tuple[float, float, float]:
        """See ``SticksAndButtons``."""
        return self._state.sticks

    def close(self) -> None:
        """Give the device back."""
        os.close(self._file)


def first_gamepad(devices: Iterable[Path]) -> Gamepad | None:
    """Open the first that can be opened."""
    opened = map(_opened, devices)
    return next((pad for pad in opened if pad is not None), None)


def _opened(path: Path) -> Gamepad | None:
    try:
        return Gamepad(path)
    except OSError:
        return None


def found_devices(folder: Path = DEVICES) -> list[Path]:
    """List the gamepads that are there."""
    return sorted(folder.glob("js*"))
