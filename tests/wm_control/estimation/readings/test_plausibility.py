"""Units, signs and frames that physics contradicts."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from robot_parameters import ESTIMATOR
from synthetic import SensorErrors

from wm_control.estimation.body.body import Soles
from wm_control.estimation.factory import make_estimator
from wm_control.estimation.parameters import SensorParameters
from wm_control.estimation.readings.plausibility import (
    MeanForce,
    SpeedBesidePosition,
    TurnBesideAttitude,
    fault_at_rest,
    soles_fault_at_rest,
)

UP = (0.0, 0.0, 1.0)
LEVEL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
STILL = (0.0, 0.0, 0.0)
ACCELEROMETER, GYRO = "imu_linear_acceleration", "imu_angular_velocity"


@pytest.mark.parametrize(
    ("force", "says"),
    [
        ((0.0, 0.0, 1.0), "is it in g?"),
        ((0.01, 0.0, 0.02), "is gravity removed?"),
        ((0.0, 0.0, -9.81), "180 degrees off"),
        ((9.81, 0.0, 0.0), "90 degrees off"),
        ((0.0, 0.0, 9810.0), "9.81e+03 m/s²"),
        ((0.0, 0.0, float("nan")), "nan m/s²"),
    ],
)
def test_at_rest_a_force_that_is_not_gravity_upwards_is_named(force, says):
    assert says in fault_at_rest(force, STILL, UP)


def test_at_rest_a_level_imu_with_biases_is_believed_and_a_turning_gyro_is_not():
    assert fault_at_rest((0.2, -0.2, 9.9), (0.02, 0.0, -0.02), UP) == ""
    assert "gyro at rest reads 0.573 rad/s" in fault_at_rest((0.0, 0.0, 9.81), (0.573, 0, 0), UP)


@pytest.mark.parametrize(
    ("force", "load", "wrong"),
    [
        ((0.0, 0.0, 9.81), 1.0, False),
        ((3.0, 0.0, 15.0), 1.0, False),
        ((0.0, 0.0, 1.0), 1.0, True),  # in g
        ((0.0, 0.0, 1.0), 0.0, False),  # in the air
        ((0.0, 0.0, -9.81), 0.0, True),  # the ground does not pull
        ((0.0, 0.0, 96.0), 1.0, True),
    ],
)
def test_within_50_ms_the_mean_force_is_doubted_unless_the_ground_may_make_it(force, load, wrong):
    mean = MeanForce()
    said = [mean.check(force, LEVEL, load, 0.002) for _ in range(25)][-1]
    assert bool(said) is wrong


def test_a_gyro_in_degrees_parts_from_the_attitude_within_20_ms_of_a_turn():
    """0.2 rad/s read as 11.5: each sample parts them by 5 mrad, which is the most that counts."""
    turn = TurnBesideAttitude(SensorParameters())
    angles = 0.2 * 0.002 * np.arange(30)
    said = [
        turn.check(np.array((0, 0, np.sin(a / 2), np.cos(a / 2))), np.array((0, 0, 11.5)), 0.002)
        for a in angles
    ]
    assert said[:2] == ["", ""]
    assert "gyro in degrees" in said[10]


def test_a_gyro_that_agrees_is_believed_and_so_is_one_beside_a_heading_set_anew():
    turn = TurnBesideAttitude(SensorParameters())
    for k in range(500):
        a = 0.8 * 0.002 * k + (2.0 if k > 250 else 0.0)
        sign = -1.0 if k % 3 else 1.0  # q and -q are one attitude
        q = (0.0, 0.0, sign * np.sin(a / 2), sign * np.cos(a / 2))
        assert turn.check(np.array(q), np.array((0.0, 0.0, 0.8)), 0.002) == ""


@pytest.mark.parametrize(
    ("rate", "told", "says"),
    [
        ((0.3, 0.1, 0.2), (-0.3, 0.1, 0.2), "the gyro's x reversed"),
        ((0.1, 0.3, 0.2), (0.1, -0.3, 0.2), "the gyro's y reversed"),
        ((0.1, 0.1, 0.3), (0.1, 0.1, -0.3), "the gyro's z reversed"),
        ((0.3, -0.1, 0.0), (-0.1, 0.3, 0.0), "the gyro's x and y exchanged"),
        ((0.0, -0.1, 0.3), (0.0, 0.3, -0.1), "the gyro's y and z exchanged"),
        ((0.2, 0.2, 0.1), (-0.2, -0.2, -0.1), "an attitude from world to IMU"),
        ((0.3, 0.2, 0.1), (0.0052, 0.0035, 0.0017), "gyro in hundredths"),
    ],
)
def test_a_wrong_gyro_is_told_and_named_within_50_ms_of_a_turn(rate, told, says):
    """They part by 0.2 to 0.6 rad/s, of 9 mrad that are allowed."""
    turn = TurnBesideAttitude(SensorParameters())
    for k in range(25):
        x, y, z = 0.5 * 0.002 * k * np.array(rate)
        said = turn.check(np.array((x, y, z, 1.0)), np.array(told), 0.002)
    assert says in said


def test_a_gyro_that_errs_once_is_believed():
    turn = TurnBesideAttitude(SensorParameters())
    for k in range(100):
        gyro = np.array((30.0 if k == 20 else 0.0, 0.0, 0.0))
        assert turn.check(np.array((0.0, 0.0, 0.0, 1.0)), gyro, 0.002) == ""


def _soles(left, right, step=0.0):
    places = [(0.0, 0.1, step), (0.0, -0.1, 0.0)]
    return Soles(places, [STILL, STILL], [STILL, STILL], [0.0, 0.0], [left, right])


def test_both_soles_stand_on_one_floor_level_or_sloping():
    slope = (0.139, 0.0, 0.990)  # 8 degrees
    assert soles_fault_at_rest(_soles(UP, UP, 0.04), UP) == ""
    assert soles_fault_at_rest(_soles(slope, slope), UP) == ""
    tilted = (0.259, 0.0, 0.966)  # 15 degrees
    assert "15 degrees to each other" in soles_fault_at_rest(_soles(tilted, UP), UP)
    assert "0.10 m above" in soles_fault_at_rest(_soles(UP, UP, 0.1), UP)
    steep = (0.5, 0.0, 0.866)
    assert "30 degrees off the IMU's vertical" in soles_fault_at_rest(_soles(steep, steep), UP)


@pytest.mark.parametrize("factor", [57.3, -1.0, 2.5])
def test_a_joint_whose_velocity_is_not_the_change_of_its_position_is_named(factor):
    """At 2 rad/s even a sign parts by 4 rad/s: 0.1 rad after some 30 ms."""
    speeds = SpeedBesidePosition(("hip", "knee"), SensorParameters())
    said = [
        speeds.check(np.array((0.0, 0.004 * k)), np.array((0.0, factor * 2.0)), 0.002)
        for k in range(30)
    ]
    assert said[-1].startswith("velocity of knee")


def test_joints_that_move_as_they_say_are_believed_through_a_jolt():
    speeds = SpeedBesidePosition(("hip", "knee"), SensorParameters())
    time = 0.002 * np.arange(500)
    position = 0.4 * np.sin(8.0 * time) + np.where(time > 0.5, 0.5 * (time - 0.5), 0.0)
    velocity = 3.2 * np.cos(8.0 * time) + np.where(time > 0.5, 0.5, 0.0)
    for q, v in zip(position, velocity, strict=True):
        assert speeds.check(np.array((q, 0.0)), np.array((v, 0.0)), 0.002) == ""


# --- stories ----------------------------------------------------------------------------------


def _down(q):
    """Attitude in a world of north, east, down: half a turn about the middle of x and y."""
    x, y, z, w = q / np.sqrt(2.0)
    return np.array((w + z, w - z, y - x, -x - y))


def _reversed(joint):
    return np.where(np.arange(29) == joint, -1.0, 1.0)


WRONG_AT_REST = {
    "g": (ACCELEROMETER, lambda a: 0.102 * a, "in g"),
    "no gravity": (ACCELEROMETER, lambda a: a - np.array((0.0, 0.0, 9.81)), "gravity removed"),
    "upside down": (ACCELEROMETER, lambda a: -a, "off the IMU's vertical"),
    "x and z swapped": (ACCELEROMETER, lambda a: a[[2, 1, 0]], "off the IMU's vertical"),
    "mm/s²": (ACCELEROMETER, lambda a: 1000.0 * a, "out of range"),
    "w first": ("imu_orientation", lambda q: q[[3, 0, 1, 2]], "off the IMU's vertical"),
    "joints in degrees": ("joint_position", np.degrees, "out of range"),
    "joints reversed": ("joint_position", lambda q: -q, "out of range"),
    "a hip reversed": ("joint_position", lambda q: q * _reversed(0), "degrees to each other"),
    "an ankle reversed": ("joint_position", lambda q: q * _reversed(10), "degrees to each other"),
    "a knee reversed": ("joint_position", lambda q: q * _reversed(3), "out of range"),
    "north east down": ("imu_orientation", _down, "1(78|79|80) degrees off"),
}


@pytest.mark.parametrize("name", WRONG_AT_REST)
def test_no_estimate_begins_on_a_wrong_convention(robot, rest, name):
    field, change, says = WRONG_AT_REST[name]
    observation = rest.observations(SensorErrors(), 1)[0]
    wrong = replace(observation, **{field: change(getattr(observation, field))})
    estimator = make_estimator(robot, ESTIMATOR)
    estimate = estimator.reset(wrong)
    assert not estimate.healthy
    assert re.search(says, estimate.cause)
    assert estimator.update(observation).healthy


WRONG_IN_A_WALK = {
    "g": {ACCELEROMETER: lambda a: 0.102 * a},
    "no gravity": {ACCELEROMETER: lambda a: a - np.array((0.0, 0.0, 9.81))},
    "upside down": {ACCELEROMETER: lambda a: -a},
    "x and z swapped": {ACCELEROMETER: lambda a: a[[2, 1, 0]]},
    "gyro in degrees": {GYRO: np.degrees},
    "w first": {"imu_orientation": lambda q: q[[3, 0, 1, 2]]},
    "joints in degrees": {"joint_position": np.degrees, "joint_velocity": np.degrees},
    "joint velocities reversed": {"joint_velocity": lambda v: -v},
    "joint velocities in degrees": {"joint_velocity": np.degrees},
    "joint velocities not reported": {"joint_velocity": lambda v: 0.0 * v},
    "joint velocities in hundredths": {"joint_velocity": lambda v: 0.01 * v},
    "joints in hundredths": {"joint_position": lambda q: 0.01 * q},
    "left and right exchanged": dict.fromkeys(
        ("joint_position", "joint_velocity", "joint_torque"),
        lambda q: q[np.r_[6:12, 0:6, 12:29]],
    ),
    "torques reversed": {"joint_torque": np.negative},
    "world to IMU": {"imu_orientation": lambda q: q * (-1, -1, -1, 1)},
    "gyro's x and y exchanged": {GYRO: lambda g: g[[1, 0, 2]]},
    "gyro's z reversed": {GYRO: lambda g: g * (1, 1, -1)},
    "gyro in hundredths": {GYRO: lambda g: 0.01 * g},
}


@pytest.mark.parametrize("name", WRONG_IN_A_WALK)
def test_a_convention_that_turns_wrong_in_a_walk_is_told_within_100_ms(robot, walk, name):
    estimator = make_estimator(robot, ESTIMATOR)
    estimates = []
    for k, o in enumerate(walk.observations(SensorErrors(), 1)):
        if k > 950:
            break
        if k >= 900:
            o = replace(o, **{f: c(getattr(o, f)) for f, c in WRONG_IN_A_WALK[name].items()})
        estimates.append(estimator.update(o))
    assert all(e.healthy for e in estimates[:900])
    assert not estimates[950].healthy


@pytest.mark.parametrize("kind", ["leg_odometry", "invariant_ekf"])
def test_drives_without_torque_are_named_and_contact_is_found_by_motion(robot, walk, kind):
    estimator = make_estimator(robot, replace(ESTIMATOR, kind=kind))
    estimates = [
        estimator.update(replace(o, joint_torque=np.zeros(29)))
        for o in walk.observations(SensorErrors(), 1)
    ]
    assert all(e.healthy for e in estimates)
    assert estimates[-1].cause.startswith("drives report no torque")
    velocity = np.array([e.base_velocity_in_base for e in estimates]) - walk.velocity[:, :3]
    assert np.sqrt((velocity[250:] ** 2).mean(axis=0)).max() < 0.03
    told = np.array([e.contact_probability for e in estimates]) > 0.5
    assert (told[250:] == walk.contact[250:]).mean() > 0.9
