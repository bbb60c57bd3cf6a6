"""MuJoCo and Pinocchio must see the same robot."""

from __future__ import annotations

import mujoco
import numpy as np
import pinocchio as pin
import pytest

from wm_control.robot.description import load_robot
from wm_control.robot.model import RobotModel
from wm_training.learning.mujoco_model import SOLES, build_model, leg_joints, locked_posture
from wm_training.learning.parameters import PhysicsParameters

ROBOT = load_robot("g1")
MODEL = RobotModel(ROBOT)


@pytest.fixture(scope="module")
def full() -> mujoco.MjModel:
    return build_model(ROBOT, PhysicsParameters())


@pytest.fixture(scope="module")
def legs() -> mujoco.MjModel:
    return build_model(ROBOT, PhysicsParameters(), locked_posture(ROBOT, leg_joints(ROBOT)))


def random_state(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Configuration and velocity, for Pinocchio and for MuJoCo, high above the ground."""
    rng = np.random.default_rng(seed)
    quaternion = rng.standard_normal(4)
    quaternion /= np.linalg.norm(quaternion)  # xyzw
    joints = rng.uniform(0.9 * ROBOT.position_lower, 0.9 * ROBOT.position_upper)
    velocity = rng.uniform(-1.0, 1.0, 6 + len(joints))
    base = np.array([0.3, -0.2, 3.0])
    q = np.concatenate((base, quaternion, joints))
    rotation = pin.Quaternion(quaternion).toRotationMatrix()
    qpos = np.concatenate((base, quaternion[[3, 0, 1, 2]], joints))
    qvel = np.concatenate((rotation @ velocity[:3], velocity[3:]))
    return q, velocity, qpos, qvel


def to_world(rotation: np.ndarray, size: int) -> np.ndarray:
    """From Pinocchio's velocities, linear part in base axes, to MuJoCo's, in world axes."""
    matrix = np.eye(size)
    matrix[:3, :3] = rotation
    return matrix


def forwarded(model: mujoco.MjModel, qpos: np.ndarray, qvel: np.ndarray) -> mujoco.MjData:
    data = mujoco.MjData(model)
    data.qpos[:], data.qvel[:] = qpos, qvel
    data.ctrl[:] = qpos[7:] + 0.1 * np.sin(np.arange(model.nu))
    mujoco.mj_forward(model, data)
    return data


def test_joints_drives_and_limits_are_those_of_the_description(full: mujoco.MjModel) -> None:
    names = [full.joint(i).name for i in range(1, full.njnt)]
    assert sorted(names) == sorted(ROBOT.joint_names)
    assert [full.actuator(i).name for i in range(full.nu)] == list(ROBOT.joint_names)
    for i, name in enumerate(ROBOT.joint_names):
        low, high = full.joint(name).range
        assert (low, high) == pytest.approx((ROBOT.position_lower[i], ROBOT.position_upper[i]))
        drive = full.actuator(name)
        assert drive.gainprm[0] == pytest.approx(ROBOT.stiffness[i])
        assert drive.biasprm[1:3] == pytest.approx((-ROBOT.stiffness[i], -ROBOT.damping[i]))
        assert drive.forcerange[1] == pytest.approx(ROBOT.torque_limit[i])


def test_the_joints_of_the_model_are_in_the_order_of_the_description(
    full: mujoco.MjModel, legs: mujoco.MjModel
) -> None:
    assert [full.joint(i).name for i in range(1, full.njnt)] == list(ROBOT.joint_names)
    assert [legs.joint(i).name for i in range(1, legs.njnt)] == list(leg_joints(ROBOT))


def test_rotors_are_not_added_twice(full: mujoco.MjModel) -> None:
    assert not full.dof_armature.any()


@pytest.mark.parametrize("seed", range(3))
def test_mass_and_centre_of_mass_agree_with_pinocchio(full: mujoco.MjModel, seed: int) -> None:
    q, _, qpos, qvel = random_state(seed)
    data = forwarded(full, qpos, qvel)
    assert full.body_mass.sum() == pytest.approx(MODEL.mass, abs=1e-9)
    com = pin.centerOfMass(MODEL.model, MODEL.model.createData(), q)
    assert data.subtree_com[0] == pytest.approx(com, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_the_mass_matrix_agrees_with_pinocchio(full: mujoco.MjModel, seed: int) -> None:
    q, _, qpos, qvel = random_state(seed)
    data = forwarded(full, qpos, qvel)
    ours = np.zeros((full.nv, full.nv))
    mujoco.mj_fullM(full, data, ours)
    upper = np.triu(pin.crba(MODEL.model, MODEL.model.createData(), q))
    theirs = upper + np.triu(upper, 1).T
    turn = to_world(pin.Quaternion(q[3:7]).toRotationMatrix(), full.nv)
    assert ours == pytest.approx(turn @ theirs @ turn.T, abs=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_one_step_of_forward_dynamics_agrees_with_pinocchio(
    full: mujoco.MjModel, seed: int
) -> None:
    q, v, qpos, qvel = random_state(seed)
    data = forwarded(full, qpos, qvel)
    torque = np.concatenate((np.zeros(6), data.actuator_force))
    acceleration = pin.aba(MODEL.model, MODEL.model.createData(), q, v, torque)
    rotation = pin.Quaternion(q[3:7]).toRotationMatrix()
    expected = acceleration.copy()
    expected[:3] = rotation @ (acceleration[:3] + np.cross(v[3:6], v[:3]))
    assert data.qacc == pytest.approx(expected, abs=1e-6)


def test_soles_are_where_pinocchio_has_them(full: mujoco.MjModel) -> None:
    q, _, qpos, qvel = random_state(7)
    data = forwarded(full, qpos, qvel)
    robot_data = MODEL.model.createData()
    pin.framesForwardKinematics(MODEL.model, robot_data, q)
    for foot, name in enumerate(SOLES):
        expected = robot_data.oMf[MODEL.sole_ids[foot]]
        assert data.site(name).xpos == pytest.approx(expected.translation, abs=1e-9)


def test_welding_the_upper_body_keeps_mass_and_centre_of_mass(legs: mujoco.MjModel) -> None:
    q = pin.neutral(MODEL.model)
    q[7:] = ROBOT.default_position
    data = mujoco.MjData(legs)
    pick = [ROBOT.joint_names.index(name) for name in leg_joints(ROBOT)]
    data.qpos[:7] = (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
    data.qpos[7:] = ROBOT.default_position[pick]
    mujoco.mj_forward(legs, data)
    assert legs.nv == 18
    com = pin.centerOfMass(MODEL.model, MODEL.model.createData(), q)
    assert data.subtree_com[0] == pytest.approx(com, abs=1e-9)


def test_a_standing_robot_is_carried_by_its_soles_with_its_weight(legs: mujoco.MjModel) -> None:
    data = mujoco.MjData(legs)
    data.qpos[:7] = (0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0)
    mujoco.mj_forward(legs, data)
    data.qpos[2] -= data.site("l_sole").xpos[2]
    for _ in range(40):
        mujoco.mj_step(legs, data)
    load = data.sensor("l_sole_load").data[0] + data.sensor("r_sole_load").data[0]
    assert load == pytest.approx(9.81 * MODEL.mass, rel=0.05)


def legs_that_touch(model: mujoco.MjModel, left_roll: float, right_roll: float) -> int:
    """Contacts of one leg with the other, far above the ground."""
    data = mujoco.MjData(model)
    pick = [ROBOT.joint_names.index(name) for name in leg_joints(ROBOT)]
    data.qpos[:7] = (0.0, 0.0, 3.0, 1.0, 0.0, 0.0, 0.0)
    data.qpos[7:] = ROBOT.default_position[pick]
    data.joint("left_hip_roll_joint").qpos[0] = left_roll
    data.joint("right_hip_roll_joint").qpos[0] = right_roll
    mujoco.mj_forward(model, data)
    return int(data.ncon)


def test_one_leg_stops_the_other_and_never_itself(legs: mujoco.MjModel) -> None:
    assert legs_that_touch(legs, 0.0, 0.0) == 0
    assert legs_that_touch(legs, 0.4, -0.4) == 0
    assert legs_that_touch(legs, -0.2, 0.2) > 0


def test_a_foot_that_is_swung_against_the_other_does_not_pass_it(legs: mujoco.MjModel) -> None:
    data = mujoco.MjData(legs)
    pick = [ROBOT.joint_names.index(name) for name in leg_joints(ROBOT)]
    data.qpos[:7] = (0.0, 0.0, 30.0, 1.0, 0.0, 0.0, 0.0)
    data.qpos[7:] = data.ctrl[:] = ROBOT.default_position[pick]
    for side, inwards in (("left", -1.0), ("right", 1.0)):
        data.actuator(f"{side}_hip_roll_joint").ctrl[0] = 0.2 * inwards
        data.actuator(f"{side}_ankle_roll_joint").ctrl[0] = -0.3 * inwards
    apart = []
    for _ in range(200):
        mujoco.mj_step(legs, data)
        across = data.body("left_ankle_roll_link").xpos - data.body("right_ankle_roll_link").xpos
        apart.append(float(across @ data.body("pelvis").xmat.reshape(3, 3)[:, 1]))
    width = 2.0 * max(abs(s.center[1]) + s.radius for s in ROBOT.soles[0].spheres)
    assert width < min(apart) < 1.4 * width
