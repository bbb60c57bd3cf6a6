"""The remote control in the operator's hands: 40 bytes of every state.

Two bytes of head, 16 buttons, then sticks as single floats lx, rx, ry, (L2), ly: facts of the
vendor's documentation (``xRockerBtnDataStruct``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from wm_bringup.robots.unitree.frames import REMOTE_BYTES
from wm_bringup.robots.unitree.remote import Button
from wm_control.errors import ParameterError

STICKS: Final = ("lx", "rx", "ry", "ly")

REMOTE: Final = np.dtype(
    {
        "names": ["buttons", *STICKS],
        "formats": ["<u2", "<f4", "<f4", "<f4", "<f4"],
        "offsets": [2, 4, 8, 12, 20],
        "itemsize": REMOTE_BYTES,
    }
)


def read_buttons(names: Iterable[str]) -> Button:
    """Return the buttons of these names; ParameterError for one that there is not."""
    pressed = Button(0)
    for name in names:
        if name.upper() not in Button.__members__:
            known = ", ".join(Button.__members__)
            raise ParameterError("press", name, f"must be one of {known}")
        pressed |= Button[name.upper()]
    return pressed


def check_stick(stick: str, value: float) -> None:
    """Raise ParameterError for a stick that there is not, or a place that it cannot have."""
    if stick not in STICKS:
        raise ParameterError("sticks", stick, f"must be one of {', '.join(STICKS)}")
    if not -1.0 <= value <= 1.0:
        raise ParameterError(f"sticks.{stick}", value, "must be in [-1, 1]")


class Remote:
    """What is pressed and where the sticks are.

    raw: (40,) bytes as the robot sends them.
    """

    def __init__(self) -> None:
        """Nobody touches it."""
        self._data = np.zeros(1, REMOTE)
        self.raw = self._data.view("u1")

    def press(self, buttons: Iterable[str]) -> None:
        """Keep these buttons pressed, and no others."""
        self._data["buttons"] = read_buttons(buttons).value

    def move(self, stick: str, value: float) -> None:
        """Move one axis of a stick to ``value`` in [-1, 1]."""
        check_stick(stick, value)
        self._data[stick] = value
