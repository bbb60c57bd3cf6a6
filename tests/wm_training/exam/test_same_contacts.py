"""Where one leg stops the other must be the same in training and in the exam."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mujoco
import numpy as np
import pybullet
import pytest

from wm_bringup.robots.simulation.urdf import simulation_urdf
from wm_control.robot.description import load_robot
from wm_training.learning.mujoco_model import LEFT, RIGHT, build_model, leg_joints, locked_posture
from wm_training.learning.parameters import PhysicsParameters

ROBOT = load_robot("g1")
NAMES = leg_joints(ROBOT)
PICK = [ROBOT.joint_names.index(name) for name in NAMES]
HEIGHT = 3.0
WITHIN = 0.05
"""Gaps up to this one are compared [m]."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """PyBullet's client and robot, as the exam loads it."""
    path: Path = tmp_path_factory.mktemp("robot") / "robot.urdf"
    path.write_text(simulation_urdf(ROBOT), encoding="utf-8")
    number = pybullet.connect(pybullet.DIRECT)
    robot = pybullet.loadURDF(str(path), [0.0, 0.0, HEIGHT], physicsClientId=number)
    yield number, robot
    pybullet.disconnect(number)


def crossing_posture(seed: int) -> np.ndarray:
    """(12,) legs that are near each other, one sole a little higher than the other."""
    rng = np.random.default_rng(seed)
    joints = ROBOT.default_position[PICK] + rng.uniform(-0.15, 0.15, 12)
    joints[[1, 7]] = rng.uniform(0.1, 0.25, 2) * (-1.0, 1.0)
    return joints


def gap_in_mujoco(model: mujoco.MjModel, joints: np.ndarray) -> float:
    data = mujoco.MjData(model)
    data.qpos[:7] = (0.0, 0.0, HEIGHT, 1.0, 0.0, 0.0, 0.0)
    data.qpos[7:] = joints
    mujoco.mj_forward(model, data)
    left, right = (np.flatnonzero(model.geom_contype & bit) for bit in (LEFT, RIGHT))
    return min(mujoco.mj_geomDistance(model, data, a, b, WITHIN, None) for a in left for b in right)


def gap_in_pybullet(client: tuple[int, int], joints: np.ndarray) -> float:
    number, robot = client
    index = {}
    for joint in range(pybullet.getNumJoints(robot, physicsClientId=number)):
        found = pybullet.getJointInfo(robot, joint, physicsClientId=number)
        index[found[1].decode()] = joint
    for name, value in zip(ROBOT.joint_names, ROBOT.default_position, strict=True):
        pybullet.resetJointState(robot, index[name], value, physicsClientId=number)
    for name, value in zip(NAMES, joints, strict=True):
        pybullet.resetJointState(robot, index[name], value, physicsClientId=number)
    gap = WITHIN
    for a in NAMES[:6]:
        for b in NAMES[6:]:
            points = pybullet.getClosestPoints(
                robot, robot, WITHIN, index[a], index[b], physicsClientId=number
            )
            gap = min([gap, *(point[8] for point in points)])
    return gap


def test_legs_are_as_far_from_each_other_in_training_as_in_the_exam(
    client: tuple[int, int],
) -> None:
    model = build_model(ROBOT, PhysicsParameters(), locked_posture(ROBOT, NAMES))
    gaps = [
        (gap_in_mujoco(model, posture), gap_in_pybullet(client, posture))
        for posture in map(crossing_posture, range(60))
    ]
    trained, judged = np.array(gaps).T
    assert np.sum(judged < 0.0) > 10
    assert np.sum(judged > 0.0) > 10
    assert trained == pytest.approx(judged, abs=1e-3)
