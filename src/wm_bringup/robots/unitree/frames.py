"""Frames of ``unitree_hg``: what a Unitree humanoid and its computer tell each other at 500 Hz.

As the robot's own C structs lie in memory (little endian, natural alignment): over those bytes its
checksum is taken. Facts of the interface, from the vendor's public message package and SDK; no code
is taken from it. Both are arrays of one record, so that ``frame["motor"]["q"]`` is (1, 35).
"""

from __future__ import annotations

import zlib
from functools import cache
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

MOTORS: Final = 35
"""Slots for motors in every frame; a robot with fewer leaves the others alone."""

REMOTE_BYTES: Final = 40

ENABLED: Final = 1
"""``mode`` of a motor that follows its command; 0: it does not."""

SERIES: Final = 0
"""``mode_pr``: ankles and waist by pitch and roll, as if their drives were in series; 1: by the
two drives that work in parallel."""

_MOTOR_COMMAND = [
    ("mode", "u1"),
    ("q", "<f4"),
    ("dq", "<f4"),
    ("tau", "<f4"),
    ("kp", "<f4"),
    ("kd", "<f4"),
    ("reserve", "<u4"),
]
COMMAND: Final = np.dtype(
    [
        ("mode_pr", "u1"),
        ("mode_machine", "u1"),
        ("motor", np.dtype(_MOTOR_COMMAND, align=True), MOTORS),
        ("reserve", "<u4", 4),
        ("crc", "<u4"),
    ],
    align=True,
)
"""``LowCmd``, 1004 bytes. q [rad], dq [rad/s], tau [N·m], kp [N·m/rad], kd [N·m·s/rad]."""

_IMU = [
    ("quaternion", "<f4", 4),
    ("gyroscope", "<f4", 3),
    ("accelerometer", "<f4", 3),
    ("rpy", "<f4", 3),
    ("temperature", "<i2"),
]
IMU: Final = np.dtype(_IMU, align=True)
"""``IMUState``. quaternion w, x, y, z; gyroscope [rad/s]; accelerometer [m/s²]; rpy [rad]; [°C]."""

_MOTOR_STATE = [
    ("mode", "u1"),
    ("q", "<f4"),
    ("dq", "<f4"),
    ("ddq", "<f4"),
    ("tau_est", "<f4"),
    ("temperature", "<i2", 2),
    ("vol", "<f4"),
    ("sensor", "<u4", 2),
    ("motorstate", "<u4"),
    ("reserve", "<u4", 4),
]
STATE: Final = np.dtype(
    [
        ("version", "<u4", 2),
        ("mode_pr", "u1"),
        ("mode_machine", "u1"),
        ("tick", "<u4"),
        ("imu", IMU),
        ("motor", np.dtype(_MOTOR_STATE, align=True), MOTORS),
        ("wireless_remote", "u1", REMOTE_BYTES),
        ("reserve", "<u4", 4),
        ("crc", "<u4"),
    ],
    align=True,
)
"""``LowState``, 2092 bytes. tick [ms]; temperature of casing and winding [°C]; vol [V]; motorstate:
errors of the motor, 0: none."""

BATTERY_STATE: Final = np.dtype(
    [
        ("version_high", "u1"),
        ("version_low", "u1"),
        ("fn", "u1"),
        ("cell_vol", "<u2", 40),
        ("bmsvoltage", "<u4", 3),
        ("current", "<i4"),
        ("soc", "u1"),
        ("soh", "u1"),
        ("temperature", "<i2", 12),
        ("cycle", "<u2"),
        ("manufacturer_date", "<u2"),
        ("bmsstate", "<u4", 5),
        ("reserve", "<u4", 3),
    ],
    align=True,
)
"""``BmsState``. bmsvoltage [mV], current [mA], soc: charge [%], temperature [°C]; no checksum."""

Frame = NDArray[np.void]
"""(1,) of one of these layouts, writable."""

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def empty(layout: np.dtype[Any]) -> Frame:
    """Make a frame of zeros, padding included."""
    return np.zeros(1, layout)


def copied(frame: Frame) -> Frame:
    """Copy a frame, padding included: numpy copies fields, and leaves what is between undefined."""
    return frame.view("u1").copy().view(frame.dtype)


def checksum(frame: Frame) -> int:
    """CRC-32/MPEG-2 over all 32-bit words of a frame but the last.

    Words enter with their most significant bit first, so each word's bytes are turned round. zlib
    computes the same polynomial with reflected bits: bits are mirrored before and after.
    """
    words = frame.view("<u4")[:-1].astype(">u4")
    mirrored = zlib.crc32(words.tobytes().translate(_REVERSED)) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_REVERSED), "big")


def seal(frame: Frame) -> None:
    """Zero a frame's padding, which no message carries, and write the checksum."""
    frame.view("u1")[_padding(frame.dtype)] = 0
    frame["crc"] = checksum(frame)


@cache
def _padding(layout: np.dtype[Any]) -> NDArray[np.intp]:
    """Bytes of a layout that belong to no field."""
    used = np.zeros(layout.itemsize, np.bool_)
    _mark(layout, used)
    return np.flatnonzero(~used)


def _mark(layout: np.dtype[Any], used: NDArray[np.bool_]) -> None:
    """Mark the bytes of all fields; used: (itemsize,), a view."""
    if layout.subdtype is not None:
        element, shape = layout.subdtype
        for part in used.reshape(prod(shape), -1):
            _mark(element, part)
    elif layout.fields is None:
        used[:] = True
    else:
        for kind, offset, *_ in layout.fields.values():
            _mark(kind, used[offset : offset + kind.itemsize])


def is_sound(frame: Frame) -> bool:
    """Tell whether a frame's checksum is right."""
    return int(frame["crc"][0]) == checksum(frame)
