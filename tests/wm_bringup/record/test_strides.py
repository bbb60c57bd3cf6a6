import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wm_bringup.record.run_record import RunRecord
from wm_bringup.record.strides import (
    gait_windows,
    heading_velocity,
    left_touchdowns,
    settled_strides,
    tilt_of,
    touchdowns,
    unsettled_until,
    yaw_of,
)

DT = 0.002


def clock(seconds):
    return DT * np.arange(round(seconds / DT) + 1)


def stepping_force(time, stride=0.8, swing=0.4):
    """Left foot: on the ground for the first part of each stride, in the air for ``swing``."""
    return np.where(np.mod(time + 1e-9, stride) < stride - swing, 300.0, 0.0)


def yaw_quaternion(yaw):
    return np.column_stack([0 * yaw, 0 * yaw, np.sin(yaw / 2), np.cos(yaw / 2)])


def walk(velocity, seconds=10.0, turning=0.0, command=None, force=None):
    """Strides of a body that moves along its heading with ``velocity`` (k, 2) plus a sway."""
    time = clock(seconds)
    yaw = turning * time
    vx, vy = np.broadcast_to(np.atleast_2d(velocity), (len(time), 2)).T
    world = np.column_stack(
        [np.cos(yaw) * vx - np.sin(yaw) * vy, np.sin(yaw) * vx + np.cos(yaw) * vy, 0 * yaw]
    )
    command = np.zeros((len(time), 3)) if command is None else command
    force = stepping_force(time) if force is None else force
    columns = {
        "time": time,
        "base_velocity": world,
        "base_orientation": yaw_quaternion(yaw),
        "velocity_command": command,
        "normal_force": np.column_stack([force, force]),
    }
    return settled_strides(RunRecord(columns))


def test_a_touchdown_is_where_an_unloaded_foot_takes_load():
    time = clock(2.0)
    # strides of 0.8 s beginning loaded at 0, 0.8, 1.6 s; the first has no swing before it
    assert list(touchdowns(stepping_force(time), time)) == [400, 800]


def test_a_bounce_shorter_than_a_swing_is_no_touchdown():
    time = clock(1.0)
    force = np.full(len(time), 300.0)
    force[200:230] = 0.0  # 60 ms
    assert len(touchdowns(force, time)) == 0


def test_strides_are_whole_cycles_and_standing_is_cut_into_pieces():
    time = clock(6.0)
    touchdown = np.array([1500, 1900, 2300])  # 3.0, 3.8, 4.6 s; then 1.4 s of something else
    windows = gait_windows(touchdown, time)
    assert windows[:3] == [(0, 400), (400, 800), (800, 1200)]  # 3 s of standing: 0.8 s pieces
    assert windows[3:] == [(1500, 1900), (1900, 2300)]


def test_a_sway_with_the_stride_is_averaged_away():
    time = clock(10.0)
    sway = 0.3 * np.sin(2 * np.pi * time / 0.8)
    strides = walk(np.column_stack([0.5 + sway, sway]))
    assert strides.mean_velocity() == pytest.approx((0.5, 0.0, 0.0), abs=1e-3)


def test_the_error_is_achieved_minus_commanded_over_settled_strides():
    time = clock(10.0)
    command = np.tile([0.6, 0.0, 0.2], (len(time), 1))
    strides = walk([0.5, 0.05], turning=0.3, command=command)
    assert strides.rms_error() == pytest.approx((0.1, 0.05, 0.1), abs=1e-6)


def test_strides_within_three_seconds_of_a_new_command_are_not_judged():
    time = clock(10.0)
    command = np.zeros((len(time), 3))
    command[time >= 5.0, 0] = 1.0
    strides = walk([0.0, 0.0], command=command)
    # settled: 3.0..5.0 s and 8.0..10 s; touchdowns at 0.8 k: 3.2, 4.0 and 8.0, 8.8 begin strides
    assert sorted(strides.commanded[:, 0]) == [0.0, 0.0, 1.0, 1.0]


def test_a_push_starts_the_settling_time_again():
    time = clock(10.0)
    push = np.zeros((len(time), 3))
    push[(time >= 4.0) & (time < 4.1), 1] = 100.0
    free_from = unsettled_until(time, np.zeros((len(time), 3)), push)
    assert free_from[0] == pytest.approx(3.0)
    assert free_from[-1] == pytest.approx(4.098 + 3.0)


def test_touchdowns_that_were_told_go_before_those_that_are_felt():
    record = RunRecord({"time": clock(4.0), "touchdown_time": np.array([-1.0, 0.8, 1.6, 9.0])})
    assert list(left_touchdowns(record)) == [400, 800]


def test_no_settled_stride_gives_no_number():
    strides = walk([0.5, 0.0], seconds=2.0)
    assert strides.mean_velocity() is None
    assert strides.rms_error() is None


def test_a_standing_robot_is_judged_in_pieces_of_time():
    time = clock(5.0)
    strides = walk([0.01, 0.0], seconds=5.0, force=np.full(len(time), 160.0))
    assert strides.mean_velocity() == pytest.approx((0.01, 0.0, 0.0), abs=1e-9)


@given(st.floats(-3.0, 3.0), st.floats(-1.0, 1.0), st.floats(-1.0, 1.0))
def test_velocity_along_heading_does_not_depend_on_the_heading(yaw, vx, vy):
    cos, sin = np.cos(yaw), np.sin(yaw)
    world = np.array([[cos * vx - sin * vy, sin * vx + cos * vy, 0.3]])
    assert heading_velocity(world, np.array([yaw]))[0] == pytest.approx([vx, vy], abs=1e-12)


@given(st.floats(-3.0, 3.0))
def test_heading_of_a_turned_body_is_its_turn_and_it_stays_upright(yaw):
    quaternion = yaw_quaternion(np.array([yaw]))
    assert yaw_of(quaternion)[0] == pytest.approx(yaw, abs=1e-9)
    assert tilt_of(quaternion)[0] == pytest.approx(0.0, abs=1e-6)


@given(st.floats(0.0, 3.0))
def test_tilt_is_the_angle_of_a_forward_lean(lean):
    quaternion = np.array([[0.0, np.sin(lean / 2), 0.0, np.cos(lean / 2)]])
    assert tilt_of(quaternion)[0] == pytest.approx(lean, abs=1e-6)
