"""A robot file or URDF that does not make a robot stops start-up and says why."""

import mujoco
import numpy as np
import pytest
import yaml

from wm_control.errors import ParameterError, RobotDescriptionError
from wm_control.robot.description import load_robot
from wm_control.robot.mjcf import add_bodies, folded_robot

INERTIAL = (
    '<inertial><mass value="1.0"/>'
    '<inertia ixx="0.1" ixy="0" ixz="0" iyy="0.1" iyz="0" izz="0.1"/></inertial>'
)
SPHERES = "".join(
    f'<collision><origin xyz="{x} {y} -0.25"/><geometry><sphere radius="0.01"/></geometry>'
    "</collision>"
    for x in (-0.1, 0.1)
    for y in (-0.05, 0.05)
)


def leg(side, inertial=INERTIAL, limit='<limit lower="-1" upper="1" effort="10" velocity="5"/>'):
    y = 0.1 if side == "left" else -0.1
    return (
        f'<joint name="{side}_hip" type="revolute"><parent link="base"/>'
        f'<origin xyz="0 {y} 0"/><child link="{side}_foot"/><axis xyz="0 1 0"/>{limit}</joint>'
        f'<link name="{side}_foot">{inertial}{SPHERES}</link>'
    )


def biped_urdf(left=None, right=None, more=""):
    base = f'<link name="base">{INERTIAL}</link>'
    return f'<robot name="biped">{base}{left or leg("left")}{right or leg("right")}{more}</robot>'


def biped_config():
    foot = {"position": [0.0, 0.0, -0.26], "half_length": 0.05, "half_width": 0.03}
    return {
        "name": "biped",
        "urdf": "biped.urdf",
        "base_link": "base",
        "imu": {"link": "base"},
        "actuators": {"motor": 0.01},
        "soles": {
            "left": {"link": "left_foot", **foot},
            "right": {"link": "right_foot", **foot},
        },
        "joints": {
            "left_hip": {"group": "left_leg", "actuator": "motor", "default": 0.0},
            "right_hip": {"group": "right_leg", "actuator": "motor"},
        },
    }


@pytest.fixture
def write(tmp_path):
    def _write(config=None, urdf=None):
        (tmp_path / "biped.urdf").write_text(urdf or biped_urdf())
        path = tmp_path / "biped.yaml"
        path.write_text(yaml.safe_dump(config or biped_config(), sort_keys=False))
        return path

    return _write


def test_the_biped_that_the_other_tests_break_is_fine(write):
    robot = load_robot(write())
    assert robot.joint_names == ("left_hip", "right_hip")


def test_an_unknown_robot_is_named_with_those_that_exist():
    with pytest.raises(RobotDescriptionError, match=r"robot 'g2'.*a shipped robot \(g1, talos\)"):
        load_robot("g2")


def test_an_unknown_key_is_named_with_its_file(write):
    config = biped_config() | {"colour": "red"}
    with pytest.raises(ParameterError, match=r"'colour' in .*biped\.yaml"):
        load_robot(write(config))


def test_a_value_out_of_bounds_is_named_with_its_bound(write):
    config = biped_config()
    config["soles"]["left"]["half_width"] = -0.1
    with pytest.raises(ParameterError, match=r"soles\.left\.half_width.*-0\.1.*greater than 0"):
        load_robot(write(config))


def test_a_missing_urdf_is_named(write):
    config = biped_config() | {"urdf": "nowhere.urdf"}
    with pytest.raises(RobotDescriptionError, match=r"nowhere\.urdf.*no such file"):
        load_robot(write(config))


def test_a_missing_wheel_is_named(write):
    config = biped_config() | {"urdf": "no-such-wheel:robots/a.urdf"}
    with pytest.raises(RobotDescriptionError, match="'no-such-wheel' is not installed"):
        load_robot(write(config))


def test_broken_xml_is_named(write):
    with pytest.raises(RobotDescriptionError, match=r"biped\.urdf: is not valid XML"):
        load_robot(write(urdf="<robot><link></robot>"))


@pytest.mark.parametrize("encoding", ["gb2312", "klingon"])
def test_an_encoding_that_nobody_reads_is_named(write, encoding):
    urdf = f'<?xml version="1.0" encoding="{encoding}"?>' + biped_urdf()
    with pytest.raises(RobotDescriptionError, match=r"biped\.urdf: is not valid XML.*encoding"):
        load_robot(write(urdf=urdf))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (f'<link name="left_foot">{INERTIAL}</link>', "'left_foot' is the link 2 times"),
        (
            f'<link name="tail">{INERTIAL}</link><joint name="left_hip" type="fixed">'
            '<parent link="base"/><child link="tail"/></joint>',
            "'left_hip' is the joint 2 times",
        ),
        (
            '<joint name="loop" type="fixed"><parent link="right_foot"/>'
            '<child link="left_foot"/></joint>',
            "'left_foot' is the child of a joint 2 times",
        ),
    ],
)
def test_what_would_be_lost_or_make_a_loop_is_named(write, more, said):
    with pytest.raises(RobotDescriptionError, match=said):
        load_robot(write(urdf=biped_urdf(more=more)))


def test_a_joint_without_an_axis_is_named_with_the_way_out(write):
    still = leg("left").replace('<axis xyz="0 1 0"/>', '<axis xyz="0 0 0"/>')
    with pytest.raises(RobotDescriptionError, match=r"'left_hip' has no axis.*fixed.*`locked`"):
        load_robot(write(urdf=biped_urdf(left=still)))


@pytest.mark.parametrize("radius", ["", ' radius="nan"'])
def test_a_contact_sphere_without_a_size_is_named(write, radius):
    urdf = biped_urdf(left=leg("left").replace(' radius="0.01"', radius))
    with pytest.raises(RobotDescriptionError, match=r"'left_foot'.*sphere.*radius"):
        load_robot(write(urdf=urdf))


def test_a_capsule_without_a_length_is_named(write):
    ball = {"link": "base", "start": [0.0, 0.0, 0.3], "end": [0.0, 0.0, 0.3], "radius": 0.1}
    config = biped_config() | {"capsules": {"head": ball}}
    with pytest.raises(RobotDescriptionError, match=r"capsules\.head: start and end are the same"):
        load_robot(write(config))


def test_a_folder_of_ones_own_is_not_taken_for_the_shipped_robot_of_its_name(
    write, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert load_robot("talos").name == "talos"
    (tmp_path / "talos").mkdir()
    write().rename(tmp_path / "talos" / "robot.yaml")
    (tmp_path / "biped.urdf").rename(tmp_path / "talos" / "biped.urdf")
    for source in ("./talos", str(tmp_path / "talos"), "talos/robot.yaml"):
        assert load_robot(source).name == "biped"
    with pytest.raises(RobotDescriptionError, match=r"'talos'.*a shipped robot, and of a folder"):
        load_robot("talos")
    monkeypatch.chdir(tmp_path / "talos")
    assert load_robot(".").name == "biped"


def test_links_and_joints_may_be_called_like_mujocos_own(write):
    root = '<link name="world"/><joint name="floor" type="fixed"><parent link="world"/>'
    urdf = biped_urdf(more=root + '<child link="base"/></joint>').replace("left_hip", "base")
    text = yaml.safe_dump(biped_config()).replace("left_hip", "base")
    robot = load_robot(write(yaml.safe_load(text) | {"base_link": "world"}, urdf))
    spec = mujoco.MjSpec()
    add_bodies(spec, folded_robot(robot))
    assert spec.compile().nq == 7 + 2


def test_a_joint_that_the_urdf_does_not_have_is_named_with_those_it_has(write):
    config = biped_config()
    config["joints"]["tail"] = {"group": "tail", "actuator": "motor"}
    with pytest.raises(RobotDescriptionError, match=r"'tail' does not exist.*left_hip, right_hip"):
        load_robot(write(config))


def test_a_moving_joint_that_the_robot_file_forgets_is_named(write):
    config = biped_config()
    del config["joints"]["right_hip"]
    with pytest.raises(RobotDescriptionError, match=r"neither in `joints` nor.*right_hip"):
        load_robot(write(config))


@pytest.mark.parametrize(
    ("inertial", "said"),
    [
        ("", "mass 0 kg"),
        (INERTIAL.replace('mass value="1.0"', 'mass value="0"'), "mass 0 kg"),
        (INERTIAL.replace('ixx="0.1"', 'ixx="9.0"'), "triangle inequality"),
    ],
)
def test_a_moving_link_without_usable_inertia_is_named(write, inertial, said):
    urdf = biped_urdf(left=leg("left", inertial=inertial))
    with pytest.raises(RobotDescriptionError, match=f"'left_foot' moves.*{said}"):
        load_robot(write(urdf=urdf))


def test_a_joint_without_limits_is_named_with_the_way_out(write):
    urdf = biped_urdf(left=leg("left", limit=""))
    with pytest.raises(RobotDescriptionError, match=r"'left_hip'.*no lower limit.*add `lower`"):
        load_robot(write(urdf=urdf))


def test_limits_can_come_from_the_robot_file(write):
    config = biped_config()
    config["joints"]["left_hip"] |= {"lower": -2.0, "upper": 2.0, "velocity": 3.0, "torque": 4.0}
    robot = load_robot(write(config, biped_urdf(left=leg("left", limit=""))))
    assert robot.torque_limit.tolist() == [4.0, 10.0]


def test_a_sole_on_a_link_that_does_not_exist_is_named(write):
    config = biped_config()
    config["soles"]["right"]["link"] = "right_shoe"
    with pytest.raises(RobotDescriptionError, match=r"soles\.right\.link.*'right_shoe'"):
        load_robot(write(config))


def test_a_support_rectangle_that_the_ground_cannot_touch_is_refused(write):
    config = biped_config()
    config["soles"]["left"]["half_length"] = 0.2
    with pytest.raises(RobotDescriptionError, match=r"soles\.left.*beyond the contact spheres"):
        load_robot(write(config))


def test_a_rectangle_rounded_beyond_its_contact_spheres_is_taken(write):
    config = biped_config()
    sole = config["soles"]["left"]
    x, y = sole["half_length"] - 0.01 - 5e-4, sole["half_width"]
    corners = [(x, y), (x, -y), (-x, y), (-x, -y)]
    sole["contact_spheres"] = [{"center": [*at, -0.25], "radius": 0.01} for at in corners]
    assert load_robot(write(config)).soles[0].half_length == sole["half_length"]


def test_too_few_contact_spheres_in_the_urdf_are_refused(write):
    one = SPHERES[: SPHERES.index("</collision>") + len("</collision>")]
    urdf = biped_urdf(left=leg("left").replace(SPHERES, one))
    with pytest.raises(RobotDescriptionError, match=r"soles\.left: 1 contact spheres"):
        load_robot(write(urdf=urdf))


def test_wrong_contact_spheres_in_the_robot_file_are_refused(write):
    config = biped_config()
    spheres = [{"center": [x, 0.0, -0.25], "radius": 0.01} for x in (-0.1, 0.0, 0.1)]
    config["soles"]["left"]["contact_spheres"] = spheres
    with pytest.raises(RobotDescriptionError, match=r"soles\.left.*beyond the contact spheres"):
        load_robot(write(config))


def test_a_foot_without_contact_spheres_stands_on_the_corners_of_its_sole(write):
    config = biped_config()
    config["soles"]["left"]["rpy"] = [0.0, 0.1, 0.2]
    robot = load_robot(write(config, biped_urdf(left=leg("left").replace(SPHERES, ""))))
    sole = robot.soles[0]
    centers = np.array([sphere.center for sphere in sole.spheres])
    assert [sphere.radius for sphere in sole.spheres] == [0.005] * 4
    np.testing.assert_allclose(centers - 0.005 * sole.rotation[:, 2], sole.corners(), atol=1e-15)
    assert robot.urdf.count('<sphere radius="0.005"/>') == 4
    assert len(robot.soles[1].spheres) == 4
    assert robot.soles[1].spheres[0].radius == 0.01, "the URDF's own"


def test_an_imu_on_a_leg_is_refused(write):
    config = biped_config() | {"imu": {"link": "left_foot"}}
    refused = r"imu\.link: 'left_foot' moves with the leg joint 'left_hip'"
    with pytest.raises(RobotDescriptionError, match=refused):
        load_robot(write(config))


def test_an_imu_that_nobody_mentions_is_taken_to_be_at_the_base(write):
    config = biped_config()
    del config["imu"]
    imu = load_robot(write(config)).imu
    assert imu.link == "base"
    assert imu.position.tolist() == [0.0, 0.0, 0.0]
    assert imu.rotation.tolist() == np.eye(3).tolist()


def test_an_unknown_actuator_is_named_with_those_that_exist(write):
    config = biped_config()
    config["joints"]["left_hip"]["actuator"] = "engine"
    with pytest.raises(ParameterError, match=r"joints\.left_hip\.actuator.*'engine'.*motor"):
        load_robot(write(config))


def test_a_default_posture_outside_the_limits_is_refused(write):
    config = biped_config()
    config["joints"]["left_hip"]["default"] = 1.5
    with pytest.raises(ParameterError, match=r"left_hip\.default.*1\.5.*\[-1, 1\]"):
        load_robot(write(config))


def test_a_base_that_is_not_the_root_is_refused(write):
    config = biped_config() | {"base_link": "left_foot"}
    with pytest.raises(RobotDescriptionError, match="base_link: 'left_foot', expected the root"):
        load_robot(write(config))


def test_a_robot_without_legs_is_refused(write):
    config = biped_config()
    config["joints"]["right_hip"]["group"] = "tail"
    with pytest.raises(RobotDescriptionError, match="no joint has group 'right_leg'"):
        load_robot(write(config))


def test_a_locked_joint_is_folded_at_its_position(write):
    shifted = INERTIAL.replace("<inertial>", '<inertial><origin xyz="1 0 0"/>')
    arm = (
        '<joint name="arm" type="revolute"><parent link="base"/><child link="hand"/>'
        '<axis xyz="0 0 1"/><limit lower="-2" upper="2" effort="1" velocity="1"/></joint>'
        f'<link name="hand">{shifted}</link>'
    )
    config = biped_config() | {"locked": {"arm": 1.5707963267948966}}
    robot = load_robot(write(config, biped_urdf(more=arm)))
    # 1 kg at the origin and 1 kg at (0, 1, 0): together 2 kg at (0, 0.5, 0).
    base = robot.urdf.split('<link name="base">')[1].split("</inertial>")[0]
    assert '<mass value="2.0"/>' in base
    assert ' 0.5 0.0"' in base
