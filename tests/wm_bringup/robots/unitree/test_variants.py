"""Every body that a G1 may say it has: its file, its motors, and who is refused."""

import numpy as np
import pytest

from wm_bringup.robots.unitree.frames import ENABLED
from wm_bringup.robots.unitree.variants import load_body, mismatch
from wm_bringup.robots.unitree.wiring import JointFrames
from wm_control.errors import ParameterError, RobotDescriptionError
from wm_control.robot.description import load_robot
from wm_control.robot.model import RobotModel
from wm_control.robot.sources import robot_file
from wm_control.types import Command

LOCKED = {"waist_roll_joint", "waist_pitch_joint"}
WRISTS = {f"{side}_wrist_{axis}_joint" for side in ("left", "right") for axis in ("pitch", "yaw")}

# The vendor's table of its g1_description, and the masses of the URDFs that it names:
# mode_machine: joints that are absent, gear of the hips' pitch, actuator of the wrists, mass [kg].
# Those geared down by 22.5 lack a cover of 1 g, which is kept here.
VARIANTS = {
    4: (LOCKED | WRISTS, 14.3, None, 32.107),
    5: (set(), 14.3, 4010, 33.341),
    6: (LOCKED, 14.3, 4010, 33.341),
    10: (LOCKED | WRISTS, 22.5, None, 32.107),
    11: (set(), 22.5, 4010, 33.341),
    12: (LOCKED, 22.5, 4010, 33.341),
    13: (set(), 14.3, 5010, 33.741),
    14: (LOCKED, 14.3, 5010, 33.741),
    15: (set(), 22.5, 5010, 33.741),
    16: (LOCKED, 22.5, 5010, 33.741),
}
HIP = {14.3: (88.0, 32.0, 0.010177520), 22.5: (139.0, 20.0, 0.025101925)}
WRIST = {4010: (5.0, 22.0, 0.00425), 5010: (13.4, 27.0, 0.0021812)}
"""Torque [N·m], speed [rad/s] and rotor's inertia [kg·m²] of an actuator."""

FILES = {5: "g1", **{machine: f"g1/mode_{machine}.yaml" for machine in VARIANTS if machine != 5}}


def numbers(robot, joint):
    index = robot.joint_names.index(joint)
    return tuple(a[index] for a in (robot.torque_limit, robot.velocity_limit, robot.armature))


@pytest.fixture(scope="module")
def g1():
    return load_robot("g1")


@pytest.mark.parametrize("machine", VARIANTS)
def test_a_body_is_what_the_vendors_table_says(machine, g1):
    missing, gear, wrist, mass = VARIANTS[machine]
    robot = load_robot(FILES[machine])
    assert robot.joint_names == tuple(n for n in g1.joint_names if n not in missing)
    assert RobotModel(robot).mass == pytest.approx(mass, abs=5e-4)
    for side in ("left", "right"):
        assert numbers(robot, f"{side}_hip_pitch_joint") == HIP[gear]
        assert numbers(robot, f"{side}_hip_roll_joint") == HIP[22.5]
        if wrist is not None:
            assert numbers(robot, f"{side}_wrist_pitch_joint") == WRIST[wrist]
            assert numbers(robot, f"{side}_wrist_yaw_joint") == WRIST[wrist]


def test_hands_of_23_joints_are_as_far_away_as_the_vendor_has_them():
    model = RobotModel(load_robot("g1/mode_4.yaml")).model
    roll = model.inertias[model.getJointId("left_wrist_roll_joint")]
    assert roll.mass == pytest.approx(0.35692864)
    np.testing.assert_allclose(roll.lever, [0.1079465665, 0.00163511945, 0.00202244863])


def test_wrists_of_type_5010_are_5_mm_longer():
    def wrist(file):
        model = RobotModel(load_robot(file)).model
        return model.jointPlacements[model.getJointId("left_wrist_yaw_joint")].translation

    np.testing.assert_allclose(wrist("g1"), [0.046, 0.0, 0.0])
    np.testing.assert_allclose(wrist("g1/mode_13.yaml"), [0.051, 0.0, 0.0])


@pytest.mark.parametrize("machine", VARIANTS)
def test_a_body_is_driven_by_its_own_file_and_by_no_other(machine):
    for other, file in FILES.items():
        problem = mismatch(load_body(file), machine, mode_pr=0)
        if other == machine:
            assert problem is None
        else:
            fitting = robot_file(FILES[machine]).name
            assert problem is not None
            assert problem.startswith(f"mode_machine is {machine}: ")
            assert f"true of {other}, use {fitting} " in problem


@pytest.mark.parametrize("machine", [0, 1, 2, 3, 7, 9, 255])
def test_a_machine_that_no_file_is_true_of_is_refused_with_those_that_there_are(machine):
    problem = mismatch(load_body("g1"), machine, mode_pr=0)
    assert problem is not None
    assert "files of 4, 5, 6, 10, 11, 12, 13, 14, 15, 16" in problem


def test_ankles_by_their_two_drives_are_refused():
    assert "mode_pr is 1" in (mismatch(load_body("g1"), 5, mode_pr=1) or "")


def test_a_file_of_ones_own_is_refused_until_the_folder_says_what_it_is_true_of(tmp_path):
    for part in ("robot", "unitree"):
        text = robot_file("g1").with_name(f"{part}.yaml").read_text()
        (tmp_path / f"{part}.yaml").write_text(text)
    mine = tmp_path / "backpack.yaml"
    mine.write_text("extends: robot.yaml\n")
    assert "true of no machine, use robot.yaml" in (mismatch(load_body(mine), 5, 0) or "")
    with (tmp_path / "unitree.yaml").open("a") as folder:
        folder.write("  backpack.yaml: [5]\n")
    assert mismatch(load_body(mine), 5, 0) is None
    other = load_body(tmp_path / "light.yaml")
    assert "use robot.yaml or backpack.yaml of" in (mismatch(other, 5, 0) or "")


@pytest.mark.parametrize("machine", [4, 6])
def test_motors_of_joints_that_are_not_there_are_never_enabled(machine, g1):
    robot, body = load_robot(FILES[machine]), load_body(FILES[machine])
    n = len(robot.joint_names)
    command = Command(
        stamp=0.0,
        sequence=0,
        position=np.arange(n, dtype=float),
        velocity=np.zeros(n),
        stiffness=np.ones(n),
        damping=np.ones(n),
        torque=np.zeros(n),
    )
    frame = JointFrames(robot.joint_names, body.wiring).command_frame(command, machine)
    motor = frame["motor"][0]
    for name, slot in body.parameters.slots.items():
        assert (motor["mode"][slot] == ENABLED) == (name in robot.joint_names), name
    assert not motor["mode"][29:].any()
    assert motor["q"][22] == robot.joint_names.index("right_shoulder_pitch_joint")


def test_the_variant_that_the_documentation_shows_is_one(tmp_path):
    folder = robot_file("g1").parent
    text = (folder.parents[2] / "docs/robots.md").read_text().split("## Variants")[1]
    shown = text.split("The G1's bodies")[0].splitlines()
    block = [line[4:] for line in shown if line.startswith("    ")]
    (tmp_path / "robot.yaml").write_text((folder / "robot.yaml").read_text())
    (tmp_path / "mine.yaml").write_text("\n".join(block))
    robot = load_robot(tmp_path / "mine.yaml")
    assert len(robot.joint_names) == 26


def test_a_robot_without_that_file_says_so(tmp_path):
    (tmp_path / "robot.yaml").write_text("")
    with pytest.raises(RobotDescriptionError, match=r"there is no .*unitree\.yaml"):
        load_body(tmp_path)
    (tmp_path / "unitree.yaml").write_text("slots: {hip: 35}\nmachines: {}\n")
    with pytest.raises(ParameterError, match=r"slots\.hip"):
        load_body(tmp_path)
