"""What the robot does not follow, and by which word it is counted."""

import numpy as np
import pytest

from wm_bringup.emulator.judge import CommandJudge
from wm_bringup.robots.unitree.frames import COMMAND, empty, seal
from wm_bringup.robots.unitree.wiring import JointFrames, Wiring
from wm_control.types import Command

JOINTS = JointFrames(("hip", "knee"), Wiring({"hip": 0, "knee": 3}, (5,)))


def frame(machine=5):
    values = np.array([1.0, 2.0])
    return JOINTS.command_frame(Command(0.0, 0, values, values, values, values, values), machine)


def read(one):
    return CommandJudge(JOINTS, 5).read(one, 1.5, 750)


def test_a_sealed_command_for_this_machine_is_followed():
    command = read(frame())
    assert (command.stamp, command.sequence) == (1.5, 750)
    assert command.stiffness.tolist() == [1.0, 2.0]


def test_one_wrong_bit_is_a_wrong_checksum():
    wrong = frame()
    wrong.view("u1")[77] ^= 4
    assert read(wrong) == "crc"


def test_a_fresh_message_of_defaults_is_not_followed():
    assert read(empty(COMMAND)) == "crc"
    sealed = empty(COMMAND)
    seal(sealed)
    assert read(sealed) == "mode_machine"


def test_a_command_for_another_body_is_not_followed():
    assert read(frame(machine=6)) == "mode_machine"


def test_angles_of_parallel_drives_are_not_followed():
    other = frame()
    other["mode_pr"] = 1
    seal(other)
    assert read(other) == "mode_pr"


@pytest.mark.parametrize("field", ["q", "dq", "tau", "kp", "kd"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_none_is_not_followed(field, value):
    wrong = frame()
    wrong["motor"][field][0, 3] = value
    seal(wrong)
    assert read(wrong) == "not finite"


def test_numbers_of_a_motor_that_is_off_do_not_matter():
    other = frame()
    other["motor"]["mode"][0, 3] = 0
    other["motor"]["q"][0, 3] = np.nan
    other["motor"]["q"][0, 20] = np.nan
    seal(other)
    assert read(other).stiffness.tolist() == [1.0, 0.0]
