"""Stories of sensor messages that come twice, late, in another order, or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from wm_bringup.wire.messages import ImuSample, JointSample
from wm_bringup.wire.sample_joiner import SampleJoiner

PERIOD = 0.002


class Stream:
    """Both topics of a robot, and what came out."""

    def __init__(self):
        self.taken = []
        self.joiner = SampleJoiner(lambda o, anew: self.taken.append((o, anew)), PERIOD, 2)

    def joints(self, stamp, arrival=None):
        sample = JointSample(stamp, *(np.full(2, stamp) for _ in range(3)))
        self.joiner.joints(sample, stamp if arrival is None else arrival)

    def imu(self, stamp, arrival=None):
        sample = ImuSample(stamp, np.array((0.0, 0.0, 0.0, 1.0)), np.zeros(3), np.zeros(3))
        self.joiner.imu(sample, stamp if arrival is None else arrival)

    def both(self, stamp, arrival=None):
        self.joints(stamp, arrival)
        self.imu(stamp, arrival)

    def walk(self, first, last):
        for k in range(first, last):
            self.both(PERIOD * k)

    @property
    def sequences(self):
        return [o.sequence for o, _ in self.taken]

    @property
    def anew(self):
        return [anew for _, anew in self.taken]


@pytest.fixture
def stream():
    return Stream()


def test_samples_of_one_instant_make_one_observation_whichever_comes_first(stream):
    stream.joints(0.0)
    stream.imu(0.0)
    stream.imu(PERIOD)
    stream.joints(PERIOD)
    assert stream.sequences == [0, 1]
    assert stream.anew == [True, False]
    np.testing.assert_array_equal(stream.taken[1][0].joint_position, (PERIOD, PERIOD))


def test_one_topic_a_few_samples_behind_the_other_loses_nothing(stream):
    for k in range(12):
        stream.joints(PERIOD * k)
        if k >= 2:
            stream.imu(PERIOD * (k - 2))
    assert stream.sequences == list(range(10))
    assert stream.joiner.counts.halves == 0


def test_a_lost_sample_is_a_gap_in_the_sequence(stream):
    stream.walk(0, 5)
    stream.walk(8, 10)
    assert stream.sequences == [0, 1, 2, 3, 4, 8, 9]


def test_a_repeated_sample_is_the_same_observation_again(stream):
    stream.walk(0, 5)
    stream.both(PERIOD * 4)
    assert stream.sequences == [0, 1, 2, 3, 4, 4]
    assert not any(stream.anew[1:])
    assert stream.joiner.counts.repeated == 1


def test_an_older_sample_is_dropped(stream):
    stream.walk(0, 10)
    stream.both(PERIOD * 7)
    assert stream.sequences == list(range(10))
    assert stream.joiner.counts.late == 2


def test_stamps_that_never_move_start_the_estimator_once(stream):
    """A held robot, or a driver that never sets its stamps: the estimator has to see it age."""
    for _ in range(5):
        stream.both(0.0)
    assert stream.sequences == [0] * 5
    assert stream.anew == [True, False, False, False, False]
    assert stream.joiner.counts.repeated == 4


def test_a_silent_imu_leaves_observations_whose_imu_is_not_a_number(stream):
    stream.walk(0, 10)
    for k in range(10, 20):
        stream.joints(PERIOD * k)
    halves = [o for o, _ in stream.taken[10:]]
    assert [o.sequence for o in halves] == list(range(10, 17))  # three still wait for theirs
    for observation in halves:
        assert np.isnan(observation.imu_angular_velocity).all()
        assert np.isnan(observation.imu_orientation).all()
        assert np.isfinite(observation.joint_position).all()
    stream.walk(20, 22)
    assert stream.sequences == list(range(22))
    assert stream.joiner.counts.halves == 10


def test_silent_encoders_leave_observations_whose_joints_are_not_a_number(stream):
    stream.walk(0, 3)
    for k in range(3, 8):
        stream.imu(PERIOD * k)
    assert np.isnan(stream.taken[-1][0].joint_position).all()
    assert np.isfinite(stream.taken[-1][0].imu_orientation).all()


def test_nothing_starts_on_half_a_sample(stream):
    for k in range(10):
        stream.joints(PERIOD * k)
    assert stream.taken == []
    stream.both(PERIOD * 10)
    assert stream.anew == [True]


def test_a_robot_that_was_started_again_is_another_run_from_the_stamp_that_was_told(stream):
    stream.walk(0, 5)
    stream.joiner.started(PERIOD * 6)
    stream.walk(5, 9)
    assert stream.sequences == [0, 1, 2, 3, 4, 5, 0, 1, 2]
    assert stream.anew == [True, *[False] * 5, True, False, False]
    assert [o.run for o, _ in stream.taken] == [0] * 6 + [1] * 3


def test_a_start_that_is_told_late_begins_the_run_with_the_next_sample(stream):
    stream.walk(0, 5)
    stream.joiner.started(PERIOD * 3)
    stream.walk(5, 7)
    assert stream.sequences == [0, 1, 2, 3, 4, 0, 1]


@pytest.mark.parametrize("stamp", [-5.0, 0.0, np.nan])
def test_a_start_before_all_that_was_heard_is_of_the_run_that_is_heard(stream, stamp):
    stream.joiner.started(stamp)
    stream.walk(0, 3)
    stream.joiner.started(stamp)
    stream.walk(3, 5)
    assert stream.sequences == [0, 1, 2, 3, 4]


def test_a_clock_that_jumps_ahead_leaves_no_gap(stream):
    stream.walk(0, 5)
    for k in range(5):
        stream.both(3600.0 + PERIOD * k, arrival=PERIOD * (5 + k))
    assert stream.sequences == list(range(10))
    assert stream.joiner.counts.clock_jumps == 1


def test_a_robot_that_was_silent_for_as_long_as_its_clock_says_leaves_a_gap(stream):
    stream.walk(0, 5)
    stream.walk(505, 510)  # a second, by arrival as well
    assert stream.sequences == [*range(5), *range(505, 510)]
    assert stream.joiner.counts.clock_jumps == 0


def test_a_clock_that_jumps_back_leaves_no_gap_and_starts_nothing_anew(stream):
    for k in range(5):
        stream.both(1000.0 + PERIOD * k, arrival=PERIOD * k)
    for k in range(5):
        stream.both(400.0 + PERIOD * k, arrival=PERIOD * (5 + k))
    assert stream.sequences == list(range(10))
    assert stream.anew == [True] + [False] * 9


def test_a_clock_that_begins_again_is_another_run(stream):
    stream.walk(0, 200)
    stream.walk(0, 3)
    assert stream.sequences[-3:] == [0, 1, 2]
    assert stream.anew[-3:] == [True, False, False]
    assert stream.joiner.counts.restarts == 1


def test_a_stamp_that_is_not_a_number_is_dropped(stream):
    stream.both(float("nan"))
    stream.walk(0, 2)
    stream.both(float("nan"))
    assert stream.sequences == [0, 1]
