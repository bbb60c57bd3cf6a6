"""The same robot with another base: bodies, joints and motion are what they were."""

import numpy as np
import pinocchio as pin
import pytest
from carried_imu import g1_with_torso_imu, talos_with_torso_imu

from wm_control.robot.carriage import ImuCarriage, rooted_at_imu
from wm_control.robot.description import load_robot
from wm_control.robot.model import RobotModel

JOINTS = {
    "g1": ["waist_yaw_joint", "waist_roll_joint", "waist_pitch_joint"],
    "talos": ["torso_1_joint", "torso_2_joint"],
}


@pytest.fixture(scope="module", params=["g1", "talos"])
def robot(request, tmp_path_factory):
    write = {"g1": g1_with_torso_imu, "talos": talos_with_torso_imu}[request.param]
    return load_robot(write(tmp_path_factory.mktemp("robots") / request.param))


def some_motion(robot, seed):
    """Configuration and velocity of both, the same motion, as Pinocchio has it."""
    model = RobotModel(robot)
    random = np.random.default_rng(seed)
    q, v = model.q, random.normal(size=model.nv)
    q[:7] = pin.SE3ToXYZQUAT(pin.SE3.Random())
    q[7:] = random.uniform(robot.position_lower, robot.position_upper)
    pin.forwardKinematics(model.model, model.data, q, v)
    pin.updateFramePlacements(model.model, model.data)
    link, frame = model.model.getFrameId(robot.imu.link), ImuCarriage(robot).frame
    place = pin.SE3(frame.rotation, frame.position)
    rooted = rooted_at_imu(robot)
    order = [robot.joint_names.index(name) for name in rooted.joint_names]
    other = RobotModel(rooted)
    other.q[:7] = pin.SE3ToXYZQUAT(model.data.oMf[link] * place)
    other.q[7:] = q[7:][order]
    turned = place.actInv(pin.getFrameVelocity(model.model, model.data, link, pin.LOCAL))
    moved = np.concatenate((turned.vector, v[6:][order]))
    pin.forwardKinematics(other.model, other.data, other.q, moved)
    pin.updateFramePlacements(other.model, other.data)
    return (model, q, v), (other, other.q, moved)


def test_the_joints_between_are_found_and_none_where_the_imu_is_on_the_base(robot):
    assert [joint.name for joint in ImuCarriage(robot).path] == JOINTS[robot.name]
    on_base = ImuCarriage(load_robot("g1"))
    assert not on_base.carried
    assert on_base.rotation(np.full(29, 0.3)) is on_base._imu.rotation


def test_joints_are_in_the_order_of_the_new_tree_with_what_belongs_to_them(robot):
    rooted = rooted_at_imu(robot)
    assert tuple(RobotModel(rooted).model.names)[2:] == rooted.joint_names
    for mine, name in enumerate(rooted.joint_names):
        at = robot.joint_names.index(name)
        assert rooted.torque_limit[mine] == robot.torque_limit[at]
        assert rooted.position_lower[mine] == robot.position_lower[at]
    for group, indices in robot.groups.items():
        names = [rooted.joint_names[index] for index in rooted.groups[group]]
        assert names == [robot.joint_names[index] for index in indices]


@pytest.mark.parametrize("seed", [0, 1])
def test_it_is_the_same_body_in_the_same_motion(robot, seed):
    (model, q, v), (other, moved_q, moved_v) = some_motion(robot, seed)
    for mine, theirs in zip(model.sole_ids, other.sole_ids, strict=True):
        found, expected = other.data.oMf[theirs], model.data.oMf[mine]
        np.testing.assert_allclose(found.homogeneous, expected.homogeneous, atol=1e-12)
        velocities = [
            pin.getFrameVelocity(body.model, body.data, frame, pin.LOCAL).vector
            for body, frame in ((model, mine), (other, theirs))
        ]
        np.testing.assert_allclose(*velocities, atol=1e-12)
    com = [
        pin.centerOfMass(body.model, body.data, at) for body, at in ((model, q), (other, moved_q))
    ]
    np.testing.assert_allclose(*com, atol=1e-12)
    energy = [
        pin.computeKineticEnergy(body.model, body.data, at, moving)
        for body, at, moving in ((model, q, v), (other, moved_q, moved_v))
    ]
    assert energy[1] == pytest.approx(energy[0], rel=1e-12)


def test_in_the_default_posture_the_new_base_is_where_the_old_one_is(robot):
    carriage = ImuCarriage(robot)
    place = carriage._link(robot.default_position[carriage.joints]).then(carriage.frame)
    np.testing.assert_allclose(place.rotation, np.eye(3), atol=1e-15)
    np.testing.assert_allclose(place.position, 0.0, atol=1e-15)


def test_the_imus_rotation_is_that_of_its_link(robot):
    (model, q, _), _ = some_motion(robot, 2)
    base, link = (
        model.data.oMf[model.model.getFrameId(n)] for n in (robot.base_link, robot.imu.link)
    )
    expected = base.rotation.T @ link.rotation @ robot.imu.rotation
    np.testing.assert_allclose(ImuCarriage(robot).rotation(q[7:]), expected, atol=1e-12)
