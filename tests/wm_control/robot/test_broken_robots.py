"""Mistakes that robot files and URDFs have: each is refused before anything moves, with the reason.

All are made from one robot that may walk, a draft of ``humanoid_urdf``.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from math import pi
from pathlib import Path
from typing import Any

import pytest
import yaml
from humanoid_urdf import humanoid, write_humanoid

from wm_control.derivation.inspection import inspect
from wm_control.derivation.parts import derived_parameters
from wm_control.errors import WmError
from wm_control.robot.drafting.draft import draft_robot
from wm_control.robot.drafting.writing import robot_yaml

SIDES = ("left", "right")
LEG = ("hip_yaw", "hip_roll", "hip_pitch", "knee", "ankle_pitch", "ankle_roll")

Content = dict[str, Any]
Root = ElementTree.Element


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Content:
    folder = tmp_path_factory.mktemp("good")
    text = robot_yaml(draft_robot(str(write_humanoid(folder)), folder))
    content: Content = yaml.safe_load(text)
    return content


@pytest.fixture
def write(good: Content, tmp_path: Path) -> Callable[..., Path]:
    def _write(
        alter: Callable[[Content], None] | None = None, bend: Callable[[Root], None] | None = None
    ) -> Path:
        content = yaml.safe_load(yaml.safe_dump(good))
        root = ElementTree.fromstring(humanoid())
        if alter is not None:
            alter(content)
        if bend is not None:
            bend(root)
        write_humanoid(tmp_path, ElementTree.tostring(root, encoding="unicode"))
        path = tmp_path / "robot.yaml"
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        return path

    return _write


def both_legs(name: str) -> list[str]:
    return [f"{side}_{name}" for side in SIDES]


# of the robot file


def soles(**changes: Any) -> Callable[[Content], None]:
    def alter(content: Content) -> None:
        for side in SIDES:
            content["soles"][side].update(changes)

    return alter


def exchanged_soles(content: Content) -> None:
    links = [content["soles"][side]["link"] for side in SIDES]
    for side, link in zip(SIDES, reversed(links), strict=True):
        content["soles"][side]["link"] = link


def exchanged_groups(*limbs: str) -> Callable[[Content], None]:
    def alter(content: Content) -> None:
        for entry in content["joints"].values():
            side, _, limb = entry["group"].partition("_")
            if limb in limbs:
                entry["group"] = f"{'right' if side == 'left' else 'left'}_{limb}"

    return alter


def legs_and_soles_exchanged(content: Content) -> None:
    exchanged_groups("leg")(content)
    exchanged_soles(content)


def one_joint_of_the_other_leg(content: Content) -> None:
    content["joints"]["left_knee"]["group"] = "right_leg"


def defaults(**angles: float) -> Callable[[Content], None]:
    def alter(content: Content) -> None:
        for name, angle in angles.items():
            content["joints"][name]["default"] = angle

    return alter


def rotors_in_gram_square_centimetres(content: Content) -> None:
    content["actuators"] = {name: 1e7 * value for name, value in content["actuators"].items()}


def waist_locked_in_degrees(content: Content) -> None:
    del content["joints"]["waist_yaw"]
    content["locked"] = {"waist_yaw": 30.0}


# of the URDF


def millimetres(root: Root) -> None:
    for element in root.iter():
        for key in ("xyz", "size", "radius", "length"):
            if key in element.attrib and element.tag != "axis":
                numbers = [1000.0 * float(x) for x in element.attrib[key].split()]
                element.set(key, " ".join(map(str, numbers)))


def limits(names: list[str], **changes: float) -> Callable[[Root], None]:
    def bend(root: Root) -> None:
        for joint in root.findall("joint"):
            if joint.get("name") in names:
                joint.find("limit").attrib.update({k: str(v) for k, v in changes.items()})

    return bend


def all_legs(**changes: float) -> Callable[[Root], None]:
    return limits([f"{side}_{name}" for side in SIDES for name in LEG], **changes)


def turned_base(rpy: str) -> Callable[[Root], None]:
    """A root link of another orientation; the robot file names it."""

    def bend(root: Root) -> None:
        root.append(ElementTree.fromstring('<link name="root"/>'))
        root.append(
            ElementTree.fromstring(
                '<joint name="turned" type="fixed"><parent link="root"/><child link="pelvis"/>'
                f'<origin rpy="{rpy}"/></joint>'
            )
        )

    return bend


def root_is_the_base(content: Content) -> None:
    content["base_link"] = "root"


def masses(factor: float, pattern: str = ".*") -> Callable[[Root], None]:
    def bend(root: Root) -> None:
        for link in root.findall("link"):
            mass = link.find("inertial/mass")
            if mass is not None and re.fullmatch(pattern, link.get("name", "")):
                mass.set("value", str(factor * float(mass.get("value", ""))))
                for key, value in link.find("inertial/inertia").attrib.items():
                    link.find("inertial/inertia").set(key, str(factor * float(value)))

    return bend


def without_inertia(root: Root) -> None:
    link = next(x for x in root.findall("link") if x.get("name") == "left_knee_link")
    link.remove(link.find("inertial"))


def origins(**places: str) -> Callable[[Root], None]:
    def bend(root: Root) -> None:
        for joint in root.findall("joint"):
            if joint.get("name") in places:
                joint.find("origin").set("xyz", places[joint.get("name", "")])

    return bend


BROKEN = {
    # units
    "lengths in millimetres": (None, millimetres, r"half_length: 0\.1 m, expected 2\d"),
    "everything in millimetres": (
        soles(half_length=100.0, half_width=40.0, position=[40.0, 0.0, -70.0]),
        millimetres,
        r"legs: 770 m from hip to sole.*metres",
    ),
    "soles in millimetres": (
        soles(half_length=100.0, half_width=40.0),
        None,
        r"soles\.left\.half_length: 100 m, expected 0\.023 to 0\.2",
    ),
    "limits in degrees": (None, all_legs(lower=-143.0, upper=143.0), r"286 rad.*in radians"),
    "speeds in degrees per second": (None, all_legs(velocity=860.0), r"as fast as 860 rad/s"),
    "a default in degrees": (defaults(left_knee=52.0), None, r"left_knee\.default.*52.*limits"),
    "a locked joint in degrees": (waist_locked_in_degrees, None, r"'waist_yaw' at 30.*\[-2\.5"),
    "rotors in g·cm²": (rotors_in_gram_square_centimetres, None, r"rotor inertia of 375000"),
    "all masses times 100": (None, masses(100.0), r"mass: 4250 kg, expected .* kilograms"),
    # frames
    "base looks backwards": (
        root_is_the_base,
        turned_base(f"0 0 {pi}"),
        r"left_leg is at y = -0\.100.*forward",
    ),
    "base looks sideways": (
        root_is_the_base,
        turned_base(f"0 0 {pi / 2}"),
        r"left_leg is at y = 0\.000",
    ),
    "base upside down": (root_is_the_base, turned_base(f"0 {pi} 0"), r"base is upside down"),
    "soles upside down": (soles(rpy=[pi, 0.0, 0.0]), None, r"soles\.left.*upside down"),
    "soles above the ankle": (soles(position=[0.04, 0.0, 0.07]), None, r"below the sole"),
    "toes backwards": (soles(position=[-0.04, 0.0, -0.07]), None, r"0\.140 m behind the ankle"),
    "soles turned by a quarter": (
        soles(rpy=[0.0, 0.0, pi / 2]),
        None,
        r"toe, the x axis, points 1\.57 rad",
    ),
    # sides
    "soles exchanged": (exchanged_soles, None, r"soles\.left: link 'right_ankle.*exchanged"),
    "groups of the legs exchanged": (exchanged_groups("leg"), None, r"moved by .*exchanged"),
    "legs and soles exchanged": (legs_and_soles_exchanged, None, r"group left_leg is at y = -0\.1"),
    "groups of the arms exchanged": (exchanged_groups("arm"), None, r"group left_arm is at y = -"),
    "a joint in the other leg": (one_joint_of_the_other_leg, None, r"'left_knee' of group right"),
    "crossed feet": (
        defaults(
            left_hip_roll=-0.3, right_hip_roll=0.3, left_ankle_roll=0.3, right_ankle_roll=-0.3
        ),
        None,
        r"left sole: .* m right of the right one",
    ),
    "feet on top of each other": (
        None,
        origins(left_hip_yaw="0 0.03 -0.05", right_hip_yaw="0 -0.03 -0.05"),
        r"soles: 0\.06 m apart.*0\.08 m wide: feet overlap",
    ),
    # bodies
    "a link without inertia": (None, without_inertia, r"'left_knee_link' moves but has no usable"),
    "a mass times 100": (None, masses(100.0, "left_hip_pitch_link"), r"left leg weighs 40\d kg"),
    "soles too large": (soles(half_length=0.3), None, r"half_length: 0\.3 m, expected"),
    "soles too small": (soles(half_length=0.01), None, r"half_length: 0\.01 m, expected"),
    "a leg shorter than the other": (None, origins(left_knee="0 0 -0.25"), r"left leg is 0\.600 m"),
    # limits
    "joints that cannot move": (None, limits(["left_knee"], lower=0.0, upper=0.0), r"not below"),
    "no torque": (None, limits(["left_knee"], effort=0.0), r"torque limit 0 must be positive"),
    "weak knees": (
        None,
        limits(both_legs("knee"), effort=40.0),
        r"left_knee: bears the weight on one leg with [1-9]\.\d+ of its torque",
    ),
    "a weak right knee": (
        None,
        limits(["right_knee"], effort=40.0),
        r"right_knee: bears the weight on one leg with [1-9]\.\d+ of its torque",
    ),
    "a slow right knee": (
        None,
        limits(["right_knee"], velocity=0.05),
        r"speed: .* fast enough for 0\.0\d m/s",
    ),
    "limits that exclude standing": (
        None,
        limits(both_legs("knee"), lower=-0.1, upper=0.1),
        r"cannot stand",
    ),
    "joints too slow": (None, all_legs(velocity=0.2), r"speed: .* fast enough for 0\.0\d m/s"),
    "a posture that falls over": (
        defaults(left_hip_pitch=-0.6, right_hip_pitch=-0.6),
        None,
        r"tilted by 0\.6 rad",
    ),
}
"""Of each: what is done to the robot file, what to the URDF, and the reason that is expected."""


def test_the_robot_that_the_others_break_may_walk(write: Callable[..., Path]) -> None:
    found = inspect(write())
    assert [f for f in found.findings if f.level != "assumed"] == []
    assert derived_parameters(found.file)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_robot_is_refused_with_the_reason(name: str, write: Callable[..., Path]) -> None:
    alter, bend, reason = BROKEN[name]
    path = write(alter, bend)
    with pytest.raises(WmError, match=reason):
        derived_parameters(path)
    refused = [f"{f.subject}: {f.text}" for f in inspect(path).findings if f.level == "refused"]
    assert any(re.search(reason, text) for text in refused)


def test_an_imu_upside_down_is_doubted_and_no_more(write: Callable[..., Path]) -> None:
    path = write(lambda content: content["imu"].update(rpy=[pi, 0.0, 0.0]))
    doubted = [f.subject for f in inspect(path).findings if f.level == "doubted"]
    assert doubted == ["imu"]
    assert derived_parameters(path)


def test_the_order_of_joints_makes_no_difference(write: Callable[..., Path]) -> None:
    def shuffled(content: Content) -> None:
        content["joints"] = dict(sorted(content["joints"].items(), reverse=True))

    before = derived_parameters(write())
    assert derived_parameters(write(shuffled)) == before
