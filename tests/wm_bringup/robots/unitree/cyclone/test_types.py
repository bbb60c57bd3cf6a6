"""Lists of operations, against those that idlc writes for the same structs."""

import ctypes

import numpy as np
import pytest

from wm_bringup.robots.unitree.cyclone.types import (
    Request,
    Response,
    describe_frame,
    describe_struct,
)
from wm_bringup.robots.unitree.frames import BATTERY_STATE, COMMAND, IMU, MOTORS, STATE

ADR = 0x01000000
BYTE, TWO, FOUR, EIGHT = 0x010000, 0x020000, 0x030000, 0x040000
STRING, SEQUENCE_OF_BYTES, ARRAY_OF_FOUR = 0x050000, 0x070100, 0x080300


def operations(descriptor):
    return list(descriptor.operations[: descriptor.operation_count])


def test_an_imu_is_four_arrays_and_a_number():
    assert operations(describe_frame("imu", IMU)) == [
        *(ADR | ARRAY_OF_FOUR, 0, 4),
        *(ADR | ARRAY_OF_FOUR, 16, 3),
        *(ADR | ARRAY_OF_FOUR, 28, 3),
        *(ADR | ARRAY_OF_FOUR, 40, 3),
        *(ADR | TWO, 52),
        0,
    ]


def test_a_command_is_listed_flat_with_the_motors_where_they_lie_in_memory():
    found = operations(describe_frame("command", COMMAND))
    motor = [ADR | BYTE, 4, *(word for at in range(8, 32, 4) for word in (ADR | FOUR, at))]
    assert found[: 4 + len(motor)] == [ADR | BYTE, 0, ADR | BYTE, 1, *motor]
    assert found[18:20] == [ADR | BYTE, 4 + 28]  # the second motor
    assert found[-6:] == [ADR | ARRAY_OF_FOUR, 984, 4, ADR | FOUR, 1000, 0]
    assert len(found) == 4 + 14 * MOTORS + 6


@pytest.mark.parametrize("layout", [COMMAND, STATE, IMU, BATTERY_STATE])
def test_operations_name_every_byte_but_the_padding_once(layout):
    descriptor = describe_frame("x", layout)
    words = operations(descriptor)
    seen = np.zeros(layout.itemsize, int)
    while words[0]:
        kind = words[0] >> 16 & 0x7F
        width, count, length = 1 << kind - 1, 1, 2
        if kind == 8:
            width, count, length = 1 << (words[0] >> 8 & 0xFF) - 1, words[2], 3
        seen[words[1] : words[1] + width * count] += 1
        words = words[length:]
    named = np.zeros(1, layout)
    mark(named)
    assert seen.tolist() == (named.view("u1") == 0xFF).astype(int).tolist()
    assert (descriptor.size, descriptor.align) == (layout.itemsize, layout.alignment)


def mark(values):
    if values.dtype.names:
        for name in values.dtype.names:
            mark(values[name])
    else:
        values[...] = np.frombuffer(b"\xff" * values.dtype.itemsize, values.dtype)[0]


def test_a_request_has_its_numbers_its_string_and_its_bytes():
    assert operations(describe_struct("request", Request)) == [
        *(ADR | EIGHT, 0, ADR | EIGHT, 8, ADR | EIGHT, 16),
        *(ADR | FOUR, 24, ADR | BYTE, 28),
        *(ADR | STRING, 32, ADR | SEQUENCE_OF_BYTES, 40),
        0,
    ]


def test_a_response_has_its_code_before_its_text():
    assert operations(describe_struct("response", Response)) == [
        *(ADR | EIGHT, 0, ADR | EIGHT, 8, ADR | FOUR, 16),
        *(ADR | STRING, 24, ADR | SEQUENCE_OF_BYTES, 32),
        0,
    ]


def test_a_sequence_of_bytes_is_the_librarys_struct():
    assert Request.binary.size == 24
    assert ctypes.sizeof(Request) == 64
