"""Legs come from the description: their order, what pitches in them, and their mirror image."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from humanoid_urdf import humanoid, write_humanoid
from talos_folder import robot_yaml, talos_folder

from wm_control.errors import RobotDescriptionError
from wm_control.robot.description import load_robot
from wm_control.robot.drafting.draft import draft_robot
from wm_control.robot.drafting.writing import robot_yaml as written
from wm_training.learning.env import TrainingEnvironment
from wm_training.learning.legs import build_legs
from wm_training.run_folder import training_parameters


@pytest.fixture(scope="module")
def talos(tmp_path_factory):
    return talos_folder(tmp_path_factory.mktemp("robots") / "talos")


def test_the_legs_of_the_g1_are_hip_pitch_roll_yaw_knee_ankle_pitch_roll():
    legs = build_legs(load_robot("g1"))
    assert (legs.count, legs.each) == (12, 6)
    assert legs.names[6] == "right_hip_pitch_joint"
    assert legs.pitch == (0, 3, 4)
    assert legs.sideways.tolist() == [1, 2, 5, 7, 8, 11]
    assert legs.mirror.index.tolist() == [6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5]
    assert legs.mirror.sign.tolist() == [1.0, -1.0, -1.0, 1.0, 1.0, -1.0] * 2
    assert legs.pitched((-0.24, 0.5, -0.26)).tolist() == [-0.24, 0.0, 0.0, 0.5, -0.26, 0.0]


def test_the_legs_of_talos_begin_with_yaw_and_roll(talos):
    legs = build_legs(load_robot(talos))
    assert legs.names[:2] == ("leg_left_1_joint", "leg_left_2_joint")
    assert legs.pitch == (2, 3, 4)
    assert legs.mirror.sign.tolist() == [-1.0, -1.0, 1.0, 1.0, 1.0, -1.0] * 2


def test_legs_that_are_not_mirror_images_are_refused_by_joint(talos):
    config = robot_yaml()
    knee = config["joints"].pop("leg_left_4_joint")
    config["locked"]["leg_left_4_joint"] = knee["default"]
    file = talos / "stiff.yaml"
    file.write_text(yaml.safe_dump(config))
    with pytest.raises(RobotDescriptionError, match="5 joints in the left leg, 6 in the right"):
        build_legs(load_robot(file))


def drafted(folder, text):
    (folder / "robot.yaml").write_text(
        written(draft_robot(str(write_humanoid(folder, text)), folder))
    )
    return load_robot(folder)


@pytest.mark.parametrize(
    ("old", "new", "first"),
    [
        ("waist_yaw", "abdomen_yaw", "abdomen_yaw, left_hip_yaw"),
        ("left_", "zleft_", "right_hip_yaw, right_hip_roll"),
    ],
)
def test_a_robot_whose_waist_or_right_leg_comes_first_is_refused_for_training(
    old, new, first, tmp_path
):
    assert build_legs(drafted(tmp_path, humanoid())).names[0] == "left_hip_yaw"
    with pytest.raises(RobotDescriptionError, match=f"in the robot's order: {first}"):
        build_legs(drafted(tmp_path, humanoid().replace(old, new)))


def test_talos_can_be_trained_by_configuration_alone(talos):
    robot = load_robot(talos)
    env = TrainingEnvironment(robot, training_parameters(str(talos), None), 3, seed=0)
    step = env.reset()
    for _ in range(5):
        step = env.step(np.zeros((3, env.student.outputs), dtype=np.float32))
    assert np.isfinite(step.observation).all()
    assert not step.fell.any()
