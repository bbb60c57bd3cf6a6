"""A tour in lock-step: waypoints, a punch, and an arm that somebody else moves."""

from __future__ import annotations

import numpy as np
import pytest

from wm_bringup.judging.episodes import WalkSetup, walk
from wm_bringup.scenarios.scenario import Punch, Scenario, TakenJoints, Tour, Waypoint

ELBOW = "left_elbow_joint"


@pytest.fixture(scope="module")
def done():
    scenario = Scenario(
        duration=1.5,
        tour=Tour(waypoints=(Waypoint(0.6, 0.0, 0.0), Waypoint(-0.2, 0.1, 0.3)), every=1.0),
        punches=(Punch(ELBOW, (30.0, 0.0, 0.0), at=0.5, duration=0.08),),
        taken=TakenJoints((ELBOW,), times=(0.0, 1.0), positions=((0.6,), (1.4,))),
    )
    return walk(WalkSetup(scenario, engine="mujoco"), seed=0)


def test_the_waypoints_asked_for_are_on_record_one_after_the_other(done):
    record = done.record
    assert record["target_pose"][0] == pytest.approx((0.6, 0.0, 0.0), abs=1e-6)
    assert record["target_pose"][-1] == pytest.approx((-0.2, 0.1, 0.3), abs=1e-6)
    # 1.5 x 0.6 m is beyond the bound of 0.5 m/s; later the waypoint is behind
    assert record["velocity_command"][0] == pytest.approx((0.5, 0.0, 0.0))
    assert record["velocity_command"][-1][0] < -0.2


def test_taken_joints_follow_their_course_whatever_the_driver_wants(done):
    record = done.record
    elbow = done.body.joint_names.index(ELBOW)
    late = record["time"] > 1.3
    assert record["joint_position"][late, elbow] == pytest.approx(1.4, abs=0.1)
    assert not np.allclose(record["command_position"][late, elbow], 1.4, atol=0.02)


def test_what_was_asked_for_happened(done):
    (punch,) = done.happened
    assert punch.at == pytest.approx(0.5)
    assert not done.record.facts.fall
