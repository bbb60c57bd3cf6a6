"""A standing posture by inverse kinematics."""

import numpy as np
import pinocchio as pin
import pytest
import yaml
from talos_folder import robot_yaml

from wm_control.errors import RobotDescriptionError
from wm_control.robot.description import load_robot
from wm_control.robot.model import RobotModel, legs_of
from wm_control.robot.posture import lateral_joints, standing_posture
from wm_control.robot.sources import urdf_file


def placed(robot, joints):
    model = RobotModel(robot)
    q = pin.neutral(model.model)
    q[7:] = joints
    pin.framesForwardKinematics(model.model, model.data, q)
    pin.centerOfMass(model.model, model.data, q)
    soles = [model.data.oMf[sole] for sole in model.sole_ids]
    return soles, model.data.com[0], model.data.oMi[model.hip_ids[0]].translation


@pytest.mark.parametrize("share", [0.84, 0.92, 0.97])
def test_soles_are_level_and_parallel_under_the_centre_of_mass(g1, share):
    posture = standing_posture(legs_of(g1), np.array(g1.default_position), share)
    assert posture.reached
    soles, com, hip = placed(g1, posture.joints)
    for sole in soles:
        np.testing.assert_allclose(sole.rotation, np.eye(3), atol=1e-5)
        assert sole.translation[0] == pytest.approx(com[0], abs=1e-5)
    height = -soles[0].translation[2]
    assert hip[2] + height == pytest.approx(share * 0.68916, abs=1e-4)


def test_arms_and_waist_stay_where_they_were(g1):
    joints = np.array(g1.default_position)
    others = np.setdiff1d(np.arange(29), np.concatenate(legs_of(g1).indices))
    posture = standing_posture(legs_of(g1), joints)
    np.testing.assert_array_equal(posture.joints[others], joints[others])


def test_pitch_joints_are_found_by_their_axes(g1):
    legs = legs_of(g1)
    names = [g1.joint_names[joint] for joint in lateral_joints(legs.model, legs.indices[0])]
    assert names == ["left_hip_pitch_joint", "left_knee_joint", "left_ankle_pitch_joint"]


def test_a_robot_whose_file_says_nothing_of_its_legs_stands(g1):
    talos = load_robot("talos")
    knee = talos.joint_names.index("leg_left_4_joint")
    assert talos.default_position[knee] == pytest.approx(0.864, abs=0.01)
    soles, com, _ = placed(talos, talos.default_position)
    np.testing.assert_allclose(soles[0].rotation, np.eye(3), atol=1e-5)
    assert soles[1].translation[0] == pytest.approx(com[0], abs=1e-5)


def test_limits_that_forbid_standing_are_refused_with_what_is_left(tmp_path):
    config = robot_yaml()
    for name, joint in config["joints"].items():
        if "leg" in joint["group"]:
            joint.pop("default")
        if name.endswith("leg_left_5_joint") or name == "leg_left_5_joint":
            joint |= {"lower": 0.3, "upper": 0.7}
    (tmp_path / "robot.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(RobotDescriptionError, match=r"cannot stand on level soles.*are left"):
        load_robot(tmp_path)


def test_a_leg_without_a_knee_is_refused(tmp_path):
    config = robot_yaml()
    for side in ("left", "right"):
        config["joints"].pop(f"leg_{side}_4_joint")
        config["locked"][f"leg_{side}_4_joint"] = 0.3
    for joint in config["joints"].values():
        joint.pop("default")
    (tmp_path / "robot.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(RobotDescriptionError, match="2 joints turn it forward and backward"):
        load_robot(tmp_path)


def test_a_leg_that_is_bent_at_zero_is_measured_by_its_bones(tmp_path):
    """Of TALOS with knees turned by 1 rad in the URDF, and ankles back again."""
    urdf = urdf_file(robot_yaml()["urdf"], tmp_path / "robot.yaml").read_text()
    for side in ("left", "right"):
        for joint, turn in ((4, "1.0"), (5, "-1.0")):
            head, tail = urdf.split(f'<joint name="leg_{side}_{joint}_joint" type="revolute">')
            tail = tail.replace('rpy="0.0 0.0 0.0"', f'rpy="0.0 {turn} 0.0"', 1)
            urdf = f'{head}<joint name="leg_{side}_{joint}_joint" type="revolute">{tail}'
    (tmp_path / "bent.urdf").write_text(urdf)
    config = robot_yaml() | {"urdf": "bent.urdf"}
    (tmp_path / "robot.yaml").write_text(yaml.safe_dump(config))
    legs = legs_of(load_robot(tmp_path))
    legs.place(np.zeros(28))
    # 0.38 + 0.325 cos(1) + 0.107
    assert legs.hip(0)[2] - legs.sole(0).translation[2] == pytest.approx(0.6626, abs=1e-4)
    assert legs.stretched() == pytest.approx(0.812, abs=1e-4)
