"""Readings that may not be believed: not finite, out of range, or stuck."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from synthetic import NO_ERRORS, SensorErrors

from wm_control.estimation.health import Health
from wm_control.estimation.parameters import SensorParameters
from wm_control.estimation.readings.sensors import SensorGuard
from wm_control.estimation.readings.stuck import ACCELEROMETER, GYRO, JOINTS, ORIENTATION, TORQUES

DT = 0.002
PARAMETERS = SensorParameters()
ERRORS = SensorErrors()


@pytest.fixture
def guard(robot):
    return SensorGuard(robot, PARAMETERS)


def changed(values, index, value):
    copy = np.array(values)
    copy[index] = value
    return copy


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e9])
@pytest.mark.parametrize(
    ("field", "group"),
    [
        ("joint_position", JOINTS),
        ("joint_velocity", JOINTS),
        ("joint_torque", TORQUES),
        ("imu_orientation", ORIENTATION),
        ("imu_angular_velocity", GYRO),
        ("imu_linear_acceleration", ACCELEROMETER),
    ],
)
def test_garbage_in_any_field_is_named_and_replaced(guard, rest, field, group, value):
    first, second = list(rest.observations(ERRORS, 0))[:2]
    guard.check(first, 0.0)
    broken = replace(second, **{field: changed(getattr(second, field), 2, value)})
    readings = guard.check(broken, DT)
    assert set(readings.faults) == {group}
    for values in (readings.position, readings.velocity, readings.torque):
        assert np.isfinite(values).all()
        assert np.abs(values).max() < 100.0
    assert (readings.gyro is None) == (group == GYRO)
    assert (readings.specific_force is None) == (group == ACCELEROMETER)
    assert (readings.orientation is None) == (group == ORIENTATION)


def test_a_broken_joint_is_named_and_coasts_on(guard, walk):
    observations = list(walk.observations(NO_ERRORS, 0))
    guard.check(observations[700], 0.0)
    knee = walk.description.joint_names.index("left_knee_joint")
    q, dq = observations[700].joint_position[knee], observations[700].joint_velocity[knee]
    broken = changed(observations[701].joint_position, knee, np.nan)
    readings = guard.check(replace(observations[701], joint_position=broken), DT)
    assert readings.position[knee] == pytest.approx(q + DT * dq)
    assert "left_knee_joint is not finite" in readings.faults[JOINTS]
    assert np.flatnonzero(readings.bad_joints).tolist() == [knee]


def test_a_quaternion_far_from_length_one_is_no_orientation(guard, rest):
    observation = next(iter(rest.observations(NO_ERRORS, 0)))
    half = replace(observation, imu_orientation=0.5 * observation.imu_orientation)
    assert set(guard.check(half, 0.0).faults) == {ORIENTATION}


def test_an_observation_of_the_wrong_length_is_not_believed(guard, rest):
    observation = next(iter(rest.observations(NO_ERRORS, 0)))
    short = replace(observation, joint_position=observation.joint_position[:-1])
    readings = guard.check(short, 0.0)
    assert "96 readings, not 97" in readings.faults[JOINTS]
    assert readings.gyro is None


@pytest.mark.parametrize("errors", [NO_ERRORS, ERRORS], ids=["exact", "noisy"])
@pytest.mark.parametrize("course", ["rest", "walk"])
def test_a_healthy_robot_has_no_stuck_sensor(guard, request, course, errors):
    walk = request.getfixturevalue(course)
    for observation in walk.observations(errors, 0):
        assert guard.check(observation, DT).faults == {}


def test_joints_that_move_under_a_base_that_rests_exactly_are_no_fault(guard, walk):
    first = None
    for observation in walk.observations(NO_ERRORS, 0):
        first = first or observation
        shown = replace(
            observation,
            imu_orientation=first.imu_orientation,
            imu_angular_velocity=first.imu_angular_velocity,
            imu_linear_acceleration=first.imu_linear_acceleration,
        )
        assert guard.check(shown, DT).faults == {}


def faults_after(guard, walk, begin, freeze):
    """Samples from ``begin`` until each group is named, with some readings frozen from there."""
    found, held = {}, None
    for k, observation in enumerate(walk.observations(ERRORS, 0)):
        if k == begin:
            held = observation
        shown = freeze(observation, held) if held is not None else observation
        for group in guard.check(shown, DT).faults:
            found.setdefault(group, k - begin)
    return found


def frozen_joint(walk, name):
    joint = walk.description.joint_names.index(name)

    def freeze(observation, held):
        return replace(
            observation,
            joint_position=changed(observation.joint_position, joint, held.joint_position[joint]),
            joint_velocity=changed(observation.joint_velocity, joint, 0.0),
        )

    return freeze


def test_a_stuck_knee_encoder_is_found_in_the_walk_within_twenty_milliseconds(guard, walk):
    found = faults_after(guard, walk, 900, frozen_joint(walk, "left_knee_joint"))
    assert set(found) == {JOINTS}
    assert 0 < found[JOINTS] <= 10


@pytest.mark.parametrize(
    ("field", "group"),
    [
        ("imu_orientation", ORIENTATION),
        ("imu_angular_velocity", GYRO),
        ("imu_linear_acceleration", ACCELEROMETER),
    ],
)
def test_one_silent_output_of_a_living_imu_is_stuck(guard, walk, field, group):
    found = faults_after(
        guard, walk, 900, lambda o, held: replace(o, **{field: getattr(held, field)})
    )
    assert set(found) == {group}
    assert 0 < found[group] <= 10


def test_a_packet_repeated_under_new_numbers_is_found_within_fifty_milliseconds(guard, walk):
    found = faults_after(
        guard,
        walk,
        900,
        lambda o, held: replace(held, stamp=o.stamp, sequence=o.sequence),
    )
    assert min(found.values()) <= 25


def test_a_velocity_that_freezes_while_the_joint_moves_is_stuck(guard, walk):
    found = faults_after(
        guard, walk, 1000, lambda o, held: replace(o, joint_velocity=held.joint_velocity)
    )
    assert JOINTS in found


def test_fifty_milliseconds_are_bridged_and_then_the_cause_is_told():
    health = Health(SensorParameters(outage_limit=0.05, recovery_time=0.2))
    for _ in range(25):
        health.update({GYRO: "gyro is stuck"}, DT)
    assert health.healthy
    health.update({GYRO: "gyro is stuck"}, DT)
    assert not health.healthy
    assert health.cause == "gyro is stuck, for 52 ms (limit 50 ms)"


def test_good_samples_for_the_recovery_time_make_healthy_again():
    health = Health(SensorParameters(outage_limit=0.05, recovery_time=0.2))
    health.update({GYRO: "gyro is stuck"}, 0.06)
    for _ in range(60):
        health.update({}, DT)
    health.update({GYRO: "one bad sample"}, DT)
    assert not health.healthy
    for _ in range(101):
        health.update({}, DT)
    assert health.healthy
    assert health.cause == ""


def test_a_short_outage_does_not_add_up_with_the_next():
    health = Health(SensorParameters(outage_limit=0.05))
    for _ in range(10):
        health.update({GYRO: "gyro is stuck"}, 0.03)
        health.update({}, DT)
        assert health.healthy


def test_a_dead_sensor_is_told_though_every_other_period_brings_no_sample():
    """Its samples are 4 ms apart; the thirteenth is the first one beyond the limit."""
    health = Health(SensorParameters(outage_limit=0.05))
    for _ in range(12):
        health.update({GYRO: "gyro is stuck"}, 2 * DT)
        assert health.healthy
        health.wait("observations", "nothing new", DT)
    health.update({GYRO: "gyro is stuck"}, 2 * DT)
    assert health.cause == "gyro is stuck, for 52 ms (limit 50 ms)"


def test_an_outage_goes_on_while_there_is_no_sample_and_is_told_in_its_own_words():
    health = Health(SensorParameters(outage_limit=0.05))
    health.update({JOINTS: "joints are lost"}, 0.04)
    for _ in range(6):
        health.wait("observations", "nothing new", DT)
    assert health.cause == "joints are lost, for 52 ms (limit 50 ms)"
    assert health.overdue(JOINTS)
    assert health.outage("observations") == pytest.approx(0.012)


def test_a_good_sample_ends_a_wait_and_every_outage():
    health = Health(SensorParameters(outage_limit=0.05))
    for _ in range(100):
        health.update({GYRO: "gyro is stuck"}, DT)
        health.wait("observations", "nothing new", 0.02)
        health.update({}, 0.022)
        assert not health.ailing


# --- saturation -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "group", "full_scale"),
    [
        ("imu_linear_acceleration", "accelerometer", 156.9),
        ("imu_angular_velocity", "gyro", 34.9),
    ],
)
def test_a_reading_at_the_end_of_its_range_is_kept_and_named(guard, rest, field, group, full_scale):
    first, second = list(rest.observations(SensorErrors(), 1))[:2]
    guard.check(first, 0.002)
    values = getattr(second, field).copy()
    values[1] = -full_scale
    readings = guard.check(replace(second, **{field: values}), 0.002)
    assert f"{group} at the end of its range" in readings.faults[group]
    kept = readings.gyro if group == "gyro" else readings.specific_force
    np.testing.assert_array_equal(kept, values)
    missed = readings.missed[:3] if group == "gyro" else readings.missed[3:]
    np.testing.assert_array_equal(missed, (0.0, full_scale, 0.0))


def test_a_finite_reading_past_the_range_is_nonsense_of_unknown_size(guard, rest):
    first, second = list(rest.observations(SensorErrors(), 1))[:2]
    guard.check(first, 0.002)
    readings = guard.check(
        replace(second, imu_linear_acceleration=np.array((300.0, 0.0, 9.8))), 0.002
    )
    assert readings.specific_force is None
    assert "out of range" in readings.faults["accelerometer"]
    np.testing.assert_array_equal(readings.missed, (0.0, 0.0, 0.0, 156.9, 156.9, 156.9))


def test_a_joint_is_believed_up_to_a_little_beyond_its_own_stops(guard, rest, robot):
    """The knee goes from -0.09 to 2.88: a sign or a degree is no reading of it."""
    knee = robot.joint_names.index("left_knee_joint")
    first, second = list(rest.observations(SensorErrors(), 1))[:2]
    guard.check(first, 0.002)
    for angle, good in ((3.0, True), (-0.2, True), (-0.5, False), (17.0, False)):
        position = second.joint_position.copy()
        position[knee] = angle
        readings = guard.check(replace(second, joint_position=position), 0.002)
        assert ("joint sensors" not in readings.faults) is good
