"""Pushes and payloads in proportion to the robot that gets them."""

from dataclasses import replace

import pytest

from wm_bringup.demo.course import course_file, load_course
from wm_bringup.judging.suite import load_suite
from wm_bringup.scenarios.scenario import Payload, Punch, Push, Scenario
from wm_bringup.scenarios.sizing import mass_of, sized, total_mass
from wm_control.errors import ParameterError
from wm_control.robot.description import load_robot
from wm_control.robot.model import RobotModel

SAID = Scenario(
    pushes=(Push(impulse=(0.0, 30.0, 0.0)),),
    punches=(Punch(joint="waist_yaw_joint", force=(100.0, 0.0, 0.0)),),
    payload=Payload(mass=5.0),
    for_mass=33.34,
)


def test_the_mass_of_a_robot_is_that_of_its_model():
    for robot in ("g1", "talos"):
        model = RobotModel(load_robot(robot))
        assert mass_of(robot) == pytest.approx(model.mass)
        assert total_mass(load_robot(robot)) == pytest.approx(model.mass)


def test_another_robot_gets_them_in_proportion_to_its_mass():
    # 90.27 kg / 33.34 kg = 2.708
    talos = sized(SAID, "talos")
    assert talos.pushes[0].impulse == pytest.approx((0.0, 81.2, 0.0), abs=0.1)
    assert talos.punches[0].force == pytest.approx((270.8, 0.0, 0.0), abs=0.1)
    assert talos.payload.mass == pytest.approx(13.54, abs=0.01)


def test_a_payload_that_would_be_too_heavy_is_refused_and_not_made_lighter():
    with pytest.raises(ParameterError, match=r"payload.mass.*at most 50 kg.*67.7 kg"):
        sized(replace(SAID, payload=Payload(mass=25.0)), "talos")


def test_the_robot_that_it_was_said_for_gets_what_was_said():
    assert sized(SAID, "g1").pushes[0].impulse == (0.0, 30.0, 0.0)


def test_nothing_is_sized_twice_or_without_being_asked_for():
    once = sized(SAID, "talos")
    assert sized(once, "talos") == once
    plain = replace(SAID, for_mass=None)
    assert sized(plain, "talos") is plain


def test_a_suite_by_weight_pushes_every_robot_to_the_same_change_of_velocity():
    suite = load_suite("pushes_by_weight")
    case = suite.cases[1]
    for robot, kilograms in (("g1", 33.34), ("talos", 90.27)):
        scenario = replace(suite, robot=robot).scenario_of(case, 0)
        assert scenario.pushes[0].impulse[0] == pytest.approx(0.6 * kilograms, rel=2e-3)


def test_the_demos_push_is_as_hard_for_any_robot():
    course = load_course(course_file("g1"))
    (push,) = course.sized("talos").pushes()
    assert push.impulse[1] == pytest.approx(30.0 * 90.27 / 33.34, rel=1e-3)
    assert course.sized("talos").scenario.for_mass is None


def test_a_robots_own_course_goes_before_the_one_for_all():
    assert course_file("talos").parent.name == "talos"
    assert course_file("g1").name == "demo.yaml"
    assert course_file("g1").parent.name == "config"
