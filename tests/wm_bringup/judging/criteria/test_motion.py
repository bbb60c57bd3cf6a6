"""Criteria of motion and effort, on motions worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from made_up_records import MASS, N, march

from wm_bringup.judging.criteria import effort, estimate, motion
from wm_bringup.judging.episodes import WalkSetup, walk
from wm_bringup.record.geometry import end_error, path_length, to_base, to_world
from wm_bringup.record.run_record import RunRecord
from wm_bringup.scenarios.scenario import Scenario


def test_velocity_error_is_true_minus_commanded():
    record = march(speed=0.5)
    assert motion.stride_rms_error(record) == pytest.approx((0.1, 0.0, 0.0))
    assert motion.mean_velocity(record) == pytest.approx((0.5, 0.0, 0.0))
    assert motion.strides(record) > 5


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ((0.53, 0.0, 0.0), 0.03),  # drift to the side and turning are not asked for
        ((0.5, 0.2, 0.3), 0.3),  # the worst of the axes that are
        ((0.0, 0.0, 0.0), 0.5),  # of standing, its speed
    ],
)
def test_only_commanded_axes_count_and_standing_counts_by_its_speed(command, error):
    record = march(speed=0.5)
    commanded = np.tile(command, (len(record), 1))
    assert motion.command_error(record.with_columns(velocity_command=commanded)) == pytest.approx(
        error
    )


def test_of_several_commands_no_error_of_their_mean_is_told():
    record = march(speed=0.5, seconds=20.0)
    commanded = np.tile((0.5, 0.0, 0.0), (len(record), 1))
    commanded[record["time"] > 8.0] = (-0.3, 0.0, 0.0)
    assert motion.command_error(record.with_columns(velocity_command=commanded)) is None


def test_too_short_a_run_has_no_velocity():
    record = march(seconds=0.1)
    assert motion.mean_velocity(record) is None
    assert motion.command_error(record) is None


def test_the_time_the_lowest_and_the_most_tilted_moment_are_told():
    record = march(seconds=0.1)
    height, orientation = record["base_position"].copy(), record["base_orientation"].copy()
    height[7, 2] = 0.6
    orientation[9] = 0.0, np.sin(0.1), 0.0, np.cos(0.1)
    record = record.with_columns(base_position=height, base_orientation=orientation)
    assert motion.seconds(record) == pytest.approx(0.1)
    assert motion.min_height(record) == 0.6
    assert motion.max_tilt(record) == pytest.approx(0.2)
    assert motion.fell(record) is False
    assert motion.fell(record.with_facts(fall="base tilt")) is True


def stepping(lift=0.05):
    """Two feet that swing for 0.4 s in turn, each ``lift`` [m] high; 8 s."""
    time = 0.002 * np.arange(4001)
    swing = np.stack([np.mod(time, 0.8) >= 0.4, np.mod(time, 0.8) < 0.4], axis=1)
    sole = np.zeros((len(time), 2, 3))
    sole[:, :, 2] = 0.1 + lift * swing
    return RunRecord(
        {
            "time": time,
            "normal_force": np.where(swing, 0.0, 300.0),
            "sole_position": sole,
            "ground_height": np.full((len(time), 2), 0.1),
        }
    )


def test_steps_and_the_height_of_swings_count_from_four_seconds_on():
    record = stepping()
    # left lands at 4.8, 5.6 ... 8.0 (4.0 is not after 4 s), right at 4.4, 5.2 ... 7.6
    assert motion.steps(record) == 10
    assert motion.apex(record) == pytest.approx(0.05)
    assert motion.apex(march(seconds=0.1)) is None


def test_slip_is_the_speed_of_soles_that_carry_a_fifth_of_the_weight():
    record = march(seconds=0.1)
    velocity, force = np.zeros((len(record), 2, 6)), np.zeros((len(record), 2))
    velocity[:, 0, 0], velocity[:, 1, 0] = 0.02, 0.5
    force[:, 0], force[:, 1] = 300.0, 58.0  # of 294 N
    record = record.with_columns(sole_velocity=velocity, normal_force=force)
    assert motion.foot_slip(record) == pytest.approx(0.02)
    assert motion.peak_force(record) == pytest.approx(300.0 / (MASS * 9.81))


def test_cost_of_transport_is_positive_work_per_weight_and_distance():
    # 3 joints x 2 N·m x 1 rad/s x 10 s = 60 J over 5 m with 30 kg
    assert effort.cost_of_transport(march(torque=2.0)) == pytest.approx(
        60 / (30 * 9.81 * 5), rel=1e-3
    )
    assert effort.cost_of_transport(march(torque=-2.0)) == 0.0
    assert effort.torque_squared(march(seconds=0.1)) == pytest.approx(12.0)


def test_torque_at_the_limit_is_saturation():
    assert effort.torque_saturation(march(torque=5.0, seconds=0.1)) == 1.0
    assert effort.torque_saturation(march(torque=2.0, seconds=0.1)) == 0.0


def test_the_limit_of_a_weak_motor_is_its_own():
    weak, whole = (
        walk(WalkSetup(Scenario(duration=0.01, motor_strength=strength)), 0).record.torque_limit
        for strength in (0.8, 1.0)
    )
    assert weak == pytest.approx(0.8 * whole)


def test_a_torque_that_rises_evenly_has_one_rate():
    record = march(seconds=0.1)
    torque = np.outer(record["time"], np.full(N, 7.0))
    assert effort.torque_rate(record.with_columns(joint_torque=torque)) == pytest.approx(7.0)


def test_targets_are_compared_every_twenty_milliseconds_of_joints_that_are_moved():
    record = march(seconds=6.0)
    targets = np.zeros((len(record), N))
    targets[:, 0] = 0.5 * record["time"]  # 0.01 rad in 20 ms; the other two are held
    assert effort.action_rate(record.with_columns(command_position=targets)) == pytest.approx(0.01)
    assert effort.action_rate(record) is None
    assert effort.action_rate(march(seconds=1.0)) is None


def test_a_robot_that_stays_in_place_has_no_drift_and_no_cost_per_metre():
    record = march(speed=0.0)
    assert estimate.drift_percent(record) is None
    assert effort.cost_of_transport(record) is None


def test_path_length_ignores_sway_within_a_stride():
    time = 0.002 * np.arange(5001)
    swaying = np.column_stack([0.5 * time, 0.05 * np.sin(2 * np.pi * time / 0.4)])
    assert path_length(time, swaying) == pytest.approx(5.0, rel=0.01)


def test_drift_does_not_count_where_and_which_way_the_estimate_started():
    true = np.array([[1.0, 1.0], [1.0, 3.0]])  # 2 m straight ahead, heading along y
    believed = np.array([[0.0, 0.0], [2.0, 0.1]])
    assert end_error(true, np.full(2, np.pi / 2), believed, np.zeros(2)) == pytest.approx(0.1)


def test_a_turned_base_sees_the_world_turned_the_other_way():
    left = np.array([[0.0, 0.0, np.sin(np.pi / 4), np.cos(np.pi / 4)]])
    assert to_base(np.array([[0.0, 1.0, 0.0]]), left)[0] == pytest.approx([1.0, 0.0, 0.0])
    assert to_world(np.array([[1.0, 0.0, 0.0]]), left)[0] == pytest.approx([0.0, 1.0, 0.0])
