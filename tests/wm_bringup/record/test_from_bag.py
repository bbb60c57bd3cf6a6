"""A bag becomes the same observations, and the same bag the same bytes, twice."""

from __future__ import annotations

import numpy as np
import pinocchio as pin
import pytest
from robot_parameters import ESTIMATOR
from synthetic import Course, SensorErrors, synthetic_walk

from wm_bringup.bags.reader import open_bag
from wm_bringup.bags.writer import BagError, BagWriter
from wm_bringup.judging.criteria.errors import known
from wm_bringup.judging.estimators.replay import ESTIMATORS, JUDGED, judge_estimators, replay
from wm_bringup.record.from_bag import from_bag
from wm_bringup.record.geometry import rotations, to_base
from wm_bringup.record.observations import by_observation
from wm_bringup.record.run_record import NotRecordedError
from wm_bringup.wire.messages import odometry_encoder
from wm_bringup.wire.robot_messages import ObservationEncoder
from wm_bringup.wire.topics import GROUND_TRUTH, IMU, JOINT_STATES
from wm_control.robot.description import load_robot

TRUTH_EVERY = 10


def read(path):
    return from_bag(open_bag(path), needs=(JOINT_STATES, IMU))


def judged(record):
    return {one.contestant: one for one in judge_estimators("bag", "", record, tuple(ESTIMATORS))}


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
        self.sensors = ObservationEncoder(robot.joint_names)
        self.truth = odometry_encoder("world", "base_link")

    def joints(self, o):
        self._write(JOINT_STATES, o.stamp, self.sensors.joints(o))

    def inertial(self, o):
        self._write(IMU, o.stamp, self.sensors.imu(o))

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
    record = read(bag)
    sequences = record["observed_sequence"].astype(int).tolist()
    assert sorted(set(sequences)) == [k for k in range(1000) if k != 555]
    assert len(sequences) == 999 + 10
    for row, k in ((0, 0), (len(sequences) - 1, 999)):
        np.testing.assert_array_equal(
            record["observed_joint_position"][row], observations[k].joint_position
        )
        np.testing.assert_array_equal(
            record["observed_imu_linear_acceleration"][row], observations[k].imu_linear_acceleration
        )


def test_the_truth_is_where_it_was_recorded_and_nowhere_else(bag, walk):
    seen = by_observation(read(bag))
    truth = known(seen)
    times = np.round((truth["time"] - seen["time"][0]) / 0.002).astype(int)
    assert set(times) == set(range(0, 1000, TRUTH_EVERY))
    orientation = truth["base_orientation"]
    velocity = to_base(truth["base_velocity"], orientation)[-1]
    np.testing.assert_allclose(velocity, walk.velocity[990, :3], atol=1e-12)
    rotation = pin.Quaternion(walk.configuration[990, 3:7]).matrix()
    np.testing.assert_allclose(rotations(orientation)[-1], rotation, atol=1e-12)


def test_every_estimator_is_judged_on_a_bag_but_the_one_that_needs_a_plan(bag):
    results = judged(read(bag))
    assert set(results) == set(ESTIMATORS) - {"clock_only"}
    ekf = results[JUDGED]
    assert max(ekf[f"velocity_error_{axis}"] for axis in "xyz") < 0.02
    assert ekf["unhealthy_share"] == 0.0
    assert "contact_f1" not in ekf.metrics


def test_replaying_a_bag_twice_gives_the_same_bytes(bag, robot):
    def replayed():
        estimator = ESTIMATORS[JUDGED](robot, ESTIMATOR)
        done = replay(estimator, by_observation(read(bag)))
        columns = [n for n in sorted(done.columns) if n != "update_time"]
        return b"".join(done.columns[name].tobytes() for name in columns)

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
    results = judged(read(tmp_path / "bag"))
    assert results[JUDGED]["velocity_apart"] == 0.0
    assert 0.0 < results["leg_odometry"]["velocity_apart"] < 0.05
    assert "velocity_error_x" not in results[JUDGED].metrics


def test_the_last_of_several_runs_is_taken(tmp_path, robot, observations):
    field = Field(tmp_path / "bag", robot, (JOINT_STATES, IMU))
    field.bag.write("/joint_states", 0, b"")  # what cannot be decoded is a lost message
    for late, run in ((0.0, observations[:300]), (1.0, observations[:100])):
        field.late = late
        for o in run:
            field.joints(o)
            field.inertial(o)
    field.bag.close()
    record = read(tmp_path / "bag")
    assert record["observed_sequence"].tolist() == list(range(100))


def test_a_bag_without_an_imu_is_refused_by_name(tmp_path, robot, observations):
    field = Field(tmp_path / "bag", robot, (JOINT_STATES,))
    for o in observations[:3]:
        field.joints(o)
    field.bag.close()
    with pytest.raises(BagError, match="holds no /imu/data; it has /joint_states"):
        read(tmp_path / "bag")


def test_a_bag_of_which_nothing_joins_is_refused(tmp_path, robot, observations):
    field = Field(tmp_path / "bag", robot, (JOINT_STATES, IMU))
    field.joints(observations[0])
    field.inertial(observations[5])
    field.bag.close()
    with pytest.raises(NotRecordedError, match="observation_time"):
        by_observation(read(tmp_path / "bag"))
