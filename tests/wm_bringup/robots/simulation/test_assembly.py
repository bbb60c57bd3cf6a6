"""Errors of assembly last an episode, and reach all that they would reach on a real robot."""

import numpy as np
import pytest

from wm_bringup.robots.simulation.sensors import PRESETS, SensorParameters, SensorSuite
from wm_control.quaternion import quaternion_from_vector, rotation_from_quaternion

NAMES = ("a", "b", "c")
PERIOD = 0.002
LEVEL = (0.0, 0.0, 0.0, 1.0)
TRUTH = np.arange(1.0, 16.0)


def suite(seed=0, **parameters):
    made = SensorSuite(NAMES, SensorParameters(**parameters), (), PERIOD)
    made.reset(np.random.default_rng(seed))
    return made


def test_an_encoders_zero_error_shifts_its_position_for_the_whole_episode():
    made = suite(position_zero=0.015)
    first, second = (made.measure(k * PERIOD, TRUTH, LEVEL) for k in range(2))
    shift = first.joint_position - TRUTH[:3]
    np.testing.assert_allclose(shift, made.zero_offset)
    assert np.all(np.abs(shift) <= 0.015)
    assert len(set(shift.tolist())) == 3
    np.testing.assert_array_equal(second.joint_position, first.joint_position)
    np.testing.assert_array_equal(first.joint_velocity, TRUTH[3:6])
    np.testing.assert_array_equal(TRUTH, np.arange(1.0, 16.0))


def test_drives_close_their_loops_on_the_same_wrong_encoders(simulate, hold, g1):
    right, wrong = simulate(), simulate(sensors=SensorParameters(position_zero=0.02))
    for robot in (right, wrong):
        observation = robot.reset(0)
        for _ in range(400):
            observation = robot.step(hold(observation, scale=30.0))
    offset = wrong._sensors.zero_offset
    arm = list(g1.groups["left_arm"])  # not a leg, which the ground would hold back
    moved = wrong.ground_truth().joint_position - right.ground_truth().joint_position
    np.testing.assert_allclose(moved[arm], -offset[arm], atol=5e-4)
    assert np.abs(offset[arm]).max() > 0.005


def test_a_turned_imu_turns_all_that_it_measures_and_so_agrees_with_itself():
    true = quaternion_from_vector(0.1, -0.2, 0.3)
    made = suite(imu_mounting=0.05)
    seen = made.measure(0.0, TRUTH, true)
    rotation, measured = (
        rotation_from_quaternion(true),
        rotation_from_quaternion(seen.imu_orientation.tolist()),
    )
    mounting = rotation.T @ measured
    assert 0.001 < np.linalg.norm(mounting - np.eye(3)) < 2.0 * 0.05 * np.sqrt(3.0)
    np.testing.assert_allclose(seen.imu_angular_velocity, mounting.T @ TRUTH[9:12])
    np.testing.assert_allclose(seen.imu_linear_acceleration, mounting.T @ TRUTH[12:15])
    np.testing.assert_allclose(
        measured @ seen.imu_linear_acceleration, rotation @ TRUTH[12:15], atol=1e-12
    )


def ages(seed, bound, count=12):
    """By how much joints and IMU are late, told from channels that say the time [s]."""
    made = suite(seed, skew=bound)
    late = []
    for k in range(count):
        now = k * PERIOD
        turned = quaternion_from_vector(0.0, 0.0, now)
        seen = made.measure(now, np.full(15, now), turned)
        yaw = 2.0 * np.arcsin(seen.imu_orientation[2])
        late.append([now - seen.joint_position[0], now - seen.imu_angular_velocity[0], now - yaw])
    return np.array(late)


@pytest.mark.parametrize("bound", [0.001, 0.005])
def test_skew_makes_either_the_imu_or_the_joints_late_by_a_constant_time_within_its_bound(bound):
    kinds = set()
    for seed in range(12):
        joints, imu, orientation = ages(seed, bound)[4:].T  # before, the past is not yet full
        np.testing.assert_allclose(imu, imu[0], atol=1e-12)
        np.testing.assert_allclose(orientation, imu, atol=1e-9)
        np.testing.assert_allclose(joints, joints[0], atol=1e-12)
        assert 0.0 < max(joints[0], imu[0]) <= bound
        assert min(joints[0], imu[0]) == pytest.approx(0.0, abs=1e-12)
        kinds.add("joints" if joints[0] > imu[0] else "imu")
    assert kinds == {"joints", "imu"}


def test_a_held_robot_that_is_sampled_again_does_not_age_its_samples():
    made = suite(1, skew=0.005)
    for _ in range(5):
        seen = made.measure(0.0, TRUTH, LEVEL)
    np.testing.assert_allclose(seen.joint_position, TRUTH[:3])
    np.testing.assert_allclose(seen.imu_angular_velocity, TRUTH[9:12])


def test_errors_of_assembly_leave_the_noise_as_it_is():
    noise = {"position_noise": 0.01, "gyro_noise": 0.01, "gyro_bias": 0.1}
    plain, skewed = suite(**noise), suite(position_zero=0.02, skew=0.002, **noise)
    a, b = (made.measure(0.0, TRUTH, LEVEL) for made in (plain, skewed))
    np.testing.assert_allclose(b.joint_position - skewed.zero_offset, a.joint_position)
    np.testing.assert_array_equal(b.imu_angular_velocity, a.imu_angular_velocity)


def test_the_hardware_preset_is_the_nominal_one_with_errors_of_assembly():
    nominal, hardware = PRESETS["nominal"], PRESETS["hardware"]
    different = {
        name
        for name in SensorParameters.__dataclass_fields__
        if getattr(nominal, name) != getattr(hardware, name)
    }
    assert different == {"position_zero", "imu_mounting", "skew"}
    assert hardware.position_zero == pytest.approx(np.radians(0.9), abs=1e-3)
