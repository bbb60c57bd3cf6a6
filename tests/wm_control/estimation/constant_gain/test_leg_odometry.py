"""Base velocity and position from an accelerometer and from soles that stand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wm_control.estimation.constant_gain.leg_odometry import (
    LegOdometry,
    SlipPatience,
    carried,
    steadiness,
    wrapped,
)
from wm_control.estimation.parameters import OdometryParameters
from wm_control.vector3 import minus, plus

DT = 0.002
LEVEL = np.eye(3).tolist()
STILL = (0.0, 0.0, 0.0)
REST = (0.0, 0.0, 9.81)
SOLES = [(0.0, 0.09, 0.0), (0.0, -0.09, 0.0)]
AT_REST = [STILL, STILL]
FLAT = [0.0, 0.0]


def standing(parameters=None):
    odometry = LegOdometry(parameters or OdometryParameters(), STILL)
    odometry.reset((0.0, 0.0, 0.7), SOLES, FLAT)
    return odometry


def seen(odometry, true_base=(0.0, 0.0, 0.7)):
    """Where the soles at SOLES seem to be, from a base that is truly at ``true_base``."""
    return [plus(sole, 1.0, minus(odometry.position, true_base)) for sole in SOLES]


def step(odometry, force=REST, say=(1.0, 1.0)):
    """One sample of a base that truly rests."""
    odometry.predict(LEVEL, STILL, force, DT)
    slips = [odometry.imu_velocity] * 2
    return odometry.correct(seen(odometry), slips, FLAT, list(say), LEVEL, DT)


def test_at_rest_nothing_moves():
    odometry = standing()
    for _ in range(500):
        step(odometry)
    np.testing.assert_allclose(odometry.position, (0.0, 0.0, 0.7), atol=1e-12)
    np.testing.assert_allclose(odometry.imu_velocity, 0.0, atol=1e-12)


def test_without_a_sole_the_base_falls_freely():
    odometry = standing()
    for _ in range(50):
        step(odometry, force=STILL, say=(0.0, 0.0))
    assert odometry.imu_velocity[2] == pytest.approx(-9.81 * 0.1)


def test_a_biased_accelerometer_is_found_out_at_rest():
    odometry = standing()
    for _ in range(5000):
        step(odometry, force=(0.1, -0.05, 9.81))
    np.testing.assert_allclose(odometry.acceleration_bias, (0.1, -0.05, 0.0), atol=2e-3)
    np.testing.assert_allclose(odometry.imu_velocity, 0.0, atol=2e-4)


def test_the_believed_bias_never_exceeds_its_limit():
    odometry = standing(OdometryParameters(acceleration_bias_limit=0.2))
    for _ in range(5000):
        step(odometry, force=(2.0, 0.0, 9.81))
    assert np.linalg.norm(odometry.acceleration_bias) <= 0.2 + 1e-12


def test_a_wrong_velocity_is_pulled_to_that_of_the_soles_within_half_a_second():
    odometry = standing()
    odometry.imu_velocity = (0.3, 0.0, 0.0)
    for _ in range(250):
        step(odometry)
    assert abs(odometry.imu_velocity[0]) < 0.03


def test_a_swinging_sole_has_no_say_and_takes_its_anchor_along():
    odometry = standing()
    odometry.predict(LEVEL, STILL, REST, DT)
    soles = [SOLES[0], (0.1, -0.09, 0.05)]
    odometry.correct(soles, [STILL, (1.0, 0.0, 0.0)], [0.0, 0.3], [1.0, 0.0], LEVEL, DT)
    np.testing.assert_allclose(odometry.imu_velocity, 0.0, atol=1e-12)
    np.testing.assert_allclose(odometry.anchors[0], SOLES[0])
    np.testing.assert_allclose(odometry.anchors[1], soles[1], atol=1e-9)
    assert odometry.anchor_headings == pytest.approx([0.0, 0.3])


def test_the_picture_sinks_to_the_ground_without_a_vertical_velocity():
    odometry = standing(OdometryParameters(ground_time=0.5))
    raised = [plus(sole, 1.0, (0.0, 0.0, 0.02)) for sole in SOLES]
    odometry.reset((0.0, 0.0, 0.72), raised, FLAT)
    for _ in range(500):  # 1 s: exp(-2) of 20 mm are left
        odometry.predict(LEVEL, STILL, REST, DT)
        odometry.correct(seen(odometry), AT_REST, FLAT, [1.0, 1.0], LEVEL, DT)
        assert odometry.imu_velocity[2] == pytest.approx(0.0, abs=1e-9)
    assert odometry.position[2] == pytest.approx(0.7 + 0.02 * math.exp(-2.0), abs=2e-4)


def test_forgotten_anchors_are_put_down_where_the_soles_are_now():
    odometry = standing()
    odometry.forget_anchors()
    odometry.predict(LEVEL, STILL, REST, DT)
    moved = [plus(sole, 1.0, (0.3, 0.0, 0.0)) for sole in SOLES]
    odometry.correct(moved, AT_REST, [0.5, 0.5], [1.0, 1.0], LEVEL, DT)
    np.testing.assert_allclose(odometry.anchors, moved)
    np.testing.assert_allclose(odometry.imu_velocity, 0.0, atol=1e-12)


def test_soles_that_turned_report_the_headings_shortfall():
    odometry = standing()
    odometry.predict(LEVEL, STILL, REST, DT)
    error = odometry.correct(SOLES, AT_REST, [0.02, 0.04], [1.0, 1.0], LEVEL, DT)
    assert error == pytest.approx(-0.03)


def test_the_lever_arm_of_the_imu_turns_into_base_velocity():
    odometry = LegOdometry(OdometryParameters(), (0.1, 0.0, -0.2))
    odometry.imu_velocity = (1.0, 0.0, 0.0)
    omega = (0.0, 0.5, 0.0)  # omega x r = (0.5 * -0.2, 0, -0.5 * 0.1)
    np.testing.assert_allclose(odometry.velocity_in_base(LEVEL, omega), (1.1, 0.0, 0.05))


def test_trust_grows_with_load_and_stops_at_one():
    p = OdometryParameters(full_load=0.4)
    assert carried(-0.1, 1.0, p) == 0.0
    assert carried(0.2, 1.0, p) == pytest.approx(0.5)
    assert carried(1.3, 0.9, p) == pytest.approx(0.9)


def test_the_pull_of_a_fast_sole_is_bounded():
    assert steadiness(0.04, 0.05) == 1.0
    for speed in (0.1, 1.0, 10.0):
        assert speed * steadiness(speed, 0.05) == pytest.approx(0.05)


def test_patience_with_slipping_soles_ends():
    p = OdometryParameters(slip_speed=0.05, slip_patience=0.1)
    patience = SlipPatience(p)
    for _ in range(100):  # 0.2 s: (1 + 2)^2
        patience.update([0.4, 0.4], [1.0, 0.0], DT)
    assert patience.limit == pytest.approx(0.45)
    for _ in range(100):
        patience.update([0.01, 1.0], [1.0, 0.0], DT)
    assert patience.limit == pytest.approx(0.05)


def test_one_steady_sole_keeps_the_other_ones_slip_a_slip():
    patience = SlipPatience(OdometryParameters(slip_speed=0.05))
    for _ in range(100):
        patience.update([0.02, 0.4], [1.0, 1.0], DT)
    assert patience.limit == pytest.approx(0.05)


@pytest.mark.parametrize(("angle", "expected"), [(0.1, 0.1), (math.pi + 0.1, 0.1 - math.pi)])
def test_angles_are_wrapped(angle, expected):
    assert wrapped(angle) == pytest.approx(expected)
