"""Mirroring is its own inverse, and is what a mirror would do to the robot."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from training_parameters import LEGS, STUDENT

from wm_control.robot.description import load_robot
from wm_training.learning.mirror import VECTOR, joined, second_half
from wm_training.learning.mujoco_model import build_model, leg_joints, locked_posture
from wm_training.learning.observing import observation_mirror, observation_width
from wm_training.learning.parameters import PhysicsParameters


def test_mirrored_twice_is_the_same() -> None:
    values = np.random.default_rng(0).standard_normal((3, observation_width(STUDENT)))
    mirror = observation_mirror(STUDENT)
    assert mirror(mirror(values)) == pytest.approx(values)
    assert not np.allclose(mirror(values), values)


def test_joined_mirrors_act_on_their_own_parts() -> None:
    both = joined(VECTOR, LEGS)
    values = np.arange(15.0)
    assert both(values)[:3].tolist() == [0.0, -1.0, 2.0]
    assert both(values)[3:] == pytest.approx(LEGS(values[3:]))


def test_mirrored_joints_put_the_other_foot_to_the_mirrored_place() -> None:
    robot = load_robot("g1")
    legs = leg_joints(robot)
    model = build_model(robot, PhysicsParameters(), locked_posture(robot, legs))
    joints = np.random.default_rng(1).uniform(-0.2, 0.2, 12)
    soles = []
    for posture in (joints, LEGS(joints)):
        data = mujoco.MjData(model)
        data.qpos[3], data.qpos[7:] = 1.0, posture
        mujoco.mj_forward(model, data)
        soles.append([data.site("l_sole").xpos.copy(), data.site("r_sole").xpos.copy()])
    assert soles[1][1] == pytest.approx(VECTOR(soles[0][0]), abs=2e-5)  # the URDF's own rounding
    assert soles[1][0] == pytest.approx(VECTOR(soles[0][1]), abs=2e-5)


def test_the_second_half_is_the_right_legs() -> None:
    sine = np.array([[1.0, -1.0], [-0.5, 0.5], [0.0, 0.0], [-1e-16, 1e-16]])
    assert second_half(sine).tolist() == [False, True, False, False]
