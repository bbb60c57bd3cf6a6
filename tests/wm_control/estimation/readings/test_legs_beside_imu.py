"""The accelerometer's horizontal axes beside the legs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from robot_parameters import ESTIMATOR
from synthetic import Course, SensorErrors, synthetic_walk

from wm_control.estimation.factory import make_estimator
from wm_control.estimation.readings.legs_beside_imu import suspicion

QUARTER, HALF = 0.5 * np.pi, np.pi


@pytest.fixture(scope="module")
def stroll(robot):
    """3 s: rest until 0.5 s, then forward and left, swaying."""
    return synthetic_walk(robot, Course(velocity=(0.4, 0.1, 0.0), sway=0.03), 3.0)


def _turned(angle):
    """Readings of an IMU that is turned by an angle about z against its declared mounting."""
    c, s = np.cos(angle), np.sin(angle)
    into = np.array(((c, s, 0.0), (-s, c, 0.0), (0.0, 0.0, 1.0)))

    def attitude(q):
        x, y, z, w = q
        k, m = np.sin(0.5 * angle), np.cos(0.5 * angle)
        return np.array((m * x + k * y, m * y - k * x, m * z + k * w, m * w - k * z))

    return {
        "imu_linear_acceleration": into.dot,
        "imu_angular_velocity": into.dot,
        "imu_orientation": attitude,
    }


def _force(*rows):
    return {"imu_linear_acceleration": np.array(rows, dtype=float).dot}


WRONG = {
    "x reversed": _force((-1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "y reversed": _force((1, 0, 0), (0, -1, 0), (0, 0, 1)),
    "x and y reversed": _force((-1, 0, 0), (0, -1, 0), (0, 0, 1)),
    "x and y exchanged": _force((0, 1, 0), (1, 0, 0), (0, 0, 1)),
    "a quarter turn of the accelerometer": _force((0, 1, 0), (-1, 0, 0), (0, 0, 1)),
    "IMU turned by 90 degrees": _turned(QUARTER),
    "IMU turned by -90 degrees": _turned(-QUARTER),
    "IMU turned by 180 degrees": _turned(HALF),
}


def _estimates(robot, walk, change, kind="invariant_ekf"):
    estimator = make_estimator(robot, replace(ESTIMATOR, kind=kind))
    for o in walk.observations(SensorErrors(), 1):
        yield estimator.update(replace(o, **{f: c(getattr(o, f)) for f, c in change.items()}))


@pytest.mark.parametrize("name", WRONG)
def test_wrong_horizontal_axes_are_told_within_the_first_steps(robot, stroll, name):
    """They change nothing at rest on level ground; x is told by the start, y by the first sway."""
    told = next((e for e in _estimates(robot, stroll, WRONG[name]) if not e.healthy), None)
    assert told is not None
    assert told.stamp < 1.6
    assert "accelerometer's" in told.cause
    assert "seem" in told.cause


@pytest.mark.parametrize("kind", ["leg_odometry", "invariant_ekf"])
def test_right_axes_are_never_doubted(robot, stroll, kind):
    assert all(e.healthy for e in _estimates(robot, stroll, {}, kind))


def test_an_accelerometer_that_errs_once_says_nothing_of_its_axes(robot, stroll):
    """150 m/s² too much on all axes for one sample, at any phase of a step."""
    for at in (400, 470, 540, 610, 680):
        estimator = make_estimator(robot, ESTIMATOR)
        for k, o in enumerate(stroll.observations(SensorErrors(), 1)):
            if k == at:
                o = replace(o, imu_linear_acceleration=o.imu_linear_acceleration + 140.0)
            assert estimator.update(o).healthy
            if k > at + 200:
                break


@pytest.mark.parametrize(
    ("moments", "says"),
    [
        ((-2.0, 0.0, 0.0, 3.0), "x seems reversed"),
        ((2.0, 0.0, 0.0, -3.0), "y seems reversed"),
        ((-2.0, 0.1, 0.1, -3.0), "turned by 180 degrees"),
        ((0.1, 3.0, 2.0, 0.0), "x and y seem exchanged"),
        ((0.1, -3.0, -2.0, 0.0), "exchanged and reversed"),
        ((0.0, 3.0, -2.0, 0.1), "turned by 90 degrees"),
        ((0.0, -3.0, 2.0, 0.1), "turned by 90 degrees"),
    ],
)
def test_the_moments_name_the_suspicion(moments, says):
    """Rows are the IMU's axes, columns the legs': xx, xy, yx, yy."""
    assert says in suspicion(*moments)
