"""Joints go to the slots of their motors and come back, in the units of the frames."""

import math

import numpy as np
import pytest

from wm_bringup.robots.unitree.frames import IMU, STATE, empty, is_sound
from wm_bringup.robots.unitree.wiring import JointFrames, Wiring, write_imu
from wm_control.errors import ParameterError
from wm_control.types import Command, Observation

NAMES = ("arm", "knee", "hip")
WIRING = Wiring({"hip": 0, "knee": 3, "arm": 15, "not here": 4}, (5,))


@pytest.fixture
def joints():
    return JointFrames(NAMES, WIRING)


def command():
    return Command(
        stamp=1.0,
        sequence=500,
        position=np.array([0.5, 1.25, -0.75]),
        velocity=np.array([0.0, 2.0, -4.0]),
        stiffness=np.array([20.0, 150.0, 100.0]),
        damping=np.array([1.0, 4.0, 2.5]),
        torque=np.array([0.25, -8.0, 16.0]),
    )


def test_every_joint_commands_the_motor_in_its_slot_and_all_others_are_off(joints):
    frame = joints.command_frame(command(), machine=5)
    assert (frame["mode_pr"][0], frame["mode_machine"][0]) == (0, 5)
    motor = frame["motor"][0]
    assert motor[0].item() == (1, -0.75, -4.0, 16.0, 100.0, 2.5, 0)
    assert motor[3].item() == (1, 1.25, 2.0, -8.0, 150.0, 4.0, 0)
    assert motor[15].item() == (1, 0.5, 0.0, 0.25, 20.0, 1.0, 0)
    assert motor["mode"].sum() == 3
    assert is_sound(frame)


def test_a_command_comes_back_as_it_was_sent(joints):
    sent = command()
    read = joints.command(joints.command_frame(sent, 5), 1.0, 500)
    for name in ("position", "velocity", "stiffness", "damping", "torque"):
        assert getattr(read, name).dtype == np.float64
        np.testing.assert_array_equal(getattr(read, name), getattr(sent, name))


def test_a_motor_that_is_not_enabled_gives_no_torque_whatever_its_numbers(joints):
    frame = joints.command_frame(command(), 5)
    frame["motor"]["mode"][0, 3] = 0
    frame["motor"]["tau"][0, 3] = np.nan
    read = joints.command(frame, 1.0, 500)
    for name in ("position", "velocity", "stiffness", "damping", "torque"):
        assert getattr(read, name)[1] == 0.0
        assert getattr(read, name)[2] == getattr(command(), name)[2]


def test_an_observation_goes_into_a_state_and_comes_back(joints):
    half = math.sqrt(0.5)
    observation = Observation(
        stamp=12.346,
        sequence=7,
        joint_position=np.array([0.5, 1.25, -0.75]),
        joint_velocity=np.array([0.0, 2.0, -4.0]),
        joint_torque=np.array([0.25, -8.0, 16.0]),
        imu_orientation=np.array([0.0, 0.0, half, half]),
        imu_angular_velocity=np.array([0.5, 0.25, -1.0]),
        imu_linear_acceleration=np.array([0.0, -0.5, 9.75]),
    )
    frame = empty(STATE)
    joints.write_observation(frame, observation)
    assert frame["tick"][0] == 12346
    motor, imu = frame["motor"][0], frame["imu"][0]
    assert [motor[slot]["q"] for slot in (0, 3, 15)] == [-0.75, 1.25, 0.5]
    assert [motor[slot]["tau_est"] for slot in (0, 3, 15)] == [16.0, -8.0, 0.25]
    assert np.count_nonzero(motor["q"]) == 3
    np.testing.assert_allclose(imu["quaternion"], [half, 0.0, 0.0, half], rtol=1e-7)
    np.testing.assert_allclose(imu["rpy"], [0.0, 0.0, math.pi / 2], atol=1e-6)
    read = joints.observation(frame, 7)
    assert (read.stamp, read.sequence) == (12.346, 7)
    assert joints.observation(frame, 7, 99.5).stamp == 99.5
    np.testing.assert_array_equal(read.joint_position, observation.joint_position)
    np.testing.assert_array_equal(read.joint_velocity, observation.joint_velocity)
    np.testing.assert_array_equal(read.joint_torque, observation.joint_torque)
    np.testing.assert_allclose(read.imu_orientation, observation.imu_orientation, rtol=1e-7)
    np.testing.assert_array_equal(read.imu_angular_velocity, observation.imu_angular_velocity)
    np.testing.assert_array_equal(read.imu_linear_acceleration, observation.imu_linear_acceleration)


def test_ticks_begin_again_after_32_bits(joints):
    frame = empty(STATE)
    still = joints.observation(frame, 0)
    for stamp, tick in ((4294967.295, 2**32 - 1), (4294967.296, 0), (4294967.298, 2)):
        joints.write_observation(
            frame,
            Observation(
                stamp,
                0,
                still.joint_position,
                still.joint_velocity,
                still.joint_torque,
                np.array([0.0, 0.0, 0.0, 1.0]),
                still.imu_angular_velocity,
                still.imu_linear_acceleration,
            ),
        )
        assert frame["tick"][0] == tick


@pytest.mark.parametrize(
    ("roll", "pitch", "yaw"), [(0.3, 0.0, 0.0), (0.0, -0.4, 0.0), (0.1, 1.5, -3.0), (-3.1, 0.2, 2)]
)
def test_angles_of_an_imu_are_those_of_its_turns_about_x_then_y_then_z(roll, pitch, yaw):
    (sr, cr), (sp, cp), (sy, cy) = (
        (math.sin(0.5 * angle), math.cos(0.5 * angle)) for angle in (roll, pitch, yaw)
    )
    orientation = np.array(
        [
            sr * cp * cy - cr * sp * sy,
            cr * sp * cy + sr * cp * sy,
            cr * cp * sy - sr * sp * cy,
            cr * cp * cy + sr * sp * sy,
        ]
    )
    frame = empty(IMU)
    write_imu(frame, orientation, np.zeros(3), np.zeros(3))
    np.testing.assert_allclose(frame["rpy"][0], [roll, pitch, yaw], atol=1e-6)
    np.testing.assert_allclose(frame["quaternion"][0], orientation[[3, 0, 1, 2]], rtol=1e-6)


@pytest.mark.parametrize("slots", [{"hip": 0}, {"hip": 0, "knee": 0}, {"hip": 0, "knee": 35}])
def test_a_joint_without_a_slot_of_its_own_is_refused_by_name(slots):
    with pytest.raises(ParameterError, match=r"slots\.knee"):
        JointFrames(("hip", "knee"), Wiring(slots, (5,)))
