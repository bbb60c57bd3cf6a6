"""Nothing but configuration is needed for another humanoid: Talos from the same wheel."""

import shutil
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pinocchio as pin
import pytest
import yaml
from talos_folder import TALOS_URDF, robot_yaml, talos_folder

from wm_control.controllers.model_based import ModelBasedParameters
from wm_control.derivation.parts import load_derived
from wm_control.errors import RobotDescriptionError
from wm_control.robot.description import load_robot
from wm_control.robot.geometry import sole_area
from wm_control.robot.model import RobotModel
from wm_control.robot.sources import robot_file, robot_part, urdf_file
from wm_control.robot.urdf import read_urdf


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return talos_folder(tmp_path_factory.mktemp("robots") / "talos")


@pytest.fixture(scope="module")
def talos(folder):
    return load_robot(folder)


def test_talos_loads_from_configuration_alone(folder, talos):
    model = pin.buildModelFromXML(talos.urdf, pin.JointModelFreeFlyer())
    original = read_urdf(urdf_file(TALOS_URDF, folder / "robot.yaml"))
    assert len(talos.joint_names) == model.nv - 6
    assert len(ElementTree.fromstring(talos.urdf).findall("link")) == model.nv - 6 + 1
    listed = sum(link.inertia.mass for link in original.links.values())
    assert abs(pin.computeTotalMass(model) - listed) < 1e-9
    assert talos.soles[0].link == "leg_left_6_link"
    np.testing.assert_allclose(talos.soles[0].position, [0.0, 0.0, -0.107])


def test_joints_are_in_the_order_of_the_tree_whatever_the_robot_files(talos):
    in_file = list(robot_yaml()["joints"])
    assert in_file != list(talos.joint_names)
    assert sorted(in_file) == sorted(talos.joint_names)
    assert tuple(RobotModel(talos).model.names)[2:] == talos.joint_names
    left = [talos.joint_names[index] for index in talos.groups["left_leg"]]
    assert left == [f"leg_left_{k}_joint" for k in range(1, 7)]
    knee = talos.joint_names.index("leg_left_4_joint")
    assert talos.default_position[knee] == pytest.approx(0.8592)


def test_the_hip_is_where_a_leg_pitches_whatever_the_order_of_its_joints(talos):
    model, g1 = RobotModel(talos), RobotModel(load_robot("g1"))
    assert [model.model.names[hip] for hip in model.hip_ids] == [
        "leg_left_3_joint",  # behind yaw and roll
        "leg_right_3_joint",
    ]
    assert [g1.model.names[hip] for hip in g1.hip_ids] == [
        "left_hip_pitch_joint",  # the first
        "right_hip_pitch_joint",
    ]


def turned_hips(talos, axis):
    """Talos with both hips' pitch about another axis."""
    urdf = talos.urdf
    for side in ("left", "right"):
        head, tail = urdf.split(f'<joint name="leg_{side}_3_joint"')
        urdf = f'{head}<joint name="leg_{side}_3_joint"' + tail.replace("0.0 1.0 0.0", axis, 1)
    return replace(talos, urdf=urdf)


def test_inclined_hips_count_and_a_leg_that_does_not_pitch_is_refused(talos):
    inclined = RobotModel(turned_hips(talos, "0.0 0.8 -0.6"))
    assert inclined.model.names[inclined.hip_ids[0]] == "leg_left_3_joint"
    groups = {"left_leg": talos.groups["left_leg"][:2], "right_leg": talos.groups["right_leg"]}
    with pytest.raises(RobotDescriptionError, match="no joint of left_leg turns about an axis"):
        RobotModel(replace(talos, groups=groups))


def test_a_robot_is_named_by_its_name_its_folder_or_its_file(folder, monkeypatch):
    assert robot_file(folder) == robot_file(folder / "robot.yaml") == folder / "robot.yaml"
    shutil.copytree(folder, folder.parent / "another")
    monkeypatch.chdir(folder.parent)
    assert robot_file("another").samefile(folder.parent / "another" / "robot.yaml")
    assert robot_file("g1").parent.name == "g1"
    assert load_robot("g1").name == "g1"


def test_a_shipped_robot_goes_before_a_folder_of_that_name(tmp_path, monkeypatch):
    (tmp_path / "g1").mkdir()
    monkeypatch.chdir(tmp_path)
    assert robot_file("g1").is_absolute()


def test_a_variant_beside_a_robot_file_shares_its_parts(folder, talos):
    variant = folder / "light.yaml"
    variant.write_text(yaml.safe_dump(robot_yaml() | {"actuators": {"motor": 0.05}}))
    assert load_robot(variant).armature[0] == pytest.approx(0.5 * talos.armature[0])
    assert robot_part(variant, "training") == folder / "training.yaml"


def test_a_part_that_is_missing_is_named_with_those_that_are_there(folder):
    with pytest.raises(RobotDescriptionError, match=r"sensors\.yaml.*robot\.yaml, training\.yaml"):
        robot_part(folder, "sensors")


def test_the_sole_is_stated_once_and_the_areas_of_both_controllers_lie_inside(talos):
    # 0.1 m by 0.06 m, less 20 mm at the heel, 15 mm at the toe and 12 mm at the sides
    area = sole_area(talos.soles, 0.02, 0.015, 0.012)
    np.testing.assert_array_equal(area.lower, [-0.08, -0.048])
    np.testing.assert_array_equal(area.upper, [0.085, 0.048])
    with pytest.raises(RobotDescriptionError, match="leave nothing"):
        sole_area(talos.soles, 0.02, 0.015, 0.06)


def test_the_margins_of_the_g1_give_the_areas_that_it_was_tuned_with(g1):
    p = load_derived(ModelBasedParameters, "g1", "model_based")
    cop = sole_area(g1.soles, *p.mpc.cop_margin_x, p.mpc.cop_margin_y)
    assert cop.lower.tolist() == [-0.055, -0.018]
    assert cop.upper.tolist() == [0.06, 0.018]
    ends, sides = p.whole_body.sole_margin
    assert sole_area(g1.soles, ends, ends, sides).upper.tolist() == [0.07, 0.02]
