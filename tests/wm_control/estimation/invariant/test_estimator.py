"""The invariant EKF as an estimator: consistency, slips, slopes, and what must not matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pinocchio as pin
import pytest
from robot_parameters import ESTIMATOR
from synthetic import SensorErrors

from wm_control.estimation.constant_gain.estimator import LegOdometryEstimator
from wm_control.estimation.factory import make_estimator
from wm_control.estimation.invariant.covariance import initial_variance
from wm_control.estimation.invariant.estimator import InvariantEkfEstimator

PARAMETERS = replace(ESTIMATOR, kind="invariant_ekf")


def run(estimator, observations):
    observations = list(observations)
    return [estimator.reset(observations[0]), *map(estimator.update, observations[1:])]


def velocity_errors(estimates, walk):
    return np.array([e.base_velocity_in_base for e in estimates]) - walk.velocity[:, :3]


def test_the_parameter_chooses_the_estimator(robot):
    assert isinstance(make_estimator(robot, ESTIMATOR), InvariantEkfEstimator)
    first = make_estimator(robot, replace(ESTIMATOR, kind="leg_odometry"))
    assert isinstance(first, LegOdometryEstimator)


def test_velocity_errors_are_as_large_as_the_covariance_says(robot, walk):
    inside = []
    for seed in range(3):
        estimates = run(
            InvariantEkfEstimator(robot, PARAMETERS), walk.observations(SensorErrors(), seed)
        )
        errors = velocity_errors(estimates, walk)[250:]
        spreads = [e.twist_covariance[:3, :3] for e in estimates[250:]]
        squares = [x @ np.linalg.solve(s, x) for x, s in zip(errors, spreads, strict=True)]
        inside += [square < 9.35 for square in squares]  # chi-square, 3 degrees, 97.5 %
    assert np.mean(inside) > 0.85


def test_gyro_bias_and_the_imus_tilt_error_are_found_at_rest(robot, rest):
    errors = SensorErrors()
    estimator = InvariantEkfEstimator(robot, PARAMETERS)
    estimates = run(estimator, rest.observations(errors, 4))
    random = np.random.default_rng(4)
    gyro_bias = errors.gyro_bias * random.uniform(-1.0, 1.0, 3)
    random.uniform(-1.0, 1.0, 3)
    random.uniform(-1.0, 1.0, len(robot.joint_names))
    tilt = errors.tilt_bias * random.uniform(-1.0, 1.0, 2)
    imu_to_base = np.asarray(robot.imu.rotation)
    np.testing.assert_allclose(estimator.state.biases[0], imu_to_base @ gyro_bias, atol=3e-3)
    np.testing.assert_allclose(
        estimator.state.imu_tilt, (imu_to_base @ np.append(tilt, 0.0))[:2], atol=1.5e-3
    )
    assert np.abs(estimates[-1].base_velocity_in_base).max() < 0.01


def test_a_second_of_rest_calibrates_the_gyro_within_what_the_filter_claims(robot, rest):
    estimator = InvariantEkfEstimator(robot, PARAMETERS)
    observations = list(rest.observations(SensorErrors(), 6))
    estimator.reset(observations[0])
    assert not estimator.calibrated
    for observation in observations[1:]:
        estimator.update(observation)
    assert estimator.calibrated
    random = np.random.default_rng(6)
    bias = np.asarray(robot.imu.rotation) @ (SensorErrors().gyro_bias * random.uniform(-1, 1, 3))
    spread = np.sqrt(np.diag(estimator.state.covariance)[15:18])
    assert (spread < 0.005).all()
    assert (np.abs(estimator.state.biases[0] - bias) < 3.5 * spread).all()


@pytest.mark.parametrize(
    ("turn", "east", "north"), [(1.0, 100.0, -50.0), (-2.5, 0.3, 7.0), (3.1, -400.0, 0.0)]
)
def test_where_and_in_which_heading_the_filter_starts_does_not_matter(
    robot, walk, turn, east, north
):
    """Invariance: in a turned and shifted world everything is the same, turned and shifted."""
    rotation, shift = pin.exp3(np.array((0.0, 0.0, turn))), np.array((east, north, 0.0))
    observations = list(walk.observations(SensorErrors(), 2))[:900]
    one, other = (InvariantEkfEstimator(robot, PARAMETERS) for _ in range(2))
    one.reset(observations[0])
    other.reset(observations[0])
    state = other.state
    state.group[:] = state.group @ rotation.T
    state.vectors[1:] += shift
    state.foot_heading += turn
    state.imu_heading -= turn
    adjoint = np.eye(len(state.covariance))
    for part in range(5):
        at = slice(3 * part, 3 * part + 3)
        adjoint[at, at] = rotation
        if part >= 2:
            adjoint[at, :3] = pin.skew(shift) @ rotation
    state.covariance[:] = adjoint @ state.covariance @ adjoint.T
    for observation in observations[1:]:
        a, b = one.update(observation), other.update(observation)
    np.testing.assert_allclose(a.base_velocity_in_base, b.base_velocity_in_base, atol=1e-6)
    np.testing.assert_allclose(
        rotation @ a.base_position_in_world + shift, b.base_position_in_world, atol=1e-5
    )
    np.testing.assert_allclose(a.twist_covariance, b.twist_covariance, rtol=1e-3, atol=1e-9)


def test_a_sole_that_slips_is_told_soon_and_forgiven(robot, rest):
    """The right foot is dragged 2 cm within 0.1 s while the left one stands."""
    hip, ankle = (robot.joint_names.index(f"right_{n}_pitch_joint") for n in ("hip", "ankle"))
    estimator, first = InvariantEkfEstimator(robot, PARAMETERS), None
    for k, observation in enumerate(rest.observations(SensorErrors(), 0)):
        position, velocity = observation.joint_position.copy(), observation.joint_velocity.copy()
        angle = 0.03 * min(max((k - 300) / 50, 0.0), 1.0)
        position[[hip, ankle]] += angle, -angle
        if 300 < k <= 350:
            velocity[[hip, ankle]] += 0.3, -0.3
        estimate = estimator.update(
            replace(observation, joint_position=position, joint_velocity=velocity)
        )
        if sum(estimator.slips) and first is None:
            first = k
    assert first is not None
    assert 300 < first <= 325
    assert estimator.slips[0] == 0
    assert estimator.figures["slips_right"] >= 1.0
    assert 0.0 < estimator.figures["gate_rate"] < 0.1
    assert np.abs(estimate.base_velocity_in_base).max() < 0.01


def test_ground_that_is_not_flat_can_be_declared(robot, walk):
    ekf = replace(PARAMETERS.invariant_ekf, flat_ground=False)
    estimator = InvariantEkfEstimator(robot, replace(PARAMETERS, invariant_ekf=ekf))
    errors = velocity_errors(run(estimator, walk.observations(SensorErrors(), 3)), walk)
    assert np.sqrt((errors[250:] ** 2).mean(axis=0)).max() < 0.015


@pytest.mark.parametrize(("flat", "deviation"), [(True, 2e-3), (False, 1e-6)])
def test_height_is_the_grounds_where_it_is_flat_and_the_starts_where_it_is_not(flat, deviation):
    start = initial_variance(replace(PARAMETERS.invariant_ekf, flat_ground=flat))
    np.testing.assert_allclose(start[6:9], (1e-12, 1e-12, deviation**2))


def test_a_robot_that_sinks_onto_its_soles_stands_at_the_grounds_height(robot, rest):
    """It is reset 1.5 mm above the ground and stands there unseen: soles tell its height."""
    estimator = InvariantEkfEstimator(robot, PARAMETERS)
    observations = list(rest.observations(SensorErrors(), 5))
    estimator.reset(observations[0])
    estimator.state.vectors[1:, 2] -= 1.5e-3
    for observation in observations[1:]:
        estimate = estimator.update(observation)
    left, right = estimator.state.vectors[2:, 2]
    assert abs(left) < 2e-4
    assert abs(right) < 2e-4
    assert estimate.pose_covariance[2, 2] < 3e-4**2


def test_a_replay_gives_the_same_bytes(robot, walk):
    observations = list(walk.observations(SensorErrors(), 7))[:600]

    def replay(estimator):
        estimates = run(estimator, observations)
        names = ("base_position_in_world", "base_velocity_in_base", "twist_covariance")
        return b"".join(getattr(e, name).tobytes() for e in estimates for name in names)

    estimator = InvariantEkfEstimator(robot, PARAMETERS)
    first = replay(estimator)
    assert replay(estimator) == first
    assert replay(InvariantEkfEstimator(robot, PARAMETERS)) == first
