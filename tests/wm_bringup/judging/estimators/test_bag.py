"""A bag becomes the same observations, and the same bag the same bytes, twice."""

from __future__ import annotations

import numpy as np
import pinocchio as pin
import pytest
from robot_parameters import ESTIMATOR
from synthetic import Course, SensorErrors, synthetic_walk

from wm_bringup.bags.writer import BagError, BagWriter
from wm_bringup.judging.estimators.bag import read_recording
from wm_bringup.judging.estimators.courses import JUDGED
from wm_bringup.judging.estimators.report import CONTESTANTS, judge_recording, replay, truth_of
from wm_bringup.wire.messages import JointStateEncoder, fill_imu, imu_encoder, odometry_encoder
from wm_bringup.wire.topics import GROUND_TRUTH, IMU, JOINT_STATES
from wm_control.robot.description import load_robot

TRUTH_EVERY = 10


@pytest.fixture(scope="module")
def robot():
    return load_robot("g1")


@pytest.fixture(scope="module")
def walk(robot):
    return synthetic_walk(robot, Course(velocity=(0.3, 0.0, 0.2)), 2.0)


@pytest.fixture(scope="module")
def observations(walk):
    return list(walk.observations(SensorErrors(), 0))


class Field:
    """Writes sensor messages as a robot does: a few milliseconds after their stamps.

    late: added to the time of reception [s].
    """

    late = 0.0

    def __init__(self, directory, robot, topics=(JOINT_STATES, IMU, GROUND_TRUTH)):
        self.bag = BagWriter(directory)
        for topic in topics:
            self.bag.add_topic(f"/{topic.name}", topic.type)
        self.joint_states = JointStateEncoder(robot.joint_names, "")
        self.imu = imu_encoder("imu_link")
        self.truth = odometry_encoder("world", "base_link")

    def joints(self, o):
        data = self.joint_states.encode(o.stamp, o.joint_position, o.joint_velocity, o.joint_torque)
        self._write(JOINT_STATES, o.stamp, data)

    def inertial(self, o):
        fill_imu(
            self.imu.floats,
            o.imu_orientation,
            o.imu_angular_velocity,
            o.imu_linear_acceleration,
        )
        self._write(IMU, o.stamp, self.imu.encode(o.stamp))

    def state(self, stamp, configuration, velocity):
        self.truth.floats[:7], self.truth.floats[43:49] = configuration[:7], velocity[:6]
        self._write(GROUND_TRUTH, stamp, self.truth.encode(stamp))

    def _write(self, topic, stamp, data):
        self.bag.write(f"/{topic.name}", round(1e9 * (stamp + 0.003 + self.late)), data)


@pytest.fixture(scope="module")
def bag(tmp_path_factory, robot, walk, observations):
    """A walk with truth at 50 Hz, every 100th sample twice, and one lost."""
    directory = tmp_path_factory.mktemp("field") / "bag"
    field = Field(directory, robot)
    for k, o in enumerate(observations):
        if k == 555:
            continue
        for _ in range(2 if k % 100 == 50 else 1):
            field.joints(o)
            field.inertial(o)
        if k % TRUTH_EVERY == 0:
            field.state(o.stamp, walk.configuration[k], walk.velocity[k])
    field.bag.close()
    return directory


def test_a_bag_gives_back_every_observation_once_more_where_it_came_twice(bag, observations):
    recording = read_recording(bag)
    sequences = recording["sequence"].astype(int).tolist()
    assert sorted(set(sequences)) == [k for k in range(1000) if k != 555]
    assert len(sequences) == 999 + 10
    for row, k in ((0, 0), (len(sequences) - 1, 999)):
        np.testing.assert_array_equal(
            recording["joint_position"][row], observations[k].joint_position
        )
        np.testing.assert_array_equal(
            recording["imu_linear_acceleration"][row], observations[k].imu_linear_acceleration
        )


def test_the_truth_is_where_it_was_recorded_and_nowhere_else(bag, walk):
    truth, known = truth_of(read_recording(bag))
    assert len(truth.time) == np.count_nonzero(known)
    assert set(np.round(truth.time / 0.002).astype(int)) == set(range(0, 1000, TRUTH_EVERY))
    np.testing.assert_allclose(truth.velocity[-1], walk.velocity[990, :3])
    rotation = pin.Quaternion(walk.configuration[990, 3:7]).matrix()
    np.testing.assert_allclose(truth.rotation[-1], rotation, atol=1e-12)


def test_every_estimator_is_judged_on_a_bag_but_the_one_that_needs_a_plan(bag, robot):
    results = judge_recording(read_recording(bag), robot, ESTIMATOR)
    assert set(results) == set(CONTESTANTS) - {"clock_only"}
    figures = results[JUDGED]
    assert max(figures["velocity_x"], figures["velocity_y"], figures["velocity_z"]) < 0.02
    assert figures["unhealthy_share"] == 0.0
    assert "contact_f1" not in figures


def test_replaying_a_bag_twice_gives_the_same_bytes(bag, robot):
    def replayed():
        belief = replay(CONTESTANTS[JUDGED](robot, ESTIMATOR), read_recording(bag))
        names = ("position", "rotation", "velocity", "contact", "velocity_covariance")
        return b"".join(getattr(belief, name).tobytes() for name in names)

    first = replayed()
    assert len(first) > 100_000
    assert replayed() == first


def test_a_bag_without_truth_tells_effort_and_how_far_the_estimators_are_apart(
    tmp_path, robot, observations
):
    field = Field(tmp_path / "bag", robot, (JOINT_STATES, IMU))
    for o in observations[:400]:
        field.joints(o)
        field.inertial(o)
    field.bag.close()
    results = judge_recording(read_recording(tmp_path / "bag"), robot, ESTIMATOR)
    assert results[JUDGED]["velocity_apart"] == 0.0
    assert 0.0 < results["leg_odometry"]["velocity_apart"] < 0.05
    assert "velocity_x" not in results[JUDGED]


def test_the_last_of_several_runs_is_taken(tmp_path, robot, observations):
    field = Field(tmp_path / "bag", robot, (JOINT_STATES, IMU))
    field.bag.write("/joint_states", 0, b"")  # what cannot be decoded is a lost message
    for late, run in ((0.0, observations[:300]), (1.0, observations[:100])):
        field.late = late
        for o in run:
            field.joints(o)
            field.inertial(o)
    field.bag.close()
    recording = read_recording(tmp_path / "bag")
    assert recording["sequence"].tolist() == list(range(100))


def test_a_bag_without_an_imu_is_refused_by_name(tmp_path, robot, observations):
    field = Field(tmp_path / "bag", robot, (JOINT_STATES,))
    for o in observations[:3]:
        field.joints(o)
    field.bag.close()
    with pytest.raises(BagError, match="expected the topic imu/data"):
        read_recording(tmp_path / "bag")


def test_a_bag_of_which_nothing_joins_is_refused(tmp_path, robot, observations):
    field = Field(tmp_path / "bag", robot, (JOINT_STATES, IMU))
    field.joints(observations[0])
    field.inertial(observations[5])
    field.bag.close()
    with pytest.raises(BagError, match="expected a run of observations, found 0"):
        read_recording(tmp_path / "bag")
