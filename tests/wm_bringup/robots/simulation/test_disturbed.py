"""A simulated robot is disturbed while it stands, until it is reset."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from loop_fakes import G1

from wm_bringup.robots.simulated import simulate
from wm_bringup.robots.simulation.body import hung
from wm_bringup.scenarios.disturbance import Disturbance
from wm_control.constants import GRAVITY
from wm_control.errors import ParameterError
from wm_control.types import Command

STILL = np.zeros(len(G1.joint_names))


@pytest.fixture(params=["mujoco", "pybullet"])
def robot(request):
    made = simulate(G1, engine=request.param)
    made.reset(0)
    yield made
    made.close()


def stand(robot, periods):
    command = Command(
        0.0, 0, G1.default_position, STILL, 3.0 * G1.stiffness, 3.0 * G1.damping, STILL
    )
    for _ in range(periods):
        robot.step(command)
    return robot.ground_truth()


def test_a_payload_is_carried_by_the_soles_until_it_is_taken_off(robot):
    before = stand(robot, 150).normal_force.sum()
    robot.disturb(Disturbance.parse("payload=5"))
    assert stand(robot, 50).normal_force.sum() - before == pytest.approx(5 * GRAVITY, abs=5.0)
    robot.disturb(Disturbance.parse("payload=0"))
    assert stand(robot, 50).normal_force.sum() == pytest.approx(before, abs=5.0)


def test_a_push_acts_at_once_and_for_a_tenth_of_a_second(robot):
    stand(robot, 20)
    robot.disturb(Disturbance.parse("push=10,0"))
    assert stand(robot, 1).push_force[0] == pytest.approx(100.0, rel=1e-3)
    assert not stand(robot, 50).push_force.any()


def test_a_push_waits_for_its_phase_and_is_forgotten_by_a_reset(robot):
    robot.disturb(Disturbance.parse("push=0,10@0.5"))
    robot.set_gait_phase(0.4)
    assert not stand(robot, 1).push_force.any()
    robot.set_gait_phase(0.6)
    assert stand(robot, 1).push_force[1] == pytest.approx(100.0, rel=1e-3)
    robot.disturb(Disturbance.parse("push=0,10@0.5"))
    robot.reset(0)
    robot.set_gait_phase(0.4)
    robot.set_gait_phase(0.6)
    assert not stand(robot, 1).push_force.any()


def test_on_ice_a_push_makes_the_soles_slide(robot):
    def slid(friction):
        robot.reset(0)
        robot.disturb(Disturbance.parse(f"friction={friction}"))
        stand(robot, 50)
        robot.disturb(Disturbance.parse("push=10,0"))
        return stand(robot, 60).sole_velocity[:, 0].mean()

    assert slid(0.02) > slid(1.0) + 0.03


def test_a_robot_without_a_waist_cannot_be_loaded():
    stiff = replace(G1, groups={"left_leg": (0,), "right_leg": (1,)})
    with pytest.raises(ParameterError, match="no waist"):
        hung(stiff, 5.0)
    assert hung(stiff, 0.0) == []
