"""The remote control in the operator's hand, as a state's ``wireless_remote`` carries it.

Bytes 2 and 3 are the buttons, one bit each; a remote that is off sends zeros. Facts of the vendor's
documentation.
"""

from __future__ import annotations

from enum import IntFlag
from typing import Any

from numpy.typing import NDArray


class Button(IntFlag):
    """Bits of the two bytes, the first byte's lowest bit first."""

    R1 = 1 << 0
    L1 = 1 << 1
    START = 1 << 2
    SELECT = 1 << 3
    R2 = 1 << 4
    L2 = 1 << 5
    F1 = 1 << 6
    F2 = 1 << 7
    A = 1 << 8
    B = 1 << 9
    X = 1 << 10
    Y = 1 << 11
    UP = 1 << 12
    RIGHT = 1 << 13
    DOWN = 1 << 14
    LEFT = 1 << 15


STOP = Button.L2 | Button.B
"""Stops the robot; the vendor's own controller damps on the same two."""


def buttons(remote: NDArray[Any]) -> Button:
    """Return the buttons that are held. remote: (40,) uint8."""
    return Button(int(remote[2]) | int(remote[3]) << 8)


def stops(remote: NDArray[Any]) -> bool:
    """Tell whether the operator stops the robot with it."""
    return STOP in buttons(remote)
