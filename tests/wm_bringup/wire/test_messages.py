"""Our bytes are ROS 2's bytes: every encoder is read by rclpy, every decoder reads rclpy's."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from loop_fakes import G1, FakeController, N, estimate_of, observation_at
from rclpy.serialization import deserialize_message as deserialize
from rclpy.serialization import serialize_message as serialize

from wm_bringup.wire import messages
from wm_bringup.wire.cdr import MessageError, split_stamp
from wm_bringup.wire.vectors import estimate_size, pack_estimate, unpack_estimate
from wm_control.types import VelocityCommand

STAMP = 1_700_000_000.25
ROW = np.arange(float(N))


def command(sequence: int = 7):
    proposal = FakeController().step(
        estimate_of(observation_at(0.5, sequence)), VelocityCommand(), 0
    )
    return replace(proposal.command, torque=ROW)


def test_joint_state_is_what_rclpy_writes_for_the_same_content():
    from sensor_msgs.msg import JointState

    data = messages.JointStateEncoder(G1.joint_names).encode(STAMP, ROW, ROW + 0.5, -ROW)
    message = deserialize(data, JointState)
    assert (message.header.stamp.sec, message.header.stamp.nanosec) == (1_700_000_000, 250_000_000)
    assert tuple(message.name) == G1.joint_names
    assert list(message.position) == ROW.tolist()
    assert list(message.velocity) == (ROW + 0.5).tolist()
    assert list(message.effort) == (-ROW).tolist()
    assert len(serialize(message)) == len(data)


@pytest.mark.parametrize("frame", ["imu", "robot_1/imu_link", ""])
def test_imu_is_what_rclpy_writes_for_the_same_content(frame):
    from sensor_msgs.msg import Imu

    encoder = messages.imu_encoder(frame)
    messages.fill_imu(encoder.floats, np.arange(4.0), np.arange(4.0, 7.0), np.arange(7.0, 10.0))
    data = encoder.encode(STAMP)
    message = deserialize(data, Imu)
    assert message.header.frame_id == frame
    assert (message.orientation.x, message.orientation.w) == (0.0, 3.0)
    assert message.angular_velocity.z == 6.0
    assert message.linear_acceleration.z == 9.0
    assert len(serialize(message)) == len(data)
    sample = messages.decode_imu(data)
    assert sample.stamp == STAMP
    assert sample.linear_acceleration.tolist() == [7.0, 8.0, 9.0]


def test_odometry_and_wrench_are_what_rclpy_writes_for_the_same_content():
    from geometry_msgs.msg import WrenchStamped
    from nav_msgs.msg import Odometry

    encoder = messages.odometry_encoder("odom", "base_link")
    encoder.floats[:] = np.arange(85.0)
    data = encoder.encode(STAMP)
    message = deserialize(data, Odometry)
    assert message.child_frame_id == "base_link"
    assert message.pose.pose.orientation.w == 6.0
    assert message.pose.covariance[0] == 7.0
    assert message.twist.twist.angular.z == 48.0
    assert message.twist.covariance[35] == 84.0
    assert len(serialize(message)) == len(data)

    wrench = messages.wrench_encoder("odom")
    wrench.floats[:] = np.arange(6.0)
    data = wrench.encode(STAMP)
    message = deserialize(data, WrenchStamped)
    assert message.wrench.torque.z == 5.0
    assert len(serialize(message)) == len(data)


def test_a_joint_command_survives_the_wire_and_is_a_plain_multi_array():
    from std_msgs.msg import Float64MultiArray

    sent = command()
    data = messages.CommandEncoder(N).encode(sent)
    message = deserialize(data, Float64MultiArray)
    assert message.layout.data_offset == 2
    assert [(d.label, d.size, d.stride) for d in message.layout.dim] == [
        ("field", 5, 5 * N),
        ("joint", N, N),
    ]
    assert list(message.data[:2]) == [0.5, 7.0]
    assert len(message.data) == 2 + 5 * N
    assert len(serialize(message)) == len(data)
    read = messages.decode_command(data, N)
    assert (read.stamp, read.sequence) == (0.5, 7)
    for part in ("position", "velocity", "stiffness", "damping", "torque"):
        assert getattr(read, part).tolist() == getattr(sent, part).tolist()


def test_a_command_for_another_robot_is_refused_with_both_sizes():
    data = messages.CommandEncoder(N).encode(command())
    with pytest.raises(MessageError, match=r"12 joints.*60 numbers, got 2 and 145"):
        messages.decode_command(data, 12)


def test_twist_goes_both_ways():
    from geometry_msgs.msg import Twist

    wanted = VelocityCommand(0.5, -0.25, 0.125)
    message = deserialize(messages.encode_twist(wanted), Twist)
    assert (message.linear.x, message.linear.y, message.angular.z) == (0.5, -0.25, 0.125)
    assert messages.decode_twist(serialize(message)) == wanted


def test_clock_is_what_rclpy_reads():
    from rosgraph_msgs.msg import Clock

    assert deserialize(messages.encode_clock(12.5), Clock).clock.nanosec == 500_000_000


def test_header_goes_both_ways():
    from std_msgs.msg import Header

    message = deserialize(messages.encode_header(12.5), Header)
    assert (message.stamp.sec, message.stamp.nanosec, message.frame_id) == (12, 500_000_000, "")
    assert messages.decode_header(serialize(message)) == 12.5


def test_diagnostics_are_what_rclpy_reads():
    from diagnostic_msgs.msg import DiagnosticArray

    statuses = [
        messages.HealthStatus("a: b", messages.Level.ERROR, "tür", {"x": 0.125, "yy": 3}, "/r1"),
        messages.HealthStatus("c", messages.Level.OK, "", {}),
        messages.HealthStatus("d", messages.Level.WARN, "w", {"k": "v"}),
    ]
    message = deserialize(messages.encode_diagnostics(STAMP, statuses), DiagnosticArray)
    assert message.header.stamp.nanosec == 250_000_000
    assert [s.name for s in message.status] == ["a: b", "c", "d"]
    assert [s.level for s in message.status] == [b"\x02", b"\x00", b"\x01"]
    assert message.status[0].message == "tür"
    assert message.status[0].hardware_id == "/r1"
    assert [(v.key, v.value) for v in message.status[0].values] == [("x", "0.125"), ("yy", "3")]


def joint_state(names, **arrays):
    from sensor_msgs.msg import JointState

    message = JointState(name=list(names))
    for key, value in arrays.items():
        setattr(message, key, value)
    return serialize(message)


def test_diagnostics_come_back_as_they_were_sent_with_their_values_as_text():
    statuses = [
        messages.HealthStatus("a: b", messages.Level.WARN, "why", {"x": 0.5, "n": 3}, "r1"),
        messages.HealthStatus("a: c", messages.Level.OK, "", {}),
    ]
    stamp, found = messages.decode_diagnostics(messages.encode_diagnostics(STAMP, statuses))
    assert stamp == pytest.approx(STAMP)
    assert found[0] == replace(statuses[0], values={"x": "0.5", "n": "3"})
    assert found[1] == statuses[1]


def test_joint_states_are_sorted_into_our_order():
    names = list(reversed(G1.joint_names))
    values = list(range(N))
    data = joint_state(names, position=values, velocity=values, effort=values)
    decoder = messages.JointStateDecoder(G1.joint_names)
    for _ in range(2):
        sample = decoder.decode(data)
        assert sample.position.tolist() == list(reversed(values))


def test_joint_states_change_their_order_and_are_still_read_right():
    decoder = messages.JointStateDecoder(G1.joint_names)
    values = [float(i) for i in range(N)]
    forward = joint_state(G1.joint_names, position=values, velocity=values, effort=values)
    names = list(reversed(G1.joint_names))
    backward = joint_state(names, position=values, velocity=values, effort=values)
    assert decoder.decode(forward).position.tolist() == values
    assert decoder.decode(backward).position.tolist() == values[::-1]
    assert decoder.decode(forward).position.tolist() == values


def test_a_joint_state_without_one_of_our_joints_is_refused_by_name():
    names = ["someone_else", *G1.joint_names[1:]]
    values = [0.0] * N
    data = joint_state(names, position=values, velocity=values, effort=values)
    with pytest.raises(MessageError, match="left_hip_pitch_joint"):
        messages.JointStateDecoder(G1.joint_names).decode(data)


def test_a_joint_state_without_velocity_is_refused():
    data = joint_state(G1.joint_names, position=[0.0] * N)
    with pytest.raises(MessageError, match=r"\[29, 0, 0\]"):
        messages.JointStateDecoder(G1.joint_names).decode(data)


@pytest.mark.parametrize("length", [0, 3, 4, 20, 100, 700])
def test_a_truncated_message_is_an_error_and_not_garbage(length):
    data = messages.CommandEncoder(N).encode(command())[:length]
    with pytest.raises(MessageError):
        messages.decode_command(data, N)


def test_big_endian_bytes_are_refused():
    with pytest.raises(MessageError, match="little-endian"):
        messages.decode_twist(b"\x00\x00" + bytes(50))


def test_an_estimate_survives_the_wire_but_for_the_covariances_off_the_diagonal():
    sent = estimate_of(observation_at(1.25, 42))
    vector = np.zeros(estimate_size(N))
    pack_estimate(sent, vector)
    read = unpack_estimate(vector, N)
    assert (read.stamp, read.observation.sequence, read.healthy) == (1.25, 42, True)
    for name in (
        "base_position_in_world",
        "base_orientation",
        "base_velocity_in_base",
        "base_angular_velocity_in_base",
        "joint_position",
        "joint_velocity",
        "contact_probability",
        "foot_wrench",
        "pose_covariance",
        "twist_covariance",
    ):
        assert np.array_equal(getattr(read, name), getattr(sent, name)), name
    for name in ("joint_position", "joint_torque", "imu_orientation", "imu_linear_acceleration"):
        assert np.array_equal(getattr(read.observation, name), getattr(sent.observation, name))


def test_an_unhealthy_estimate_stays_unhealthy_and_says_where_to_look():
    vector = np.zeros(estimate_size(N))
    pack_estimate(estimate_of(observation_at(1.0, 1), healthy=False, cause="x"), vector)
    read = unpack_estimate(vector, N)
    assert not read.healthy
    assert "/diagnostics" in read.cause
    vector[2] = math.nan
    assert not unpack_estimate(vector, N).healthy


def test_an_estimate_of_another_robot_is_refused():
    with pytest.raises(MessageError, match="12 joints"):
        unpack_estimate(np.zeros(estimate_size(N)), 12)


@pytest.mark.parametrize(
    ("stamp", "parts"),
    [
        (0.0, (0, 0)),
        (1.0, (1, 0)),
        (0.9999999999, (1, 0)),
        (2.000000001, (2, 1)),
        (-0.5, (-1, 500_000_000)),
        (math.nan, (0, 0)),
        (1e300, (0, 0)),
    ],
)
def test_stamps_split_into_seconds_and_nanoseconds(stamp, parts):
    assert split_stamp(stamp) == parts
