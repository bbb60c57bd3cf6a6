"""What is told of the robot is read back as it was, from messages of the standard layout."""

from __future__ import annotations

import numpy as np
from loop_fakes import G1, N, estimate_of, observation_at

from wm_bringup.cycle.control_cycle import TrueBase
from wm_bringup.wire.cdr import Reader
from wm_bringup.wire.messages import JointStateDecoder, decode_estimate, decode_imu
from wm_bringup.wire.robot_messages import EstimateEncoder, ObservationEncoder, TruthEncoder

ROW = np.arange(float(N))


def test_an_observation_is_two_messages_of_one_stamp():
    observation = observation_at(
        1.25,
        7,
        joint_velocity=ROW,
        joint_torque=-ROW,
        imu_angular_velocity=np.array([0.1, 0.2, 0.3]),
    )
    encoder = ObservationEncoder(G1.joint_names)
    joints = JointStateDecoder(G1.joint_names).decode(encoder.joints(observation))
    imu = decode_imu(encoder.imu(observation))
    assert joints.stamp == imu.stamp == 1.25
    np.testing.assert_array_equal(joints.position, G1.default_position)
    np.testing.assert_array_equal(joints.velocity, ROW)
    np.testing.assert_array_equal(joints.effort, -ROW)
    assert imu.orientation.tolist() == [0.0, 0.0, 0.0, 1.0]
    assert imu.angular_velocity.tolist() == [0.1, 0.2, 0.3]
    assert imu.linear_acceleration.tolist() == [0.0, 0.0, 9.81]


def test_an_encoder_of_estimates_tells_the_newest_one():
    encoder = EstimateEncoder(N)
    encoder.encode(estimate_of(observation_at(1.0, 1)))
    sent = estimate_of(observation_at(2.0, 2), base_velocity_in_base=np.array([0.5, 0.1, 0.0]))
    read = decode_estimate(encoder.encode(sent), N)
    assert read.stamp == 2.0
    assert read.base_velocity_in_base.tolist() == [0.5, 0.1, 0.0]


def test_the_true_base_is_an_odometry_without_covariances():
    position, turn = np.array([1.0, 2.0, 0.7]), np.array([0.0, 0.0, 0.6, 0.8])
    velocity, rate = np.array([0.5, 0.0, 0.1]), np.array([0.0, 0.1, 0.2])
    data = TruthEncoder().encode(TrueBase(3.5, position, turn, velocity, rate))
    reader = Reader(data)
    assert reader.stamp() == 3.5
    assert (reader.string(), reader.string()) == ("world", "base_link")
    floats = reader.float64(85)
    np.testing.assert_array_equal(floats[:7], [*position, *turn])
    np.testing.assert_array_equal(floats[43:49], [*velocity, *rate])
    assert not floats[7:43].any()
    assert not floats[49:].any()
