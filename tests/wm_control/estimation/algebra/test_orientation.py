"""The vertical, the heading and the gyro's bias."""

from __future__ import annotations

import math

import numpy as np
import pinocchio as pin
import pytest

from wm_control.estimation.algebra.orientation import (
    OrientationFilter,
    heading_from_quaternion,
    level_rotation,
    up_from_quaternion,
)
from wm_control.estimation.parameters import OrientationParameters

DT = 0.002


def quaternion(roll=0.0, pitch=0.0, yaw=0.0):
    return pin.Quaternion(pin.rpy.rpyToMatrix(roll, pitch, yaw)).coeffs().tolist()


def heading(rotation):
    return math.atan2(rotation[1, 0], rotation[0, 0])


def test_a_base_pitched_nose_down_sees_the_vertical_tilted_to_its_back():
    # Ry(p) takes body z forward for p > 0, so that in body axes "up" is (-sin p, 0, cos p)
    up = up_from_quaternion(quaternion(pitch=0.3))
    np.testing.assert_allclose(up, (-math.sin(0.3), 0.0, math.cos(0.3)), atol=1e-12)


def test_the_vertical_does_not_depend_on_the_heading_or_on_the_quaternions_length():
    up = up_from_quaternion([1.02 * c for c in quaternion(0.2, -0.1, 2.0)])
    np.testing.assert_allclose(up, up_from_quaternion(quaternion(0.2, -0.1, 0.0)), atol=1e-12)


def test_the_first_attitude_has_the_measured_tilt_and_heading_zero():
    rotation = level_rotation(up_from_quaternion(quaternion(0.2, -0.1, 2.0)))
    np.testing.assert_allclose(rotation, pin.rpy.rpyToMatrix(0.2, -0.1, 0.0), atol=1e-12)


def test_a_turn_is_integrated_on_the_rotation_group():
    filter_ = OrientationFilter(OrientationParameters())
    for _ in range(500):
        filter_.update((0.0, 0.0, 1.0), DT, None, 0.0)
    assert heading(filter_.rotation) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("true_bias", [(0.01, -0.02, 0.0), (-0.03, 0.005, 0.0)])
def test_roll_and_pitch_bias_of_the_gyro_are_found_from_the_vertical(true_bias):
    filter_ = OrientationFilter(OrientationParameters())
    up = up_from_quaternion(quaternion(0.1, 0.05, 0.0))
    filter_.reset(up)
    for _ in range(1000):
        filter_.update(true_bias, DT, up, filter_.tilt_bandwidth())
    np.testing.assert_allclose(filter_.bias[:2], true_bias[:2], rtol=0.05, atol=5e-4)
    np.testing.assert_allclose(filter_.rotation[2], up, atol=1e-3)


def test_yaw_bias_is_found_from_soles_that_do_not_turn():
    filter_ = OrientationFilter(OrientationParameters())
    up = (0.0, 0.0, 1.0)
    for _ in range(1000):
        filter_.update(
            (0.0, 0.0, 0.01),
            DT,
            up,
            filter_.tilt_bandwidth(),
            0.0 - filter_.heading,
            filter_.heading_bandwidth(standing=True),
        )
    assert filter_.bias[2] == pytest.approx(0.01, abs=5e-4)
    assert abs(filter_.heading) < 5e-4


@pytest.mark.parametrize("start", [0.0, 3.0])
def test_yaw_bias_is_found_from_how_the_imus_own_heading_changes(start):
    filter_ = OrientationFilter(OrientationParameters())
    for k in range(1000):  # truly turning at 0.5 rad/s, across the IMU's jump from pi to -pi
        imu_heading = math.remainder(start + 0.5 * DT * k, math.tau)
        filter_.watch_heading(imu_heading, DT)
        filter_.update((0.0, 0.0, 0.51), DT, (0.0, 0.0, 1.0), filter_.tilt_bandwidth())
    assert filter_.bias[2] == pytest.approx(0.01, abs=5e-4)


def test_a_jump_of_the_imus_heading_moves_neither_heading_nor_bias():
    filter_ = OrientationFilter(OrientationParameters())
    for k in range(1000):
        filter_.watch_heading(0.0 if k < 500 else 1.5, DT)
        filter_.update((0.0, 0.0, 0.0), DT, (0.0, 0.0, 1.0), filter_.tilt_bandwidth())
    assert filter_.heading == pytest.approx(0.0, abs=1e-12)
    assert filter_.bias[2] == pytest.approx(0.0, abs=1e-12)


def test_the_heading_of_an_axis_is_that_of_its_turned_image():
    orientation, axis = quaternion(0.3, -0.2, 0.7), (0.6, 0.0, 0.8)
    x, y, _ = pin.rpy.rpyToMatrix(0.3, -0.2, 0.7) @ np.array(axis)
    assert heading_from_quaternion(orientation, axis) == pytest.approx(math.atan2(y, x))


def test_the_believed_bias_never_exceeds_its_limit():
    filter_ = OrientationFilter(OrientationParameters(gyro_bias_limit=0.05))
    up = (0.0, 0.0, 1.0)
    for _ in range(500):
        filter_.update((0.5, 0.0, 0.0), DT, up, 5.0)
        assert np.linalg.norm(filter_.bias) <= 0.05 + 1e-12


def test_the_accelerometer_gives_no_vertical_while_the_robot_accelerates():
    filter_ = OrientationFilter(OrientationParameters(accelerometer_gate=1.0))
    assert filter_.accelerometer_up((0.0, 0.0, 11.0)) is None
    assert filter_.accelerometer_up((0.0, 0.0, math.nan)) is None
    np.testing.assert_allclose(filter_.accelerometer_up((0.0, 0.0, 9.5)), (0.0, 0.0, 1.0))
