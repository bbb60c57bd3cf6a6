"""The layouts are the vendor's structs to the byte, and the checksum is its CRC."""

import struct

import numpy as np
import pytest

from wm_bringup.robots.unitree.frames import (
    BATTERY_STATE,
    COMMAND,
    IMU,
    MOTORS,
    STATE,
    checksum,
    copied,
    empty,
    is_sound,
    seal,
)

# What the vendor's SDK packs before it takes the checksum.
PACKED_COMMAND = "<2B2x" + "B3x5fI" * MOTORS + "5I"
PACKED_STATE = "<2I2B2xI" + "13fh2x" + "B3x4f2hf7I" * MOTORS + "40B5I"


def bit_by_bit(data: bytes) -> int:
    """The checksum's definition: polynomial 04C11DB7, words least significant byte first."""
    crc = 0xFFFFFFFF
    for (word,) in struct.iter_unpack("<I", data):
        for place in range(31, -1, -1):
            carry = crc >> 31
            crc = (crc << 1) & 0xFFFFFFFF ^ (0x04C11DB7 if carry else 0)
            crc ^= 0x04C11DB7 if word >> place & 1 else 0
    return crc


def test_a_command_has_the_bytes_that_the_vendor_packs():
    frame = empty(COMMAND)
    frame["mode_pr"], frame["mode_machine"] = 1, 5
    values: list[float] = [1, 5]
    for k in range(MOTORS):
        motor = (1, k + 0.5, -k, 0.25 * k, 100 + k, 2.5, 7 * k)
        frame["motor"][0, k] = motor
        values += motor
    frame["reserve"] = 1, 2, 3, 4
    frame["crc"] = 0xDEADBEEF
    assert frame.tobytes() == struct.pack(PACKED_COMMAND, *values, 1, 2, 3, 4, 0xDEADBEEF)


def test_a_state_has_the_bytes_that_the_vendor_packs():
    frame = empty(STATE)
    frame["version"] = 3, 4
    frame["mode_pr"], frame["mode_machine"], frame["tick"] = 0, 6, 123456789
    imu = np.arange(13, dtype=np.float32)
    inertial = frame["imu"]
    inertial["quaternion"], inertial["gyroscope"] = imu[:4], imu[4:7]
    inertial["accelerometer"], inertial["rpy"] = imu[7:10], imu[10:]
    inertial["temperature"] = -7
    values: list[float] = [3, 4, 0, 6, 123456789, *imu.tolist(), -7]
    for k in range(MOTORS):
        motor = (1, 0.5 * k, -k, 2 * k, 0.25, (30, 40), 48.5, (1, 2), 1024, (9, 8, 7, k))
        frame["motor"][0, k] = motor
        values += [*motor[:5], 30, 40, 48.5, 1, 2, 1024, 9, 8, 7, k]
    frame["wireless_remote"] = np.arange(40)
    frame["reserve"] = 5, 6, 7, 8
    frame["crc"] = 9
    assert frame.tobytes() == struct.pack(PACKED_STATE, *values, *range(40), 5, 6, 7, 8, 9)


@pytest.mark.parametrize(
    ("layout", "size"), [(COMMAND, 1004), (STATE, 2092), (IMU, 56), (BATTERY_STATE, 164)]
)
def test_layouts_have_the_size_of_the_structs(layout, size):
    assert layout.itemsize == size


@pytest.mark.parametrize("layout", [COMMAND, STATE])
def test_the_checksum_is_that_of_its_definition(layout):
    frame = empty(layout)
    random = np.random.default_rng(4)
    for _ in range(3):
        frame.view("u1")[:] = random.integers(0, 256, layout.itemsize)
        assert checksum(frame) == bit_by_bit(frame.tobytes()[:-4])


def test_one_wrong_bit_is_told_wherever_it_is():
    frame = empty(STATE)
    frame["tick"] = 77
    seal(frame)
    assert is_sound(frame)
    raw = frame.view("u1")
    for place in range(0, STATE.itemsize, 97):
        raw[place] ^= 16
        assert not is_sound(frame)
        raw[place] ^= 16
    assert is_sound(frame)


def test_a_copy_is_one_to_the_byte_so_that_it_is_as_sound_as_its_original():
    frame = empty(STATE)
    frame.view("u1")[:] = np.arange(STATE.itemsize) % 251
    seal(frame)
    copy = copied(frame)
    assert copy.tobytes() == frame.tobytes()
    assert is_sound(copy)
    copy["tick"] = 1
    assert frame["tick"] != 1


@pytest.mark.parametrize(("layout", "padding"), [(COMMAND, 2 + 35 * 3), (STATE, 2 + 2 + 35 * 3)])
def test_what_was_left_in_the_padding_is_gone_before_the_checksum_is_taken(layout, padding):
    clean, dirty = empty(layout), empty(layout)
    dirty.view("u1")[:] = 255
    for name in layout.names:
        dirty[name] = clean[name]
    assert np.count_nonzero(dirty.view("u1")) == padding
    seal(clean)
    seal(dirty)
    assert dirty.tobytes() == clean.tobytes()
