"""Which body an emulated robot has, and which it says it has."""

import pytest

from wm_bringup.emulator.assemble import choose, emulate
from wm_bringup.scenarios.scenario import Push, Scenario, Wish
from wm_control.errors import ParameterError


def test_a_robot_says_what_its_file_is_true_of():
    chosen = choose("g1")
    assert (chosen.machine, chosen.body.file) == (5, "robot.yaml")


def test_a_number_chooses_the_file_that_fits():
    chosen = choose("g1", 13)
    assert (chosen.machine, chosen.body.file) == (13, "mode_13.yaml")
    assert chosen.body.wiring.machines == (13,)


def test_a_body_may_be_another_than_the_number_says():
    chosen = choose("g1", 13, "g1")
    assert (chosen.machine, chosen.body.file) == (13, "robot.yaml")


def test_a_number_that_no_file_is_true_of_is_refused_unless_a_body_is_named():
    with pytest.raises(ParameterError, match="machine"):
        choose("g1", 99)
    assert choose("g1", 99, "g1").machine == 99


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"pushes": (Push(impulse=(40.0, 0.0, 0.0), phase=0.3),)}, r"pushes.0.phase.*gait"),
        ({"faults": ("gyro:off@0", "command:off@0.2")}, r"faults.1.*command:off.*sensors"),
        ({"wishes": (Wish("mpc", at=0.5),)}, r"wishes.*no effect"),
    ],
)
def test_what_a_robot_alone_cannot_do_is_refused(asked, said):
    with pytest.raises(ParameterError, match=said):
        emulate(choose("g1"), Scenario(**asked), "mujoco")
