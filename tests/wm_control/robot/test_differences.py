"""What differs between two robots is told by joint and link, with both values."""

from dataclasses import replace

import numpy as np
import pytest

from wm_control.robot.description import load_robot
from wm_control.robot.differences import NAMED, differences


@pytest.fixture(scope="module")
def g1():
    return load_robot("g1")


def test_a_robot_does_not_differ_from_itself(g1):
    assert differences(g1, load_robot("g1")) == ()


def test_other_gears_are_told_by_joint(g1):
    torque, speed, rotor = differences(g1, load_robot("g1/mode_11.yaml"))
    assert torque == (
        "torque limit [N·m]: left_hip_pitch_joint 139 (believed 88), "
        "right_hip_pitch_joint 139 (believed 88)"
    )
    assert speed.startswith("speed limit [rad/s]: left_hip_pitch_joint 20 (believed 32)")
    assert "left_hip_pitch_joint 0.0251 (believed 0.01018)" in rotor


def test_other_joints_masses_and_places_are_told(g1):
    lines = differences(g1, load_robot("g1/mode_4.yaml"))
    assert lines[0].startswith("joints that only the believed robot has: waist_roll_joint, ")
    by_title = dict(line.split(": ", 1) for line in lines)
    assert by_title["whole mass [kg]"] == "robot 32.11 (believed 33.34)"
    assert "waist_yaw_link 7.817 (believed 0.214)" in by_title["mass [kg]"]
    assert "left_wrist_roll_link (0.1079" in by_title["centre of mass [m]"]
    back = differences(load_robot("g1/mode_4.yaml"), g1)
    assert back[0].startswith("joints that the believed robot has not: waist_roll_joint, ")


def test_of_many_the_largest_differences_are_named_and_the_others_counted(g1):
    weaker = g1.torque_limit * np.linspace(0.9, 0.5, len(g1.joint_names))
    (line,) = differences(g1, replace(g1, torque_limit=weaker))
    assert line.count("believed") == NAMED
    assert line.startswith(f"torque limit [N·m]: {g1.joint_names[-1]} ")
    assert line.endswith(f", and {len(g1.joint_names) - NAMED} more")


def test_a_limit_that_is_no_number_differs(g1):
    broken = np.array(g1.velocity_limit)
    broken[3] = np.nan
    (line,) = differences(g1, replace(g1, velocity_limit=broken))
    assert f"{g1.joint_names[3]} nan" in line


def test_posture_and_gains_are_the_controllers_own(g1):
    other = replace(g1, default_position=g1.default_position + 0.1, stiffness=2.0 * g1.stiffness)
    assert differences(g1, other) == ()


def test_soles_and_imu_are_compared(g1):
    left, right = g1.soles
    other = replace(
        g1,
        soles=(replace(left, half_length=0.1), right),
        imu=replace(g1.imu, link="torso_link", position=g1.imu.position + 0.01),
    )
    sole, link, imu = differences(g1, other)
    assert link == "link of the IMU: torso_link (believed pelvis)"
    assert sole.startswith("half length and width of the sole [m]: left (0.1 0.0225)")
    assert imu.startswith("place of the IMU [m]: base (")
