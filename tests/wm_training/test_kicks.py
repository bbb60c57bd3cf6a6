"""Kicks change the base's velocity by what they say, when they say."""

from __future__ import annotations

import numpy as np
import pytest

from wm_bringup.scenarios.scenario import Scenario
from wm_control.robot.description import load_robot
from wm_training.kicks import Kick, KickedRobot, every

ROBOT = load_robot("g1")


def test_kicks_come_in_their_period_with_their_size_in_any_direction() -> None:
    kicks = every(4.0, 1.0, 15.0, seed=3)
    assert [kick.at for kick in kicks] == [4.0, 8.0, 12.0]
    assert {kick.size for kick in kicks} == {1.0}
    assert every(4.0, 1.0, 15.0, seed=3) == kicks
    assert every(4.0, 1.0, 15.0, seed=4) != kicks


def test_a_kick_changes_the_velocity_of_the_base_at_once() -> None:
    robot = KickedRobot(ROBOT, Scenario(), (Kick(0.01, 0.5, np.pi / 2),))
    try:
        robot.reset(0)
        speeds = []
        for _ in range(8):
            robot.step(None)
            speeds.append(robot.ground_truth().base_velocity_in_world[1])
    finally:
        robot.close()
    assert np.abs(speeds[:5]).max() < 0.02  # 10 ms: five control periods
    assert speeds[5] == pytest.approx(0.5, abs=0.1)


def test_kicks_come_again_after_a_reset() -> None:
    robot = KickedRobot(ROBOT, Scenario(), (Kick(0.0, 0.5, 0.0),))
    try:
        for _ in range(2):
            robot.reset(0)
            robot.step(None)
            assert robot.ground_truth().base_velocity_in_world[0] > 0.3
    finally:
        robot.close()
