"""Torques that do not carry the robot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from robot_parameters import ESTIMATOR
from synthetic import SensorErrors

from wm_control.estimation.factory import make_estimator
from wm_control.estimation.readings.effort import TorqueBalance

JOINTS = ("left_knee", "right_knee")
NOBODY = np.zeros((12, 8))


def _looks(balance, wrench, force, samples):
    jacobians = NOBODY.copy()
    jacobians[2, 2] = jacobians[8, 2] = 1.0  # vertical forces add up to the base's
    for _ in range(samples):
        balance.update(wrench, jacobians, force, 0.002)
    return balance.fault


@pytest.mark.parametrize(
    ("vertical", "says"),
    [
        (170.0, ""),
        (130.0, ""),
        (30.0, "torques bear"),
        (-75.0, "torques bear"),
        (300.0, ""),
        (1700.0, "torques bear"),
    ],
)
def test_soles_that_bear_too_little_or_too_much_are_told_within_100_ms(vertical, says):
    """Of 340 N; 2 x 300 N are a robot that carries 26 kg, 2 x 1700 N are tens for ones."""
    wrench = np.zeros((2, 6))
    wrench[:, 2] = vertical
    force = np.zeros(8)
    force[2] = 340.0
    fault = _looks(TorqueBalance(JOINTS, 340.0, ESTIMATOR.contact), wrench, force, 50)
    assert fault.startswith(says) if says else fault == ""


def test_a_negative_load_is_a_sign():
    """It lacks 680 N in the end, and 340 - 680 is below zero."""
    wrench, force = np.zeros((2, 6)), np.zeros(8)
    wrench[:, 2], force[2] = -170.0, 340.0
    assert "their sign" in _looks(
        TorqueBalance(JOINTS, 340.0, ESTIMATOR.contact), wrench, force, 250
    )


def test_a_joint_and_the_left_and_right_are_named():
    force = np.zeros(8)
    force[7] = 17.0
    assert "torque of right_knee" in _looks(
        TorqueBalance(JOINTS, 340.0, ESTIMATOR.contact), NOBODY[:2, :6], force, 50
    )
    force[:] = 0.0
    force[3] = 80.0
    assert "left and right" in _looks(
        TorqueBalance(JOINTS, 340.0, ESTIMATOR.contact), NOBODY[:2, :6], force, 50
    )


def test_a_huge_force_for_one_look_is_not_a_fault():
    balance, force = TorqueBalance(JOINTS, 340.0, ESTIMATOR.contact), np.full(8, 1e5)
    assert _looks(balance, np.zeros((2, 6)), force, 5) == ""
    assert _looks(balance, np.zeros((2, 6)), np.zeros(8), 50) == ""


# --- stories ----------------------------------------------------------------------------------

LEFT_RIGHT = np.r_[6:12, 0:6, 12:29]
REVERSED = np.where(np.arange(29) == 0, -1.0, 1.0)

WRONG_AT_REST = {
    "torques reversed": ({"joint_torque": np.negative}, "torques bear"),
    "torques in kN·m": ({"joint_torque": lambda t: 1e-3 * t}, "torques bear"),
    "torques in tenths": ({"joint_torque": lambda t: 0.1 * t}, "torques bear"),
    "torques tenfold": ({"joint_torque": lambda t: 10.0 * t}, "torques bear"),
    "torques in mN·m": ({"joint_torque": lambda t: 1e3 * t}, "out of range"),
    "positions in hundredths": ({"joint_position": lambda q: 0.01 * q}, "knee"),
    "positions by 57.3": ({"joint_position": np.radians}, "knee"),
}


@pytest.mark.parametrize("name", WRONG_AT_REST)
@pytest.mark.parametrize("kind", ["leg_odometry", "invariant_ekf"])
def test_at_rest_torques_that_do_not_belong_to_the_posture_are_told(robot, rest, name, kind):
    change, says = WRONG_AT_REST[name]
    estimator = make_estimator(robot, replace(ESTIMATOR, kind=kind))
    for o in rest.observations(SensorErrors(), 1):
        wrong = replace(o, **{f: c(getattr(o, f)) for f, c in change.items()})
        estimate = estimator.update(wrong)
        if not estimate.healthy:
            break
    assert not estimate.healthy
    assert says in estimate.cause
    assert estimate.stamp <= 0.2


def test_torques_of_the_other_leg_are_told_by_the_first_steps(robot, walk):
    """Standing alike on both legs they are the same."""
    estimator = make_estimator(robot, ESTIMATOR)
    for o in walk.observations(SensorErrors(), 1):
        estimate = estimator.update(replace(o, joint_torque=o.joint_torque[LEFT_RIGHT]))
        if not estimate.healthy:
            break
    assert 0.5 < estimate.stamp < 1.2
    assert "left and right exchanged" in estimate.cause
