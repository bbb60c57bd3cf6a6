"""A policy says which robots it is for, and drives no other."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from policy_files import G1, LEGS, deploy_yaml, examined, leg_manifest, write_yaml
from tiny_networks import linear

from wm_control.robot.description import RobotDescription, load_robot
from wm_control.robot.sources import robots_folder
from wm_policy.errors import JointMismatchError, RobotMismatchError
from wm_policy.loading import examine
from wm_policy.models import shipped_policy
from wm_policy.network import read_network

Said = Callable[..., Path]
GEARS = {
    "*_hip_pitch_joint": 0.0101775,
    "*_hip_yaw_joint": 0.0101775,
    "*_hip_roll_joint": 0.0251019,
    "*_knee_joint": 0.0251019,
    "*_ankle_*_joint": 0.0072195,
}


@pytest.fixture
def said(tmp_path: Path) -> Said:
    """Write a manifest that says this of ``robot``."""
    network = linear(tmp_path / "legs.onnx", 47, 12)

    def written(*bodies: dict[str, Any]) -> Path:
        content = leg_manifest(network)
        content["robot"] = list(bodies)
        return write_yaml(content, tmp_path / "legs.yaml")

    return written


def geared(factor: float, joint: str = "left_knee_joint") -> RobotDescription:
    armature = np.array(G1.armature)
    armature[G1.joint_names.index(joint)] *= factor
    return replace(G1, armature=armature)


def test_the_robot_that_it_is_for_is_driven(said: Said) -> None:
    examination = examined(said({"names": ["other", "g1"], "armature": GEARS}))
    assert examination.ok
    assert examination.manifest is not None
    assert examination.manifest.robot[0].armature[4] == 0.0072195


def test_a_robot_of_another_name_is_refused_with_what_helps(said: Said) -> None:
    (problem,) = examined(said({"names": ["h1", "h2"], "armature": GEARS})).problems
    assert isinstance(problem, RobotMismatchError)
    assert problem.field == "robot"
    assert "h1, h2" in problem.expected
    assert "'g1'" in problem.found
    assert "override: {robot: []}" in problem.found


def test_another_gear_is_refused_by_joint(said: Said) -> None:
    path = said({"names": ["g1"], "armature": GEARS})
    assert examine(path, geared(1.02)).ok
    (problem,) = examine(path, geared(22.5**2 / 14.3**2)).problems
    assert isinstance(problem, RobotMismatchError)
    assert problem.field == "robot[0].armature of left_knee_joint"
    assert problem.expected.startswith("0.0251 kg·m²")
    assert problem.found.startswith("0.06214 kg·m² of 'g1'")


def test_a_gear_that_is_no_number_is_refused(said: Said) -> None:
    path = said({"names": ["g1"], "armature": GEARS})
    assert not examine(path, geared(np.nan)).ok


def test_the_gears_of_joints_that_it_leaves_alone_are_no_matter(said: Said) -> None:
    assert examine(said({"names": ["g1"], "armature": GEARS}), geared(3.0, "waist_yaw_joint")).ok


def test_one_name_may_have_several_gears_and_is_compared_with_the_nearest(said: Said) -> None:
    other = {**GEARS, "*_knee_joint": 0.06}
    path = said(
        {"names": ["g1"], "armature": {**other, "*_hip_yaw_joint": 0.5}},
        {"names": ["g1"], "armature": other},
    )
    fields = [problem.field for problem in examined(path).problems]
    assert fields == [f"robot[1].armature of {side}_knee_joint" for side in ("left", "right")]


def test_armature_is_said_of_every_joint_that_is_commanded(said: Said) -> None:
    (problem,) = examined(said({"names": ["g1"], "armature": {"*_knee_joint": 0.02}})).problems
    assert "robot[0].armature: expected a value for every joint, found none for" in str(problem)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"armature": GEARS}, "robot[0].names"),
        ({"names": [], "armature": GEARS}, "robot[0].names"),
        ({"names": ["g1"]}, "robot[0].armature"),
        ({"names": ["g1"], "armature": -1.0}, "robot[0].armature[0]"),
        ({"names": ["g1"], "armature": GEARS, "mass": 3.0}, "robot[0].mass"),
    ],
)
def test_what_does_not_say_whom_it_is_for_is_refused_by_field(
    said: Said, body: dict[str, Any], field: str
) -> None:
    assert field in [problem.field for problem in examined(said(body)).problems]


def test_no_list_of_robots_is_refused(tmp_path: Path) -> None:
    network = linear(tmp_path / "legs.onnx", 47, 12)
    path = write_yaml({**leg_manifest(network), "robot": "g1"}, tmp_path / "legs.yaml")
    assert [problem.field for problem in examined(path).problems] == ["robot"]


def test_an_overlay_drives_another_robot_on_purpose(said: Said, tmp_path: Path) -> None:
    path = said({"names": ["h1"], "armature": 0.5})
    hash_ = read_network(tmp_path / "legs.onnx").sha256
    for robot in ([], [{"names": ["g1"], "armature": GEARS}]):
        content = {"overlay_version": 1, "sha256": hash_, "override": {"robot": robot}}
        overlay = write_yaml(content, tmp_path / "overlay.yaml")
        assert examined(path, overlay).problems == ()
    wrong = {**content, "override": {"robot": [{"names": ["h2"], "armature": GEARS}]}}
    (problem,) = examined(path, write_yaml(wrong, tmp_path / "overlay.yaml")).problems
    assert problem.file == str(tmp_path / "overlay.yaml")


def test_an_overlay_says_it_of_a_foreign_policy(tmp_path: Path) -> None:
    network = linear(tmp_path / "policy.onnx", 96, 29)
    write_yaml(deploy_yaml(), tmp_path / "deploy.yaml")
    bare = examined(network)
    assert bare.ok
    assert bare.manifest is not None
    assert bare.manifest.robot == ()
    said = {"robot": [{"names": ["h1"], "armature": list(map(float, G1.armature))}]}
    content = {"overlay_version": 1, "sha256": read_network(network).sha256, "fill": said}
    (problem,) = examined(network, write_yaml(content, tmp_path / "overlay.yaml")).problems
    assert isinstance(problem, RobotMismatchError)


@pytest.mark.parametrize(
    "file", sorted(robots_folder().glob("g1/*mode_*.yaml")), ids=lambda f: f.stem
)
def test_ours_may_drive_every_body_that_it_was_walked_on_and_no_mixture(file: Path) -> None:
    """A variant that leaves its name as it is, with the other gear, is noticed all the same."""
    robot = load_robot(file)
    assert examine(shipped_policy(), robot).ok
    assert robot.name == f"g1_{file.stem}"
    other = replace(robot, name="g1_mode_11" if robot.armature[0] < 0.02 else "g1")
    fields = [problem.field for problem in examine(shipped_policy(), other).problems]
    assert [field.split(" of ")[1] for field in fields] == [
        "left_hip_pitch_joint",
        "right_hip_pitch_joint",
    ]


def test_another_humanoid_is_refused_by_its_joints() -> None:
    (problem,) = examine(shipped_policy(), load_robot("talos")).problems
    assert isinstance(problem, JointMismatchError)
    assert "expected a joint of the robot (" in str(problem)
    assert LEGS[0] in problem.found
