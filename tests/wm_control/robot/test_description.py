"""The G1's one description."""

import math
import xml.etree.ElementTree as ElementTree

import numpy as np
import pinocchio as pin
import pytest

from wm_control.robot.description import load_robot
from wm_control.robot.sources import robot_file, urdf_file
from wm_control.robot.urdf import read_urdf

G1_URDF = "example-robot-data:robots/g1_description/urdf/g1_29dof_rev_1_0.urdf"


@pytest.fixture(scope="module")
def g1():
    return load_robot("g1")


@pytest.fixture(scope="module")
def model(g1):
    return pin.buildModelFromXML(g1.urdf, pin.JointModelFreeFlyer())


@pytest.fixture(scope="module")
def original():
    return read_urdf(urdf_file(G1_URDF, robot_file("g1")))


def test_one_link_is_left_per_moving_body(g1):
    robot = ElementTree.fromstring(g1.urdf)
    assert len(robot.findall("link")) == 30
    assert {joint.get("type") for joint in robot.findall("joint")} == {"revolute"}


def test_every_link_has_inertia_so_that_no_simulator_invents_any(g1):
    links = ElementTree.fromstring(g1.urdf).findall("link")
    assert all(float(link.find("inertial/mass").get("value")) > 0.0 for link in links)


def test_the_total_mass_is_that_of_the_original_file(model, original):
    listed = sum(link.inertia.mass for link in original.links.values())
    assert pin.computeTotalMass(model) == pytest.approx(listed, abs=1e-12)
    assert pin.computeTotalMass(model) == pytest.approx(33.3411, abs=5e-5)


def test_the_centre_of_mass_is_that_of_the_original_file(g1, model):
    source = pin.buildModelFromUrdf(
        str(urdf_file(G1_URDF, robot_file("g1"))), pin.JointModelFreeFlyer()
    )
    q = np.concatenate((pin.neutral(model)[:7], g1.default_position + 0.1))
    found = pin.centerOfMass(model, model.createData(), q)
    expected = pin.centerOfMass(source, source.createData(), q)
    np.testing.assert_allclose(found, expected, atol=1e-15)


def test_folding_changes_the_mass_matrix_only_by_the_rotors(g1, model):
    source = pin.buildModelFromUrdf(
        str(urdf_file(G1_URDF, robot_file("g1"))), pin.JointModelFreeFlyer()
    )
    for joint, armature in zip(g1.joint_names, g1.armature, strict=True):
        body = source.getJointId(joint)
        axis = np.zeros(3)
        axis[source.joints[body].shortname()[-1] == np.array(["X", "Y", "Z"])] = 1.0
        rotor = 0.5 * armature * (np.eye(3) + np.outer(axis, axis))
        source.inertias[body] += pin.Inertia(0.0, np.zeros(3), rotor)
    q = np.concatenate((pin.neutral(model)[:7], g1.default_position))
    found = pin.crba(model, model.createData(), q)
    expected = pin.crba(source, source.createData(), q)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_rotor_is_felt_in_full_at_its_joint(g1, model):
    ankle = model.getJointId("left_ankle_roll_joint")
    matrix = pin.crba(model, model.createData(), pin.neutral(model))
    diagonal = matrix[model.joints[ankle].idx_v, model.joints[ankle].idx_v]
    assert diagonal > g1.armature[g1.joint_names.index("left_ankle_roll_joint")]


def test_gains_follow_from_the_rotor(g1):
    knee = g1.joint_names.index("left_knee_joint")
    omega = 2.0 * math.pi * 10.0
    assert g1.stiffness[knee] == pytest.approx(0.025101925 * omega**2)
    assert g1.damping[knee] == pytest.approx(2.0 * 2.0 * 0.025101925 * omega)


def test_two_rotors_in_parallel_count_twice(g1):
    ankle = g1.joint_names.index("left_ankle_pitch_joint")
    assert g1.armature[ankle] == pytest.approx(2 * 0.003609725)


def test_limits_are_those_of_the_urdf(g1):
    knee = g1.joint_names.index("left_knee_joint")
    limits = (g1.position_lower, g1.position_upper, g1.velocity_limit, g1.torque_limit)
    assert [array[knee] for array in limits] == [-0.087267, 2.8798, 20.0, 139.0]


def test_joints_are_in_the_robots_own_order_by_group(g1):
    assert g1.joint_names[0] == "left_hip_pitch_joint"
    assert g1.joint_names[28] == "right_wrist_yaw_joint"
    assert {name: len(indices) for name, indices in g1.groups.items()} == {
        "left_leg": 6,
        "right_leg": 6,
        "waist": 3,
        "left_arm": 7,
        "right_arm": 7,
    }


def test_in_the_default_posture_the_robot_stands_on_level_soles_below_its_mass(g1, model):
    data = model.createData()
    q = np.concatenate((pin.neutral(model)[:7], g1.default_position))
    pin.framesForwardKinematics(model, data, q)
    com = pin.centerOfMass(model, data, q)
    for sole in g1.soles:
        placement = data.oMf[model.getFrameId(sole.link)]
        origin = placement.act(sole.position)
        np.testing.assert_allclose(placement.rotation @ sole.rotation, np.eye(3), atol=1e-12)
        assert abs(com[0] - origin[0]) < 0.005
        assert 0.62 < com[2] - origin[2] < 0.65


def test_the_imu_sits_in_the_pelvis(g1):
    np.testing.assert_allclose(g1.imu.position, [0.04525, 0.0, -0.08339])
    np.testing.assert_allclose(g1.imu.rotation, np.eye(3), atol=1e-15)


def test_the_description_cannot_be_changed(g1):
    with pytest.raises(ValueError, match="read-only"):
        g1.stiffness[0] = 1.0
    with pytest.raises(AttributeError):
        g1.name = "other"


def test_pictures_find_every_mesh(g1):
    meshes = ElementTree.fromstring(g1.visual_urdf).iter("mesh")
    files = [mesh.get("filename") for mesh in meshes]
    assert len(files) == 35
    assert not [name for name in files if name.startswith("package://")]
