"""The slow motion that a machine needs."""

import pytest

from wm_bringup.host.clock import SLOWEST
from wm_bringup.judging.pace import seconds_per_period, slow_motion_for


@pytest.mark.parametrize(
    ("milliseconds", "factor"),
    [
        (0.6, 1.0),
        (1.2, 1.0),  # 0.6 of 2 ms
        (1.3, 2.0),  # / 0.35 / 2 ms = 1.86
        (2.4, 3.5),  # 3.43
        (4.7, 7.0),  # 6.71
        (100.0, SLOWEST),
    ],
)
def test_a_quick_machine_keeps_real_time_and_a_slow_one_gets_room(milliseconds, factor):
    assert slow_motion_for(1e-3 * milliseconds) == factor


def test_a_control_period_of_an_episode_takes_some_time():
    assert 1e-5 < seconds_per_period("g1", "mujoco") < 1.0
