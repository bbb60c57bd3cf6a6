"""A robot file from a URDF of primitive shapes: every entry is what the URDF was built with."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import yaml
from humanoid_urdf import ANKLE_HEIGHT, arm, humanoid, joint, leg, write_humanoid

from wm_control.arbiter.parameters import SafetyParameters
from wm_control.controllers.model_based import ModelBasedParameters
from wm_control.derivation.inspection import inspect
from wm_control.derivation.parts import derived_parameters, load_derived
from wm_control.errors import RobotDescriptionError
from wm_control.estimation.parameters import EstimatorParameters
from wm_control.robot.description import load_robot
from wm_control.robot.drafting.draft import draft_robot
from wm_control.robot.drafting.writing import robot_yaml
from wm_control.robot.model import RobotModel


@pytest.fixture
def draft(tmp_path):
    def _draft(text=None):
        return draft_robot(str(write_humanoid(tmp_path, text)), tmp_path)

    return _draft


@pytest.fixture
def content(tmp_path):
    def _content(text=None):
        drafted = draft_robot(str(write_humanoid(tmp_path, text)), tmp_path)
        (tmp_path / "robot.yaml").write_text(robot_yaml(drafted))
        return yaml.safe_load((tmp_path / "robot.yaml").read_text())

    return _content


def said(draft, kind, subject):
    return [note.text for note in draft.notes if (note.kind, note.subject) == (kind, subject)]


def test_a_draft_makes_a_robot_that_may_walk(content, tmp_path):
    content()
    robot = load_robot(tmp_path)
    assert len(robot.joint_names) == 20
    assert len(derived_parameters(tmp_path)) > 30


def test_joints_are_grouped_by_kinematics_whatever_their_names(draft):
    names = {"left": "a", "right": "b", "hip": "c", "shoulder": "d", "waist": "e", "torso": "f"}
    text = humanoid()
    for name, other in names.items():
        text = text.replace(name, other)
    groups = draft(text).groups
    assert {name for name, group in groups.items() if group == "left_leg"} == {
        "a_c_yaw", "a_c_roll", "a_c_pitch", "a_knee", "a_ankle_pitch", "a_ankle_roll",
    }  # fmt: skip
    assert groups["b_elbow"] == "right_arm"
    assert groups["e_yaw"] == "waist"
    assert groups["head_yaw"] == "head"


def test_the_sole_is_the_lowest_face_of_the_foot(content):
    soles = content()["soles"]
    for side in ("left", "right"):
        assert soles[side]["link"] == f"{side}_ankle_roll_link"
        assert soles[side]["position"] == [0.04, 0.0, -ANKLE_HEIGHT]
        assert "rpy" not in soles[side]
        assert (soles[side]["half_length"], soles[side]["half_width"]) == (0.1, 0.04)
        assert "contact_spheres" not in soles[side]


def test_the_sole_is_level_and_forward_in_a_foot_whose_axes_are_not(content, tmp_path):
    """The same foot, with the axes of its last joint turned by a quarter about z, then about x."""
    turn = "1.5707963267948966 0 1.5707963267948966"
    root = ElementTree.fromstring(humanoid())
    for side in ("left", "right"):
        element = next(j for j in root.findall("joint") if j.get("name") == f"{side}_ankle_roll")
        element.find("origin").set("rpy", turn)
        element.find("axis").set("xyz", "0 1 0")  # of the joint before, x
        foot = next(k for k in root.findall("link") if k.get("name") == f"{side}_ankle_roll_link")
        rotation = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
        for origin in foot.iter("origin"):
            place = np.array([float(x) for x in origin.get("xyz").split()])
            origin.set("xyz", " ".join(map(str, rotation.T @ place)))
        foot.find("collision/geometry/box").set("size", "0.08 0.02 0.2")
    soles = content(ElementTree.tostring(root, encoding="unicode"))["soles"]
    np.testing.assert_allclose(soles["left"]["position"], [0.0, -ANKLE_HEIGHT, 0.04], atol=1e-4)
    robot = load_robot(tmp_path)
    np.testing.assert_allclose(robot.soles[0].rotation, rotation.T, atol=1e-4)
    assert soles["left"]["half_length"] == pytest.approx(0.1)


def test_a_round_foot_gets_a_rectangle_inside_it(draft):
    box, disc = '<box size="0.2 0.08 0.02"/>', '<cylinder radius="0.08" length="0.02"/>'
    sole = draft(humanoid().replace(box, disc)).soles[0]
    assert np.hypot(sole.half_length, sole.half_width) <= 0.0802
    assert sole.half_length * sole.half_width > 0.9 * 0.5 * 0.08**2


def test_a_foot_without_shapes_gets_a_guess_that_is_called_one(draft):
    text = humanoid()
    for side in ("left", "right"):
        foot = text.split(f'<link name="{side}_ankle_roll_link">')[1].split("</link>")[0]
        text = text.replace(foot, foot.split("<collision>")[0])
    drafted = draft(text)
    assert "was guessed" in said(drafted, "unknown", "soles.left")[0]
    assert "GUESS" in robot_yaml(drafted).split("soles:")[1].splitlines()[1]


def test_a_mesh_that_is_not_there_is_told(draft):
    mesh = '<mesh filename="package://nowhere/foot.stl"/>'
    drafted = draft(humanoid().replace('<box size="0.2 0.08 0.02"/>', mesh))
    assert "2 cannot be read" in said(drafted, "unknown", "meshes")[0]


def test_the_imu_is_the_link_of_that_name(content):
    assert content()["imu"] == {"link": "imu_link"}


def test_the_imu_may_be_a_sensor_of_gazebo(draft):
    sensor = '<gazebo reference="torso"><sensor name="s" type="imu"/></gazebo>'
    drafted = draft(humanoid(more=sensor).replace("imu_link", "nothing"))
    assert drafted.imu == "torso"
    assert "behind 1 joints" in said(drafted, "taken", "imu")[0]


def test_an_imu_that_nobody_names_is_left_out_and_taken_at_the_base(content, tmp_path):
    assert "imu" not in content(humanoid().replace("imu_", "other_"))
    robot = load_robot(tmp_path)
    assert robot.imu.link == "pelvis"
    assert robot.assumed[0].startswith("imu: not said where")


def test_rotor_inertia_is_a_guess_by_the_torque_limit_and_marked_as_one(draft):
    drafted = draft()
    assert drafted.rotors["left_knee"].inertia == pytest.approx(2.5e-4 * 150.0)
    assert "guess_150: 0.0375  # GUESS: 0.00025 s² x 150 N·m" in robot_yaml(drafted)


def test_rotor_inertia_is_taken_where_the_urdf_states_it(draft):
    knee = joint("left_knee", "left_hip_pitch_link", "left_knee_link", (0.0, 0.0, -0.35))
    text = humanoid()
    assert knee in text
    dynamics = '<dynamics damping="0.1" armature="0.02"/></joint>'
    stated = knee.replace("</joint>", dynamics)
    gear = (
        '<transmission name="t"><joint name="right_knee"/><actuator name="m"><motorInertia>1e-5'
        "</motorInertia><mechanicalReduction>50</mechanicalReduction></actuator></transmission>"
    )
    drafted = draft(text.replace(knee, stated).replace("</robot>", gear + "</robot>"))
    assert (drafted.rotors["left_knee"].inertia, drafted.rotors["left_knee"].guess) == (0.02, False)
    assert drafted.rotors["right_knee"].inertia == pytest.approx(0.025)


def test_fingers_sliders_and_mimics_are_locked_with_their_reason(draft):
    light = '<inertial><mass value="0.2"/><inertia ixx="1e-4" ixy="0" ixz="0" iyy="1e-4" iyz="0" izz="1e-4"/></inertial>'  # noqa: E501
    links = "".join(f'<link name="{name}">{light}</link>' for name in ("one", "two", "three"))
    joints = (
        joint("left_thumb", "left_elbow_link", "one")
        + joint("rail", "torso", "two", kind="prismatic", limits='lower="0.1" upper="0.2" effort="1" velocity="1"')  # noqa: E501
        + joint("follower", "torso", "three", more='<mimic joint="left_knee"/>')
    )  # fmt: skip
    locked = draft(humanoid(more=links + joints)).locked
    assert {name: why.split(",")[0] for name, (_, why) in locked.items()} == {
        "left_thumb": "a finger or gripper",
        "rail": "a sliding joint",
        "follower": "follows another joint (mimic)",
    }
    assert locked["rail"][0] == pytest.approx(0.101)


def test_hips_that_one_drive_turns_are_locked_on_both_sides(content, tmp_path):
    """As NAO's hip yaw pitch: no leg has a joint of its own there, and none turns the soles."""
    text = humanoid()
    right = joint("right_hip_yaw", "pelvis", "right_hip_yaw_link", (0.0, -0.1, -0.05), "0 0 1")
    coupled = right.replace("</joint>", '<mimic joint="left_hip_yaw"/></joint>')
    locked = content(text.replace(right, coupled))["locked"]
    assert locked == {"left_hip_yaw": 0.0, "right_hip_yaw": 0.0}
    found = inspect(tmp_path)
    assert not found.refused
    assert "so it cannot turn" in next(f.text for f in found.findings if f.subject == "left_leg")
    assert load_derived(SafetyParameters, tmp_path, "arbiter").velocity.max_angular_z == 0.001


@pytest.mark.parametrize("scale", [0.4, 1.4])
def test_children_and_giants_have_parameters_within_their_bounds(scale, content, tmp_path):
    """Lengths with the scale, masses and torques with its cube and fourth power."""

    def scaled(match):
        key, values = match.groups()
        power = {"mass value": 3, "effort": 4}.get(key, 5 if key.startswith("i") else 1)
        return f'{key}="{" ".join(str(float(v) * scale**power) for v in values.split())}"'

    keys = r'(xyz|size|mass value|effort|i[xyz][xyz])="([^"]*)"'
    axes = re.sub(r'<axis xyz="([^"]*)"', r'<axis axis="\1"', humanoid())
    content(re.sub(keys, scaled, axes).replace("axis axis=", "axis xyz="))
    assert not inspect(tmp_path).refused
    gait = load_derived(ModelBasedParameters, tmp_path, "model_based").gait
    assert gait.com_height == pytest.approx(0.654 * scale, rel=0.01)
    load_derived(SafetyParameters, tmp_path, "arbiter")
    load_derived(EstimatorParameters, tmp_path, "estimator")


def test_links_may_be_named_as_the_joints_that_move_them(content, tmp_path):
    content(re.sub(r'(left|right)_(\w+)_link"', r'\1_\2"', humanoid()))
    found = inspect(tmp_path)
    assert found.description.soles[0].link == "left_ankle_roll"
    assert not found.refused
    assert RobotModel(found.description).sole_ids


def test_a_world_in_which_the_robot_floats_is_left_out(draft):
    world = '<link name="world"/>' + joint("free", "world", "pelvis", kind="floating")
    drafted = draft(humanoid(more=world))
    assert drafted.base_link == "pelvis"
    assert not drafted.locked


def test_a_base_on_the_ground_is_refused_with_what_to_add(draft):
    ground = '<link name="ground"/>' + joint("lift", "ground", "pelvis", (0, 0, 0.9), kind="fixed")
    with pytest.raises(RobotDescriptionError, match="not between the hips") as refused:
        draft(humanoid(more=ground))
    root = str(refused.value).split("another root: ")[1]
    assert draft(humanoid(more=ground + root)).base_link == "base_raised"


def test_a_heel_is_behind_the_joint_that_pitches_the_ankle(draft):
    """The last joint of the leg may be ahead of it, near the toes."""
    text = humanoid()
    for side in ("left", "right"):
        before = joint(f"{side}_ankle_roll", f"{side}_ankle_pitch_link", f"{side}_ankle_roll_link",
                       axis="1 0 0")  # fmt: skip
        after = before.replace('xyz="0.0 0.0 0.0"', 'xyz="0.09 0 0"')
        text = text.replace(before, after)
        text = text.replace(
            f'xyz="0.04 0 {-ANKLE_HEIGHT + 0.01}"', f'xyz="-0.05 0 {-ANKLE_HEIGHT + 0.01}"'
        )
    sole = draft(text).soles[0]
    assert (sole.behind, sole.ahead) == (pytest.approx(-0.06), pytest.approx(0.14))


def test_limits_that_no_joint_has_are_taken_for_none(draft):
    knee = joint("left_knee", "left_hip_pitch_link", "left_knee_link", (0.0, 0.0, -0.35), "0 1 0")
    wild = knee.replace('effort="150" velocity="15"', 'effort="50000" velocity="50000"')
    drafted = draft(humanoid().replace(knee, wild))
    assert drafted.limits["left_knee"] == {"velocity": 10.0, "torque": pytest.approx(184, rel=0.1)}
    assert "its speed limit is 50000 in the URDF" in said(drafted, "unknown", "left_knee")[0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('<mujoco model="x"/>', "<mujoco> of MuJoCo's MJCF, expected <robot>"),
        ('<sdf version="1.7"/>', "<sdf> of SDFormat, expected <robot>"),
        (
            '<robot xmlns:xacro="http://ros.org/wiki/xacro"><xacro:include filename="a"/></robot>',
            "is xacro, which makes a URDF: xacro boxer.urdf > robot.urdf",
        ),
    ],
    ids=["mjcf", "sdf", "xacro"],
)
def test_other_formats_are_called_by_their_names(text, reason, draft):
    with pytest.raises(RobotDescriptionError, match=re.escape(reason)):
        draft(text)


def test_a_waist_between_base_and_legs_is_locked(draft):
    text = humanoid(legs=leg("left", "hips") + leg("right", "hips"))
    box = text.split('<link name="pelvis">')[1].split("</link>")[0]
    more = f'<link name="hips">{box}</link>' + joint("turn", "pelvis", "hips", axis="0 0 1")
    locked = draft(text.replace("</robot>", more + "</robot>")).locked
    assert locked["turn"][1].startswith("between the base and both legs")


def test_arms_that_stick_out_are_made_to_hang(draft):
    drafted = draft(humanoid(arms=arm("left", sideways=True) + arm("right", sideways=True)))
    assert drafted.defaults["left_shoulder_roll"] == pytest.approx(-1.32, abs=0.05)
    assert drafted.defaults["right_shoulder_roll"] == pytest.approx(1.32, abs=0.05)
    assert said(drafted, "guessed", "arms")


def test_arms_that_hang_stay_at_zero_within_their_limits(draft):
    assert draft().defaults == {}
    limits = 'lower="-2.5" upper="2.5"'
    text = humanoid()
    elbow = text.split('<joint name="left_elbow"')[1].split("</joint>")[0]
    narrow = elbow.replace(limits, 'lower="-2.5" upper="-0.2"')
    assert draft(text.replace(elbow, narrow)).defaults == {"left_elbow": pytest.approx(-0.201)}


def test_limits_that_are_missing_are_guessed_and_told(draft, content):
    text = humanoid()
    knee = text.split('<joint name="left_knee"')[1].split("</joint>")[0]
    bare = knee.split("<limit")[0]
    drafted = draft(text.replace(knee, bare))
    assert set(drafted.limits["left_knee"]) == {"lower", "upper", "velocity", "torque"}
    assert len(said(drafted, "unknown", "left_knee")) == 4
    line = next(x for x in robot_yaml(drafted).splitlines() if x.startswith("  left_knee:"))
    assert "# GUESS, the URDF lacks it: lower, upper, velocity, torque" in line


def test_a_moving_link_without_mass_is_told_and_given_little(content, draft, tmp_path):
    text = humanoid()
    link = text.split('<link name="left_hip_yaw_link">')[1].split("</link>")[0]
    text = text.replace(f'<link name="left_hip_yaw_link">{link}', '<link name="left_hip_yaw_link">')
    links = content(text)["links"]
    assert links["left_hip_yaw_link"]["mass"] == 0.1
    assert "not positive" in said(draft(text), "unknown", "left_hip_yaw_link")[0]


def test_a_trunk_whose_shape_is_a_cover_only_is_as_large_as_its_inertia_says(draft):
    text = humanoid()
    cover = text.replace(
        '<origin xyz="0 0 0.2"/><geometry><box size="0.15 0.25 0.4"/>',
        '<origin xyz="0 0 0.4"/><geometry><box size="0.02 0.02 0.02"/>',
    )
    assert cover != text
    trunk = draft(cover).capsules["trunk"]
    assert trunk.origin == "inertia"
    assert 0.5 * (trunk.start + trunk.end) == pytest.approx([0.0, 0.0, 0.2], abs=1e-6)


def test_limbs_have_capsules_that_do_not_touch(draft):
    capsules = draft().capsules
    assert set(capsules) == {"trunk"} | {
        f"{side}_{limb}"
        for side in ("left", "right")
        for limb in ("thigh", "shin", "foot", "upper_arm", "forearm")
    }
    assert capsules["left_thigh"].body == "left_hip_pitch_link"
    assert capsules["left_thigh"].start[2] > capsules["left_thigh"].end[2]
    assert 0.03 < capsules["left_thigh"].radius < 0.08


def test_four_legs_are_no_humanoid(draft):
    more = leg("left") + leg("right")
    for side in ("left", "right"):
        more = more.replace(f"{side}_", f"hind_{side}_")
    more = more.replace('xyz="0.0 0.1 -0.05"', 'xyz="-0.3 0.1 -0.05"')
    more = more.replace('xyz="0.0 -0.1 -0.05"', 'xyz="-0.3 -0.1 -0.05"')
    with pytest.raises(RobotDescriptionError, match="no humanoid: 4 limbs reach down"):
        draft(humanoid(more=more))


def test_legs_of_three_joints_are_refused(draft):
    text = humanoid()
    for side in ("left", "right"):
        for name in ("hip_yaw", "hip_roll", "ankle_roll"):
            text = text.replace(
                f'<joint name="{side}_{name}" type="revolute"',
                f'<joint name="{side}_{name}" type="fixed"',
            )
    with pytest.raises(RobotDescriptionError, match=r"left leg has 3 joints.*at least 4"):
        draft(text)


def test_a_base_that_looks_backwards_is_refused_with_the_way_out(draft):
    more = '<link name="root"/>' + joint("r", "root", "pelvis", kind="fixed")
    turned = more.replace('xyz="0.0 0.0 0.0"', 'rpy="0 0 3.14159265358979"')
    with pytest.raises(RobotDescriptionError, match=r"looks backwards.*<link name=\"base_forward"):
        draft(humanoid(more=turned))


def test_an_arm_with_a_hand_below_the_base_is_no_leg(draft):
    with pytest.raises(RobotDescriptionError, match="no humanoid"):
        draft(humanoid(legs=""))


def test_a_base_whose_left_is_ahead_is_refused_with_the_way_out(draft):
    quarter = '<link name="sideways"/>' + joint(
        "turn", "sideways", "pelvis", kind="fixed", more=""
    ).replace("<origin ", '<origin rpy="0 0 -1.5707963267948966" ')
    with pytest.raises(RobotDescriptionError, match=r"left is along its x axis, \+0.2") as refused:
        draft(humanoid(more=quarter))
    root = str(refused.value).split("another root: ")[1]
    assert draft(humanoid(more=quarter + root)).base_link == "base_turned"


FOOT_SHAPE = '<origin xyz="0.04 0 -0.060000000000000005"/><geometry><box size="0.2 0.08 0.02"/>'


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        (
            '<geometry><box size="0.1 0.2"/>',
            '<box>: size: expected 3 finite numbers, found "0.1 0.2"',
        ),
        (
            '<geometry><cylinder radius="${r}" length="0.1"/>',
            '<cylinder>: radius: expected a finite number, found "${r}"',
        ),
        (
            '<geometry><capsule radius="0.1" length="nan"/>',
            '<capsule>: length: expected a finite number, found "nan"',
        ),
        (
            '<origin xyz="0 0"/><geometry><box size="0.2 0.08 0.02"/>',
            '<origin>: xyz: expected 3 finite numbers, found "0 0"',
        ),
        (
            '<geometry><mesh filename="foot.stl" scale="2"/>',
            '<mesh>: scale: expected 3 finite numbers, found "2"',
        ),
    ],
)
def test_a_shape_whose_numbers_cannot_be_read_is_refused_by_link_and_element(shape, reason, draft):
    text = humanoid()
    assert text.count(FOOT_SHAPE) == 2
    with pytest.raises(RobotDescriptionError) as refused:
        draft(text.replace(FOOT_SHAPE, shape, 1))
    assert f"link 'left_ankle_roll_link': <collision> with {reason}" in str(refused.value)


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_an_inertia_that_is_not_finite_is_refused_by_link_and_element(value, draft):
    text = re.sub(r'ixx="[^"]*"', f'ixx="{value}"', humanoid(), count=1)
    expected = f"<inertia> ixx: expected a finite number, found {value}"
    with pytest.raises(RobotDescriptionError, match=f"link 'pelvis' with <inertial>: {expected}"):
        draft(text)
