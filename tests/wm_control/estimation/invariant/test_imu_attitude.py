"""The IMU's own attitude: what a sample says, and what the mean of several is worth."""

from __future__ import annotations

import numpy as np
import pinocchio as pin
import pytest

from wm_control.constants import GRAVITY
from wm_control.estimation.invariant import ekf as ekf
from wm_control.estimation.invariant.imu_attitude import ImuAttitude
from wm_control.estimation.invariant.measurements import attitude_jacobian
from wm_control.estimation.invariant.parameters import InvariantEkfParameters

PARAMETERS = InvariantEkfParameters(imu_orientation=1e-3)
IMU_TO_BASE = pin.exp3(np.array((0.0, 0.3, 0.0)))
LEVEL = np.array((0.0, 0.0, 0.0, 1.0))


def reported(state):
    """(4,) what an IMU without noise reports in this state."""
    heading = pin.exp3(np.array((0.0, 0.0, state.imu_heading)))
    tilt = pin.exp3(np.append(state.imu_tilt, 0.0))
    return pin.Quaternion(heading @ state.rotation @ tilt @ IMU_TO_BASE).coeffs()


def some_state():
    state = ekf.FilterState()
    state.rotation[:] = pin.exp3(np.array((0.2, -0.1, 2.0)))
    state.imu_tilt[:] = 0.003, -0.002
    state.imu_heading = -0.7
    return state


def test_what_is_believed_is_no_surprise():
    state = some_state()
    seen = ImuAttitude(PARAMETERS, IMU_TO_BASE).innovation(state, reported(state))
    np.testing.assert_allclose(seen, 0.0, atol=1e-12)


def test_the_jacobian_is_the_derivative_of_the_innovation():
    attitude, state = ImuAttitude(PARAMETERS, IMU_TO_BASE), some_state()
    state.imu_tilt[:] = 0.0  # exp(m) is taken to first order, m being a few milliradians
    orientation, columns = reported(state), []

    def innovation(step):
        other = state.copy()
        ekf.retract(other, -step)
        return attitude.innovation(other, orientation).copy()

    for index in range(ekf.SIZE):
        step = np.zeros(ekf.SIZE)
        step[index] = 1e-6
        columns.append((innovation(step) - innovation(-step)) / 2e-6)
    np.testing.assert_allclose(attitude_jacobian(state), np.array(columns).T, atol=1e-6)


def test_four_samples_are_worth_four_times_one():
    attitude, state = ImuAttitude(PARAMETERS, np.eye(3)), ekf.FilterState()
    state.rotation[:] = pin.exp3(np.array((1e-3, 0.0, 0.0)))  # believed; the IMU says level
    state.covariance[0, 0] = 1e-6
    for _ in range(4):
        attitude.gather(state, LEVEL)
    attitude.correct(state)
    # variance 1e-6 against 1e-6 / 4: 0.8 of the innovation is taken out, 0.2 of the variance left
    np.testing.assert_allclose(pin.log3(state.rotation), (2e-4, 0.0, 0.0), atol=1e-9)
    assert state.covariance[0, 0] == pytest.approx(2e-7)


def test_noise_of_the_samples_averages_out():
    attitude, state = ImuAttitude(PARAMETERS, np.eye(3)), ekf.FilterState()
    state.covariance[0, 0] = 1.0  # nothing is known of roll: it becomes what was gathered
    for roll in (3e-3, -1e-3, 1e-3):
        attitude.gather(state, pin.Quaternion(pin.exp3(np.array((roll, 0.0, 0.0)))).coeffs())
    attitude.correct(state)
    assert pin.log3(state.rotation)[0] == pytest.approx(1e-3, rel=1e-5)


def test_nothing_gathered_says_nothing():
    attitude, state = ImuAttitude(PARAMETERS, np.eye(3)), some_state()
    state.covariance[:] = np.eye(ekf.SIZE)
    attitude.gather(state, reported(state))
    attitude.correct(state)
    before = state.copy()
    attitude.correct(state)
    np.testing.assert_array_equal(state.mean, before.mean)
    np.testing.assert_array_equal(state.covariance, before.covariance)


def test_a_jump_of_its_heading_is_learned_anew_and_does_not_turn_the_robot():
    attitude, state = ImuAttitude(PARAMETERS, IMU_TO_BASE), some_state()
    state.covariance[:] = 1e-6 * np.eye(ekf.SIZE)
    rotation = state.rotation.copy()
    attitude.gather(state, reported(state))
    jumped = state.copy()
    jumped.imu_heading += 0.5
    attitude.gather(state, reported(jumped))
    attitude.correct(state)
    # heading by the tilted attitude differs by its tilt error, 3 mrad and less
    assert state.imu_heading == pytest.approx(jumped.imu_heading, abs=1e-3)
    np.testing.assert_allclose(state.rotation, rotation, atol=1e-5)
    assert state.covariance[ekf.IMU_HEADING, ekf.IMU_HEADING] < 3e-6


def test_a_steady_drift_of_its_heading_is_learned_and_does_not_turn_the_robot():
    """0.4 mrad/s for 5 s of rest, soles and gyro holding the robot's own heading to 0.1 mrad."""
    attitude = ImuAttitude(InvariantEkfParameters(imu_orientation=1e-4), np.eye(3))
    state, propagation, nothing = ekf.FilterState(), ekf.Propagation(), np.zeros(3)
    state.variances[ekf.PHI] = 1e-8
    state.variances[ekf.IMU_HEADING] = 1e-4
    state.variances[ekf.IMU_HEADING_RATE] = PARAMETERS.imu_heading_rate_start**2
    for k in range(1, 501):
        propagation.move(state, nothing, nothing, np.array((0.0, 0.0, GRAVITY)), 0.01)
        propagation.spread(state, np.zeros(6), np.zeros(ekf.SIZE))
        ekf.drift_imu_heading(state, 0.01)
        drifted = np.array((0.0, 0.0, 4e-6 * k))
        attitude.gather(state, pin.Quaternion(pin.exp3(drifted)).coeffs())
        attitude.correct(state)
    assert state.imu_heading_rate == pytest.approx(4e-4, rel=0.02)
    assert abs(pin.log3(state.rotation)[2]) < 1e-5
