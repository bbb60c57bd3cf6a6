"""A robot file may take joints away, weigh links anew and move joints."""

from xml.etree import ElementTree

import numpy as np
import pytest

from wm_control.errors import ParameterError, RobotDescriptionError
from wm_control.robot.altering import altered
from wm_control.robot.config import LinkConfig, RobotConfig
from wm_control.robot.urdf import parse_urdf

LINK = (
    '<link name="{}"><inertial><mass value="1"/>'
    '<inertia ixx="1" ixy="0" ixz="0" iyy="1" iyz="0" izz="1"/></inertial></link>'
)
JOINT = '<joint name="{0}" type="{3}"><parent link="{1}"/><child link="{2}"/></joint>'
URDF = (
    '<robot name="arm">'
    + "".join(LINK.format(name) for name in ("base", "arm", "wrist", "hand", "head"))
    + JOINT.format("shoulder", "base", "arm", "revolute")
    + JOINT.format("elbow", "arm", "wrist", "revolute")
    + JOINT.format("grip", "wrist", "hand", "fixed")
    + JOINT.format("neck", "base", "head", "fixed")
    + "</robot>"
)


@pytest.fixture
def urdf(tmp_path):
    return parse_urdf(ElementTree.fromstring(URDF), tmp_path / "arm.urdf")


def config(absent=(), links=None):
    sole = {"link": "base", "half_length": 0.1, "half_width": 0.1}
    return RobotConfig(
        name="arm",
        urdf="arm.urdf",
        base_link="base",
        imu={"link": "base"},
        soles={"left": sole, "right": sole},
        actuators={},
        joints={},
        absent=absent,
        links=links or {},
    )


def test_an_absent_joint_takes_with_it_what_it_carries(urdf):
    left = altered(urdf, config(absent=("elbow",)), "arm.yaml")
    assert list(left.links) == ["base", "arm", "head"]
    assert list(left.joints) == ["shoulder", "neck"]
    assert altered(urdf, config(absent=("neck",)), "arm.yaml").links.keys() == {
        "base",
        "arm",
        "wrist",
        "hand",
    }


def test_an_absent_joint_that_is_not_there_anyhow_is_refused(urdf):
    with pytest.raises(RobotDescriptionError, match=r"arm.yaml: absent: joint 'hand'.*elbow"):
        altered(urdf, config(absent=("hand",)), "arm.yaml")
    with pytest.raises(RobotDescriptionError, match="'grip'"):
        altered(urdf, config(absent=("elbow", "grip")), "arm.yaml")


def test_a_link_is_weighed_anew_about_its_centre_of_mass(urdf):
    entry = LinkConfig(mass=2.0, com=(0.1, 0.0, 0.0), inertia=(1.0, 0.1, 0.2, 2.0, 0.3, 1.5))
    inertia = altered(urdf, config(links={"hand": entry}), "arm.yaml").links["hand"].inertia
    assert inertia.mass == 2.0
    np.testing.assert_array_equal(inertia.com, [0.1, 0.0, 0.0])
    expected = [[1.0, 0.1, 0.2], [0.1, 2.0, 0.3], [0.2, 0.3, 1.5]]
    np.testing.assert_array_equal(inertia.inertia, expected)
    weightless = altered(urdf, config(links={"hand": LinkConfig(mass=0.0)}), "arm.yaml")
    assert weightless.links["hand"].inertia.mass == 0.0


def test_a_link_that_is_not_there_and_an_inertia_that_no_body_has_are_refused(urdf):
    with pytest.raises(RobotDescriptionError, match=r"arm.yaml: links: there is no link 'hend'"):
        altered(urdf, config(links={"hend": LinkConfig(mass=1.0)}), "arm.yaml")
    thin = LinkConfig(mass=1.0, inertia=(1.0, 0.0, 0.0, 1.0, 0.0, 3.0))
    with pytest.raises(ParameterError, match="triangle inequality"):
        altered(urdf, config(links={"hand": thin}), "arm.yaml")
