"""The remote's bytes are where the vendor's SDK looks for them."""

import struct

import pytest

from wm_bringup.emulator.remote import Remote
from wm_control.errors import ParameterError


def test_an_untouched_remote_sends_zeros():
    assert not Remote().raw.any()
    assert Remote().raw.shape == (40,)


@pytest.mark.parametrize(
    ("pressed", "first", "second"),
    [
        (["R1"], 0x01, 0),
        (["L1", "A"], 0x02, 0x01),
        (["start", "select"], 0x0C, 0),
        (["R2", "L2", "F1"], 0x70, 0),
        (["B", "X", "Y"], 0, 0x0E),
        (["up", "right", "down", "left"], 0, 0xF0),
    ],
)
def test_buttons_are_bits_of_the_third_and_fourth_byte(pressed, first, second):
    remote = Remote()
    remote.press(["F2"])
    remote.press(pressed)
    assert remote.raw[2:4].tolist() == [first, second]
    assert not remote.raw[:2].any()
    remote.press([])
    assert not remote.raw.any()


def test_sticks_are_floats_at_4_8_12_and_20():
    remote = Remote()
    for stick, value in (("lx", 0.25), ("rx", -0.5), ("ry", 1.0), ("ly", -1.0)):
        remote.move(stick, value)
    raw = remote.raw.tobytes()
    assert struct.unpack_from("<5f", raw, 4) == (0.25, -0.5, 1.0, 0.0, -1.0)


def test_what_a_remote_has_not_is_refused_by_name():
    with pytest.raises(ParameterError, match="'L3'"):
        Remote().press(["L3"])
    with pytest.raises(ParameterError, match="'rz'"):
        Remote().move("rz", 0.0)
    with pytest.raises(ParameterError, match=r"\[-1, 1\]"):
        Remote().move("lx", 1.5)
