"""A robot file names its URDF as a path, a file of a distribution, or one of a ROS package."""

from __future__ import annotations

import pytest

from wm_control.errors import RobotDescriptionError
from wm_control.robot.sources import urdf_file
from wm_control.robot.urdf import resolve_mesh

G1 = "urdf/g1_29dof_rev_1_0.urdf"


@pytest.fixture
def lone(tmp_path, monkeypatch):
    """A robot file in a folder of its own, with no ROS around it."""
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)
    monkeypatch.delenv("ROS_PACKAGE_PATH", raising=False)
    return tmp_path / "config" / "robot.yaml"


def place(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("<robot/>")
    return path


@pytest.mark.parametrize(
    "source", [f"package://g1_description/{G1}", f"package://example-robot-data/robots/g1_description/{G1}"]
)  # fmt: skip
def test_a_package_may_be_one_of_example_robot_data(lone, source):
    assert urdf_file(source, lone).name == "g1_29dof_rev_1_0.urdf"


def test_a_package_may_be_one_of_a_sourced_ros(lone, tmp_path, monkeypatch):
    wanted = place(tmp_path / "install" / "share" / "my_robot" / "urdf" / "r.urdf")
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"/opt/ros/none:{tmp_path / 'install'}")
    assert urdf_file("package://my_robot/urdf/r.urdf", lone) == wanted
    assert resolve_mesh("package://my_robot/urdf/r.urdf", lone) == str(wanted)
    assert resolve_mesh("package:///my_robot/urdf/r.urdf", lone) == str(wanted)


def test_a_package_may_lie_in_a_workspace_of_ros_1(lone, tmp_path, monkeypatch):
    wanted = place(tmp_path / "src" / "my_robot" / "r.urdf")
    monkeypatch.setenv("ROS_PACKAGE_PATH", str(tmp_path / "src"))
    assert urdf_file("package://my_robot/r.urdf", lone) == wanted


def test_the_package_above_the_robot_file_comes_first(tmp_path, monkeypatch):
    wanted = place(tmp_path / "my_robot" / "r.urdf")
    place(tmp_path / "ros" / "share" / "my_robot" / "r.urdf")
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path / "ros"))
    robot = tmp_path / "my_robot" / "config" / "robot.yaml"
    assert urdf_file("package://my_robot/r.urdf", robot) == wanted


def test_paths_may_be_uris_and_may_hold_colons(lone, tmp_path):
    wanted = place(tmp_path / "a:b" / "r.urdf")
    assert urdf_file(f"file://{wanted}", lone) == wanted
    assert urdf_file(str(wanted), lone) == wanted


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("package://nobody/r.urdf", "not found; looked at: nothing, for no ROS package nobody"),
        ("package://g1_description/r.urdf", "looked at: .*/g1_description/r.urdf"),
        ("package://", "give package://NAME/PATH"),
        ("package://name", "give package://NAME/PATH"),
        ("https://host/r.urdf", "'https://' is not understood"),
        ("model://g1/r.urdf", "'model://' is not understood"),
        ("file:///no/r.urdf", "no such file: /no/r.urdf"),
        ("/no:where/r.urdf", "no such file: /no:where/r.urdf"),
        ("no-wheel:r.urdf", "Python distribution 'no-wheel' is not installed"),
    ],
)
def test_what_is_not_found_says_what_was_looked_at_and_never_to_install_a_package(
    lone, source, said
):
    with pytest.raises(RobotDescriptionError, match=said) as error:
        urdf_file(source, lone)
    assert "pip install" not in str(error.value)
