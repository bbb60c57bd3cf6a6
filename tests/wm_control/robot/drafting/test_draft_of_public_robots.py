"""Drafts of the humanoids of example-robot-data, in which each maker does it his own way."""

import numpy as np
import pytest

from wm_control.errors import RobotDescriptionError
from wm_control.robot.description import load_robot
from wm_control.robot.drafting.draft import draft_robot
from wm_control.robot.drafting.writing import robot_yaml

FOLDER = "example-robot-data:robots"
TALOS = f"{FOLDER}/talos_data/robots/talos_reduced.urdf"
ROMEO = f"{FOLDER}/romeo_description/urdf/romeo.urdf"
SIMPLE = f"{FOLDER}/simple_humanoid_description/urdf/simple_humanoid.urdf"
ICUB = f"{FOLDER}/icub_description/robots/icub_reduced.urdf"
HYQ = f"{FOLDER}/hyq_description/robots/hyq_no_sensors.urdf"
G1 = f"{FOLDER}/g1_description/urdf/g1_29dof_rev_1_0.urdf"
ALEXANDER = f"{FOLDER}/alexander_description/urdf/alexander_v1.lowerBodyOnly.urdf"


def counts(draft):
    groups = list(draft.groups.values())
    return {group: groups.count(group) for group in dict.fromkeys(groups)}


@pytest.mark.parametrize(
    ("urdf", "others"),
    [
        (TALOS, {"waist": 2, "left_arm": 7, "right_arm": 7, "head": 2}),
        (ROMEO, {"waist": 1, "left_arm": 7, "right_arm": 7, "head": 4}),
        (SIMPLE, {"waist": 3, "left_arm": 7, "right_arm": 7}),
        (G1, {"waist": 3, "left_arm": 7, "right_arm": 7}),
        (ALEXANDER, {"waist": 1}),
    ],
    ids=["talos", "romeo", "simple_humanoid", "g1", "alexander"],
)
def test_limbs_are_found(urdf, others, tmp_path):
    assert counts(draft_robot(urdf, tmp_path)) == {"left_leg": 6, "right_leg": 6, **others}


@pytest.mark.parametrize(
    ("urdf", "half_length", "half_width", "height"),
    [
        (TALOS, 0.1, 0.065, 0.107),  # its sole link is 0.107 m below the ankle
        (ROMEO, 0.101, 0.034, 0.067),
        (ALEXANDER, 0.1, 0.046, 0.072),
    ],
    ids=["talos", "romeo", "alexander"],
)
def test_soles_are_measured_on_meshes(urdf, half_length, half_width, height, tmp_path):
    draft = draft_robot(urdf, tmp_path)
    for sole in draft.soles:
        assert sole.measured
        assert sole.half_length == pytest.approx(half_length, abs=0.005)
        assert sole.half_width == pytest.approx(half_width, abs=0.005)
        assert sole.position[2] == pytest.approx(-height, abs=0.002)


def test_the_soles_of_the_g1_are_between_its_contact_spheres(tmp_path):
    draft = draft_robot(G1, tmp_path)
    ours = load_robot("g1").soles[0]
    assert draft.soles[0].half_length == pytest.approx(0.085, abs=0.003)
    assert draft.soles[0].half_width == pytest.approx(0.025, abs=0.003)
    np.testing.assert_allclose(draft.soles[0].position, ours.position, atol=1e-3)
    (tmp_path / "robot.yaml").write_text(robot_yaml(draft))
    assert load_robot(tmp_path).soles[0].link == ours.link


def test_the_rotors_of_talos_are_those_of_its_srdf(tmp_path):
    draft = draft_robot(TALOS, tmp_path)
    assert [rotor.inertia for rotor in draft.rotors.values()] == pytest.approx([0.1] * 30)
    assert not any(rotor.guess for rotor in draft.rotors.values())


@pytest.mark.parametrize(
    ("urdf", "reason"),
    [
        (HYQ, "no humanoid: 4 limbs reach down"),
        (ICUB, "'base_link' looks backwards: .*begins with 'r_hip_pitch'"),
    ],
    ids=["hyq", "icub"],
)
def test_what_cannot_be_driven_is_refused(urdf, reason, tmp_path):
    with pytest.raises(RobotDescriptionError, match=reason):
        draft_robot(urdf, tmp_path)


def test_a_foot_without_shapes_is_told(tmp_path):
    notes = draft_robot(SIMPLE, tmp_path).notes
    assert [note.subject for note in notes if "no shape" in note.text] == [
        "soles.left",
        "soles.right",
    ]


@pytest.mark.parametrize("urdf", [TALOS, ROMEO, ALEXANDER], ids=["talos", "romeo", "alexander"])
def test_a_draft_is_a_robot(urdf, tmp_path):
    draft = draft_robot(urdf, tmp_path)
    (tmp_path / "robot.yaml").write_text(robot_yaml(draft))
    robot = load_robot(tmp_path)
    assert set(robot.joint_names) == set(draft.groups)
    assert len(robot.capsules) == len(draft.capsules)
