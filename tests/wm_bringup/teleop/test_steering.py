"""Keys change the velocity step by step, sticks give it, and nothing leaves the limits."""

from __future__ import annotations

import struct

import pytest

from wm_bringup.cycle.stack import safety_parameters
from wm_bringup.teleop.gamepad import DEAD_ZONE, Gamepad, SticksAndButtons, first_gamepad
from wm_bringup.teleop.keys import KeyReader
from wm_bringup.teleop.steering import BUTTONS, CALLS, HELP, NUDGES, Limits, Steering
from wm_bringup.wire.topics import ARM, STOP
from wm_control.types import VelocityCommand

LIMITS = Limits(forward=0.6, backward=0.4, sideways=0.2, turning=0.5)
INIT, BUTTON, AXIS = 0x80, 1, 2


def pressed(*keys):
    steering = Steering(LIMITS)
    for key in keys:
        steering.press(key)
    c = steering.command
    return c.linear_x, c.linear_y, c.angular_z


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ("ww", (0.2, 0.0, 0.0)),
        ("wwwwwwwwwww", (0.6, 0.0, 0.0)),
        ("ssssss", (-0.4, 0.0, 0.0)),
        ("qqq", (0.0, 0.15, 0.0)),
        ("eeeeeee", (0.0, -0.2, 0.0)),
        ("aad", (0.0, 0.0, 0.1)),
        ("wqa", (0.1, 0.05, 0.1)),
        ("wwwwwwwwwwwwssssss", (0.0, 0.0, 0.0)),
        (["up", "left", "up", "right"], (0.2, 0.0, 0.0)),
        (["w", "a", "space"], (0.0, 0.0, 0.0)),
        (["w", "space", "w"], (0.1, 0.0, 0.0)),
        ("wx", (0.0, 0.0, 0.0)),
        ("wzk7", (0.1, 0.0, 0.0)),
    ],
)
def test_keys_add_up_within_the_limits(keys, wanted):
    assert pressed(*keys) == pytest.approx(wanted, abs=1e-12)


def test_ten_steps_up_and_ten_down_are_exactly_none():
    steering = Steering(Limits(2.0, 2.0, 1.0, 2.0))
    for key in "w" * 10 + "s" * 10 + "a" * 7 + "d" * 7:
        steering.press(key)
    assert steering.command == VelocityCommand()


def test_keys_call_services_and_a_stop_takes_the_velocity_away():
    steering = Steering(LIMITS)
    steering.press("w")
    assert steering.press("g") is ARM
    assert steering.command.linear_x == 0.1
    assert steering.press("x") is STOP
    assert steering.command == VelocityCommand()
    assert [steering.press(n).name for n in "12"] == [
        "arbiter/prefer_mpc",
        "arbiter/prefer_policy",
    ]


def test_no_key_means_two_things_and_the_help_tells_of_all():
    assert not NUDGES.keys() & CALLS.keys()
    assert set(BUTTONS.values()) <= {*CALLS, "space"}
    assert all(f"{key}" in " ".join(HELP) for key in (*NUDGES, *CALLS))


def test_sticks_give_shares_of_the_limits_and_let_go_they_ask_to_stand():
    steering = Steering(LIMITS)
    steering.stick(0.5, -1.0, 0.0)
    assert steering.command == VelocityCommand(0.3, -0.2, 0.0)
    steering.stick(-1.0, 0.0, 1.0)
    assert steering.command == VelocityCommand(-0.4, 0.0, 0.5)
    steering.stick(0.0, 0.0, 0.0)
    assert steering.command == VelocityCommand()


def test_a_stick_that_nobody_touches_leaves_the_keys_alone():
    steering = Steering(LIMITS)
    steering.press("w")
    steering.stick(0.0, 0.0, 0.0)
    assert steering.command.linear_x == 0.1


def test_limits_are_a_share_of_what_the_gate_may_let_through():
    velocity = safety_parameters("g1").velocity
    assert Limits.of(velocity, 0.5).forward == 0.5 * velocity.max_linear_x
    assert Limits.of(velocity).backward == velocity.max_linear_x_backward


@pytest.mark.parametrize(
    ("pieces", "keys"),
    [
        ([b"wA "], ["w", "a", "space"]),
        ([b"\x1b[A\x1b[B\x1bOC\x1b[D"], ["up", "down", "right", "left"]),
        ([b"w\x1b", b"[", b"Aw"], ["w", "up", "w"]),
        ([b"\x1b[1;5Cw"], ["w"]),
        ([b"\x1b[3~x"], ["x"]),
        ([b"\x1bx"], ["x"]),
        ([b"\xff\xfew"], ["\ufffd", "\ufffd", "w"]),
    ],
)
def test_what_a_terminal_sends_is_read_as_keys(pieces, keys):
    reader = KeyReader()
    assert [key for piece in pieces for key in reader.keys(piece)] == keys


def event(value, kind, number):
    return struct.pack("<IhBB", 1, value, kind, number)


def test_events_of_a_gamepad_add_up_to_sticks_and_buttons():
    pad = SticksAndButtons()
    data = event(-32767, AXIS, 1) + event(16384, AXIS, 0) + event(1, BUTTON, 0)
    assert pad.feed(data[:13]) == []
    assert pad.feed(data[13:]) == [0]
    forward, left, turn = pad.sticks
    assert forward == 1.0
    assert left == pytest.approx(-(0.5 - DEAD_ZONE) / (1.0 - DEAD_ZONE), abs=1e-3)
    assert turn == 0.0
    assert pad.feed(event(0, BUTTON, 0)) == []
    pad.feed(event(3000, AXIS, 3))  # within the dead zone
    assert pad.sticks[2] == 0.0
    pad.feed(event(-32768, AXIS, 3))
    assert pad.sticks[2] == 1.0


def test_what_a_gamepad_tells_when_it_is_opened_moves_nobody():
    pad = SticksAndButtons()
    assert pad.feed(event(-32767, AXIS | INIT, 1) + event(1, BUTTON | INIT, 0)) == []
    assert pad.sticks == (0.0, 0.0, 0.0)


def test_a_gamepad_that_is_unplugged_is_told_and_none_is_no_gamepad(tmp_path):
    import os

    fifo = tmp_path / "js0"
    os.mkfifo(fifo)
    pad = Gamepad(fifo)
    writer = os.open(fifo, os.O_WRONLY)
    assert pad.poll() == []
    os.write(writer, event(1, BUTTON, 1))
    assert pad.poll() == [1]
    os.close(writer)
    assert pad.poll() is None
    pad.close()
    assert first_gamepad([tmp_path / "js7"]) is None
    assert first_gamepad([]) is None
