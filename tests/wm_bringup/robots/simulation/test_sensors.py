"""Sensors report the truth with the errors that their parameters say, and nothing else."""

import numpy as np
import pytest

from wm_bringup.faults.fault import Fault
from wm_bringup.robots.simulation.sensors import PRESETS, SensorParameters, SensorSuite
from wm_bringup.scenarios.scenario import Scenario
from wm_control.errors import ParameterError
from wm_control.quaternion import quaternion_product, rotation_from_quaternion

NAMES = ("a", "b", "c")
N = 3
PERIOD = 0.002
LEVEL = (0.0, 0.0, 0.0, 1.0)
TRUTH = np.arange(1.0, 3 * N + 7.0)


def suite(faults=(), seed=0, **parameters):
    made = SensorSuite(
        NAMES,
        SensorParameters(**parameters),
        tuple(Fault.parse(text) for text in faults),
        PERIOD,
    )
    made.reset(np.random.default_rng(seed))
    return made


def samples(made, count):
    return [made.measure(k * PERIOD, TRUTH, LEVEL) for k in range(count)]


def column(observations, field):
    return np.array([getattr(o, field) for o in observations])


def rotation_error(quaternion):
    """Return the rotation vector (3,) of a small rotation."""
    return 2.0 * np.array(quaternion[:3]) * np.sign(quaternion[3])


def test_without_errors_the_sensors_report_the_truth():
    observation = samples(suite(), 1)[0]
    np.testing.assert_array_equal(observation.joint_position, [1, 2, 3])
    np.testing.assert_array_equal(observation.joint_velocity, [4, 5, 6])
    np.testing.assert_array_equal(observation.joint_torque, [7, 8, 9])
    np.testing.assert_array_equal(observation.imu_angular_velocity, [10, 11, 12])
    np.testing.assert_array_equal(observation.imu_linear_acceleration, [13, 14, 15])
    np.testing.assert_array_equal(observation.imu_orientation, LEVEL)


@pytest.mark.parametrize(
    ("parameter", "field"),
    [
        ("position_noise", "joint_position"),
        ("velocity_noise", "joint_velocity"),
        ("torque_noise", "joint_torque"),
        ("gyro_noise", "imu_angular_velocity"),
        ("accelerometer_noise", "imu_linear_acceleration"),
    ],
)
def test_noise_has_the_spread_asked_no_mean_and_no_memory(parameter, field):
    values = column(samples(suite(**{parameter: 0.1}), 3000), field)
    error = values - values.mean(axis=0)
    # 9000 numbers: the spread is known to 0.75 %, the mean to 0.0011; five sigmas allowed.
    assert error.std() == pytest.approx(0.1, rel=0.04)
    truth = getattr(samples(suite(), 1)[0], field)
    np.testing.assert_allclose(values.mean(axis=0), truth, atol=0.01)
    assert abs(np.mean(error[1:] * error[:-1])) < 0.1 * 0.1 * 0.06


@pytest.mark.parametrize(
    ("parameter", "field"),
    [("gyro_bias", "imu_angular_velocity"), ("accelerometer_bias", "imu_linear_acceleration")],
)
def test_a_bias_stays_the_whole_episode_and_differs_between_seeds_within_its_bound(
    parameter, field
):
    truth = getattr(samples(suite(), 1)[0], field)
    biases = []
    for seed in range(200):
        values = column(samples(suite(seed=seed, **{parameter: 0.2}), 3), field)
        assert np.ptp(values, axis=0).max() == 0.0
        biases.append(values[0] - truth)
    biases = np.array(biases)
    assert np.abs(biases).max() <= 0.2
    # Uniform in +-0.2: spread 0.2 / sqrt(3).
    assert biases.std() == pytest.approx(0.2 / np.sqrt(3.0), rel=0.1)


def test_the_torque_gain_error_is_relative():
    observed = samples(suite(torque_gain=0.03, seed=2), 1)[0].joint_torque
    share = observed / TRUTH[2 * N : 3 * N] - 1.0
    assert np.all(np.abs(share) <= 0.03)
    assert np.ptp(share) > 0.0


def test_quantisation_rounds_to_multiples():
    values = column(
        samples(suite(position_quantum=0.01, position_noise=0.02), 50), "joint_position"
    )
    np.testing.assert_allclose(values, np.rint(values / 0.01) * 0.01, atol=1e-12)


def test_the_heading_starts_anywhere_and_drifts_at_a_constant_rate():
    made = suite(heading_offset=0.5, heading_drift=0.01, seed=3)
    headings = [2.0 * np.arctan2(*o.imu_orientation[2:]) for o in samples(made, 500)]
    rate = np.diff(headings) / PERIOD
    assert 0.0 < abs(headings[0]) <= 0.5
    assert 0.0 < abs(rate[0]) <= 0.01
    np.testing.assert_allclose(rate, rate[0], atol=1e-9)


def test_the_tilt_bias_is_fixed_to_the_imu():
    made = suite(orientation_bias=0.003, seed=1)
    half_turn = (0.0, 0.0, 1.0, 0.0)
    inverse = (0.0, 0.0, -1.0, 0.0)
    level = rotation_error(made.measure(0.0, TRUTH, LEVEL).imu_orientation)
    turned = made.measure(PERIOD, TRUTH, half_turn).imu_orientation
    np.testing.assert_allclose(rotation_error(quaternion_product(inverse, turned)), level)
    assert 0.0 < np.abs(level).max() <= 0.003
    assert level[2] == pytest.approx(0.0, abs=1e-6)


def test_orientation_noise_has_the_spread_asked():
    made = suite(orientation_noise=0.001)
    errors = np.array([rotation_error(o.imu_orientation) for o in samples(made, 3000)])
    assert errors.std() == pytest.approx(0.001, rel=0.04)


def test_a_delay_hands_out_old_samples_with_their_own_stamps():
    observations = samples(suite(delay=0.005), 10)
    # 5 ms are three periods when rounded up.
    assert [o.sequence for o in observations] == [0, 0, 0, 0, 1, 2, 3, 4, 5, 6]
    assert observations[-1].stamp == pytest.approx(6 * PERIOD)


def test_gyro_and_accelerometer_stay_at_the_end_of_their_range():
    """A knock of 600 m/s² reads 16 g, whatever the noise; 40 rad/s reads 2000 degrees/s."""
    knock = TRUTH.copy()
    knock[-6:] = 40.0, -40.0, 34.0, 600.0, -600.0, 156.0
    for parameters in ({}, {"accelerometer_noise": 0.1, "gyro_noise": 0.01}):
        observation = suite(**parameters).measure(0.0, knock, LEVEL)
        np.testing.assert_array_equal(observation.imu_angular_velocity[:2], (34.9, -34.9))
        assert abs(observation.imu_angular_velocity[2] - 34.0) < 0.1
        np.testing.assert_array_equal(observation.imu_linear_acceleration[:2], (156.9, -156.9))
        assert abs(observation.imu_linear_acceleration[2] - 156.0) < 0.6


def test_a_fault_beyond_the_range_is_no_saturation():
    """What is injected comes after the sensor: a broken packet may say anything."""
    observation = samples(suite(faults=("accelerometer:bias=300@0",)), 1)[0]
    np.testing.assert_array_equal(observation.imu_linear_acceleration, (313, 314, 315))


@pytest.mark.parametrize(("axis", "seen"), [("x", (1, 0, 0)), ("y", (0, 1, 0)), ("z", (0, 0, 1))])
def test_a_fault_of_one_axis_leaves_the_others(axis, seen):
    faults = (f"accelerometer.{axis}:bias=150@0", f"gyro.{axis}:bias=0.5@0")
    observation = samples(suite(faults=faults), 1)[0]
    more = np.array(seen)
    np.testing.assert_array_equal(observation.imu_linear_acceleration, (13, 14, 15) + 150 * more)
    np.testing.assert_array_equal(observation.imu_angular_velocity, (10, 11, 12) + 0.5 * more)


def test_double_is_twice_nominal_of_the_same_range():
    assert PRESETS["double"].accelerometer_range == PRESETS["nominal"].accelerometer_range
    assert PRESETS["double"].gyro_noise == 2.0 * PRESETS["nominal"].gyro_noise
    assert PRESETS["double"].accelerometer_bias == 2.0 * PRESETS["nominal"].accelerometer_bias


def test_a_stuck_encoder_keeps_its_position_and_reports_no_speed():
    made = suite(faults=("b:stuck@0.004",))
    for k in range(5):
        made.measure(k * PERIOD, TRUTH, LEVEL)
    observation = made.measure(5 * PERIOD, TRUTH + 1.0, LEVEL)
    np.testing.assert_array_equal(observation.joint_position, [2, 2, 4])
    np.testing.assert_array_equal(observation.joint_velocity, [5, 0, 7])


@pytest.mark.parametrize(
    ("faults", "x"),
    [
        (("gyro:stuck@0.004", "gyro:bias=0.5@0"), 10.5),
        (("gyro:stuck@0", "gyro:scale=3@0.004"), 30.0),
        (("gyro:drop@0.004", "gyro:scale=3@0"), 30.0),
        (("gyro:delay=0.008@0.004", "gyro:sign@0"), -10.0),
        (("gyro:bias=0.5@0", "gyro:stuck@0"), 10.5),
        (("observation:stuck@0", "gyro:bias=0.5@0"), 10.5),
    ],
)
def test_what_is_held_meets_the_other_faults_of_its_sensor_once(faults, x):
    found = column(samples(suite(faults=faults), 8), "imu_angular_velocity")[4:, 0]
    np.testing.assert_array_equal(found, [x] * 4)


def test_a_sensor_sticks_at_what_it_said_before_the_bias_that_is_written_later():
    made = suite(faults=("gyro:stuck@0.004", "gyro:bias=0.5@0"))
    samples(made, 2)
    later = [made.measure(k * PERIOD, TRUTH + k, LEVEL) for k in (2, 3)]
    np.testing.assert_array_equal(column(later, "imu_angular_velocity")[:, 0], [10.5, 10.5])


def test_a_fault_ends_after_its_duration():
    observations = samples(suite(faults=("gyro:nan@0.004+0.004",)), 6)
    bad = [bool(np.isnan(o.imu_angular_velocity).all()) for o in observations]
    assert bad == [False, False, True, True, False, False]
    assert np.isfinite(column(observations, "imu_linear_acceleration")).all()


def test_bias_and_scale_change_one_kind_of_sensor():
    observation = samples(suite(faults=("gyro:bias=0.5@0", "accelerometer:scale=-1@0")), 1)[0]
    np.testing.assert_array_equal(observation.imu_angular_velocity, [10.5, 11.5, 12.5])
    np.testing.assert_array_equal(observation.imu_linear_acceleration, [-13, -14, -15])


def test_an_orientation_bias_tilts():
    observation = samples(suite(faults=("orientation:bias=0.1@0",)), 1)[0]
    np.testing.assert_allclose(rotation_error(observation.imu_orientation)[0], 0.1, rtol=1e-3)


def test_a_dropped_packet_leaves_a_gap_in_the_sequence():
    observations = samples(suite(faults=("observation:drop@0.004+0.004",)), 6)
    assert [o.sequence for o in observations] == [0, 1, 1, 1, 4, 5]


def test_packets_are_dropped_with_the_probability_asked():
    observations = samples(suite(faults=("observation:drop=0.2@0",)), 2000)
    fresh = len({o.sequence for o in observations})
    # 2000 draws: one sigma is 18.
    assert 1600 - 90 < fresh < 1600 + 90


def test_a_fault_of_an_unknown_sensor_is_named_with_those_that_exist():
    with pytest.raises(ParameterError, match=r"'foot_force'.*imu.*name of a joint"):
        suite(faults=("foot_force:nan@1",))


def test_an_ambiguous_bias_is_refused():
    with pytest.raises(ValueError, match=r"imu:bias.*means nothing of imu"):
        suite(faults=("imu:bias=1@1",))


@pytest.mark.parametrize(
    ("fault", "gyro"),
    [
        ("gyro:off@0", (0, 0, 0)),
        ("gyro:sign@0", (-10, -11, -12)),
        ("gyro:permute@0", (12, 10, 11)),
        ("gyro:huge@0", (1e9, 1e9, 1e9)),
        ("gyro:inf@0", (np.inf, np.inf, np.inf)),
        ("imu:off@0", (0, 0, 0)),
        ("imu:permute@0", (12, 10, 11)),
        ("joints:off@0", (10, 11, 12)),
    ],
)
def test_a_gyro_is_dead_mirrored_exchanged_or_beyond_use(fault, gyro):
    observation = samples(suite(faults=(fault,)), 1)[0]
    np.testing.assert_array_equal(observation.imu_angular_velocity, gyro)


def test_an_imu_mounted_upside_down_says_the_inverse_of_everything():
    made = suite(faults=("imu:sign@0",))
    observation = made.measure(0.0, TRUTH, (0.1, 0.2, 0.3, 0.9))
    np.testing.assert_array_equal(observation.imu_linear_acceleration, [-13, -14, -15])
    np.testing.assert_array_equal(observation.imu_orientation, [-0.1, -0.2, -0.3, 0.9])
    np.testing.assert_array_equal(observation.joint_torque, [7, 8, 9])


def test_joints_in_another_order_are_each_the_one_before():
    observation = samples(suite(faults=("joints:permute@0",)), 1)[0]
    np.testing.assert_array_equal(observation.joint_position, [3, 1, 2])
    np.testing.assert_array_equal(observation.joint_velocity, [6, 4, 5])
    np.testing.assert_array_equal(observation.joint_torque, [9, 7, 8])


@pytest.mark.parametrize("fault", ["b:permute@0", "gyro.x:permute@0"])
def test_one_value_alone_is_exchanged_with_nothing(fault):
    with pytest.raises(ParameterError, match="nothing to exchange"):
        suite(faults=(fault,))


def test_a_sensor_that_is_late_is_held_first_and_then_old_with_fresh_stamps():
    made = suite(faults=("gyro:delay=0.004@0.004+0.006",))
    seen = []
    for k in range(7):
        observation = made.measure(k * PERIOD, TRUTH + k, LEVEL)
        seen.append((observation.sequence, observation.imu_angular_velocity[0] - 10.0))
    # samples 2, 3 and 4 are in the fault: the first comes through at 4, when it is 4 ms old
    assert seen == [(0, 0), (1, 1), (2, 1), (3, 1), (4, 2), (5, 5), (6, 6)]


def test_packets_that_are_late_keep_their_stamps_and_catch_up_at_the_end():
    observations = samples(suite(faults=("observation:delay=0.004@0.004+0.006",)), 8)
    assert [o.sequence for o in observations] == [0, 1, 1, 1, 2, 5, 6, 7]


def test_packets_that_come_no_more_leave_the_last_one():
    observations = samples(suite(faults=("observation:off@0.004+0.004",)), 6)
    assert [o.sequence for o in observations] == [0, 1, 1, 1, 4, 5]


def test_a_standing_robot_feels_gravity_upwards_and_no_turning(simulate, hold):
    robot = simulate()
    observation = robot.reset(0)
    np.testing.assert_allclose(observation.imu_linear_acceleration, [0.0, 0.0, 9.81], atol=1e-9)
    forces = []
    for _ in range(500):
        observation = robot.step(hold(observation, scale=30.0))
        forces.append(observation.imu_linear_acceleration)
    np.testing.assert_allclose(np.mean(forces[300:], axis=0), [0.0, 0.0, 9.81], atol=0.1)
    assert np.abs(observation.imu_angular_velocity).max() < 0.05


def test_a_falling_robot_feels_nothing(simulate, limp):
    robot = simulate()
    observation = robot.reset(0)
    posture = robot.description.default_position
    robot._engine.rebuild(robot.body, robot.terrain, np.array([0, 0, 3.0]), posture)
    for _ in range(5):
        observation = robot.step(limp(observation))
    np.testing.assert_allclose(observation.imu_linear_acceleration, 0.0, atol=1e-6)


def test_integrated_imu_readings_give_the_true_motion(simulate, hold, g1):
    robot = simulate()
    observation = robot.reset(0)
    robot.push(np.array([6.0, 3.0, 0.0]))
    velocity = np.zeros(3)
    for _ in range(100):
        observation = robot.step(hold(observation))
        rotation = rotation_from_quaternion(observation.imu_orientation.tolist())
        force = rotation @ observation.imu_linear_acceleration
        velocity += 0.002 * (force + np.array([0.0, 0.0, -9.81]))
    truth = robot.ground_truth()
    base = rotation_from_quaternion(truth.base_orientation.tolist())
    turning = base @ truth.base_angular_velocity_in_base
    expected = truth.base_velocity_in_world + np.cross(turning, base @ g1.imu.position)
    assert np.linalg.norm(expected) > 0.05
    np.testing.assert_allclose(velocity, expected, atol=1e-9)


def test_the_scenario_chooses_preset_delay_and_faults(simulate):
    robot = simulate(Scenario(noise="nominal", sensor_delay=0.004, faults=("gyro:nan@0",)))
    observation = robot.reset(0)
    assert np.isnan(observation.imu_angular_velocity).all()
    for _ in range(5):
        observation = robot.step(None)
    assert observation.sequence == 3
    assert observation is robot.observe()
