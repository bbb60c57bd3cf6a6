"""The whole estimator: accuracy on consistent motion, invariances, and stories of faults."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache

import numpy as np
import pinocchio as pin
import pytest
from robot_parameters import ESTIMATOR
from synthetic import NO_ERRORS, SensorErrors

from wm_control.derivation.parts import load_derived
from wm_control.estimation.factory import make_estimator
from wm_control.estimation.parameters import EstimatorParameters
from wm_control.types import Estimate

ERRORS = SensorErrors()


@pytest.fixture(params=["leg_odometry", "invariant_ekf"])
def parameters(request):
    return replace(ESTIMATOR, kind=request.param)


@pytest.fixture
def estimator(robot, parameters):
    return make_estimator(robot, parameters)


@pytest.fixture(scope="module")
def healthy(robot, walk):
    """Estimates of the whole walk with nominal sensors, by kind and seed, each made once."""

    @cache
    def estimated(kind, seed):
        estimator = make_estimator(robot, replace(ESTIMATOR, kind=kind))
        return run(estimator, walk.observations(ERRORS, seed))

    return estimated


def run(estimator, observations):
    observations = list(observations)
    return [estimator.reset(observations[0]), *map(estimator.update, observations[1:])]


def column(estimates, name):
    return np.array([getattr(estimate, name) for estimate in estimates])


def tilt_and_heading_error(estimate, configuration):
    rotation = pin.Quaternion(estimate.base_orientation).matrix()
    error = rotation @ pin.Quaternion(configuration[3:7]).matrix().T
    return pin.rpy.matrixToRpy(error)


def finite(estimate):
    return all(
        np.isfinite(getattr(estimate, field.name)).all()
        for field in fields(Estimate)
        if isinstance(getattr(estimate, field.name), np.ndarray)
    )


def test_shipped_parameters_are_valid():
    assert load_derived(EstimatorParameters, "g1", "estimator")


def test_reset_puts_the_middle_between_the_soles_at_the_origin(estimator, rest):
    estimate = estimator.reset(next(iter(rest.observations(NO_ERRORS, 3))))
    height = rest.configuration[0, 2]
    np.testing.assert_allclose(estimate.base_position_in_world, (0, 0, height), atol=1e-9)
    np.testing.assert_allclose(estimate.base_orientation, (0, 0, 0, 1), atol=1e-9)
    assert estimate.healthy
    assert estimate.foot_wrench[:, 2] == pytest.approx(rest.wrench[0, :, 2], abs=15.0)


def test_with_perfect_sensors_the_estimate_is_the_truth(estimator, walk):
    estimates = run(estimator, walk.observations(NO_ERRORS, 0))
    velocity = column(estimates, "base_velocity_in_base") - walk.velocity[:, :3]
    position = column(estimates, "base_position_in_world") - walk.configuration[:, :3]
    assert np.abs(velocity).max() < 0.02
    assert np.sqrt((velocity**2).mean(axis=0)).max() < 0.003
    assert np.abs(position).max() < 0.002
    errors = [
        tilt_and_heading_error(e, q) for e, q in zip(estimates, walk.configuration, strict=True)
    ]
    assert np.abs(errors).max() < 0.002


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_with_nominal_sensors_velocity_height_and_tilt_are_good_enough_to_walk(
    healthy, parameters, walk, seed
):
    estimates = healthy(parameters.kind, seed)
    late = walk.stamp > 0.5
    velocity = (column(estimates, "base_velocity_in_base") - walk.velocity[:, :3])[late]
    height = (column(estimates, "base_position_in_world") - walk.configuration[:, :3])[late, 2]
    assert np.sqrt((velocity**2).mean(axis=0)).max() < 0.015
    assert np.abs(height).max() < 0.006
    tilt = [
        tilt_and_heading_error(e, q)[:2] for e, q in zip(estimates, walk.configuration, strict=True)
    ]
    assert np.abs(tilt).max() < 0.006
    assert all(estimate.healthy for estimate in estimates)


def test_contact_is_told_without_foot_sensors(healthy, parameters, walk):
    estimates = healthy(parameters.kind, 1)
    told = column(estimates, "contact_probability") > 0.5
    hits = (told & walk.contact).sum()
    misses, alarms = (walk.contact & ~told).sum(), (told & ~walk.contact).sum()
    assert 2 * hits / (2 * hits + misses + alarms) > 0.96
    force = (column(estimates, "foot_wrench") - walk.wrench)[:, :, 2]
    assert np.sqrt((force**2).mean(axis=0)).max() < 30.0


def test_the_imus_heading_does_not_matter(robot, parameters, walk, healthy):
    turn = pin.Quaternion(pin.exp3(np.array((0.0, 0.0, 1.234))))

    def turned(observation):
        orientation = turn * pin.Quaternion(observation.imu_orientation)
        return replace(observation, imu_orientation=orientation.coeffs())

    observations = walk.observations(ERRORS, 5)
    one = healthy(parameters.kind, 5)
    other = run(make_estimator(robot, parameters), map(turned, observations))
    for name in ("base_position_in_world", "base_orientation", "base_velocity_in_base"):
        np.testing.assert_allclose(column(one, name), column(other, name), atol=1e-8)


def test_how_the_imu_is_mounted_does_not_matter(robot, parameters, walk, healthy):
    turn = pin.rpy.rpyToMatrix(0.3, -2.0, 1.0)
    place = replace(robot.imu, rotation=robot.imu.rotation @ turn)
    other_robot = replace(robot, imu=place)

    def remounted(observation):
        orientation = pin.Quaternion(observation.imu_orientation) * pin.Quaternion(turn)
        return replace(
            observation,
            imu_orientation=orientation.coeffs(),
            imu_angular_velocity=turn.T @ observation.imu_angular_velocity,
            imu_linear_acceleration=turn.T @ observation.imu_linear_acceleration,
        )

    observations = walk.observations(ERRORS, 5)
    one = healthy(parameters.kind, 5)
    other = run(make_estimator(other_robot, parameters), map(remounted, observations))
    for name in ("base_position_in_world", "base_orientation", "base_velocity_in_base"):
        np.testing.assert_allclose(column(one, name), column(other, name), atol=1e-8)


def mirrored(observation, robot):
    """What the sensors of the robot's mirror image (y -> -y) report."""
    swap = [
        robot.joint_names.index(
            name.replace("left_", "#").replace("right_", "left_").replace("#", "right_")
        )
        for name in robot.joint_names
    ]
    sign = np.array(
        [1.0 if "pitch" in n or "knee" in n or "elbow" in n else -1.0 for n in robot.joint_names]
    )
    x, y, z, w = observation.imu_orientation
    return replace(
        observation,
        joint_position=sign * observation.joint_position[swap],
        joint_velocity=sign * observation.joint_velocity[swap],
        joint_torque=sign * observation.joint_torque[swap],
        imu_orientation=np.array((-x, y, -z, w)),
        imu_angular_velocity=observation.imu_angular_velocity * (-1.0, 1.0, -1.0),
        imu_linear_acceleration=observation.imu_linear_acceleration * (1.0, -1.0, 1.0),
    )


def test_a_mirrored_robot_is_estimated_as_the_mirror_image(robot, parameters, walk):
    observations = list(walk.observations(ERRORS, 6))
    one = run(make_estimator(robot, parameters), observations)
    other = run(
        make_estimator(robot, parameters),
        (mirrored(observation, robot) for observation in observations),
    )
    flip = np.array((1.0, -1.0, 1.0))
    for name in ("base_position_in_world", "base_velocity_in_base"):
        np.testing.assert_allclose(column(one, name) * flip, column(other, name), atol=1e-3)
    contacts = column(one, "contact_probability")[:, ::-1]
    assert np.mean(np.abs(contacts - column(other, "contact_probability")) > 0.2) < 0.01


def test_same_observations_give_the_same_bits(robot, parameters, walk):
    observations = list(walk.observations(ERRORS, 7))[:400]
    one = run(make_estimator(robot, parameters), observations)
    estimator = make_estimator(robot, parameters)
    run(estimator, list(walk.observations(ERRORS, 8))[:300])
    other = run(estimator, observations)
    for name in ("base_position_in_world", "base_orientation", "foot_wrench", "pose_covariance"):
        assert (column(one, name) == column(other, name)).all()


def test_uncertainty_of_position_and_heading_grows_and_that_of_height_does_not(healthy, parameters):
    estimates = healthy(parameters.kind, 1)
    early, late = (np.diag(estimates[k].pose_covariance) for k in (100, -1))
    assert (late[[0, 1, 5]] > early[[0, 1, 5]]).all()
    assert late[5] > 5.0 * early[5]
    assert (late[[2, 3, 4]] < 2.0 * early[[2, 3, 4]]).all()


def test_velocity_becomes_uncertain_in_the_air(estimator, rest):
    observations = list(rest.observations(NO_ERRORS, 0))
    estimator.reset(observations[0])
    air = [
        replace(o, joint_torque=np.zeros(29), imu_linear_acceleration=np.zeros(3))
        for o in observations[1:201]
    ]
    estimates = [estimator.update(o) for o in air]
    assert estimates[-1].twist_covariance[0, 0] > 1.5 * estimates[0].twist_covariance[0, 0]
    assert estimates[-1].contact_probability.max() < 0.1


# --- stories ----------------------------------------------------------------------------------


def test_a_nan_in_the_gyro_for_40_ms_is_bridged(estimator, walk):
    estimates = []
    for k, o in enumerate(walk.observations(ERRORS, 1)):
        if 900 <= k < 920:
            o = replace(o, imu_angular_velocity=np.array((0.0, np.nan, 0.0)))
        estimates.append(estimator.update(o))
    assert all(finite(e) and e.healthy for e in estimates)
    velocity = column(estimates, "base_velocity_in_base") - walk.velocity[:, :3]
    assert np.abs(velocity[900:]).max() < 0.06


def test_a_gyro_that_stays_nan_is_reported_after_50_ms_and_forgiven_when_it_returns(
    estimator, walk
):
    estimates = []
    for k, o in enumerate(walk.observations(ERRORS, 1)):
        if 700 <= k < 800:
            o = replace(o, imu_angular_velocity=np.full(3, np.nan))
        estimates.append(estimator.update(o))
    assert all(finite(e) for e in estimates)
    assert all(e.healthy for e in estimates[:725])
    assert not any(e.healthy for e in estimates[725:899])
    assert "gyro is not finite" in estimates[725].cause
    assert all(e.healthy for e in estimates[900:])
    velocity = column(estimates, "base_velocity_in_base") - walk.velocity[:, :3]
    assert np.abs(velocity[1000:]).max() < 0.05


@pytest.mark.parametrize(("samples", "healthy"), [(24, True), (40, False)])
def test_a_silent_imu_is_predicted_for_50_ms_and_reported_beyond(estimator, walk, samples, healthy):
    silent = {
        "imu_orientation": np.full(4, np.nan),
        "imu_angular_velocity": np.full(3, np.nan),
        "imu_linear_acceleration": np.full(3, np.nan),
    }
    estimates = []
    for k, o in enumerate(walk.observations(ERRORS, 1)):
        o = replace(o, **silent) if 900 <= k < 900 + samples else o
        estimates.append(estimator.update(o))
    assert all(finite(e) for e in estimates)
    assert all(e.healthy for e in estimates[:925])
    assert estimates[900 + samples - 1].healthy is healthy
    assert estimates[-1].healthy
    velocity = column(estimates, "base_velocity_in_base") - walk.velocity[:, :3]
    assert np.abs(velocity[900:925]).max() < 0.15
    assert np.abs(velocity[1200:]).max() < 0.05


@pytest.mark.parametrize("jump", [3600.0, 0.5, -1.0, -1e6])
def test_a_clock_that_jumps_changes_nothing_but_the_stamps(robot, parameters, walk, jump, healthy):
    observations = list(walk.observations(ERRORS, 1))[:1200]
    jumped = [replace(o, stamp=o.stamp + jump * (o.sequence >= 900)) for o in observations]
    clean = healthy(parameters.kind, 1)[:1200]
    estimates = run(make_estimator(robot, parameters), jumped)
    assert all(e.healthy for e in estimates)
    apart = column(estimates, "base_velocity_in_base") - column(clean, "base_velocity_in_base")
    assert np.abs(apart).max() < 0.02
    path = column(estimates, "base_position_in_world") - column(clean, "base_position_in_world")
    assert np.abs(path).max() < 0.003


def test_the_figures_for_a_diagnosis_are_finite_numbers_at_any_moment(estimator, walk):
    assert all(np.isfinite(value) for value in estimator.figures.values())
    run(estimator, list(walk.observations(ERRORS, 1))[:700])
    figures = estimator.figures
    assert figures
    assert all(isinstance(value, float) and np.isfinite(value) for value in figures.values())


def test_a_stuck_knee_encoder_loses_its_say_and_then_the_estimates_health(estimator, walk, robot):
    knee = robot.joint_names.index("left_knee_joint")
    estimates, held = [], None
    for k, o in enumerate(walk.observations(ERRORS, 1)[:950]):
        if k >= 900:
            held = held or o
            q, dq = o.joint_position.copy(), o.joint_velocity.copy()
            q[knee], dq[knee] = held.joint_position[knee], 0.0
            o = replace(o, joint_position=q, joint_velocity=dq)
        estimates.append(estimator.update(o))
    unhealthy = [k for k, e in enumerate(estimates) if not e.healthy]
    assert 925 <= unhealthy[0] <= 940
    assert estimates[unhealthy[0]].cause.startswith("encoder of left_knee_joint is stuck")
    velocity = column(estimates, "base_velocity_in_base") - walk.velocity[:950, :3]
    assert np.abs(velocity[900 : unhealthy[0]]).max() < 0.1


def test_lost_observations_within_40_ms_are_bridged(estimator, walk):
    observations = list(walk.observations(ERRORS, 1))
    kept = [o for k, o in enumerate(observations) if not 900 <= k < 919]
    estimates = run(estimator, kept)
    assert all(e.healthy for e in estimates)
    velocity = column(estimates, "base_velocity_in_base")[1000:] - walk.velocity[1019:, :3]
    assert np.abs(velocity).max() < 0.05


def test_a_long_gap_is_reported_and_forgiven(estimator, walk):
    observations = list(walk.observations(ERRORS, 1))
    kept = [o for k, o in enumerate(observations) if not 800 <= k < 900]
    estimates = run(estimator, kept)
    assert not estimates[800].healthy
    assert estimates[800].cause.startswith("no observation for 202 ms")
    assert all(e.healthy for e in estimates[902:])
    velocity = column(estimates, "base_velocity_in_base")[1200:] - walk.velocity[1300:, :3]
    assert np.sqrt((velocity**2).mean(axis=0)).max() < 0.03


def test_duplicates_and_reordered_observations_change_nothing(robot, parameters, walk, healthy):
    observations = list(walk.observations(ERRORS, 1))[:600]
    clean = healthy(parameters.kind, 1)[:600]
    estimator = make_estimator(robot, parameters)
    estimator.reset(observations[0])
    for k in range(1, 600):
        estimate = estimator.update(observations[k])
        again = estimator.update(observations[k])
        older = estimator.update(observations[k - 1])
        assert again is older is estimate
    np.testing.assert_array_equal(estimate.base_position_in_world, clean[-1].base_position_in_world)


def test_the_same_observation_over_and_over_makes_the_estimate_unhealthy(estimator, rest):
    observations = list(rest.observations(ERRORS, 1))
    run(estimator, observations[:100])
    repeated = [estimator.update(observations[99]) for _ in range(26)]
    assert all(e.healthy for e in repeated[:25])
    assert not repeated[25].healthy
    assert repeated[25].cause.startswith("no observation newer than number 99")


def test_a_dead_gyro_is_told_though_every_observation_comes_twice(estimator, rest):
    observations = list(rest.observations(ERRORS, 1))[:140]
    run(estimator, observations[:100])
    for seen in observations[100:]:
        dead = replace(seen, imu_angular_velocity=np.full(3, np.nan))
        estimates = [estimator.update(dead), estimator.update(dead)]
    assert not any(e.healthy for e in estimates)
    assert "gyro" in estimates[0].cause


def test_a_stamp_that_stands_still_or_is_not_finite_is_reported(estimator, rest):
    observations = list(rest.observations(ERRORS, 1))
    run(estimator, observations[:100])
    frozen = [
        estimator.update(replace(o, stamp=observations[99].stamp)) for o in observations[100:140]
    ]
    assert frozen[0].healthy
    assert not frozen[-1].healthy
    assert "stamp" in frozen[-1].cause
    assert finite(estimator.update(replace(observations[140], stamp=float("nan"))))


def test_a_start_with_broken_sensors_is_refused_and_tried_again(estimator, rest):
    observations = list(rest.observations(ERRORS, 1))
    broken = replace(observations[0], imu_orientation=np.zeros(4))
    estimate = estimator.reset(broken)
    assert not estimate.healthy
    assert "cannot start: IMU orientation" in estimate.cause
    assert finite(estimate)
    assert estimator.update(observations[1]).healthy


def test_arrays_of_the_wrong_length_do_not_raise(estimator, rest):
    observations = list(rest.observations(ERRORS, 1))
    run(estimator, observations[:10])
    estimate = estimator.update(replace(observations[10], joint_position=np.zeros(3)))
    assert estimate.healthy
    assert finite(estimate)
    assert estimator.update(observations[11]).healthy
