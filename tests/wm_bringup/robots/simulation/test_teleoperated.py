"""A robot that hangs before it begins, is punched, and whose arms somebody else moves."""

from __future__ import annotations

import numpy as np
import pytest

from wm_bringup.robots.simulation.actuators import ActuatorParameters, Drives
from wm_bringup.robots.simulation.disturbances import PunchSchedule
from wm_bringup.robots.simulation.taken import TakenCourse, indices_of
from wm_bringup.scenarios.scenario import Crane, Punch, Scenario, TakenJoints
from wm_control.errors import ParameterError

N = 29
ZERO = np.zeros(N)
ELBOW = "left_elbow_joint"


def test_drives_of_taken_joints_hear_nothing_of_the_command(g1, hold):
    drives = Drives(g1, ActuatorParameters(), 0.001)
    taken = g1.joint_names.index(ELBOW)
    drives.take(np.array([taken]), np.array([0.1]))
    observation = type("Seen", (), {"stamp": 0.0, "sequence": 0})
    drives.send(hold(observation, position=ZERO, scale=1.0, torque=2.0), 0)
    found = drives.torque(0, ZERO, ZERO)
    np.testing.assert_allclose(np.delete(found, taken), np.clip(2.0, None, 25.0))
    # 14.2506 N·m/rad x 0.1 rad, without the 2 N·m of the command
    assert found[taken] == pytest.approx(1.42506, abs=1e-4)


def test_taken_joints_go_straight_between_two_times_and_step_once_a_period(g1):
    taken = TakenJoints((ELBOW,), times=(-0.02, 0.48), positions=((0.0,), (1.0,)))
    course = TakenCourse(taken, g1)
    found = [course.at(t, ZERO[:1])[0] for t in (0.0, 0.018, 0.02, 0.48, 9.0)]
    assert found == pytest.approx([0.04, 0.04, 0.08, 1.0, 1.0])


def test_without_a_course_taken_joints_stay_as_they_began(g1):
    course = TakenCourse(TakenJoints((ELBOW,)), g1)
    assert course.at(3.0, np.array([0.6])) == pytest.approx([0.6])


def test_taken_joints_that_the_robot_has_not_are_refused_by_name(g1):
    with pytest.raises(ParameterError, match=r"taken.joints.0.*left_wing"):
        indices_of(TakenJoints(("left_wing",)), g1)


def test_a_course_whose_times_do_not_rise_or_whose_positions_are_too_few_is_refused():
    with pytest.raises(ValueError, match="must rise"):
        TakenJoints((ELBOW,), times=(0.0, 0.0), positions=((0.0,), (1.0,)))
    with pytest.raises(ValueError, match="1 numbers"):
        TakenJoints((ELBOW,), times=(0.0,), positions=((0.0, 1.0),))


def test_a_punch_acts_for_its_whole_duration_and_no_longer():
    schedule = PunchSchedule((Punch(ELBOW, (1.0, 0.0, 0.0), at=0.1, duration=0.08),))
    acting = []
    for k in range(200):
        schedule.update(0.002 * k)
        acting.append(len(schedule.acting))
    assert acting[49:51] == [0, 1]
    assert sum(acting) == 40


def test_a_punch_of_a_joint_that_the_robot_has_not_is_refused(simulate):
    with pytest.raises(ParameterError, match=r"punches.0.joint.*left_wing"):
        simulate(Scenario(punches=(Punch("left_wing", (1.0, 0.0, 0.0)),)))


def test_a_robot_on_a_crane_begins_above_ground_at_rest_in_its_posture_and_then_falls(simulate):
    crane = Crane(seconds=0.5, clearance=0.036, posture={"left_knee_joint": 0.669})
    robot = simulate(Scenario(crane=crane))
    robot.reset(0)
    truth = robot.ground_truth()
    knee = robot.description.joint_names.index("left_knee_joint")
    assert robot.time == 0.0
    assert truth.joint_position[knee] == pytest.approx(0.669, abs=0.05)
    assert not truth.normal_force.any()
    np.testing.assert_allclose(truth.base_velocity_in_world, 0.0, atol=1e-9)
    for _ in range(100):  # 0.036 m are fallen in 0.086 s
        robot.step(None)
    assert robot.ground_truth().normal_force.sum() > 100.0


def test_a_punch_moves_the_robot_and_is_told_to_have_happened(simulate, hold):
    punch = Punch(ELBOW, (0.0, 150.0, 0.0), at=0.1, duration=0.08, axes="parent")
    speeds = []
    for punches in ((), (punch,)):
        robot = simulate(Scenario(punches=punches))
        observation = robot.reset(0)
        for _ in range(100):
            observation = robot.step(hold(observation, scale=30.0))
        speeds.append(robot.ground_truth().com_velocity[1])
    assert speeds[1] - speeds[0] > 0.1
    (told,) = robot.happened
    assert told.what == "punch 0 150 0 N at left_elbow_joint at 0.1 s"
    assert told.at == pytest.approx(0.1)
