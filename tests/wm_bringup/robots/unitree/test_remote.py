"""The buttons in a state's bytes."""

import numpy as np
import pytest

from wm_bringup.robots.unitree.remote import Button, buttons, stops


def remote(low, high):
    data = np.zeros(40, np.uint8)
    data[2], data[3] = low, high
    return data


@pytest.mark.parametrize(
    ("low", "high", "held"),
    [
        (0, 0, Button(0)),
        (0b0000_0001, 0, Button.R1),
        (0b0000_1000, 0, Button.SELECT),
        (0b0010_0010, 0, Button.L1 | Button.L2),
        (0, 0b0000_0001, Button.A),
        (0, 0b1000_0000, Button.LEFT),
    ],
)
def test_every_button_is_a_bit(low, high, held):
    assert buttons(remote(low, high)) == held


def test_two_buttons_stop_the_robot_whatever_else_is_held():
    assert stops(remote(0b0010_0000, 0b0000_0010))
    assert stops(remote(0b1111_1111, 0b1111_1111))
    assert not stops(remote(0b0010_0000, 0))
    assert not stops(remote(0, 0b0000_0010))
