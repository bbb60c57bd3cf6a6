"""The robot without physics."""

import numpy as np
import pytest

from wm_bringup.robots.mock import MockRobot


def test_joints_approach_their_targets_exponentially(g1, hold):
    robot = MockRobot(g1, time_constant=0.1)
    observation = robot.reset(0)
    target = g1.default_position + 0.2
    for _ in range(50):
        observation = robot.step(hold(observation, target))
    left = (target - observation.joint_position) / 0.2
    np.testing.assert_allclose(left, np.exp(-1.0), rtol=1e-9)
    assert observation.sequence == 50
    assert observation.stamp == pytest.approx(0.1)


def test_joints_without_stiffness_stay(g1, limp):
    robot = MockRobot(g1)
    start = robot.reset(0)
    observation = robot.step(limp(start))
    np.testing.assert_array_equal(observation.joint_position, start.joint_position)
    assert observation is robot.observe()


def test_the_imu_is_level_and_at_rest(g1):
    observation = MockRobot(g1).step(None)
    np.testing.assert_allclose(observation.imu_linear_acceleration, [0, 0, 9.81])
    np.testing.assert_allclose(observation.imu_orientation, [0, 0, 0, 1])
