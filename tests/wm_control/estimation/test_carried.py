"""From where the IMU is to where the base is, beside Pinocchio; and what is promised of it."""

from dataclasses import replace

import numpy as np
import pinocchio as pin
import pytest
from carried_imu import g1_with_torso_imu
from robot_parameters import ESTIMATOR

from wm_bringup.robots.mock import MockRobot
from wm_control.errors import RobotDescriptionError
from wm_control.estimation.carried import CarriedImuEstimator
from wm_control.estimation.factory import make_estimator
from wm_control.estimation.invariant.estimator import InvariantEkfEstimator
from wm_control.quaternion import rotation_from_quaternion
from wm_control.robot.carriage import ImuCarriage
from wm_control.robot.description import load_robot
from wm_control.robot.model import RobotModel
from wm_control.types import Estimate

KINDS = ("invariant_ekf", "leg_odometry")


@pytest.fixture(scope="module")
def robot(tmp_path_factory):
    return load_robot(g1_with_torso_imu(tmp_path_factory.mktemp("robots") / "g1"))


def parameters(kind):
    return replace(ESTIMATOR, kind=kind)


class Oracle:
    """Knows what F does of a motion of the base; stands for the estimator of F."""

    def __init__(self, robot, rooted):
        self.model, self.frame = RobotModel(robot), ImuCarriage(robot).frame
        self.link = self.model.model.getFrameId(robot.imu.link)
        self.order = [robot.joint_names.index(name) for name in rooted.joint_names]
        self.covariance = np.diag(np.arange(1.0, 7.0))
        self.wrench = np.arange(12.0).reshape(2, 6)

    def of(self, q, v, observation):
        model, data = self.model.model, self.model.data
        pin.forwardKinematics(model, data, q, v)
        pin.updateFramePlacements(model, data)
        place = pin.SE3(self.frame.rotation, self.frame.position)
        pose = pin.SE3ToXYZQUAT(data.oMf[self.link] * place)
        moving = place.actInv(pin.getFrameVelocity(model, data, self.link, pin.LOCAL))
        joints = (q[7:][self.order], v[6:][self.order])
        wrench, sure = self.wrench, self.covariance
        motion = (pose[:3], pose[3:], moving.linear, moving.angular)
        return Estimate(observation, *motion, *joints, np.ones(2), wrench, sure, sure, True, "")

    def tell(self, q, v):
        self.reset = self.update = lambda observation: self.of(q, v, observation)


def test_pose_and_twist_of_the_base_are_exact(robot):
    oracle = []

    def make(rooted):
        oracle.append(Oracle(robot, rooted))
        return oracle[0]

    estimator, (truth,) = CarriedImuEstimator(robot, make), oracle
    random, observation = np.random.default_rng(0), MockRobot(robot).reset(0)
    q = np.concatenate((np.zeros(6), [1.0], robot.default_position))
    q[3:7] = pin.Quaternion(pin.exp3(np.array([0.0, 0.0, 0.7]))).coeffs()
    truth.tell(q, np.zeros(35))
    assert estimator.reset(observation).base_orientation[2] == pytest.approx(0.0, abs=1e-12)
    q[:3] = random.normal(size=3)
    q[3:7] = pin.Quaternion(pin.exp3(random.normal(size=3))).coeffs()
    q[7:] += random.uniform(-0.3, 0.3, 29)
    v = random.normal(size=35)
    truth.tell(q, v)
    told = estimator.update(replace(observation, sequence=1, stamp=1.0))
    turn = pin.exp3(np.array([0.0, 0.0, -0.7]))  # the base started with 0.7, and is told as 0
    np.testing.assert_allclose(told.base_position_in_world, turn @ q[:3], atol=1e-12)
    np.testing.assert_allclose(
        rotation_from_quaternion(told.base_orientation.tolist()),
        turn @ rotation_from_quaternion(q[3:7].tolist()),
        atol=1e-12,
    )
    np.testing.assert_allclose(told.base_velocity_in_base, v[:3], atol=1e-12)
    np.testing.assert_allclose(told.base_angular_velocity_in_base, v[3:6], atol=1e-12)
    np.testing.assert_array_equal(told.joint_position, q[7:])
    np.testing.assert_array_equal(told.joint_velocity, v[6:])
    np.testing.assert_allclose(told.foot_wrench[1, 3:], turn @ [9.0, 10.0, 11.0], atol=1e-12)
    assert told.observation.sequence == 1


def test_covariances_are_those_of_small_errors(robot):
    """An error of F's pose and twist, beside the error that it makes of the base's."""
    estimator = CarriedImuEstimator(robot, lambda rooted: Oracle(robot, rooted))
    random = np.random.default_rng(1)
    inputs, outputs = estimator._kernel.inputs, estimator._kernel.outputs
    orientation = pin.Quaternion(pin.exp3(random.normal(size=3)))
    frame = np.concatenate((random.normal(size=3), orientation.coeffs(), random.normal(size=6)))

    def base(error):
        """Base by F with small errors (12,): of place, rotation in world, and twist."""
        turned = pin.Quaternion(pin.exp3(error[3:6])) * orientation
        inputs["frame"][:] = np.concatenate(
            (frame[:3] + error[:3], turned.coeffs(), frame[7:] + error[6:])
        )
        estimator._kernel.run()
        return outputs["base"].copy()

    inputs["position"][:], inputs["velocity"][:] = random.normal(size=(2, 3))
    inputs["heading"][0] = 0.4
    before = base(np.zeros(12))
    to_pose, to_twist = outputs["to_pose"].copy(), outputs["to_twist"].copy()
    error = 1e-6 * random.normal(size=12)
    after = base(error)
    turned = [rotation_from_quaternion(told[3:7].tolist()) for told in (before, after)]
    moved = np.concatenate((after[:3] - before[:3], pin.log3(turned[1] @ turned[0].T)))
    np.testing.assert_allclose(moved, to_pose @ error[:6], atol=1e-10)
    np.testing.assert_allclose(after[7:] - before[7:], to_twist @ error[6:], atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_a_robot_at_rest_with_a_turned_waist_is_upright_and_looks_ahead(robot, kind):
    """Base level, torso turned and bent: the IMU is tilted by 0.2 rad."""
    mock, estimator = MockRobot(robot), make_estimator(robot, parameters(kind))
    posture = robot.default_position.copy()
    posture[list(robot.groups["waist"])] = [0.5, 0.1, 0.2]
    mock._observation = mock._turned(replace(mock.reset(0), joint_position=posture), posture)
    estimate = estimator.reset(mock.observe())
    assert estimate.healthy, estimate.cause
    for _ in range(50):
        estimate = estimator.update(mock.step(None))
    assert estimate.healthy, estimate.cause
    np.testing.assert_allclose(estimate.base_orientation, [0.0, 0.0, 0.0, 1.0], atol=1e-3)
    np.testing.assert_allclose(estimate.base_velocity_in_base, 0.0, atol=1e-2)
    np.testing.assert_array_equal(estimate.joint_position, posture)


def test_without_news_or_sense_it_says_so_and_never_raises(robot):
    mock, estimator = MockRobot(robot), make_estimator(robot, parameters("invariant_ekf"))
    first = mock.reset(0)
    short = replace(first, joint_position=first.joint_position[1:])
    assert not estimator.update(short).healthy
    estimate = estimator.update(first)
    assert estimate.healthy
    repeated = estimator.update(replace(first))
    assert repeated.healthy
    assert repeated.observation is first
    blind = replace(mock.step(None), imu_angular_velocity=np.full(3, np.nan))
    for sequence in range(1, 60):
        estimate = estimator.update(replace(blind, sequence=sequence, stamp=0.002 * sequence))
    assert "gyro" in estimate.cause
    assert not estimate.healthy


def test_a_dead_waist_encoder_makes_both_legs_blind(robot):
    estimator = make_estimator(robot, parameters("invariant_ekf"))
    mock = MockRobot(robot)
    estimator.reset(mock.reset(0))
    assert estimator.inside._stance.standing == [True, True]
    position = robot.default_position.copy()
    position[robot.groups["waist"][0]] = np.nan
    estimate = estimator.update(replace(mock.step(None), joint_position=position))
    assert estimator.inside._stance.standing == [False, False]
    assert np.isfinite(estimate.joint_position).all()


def test_an_estimator_for_the_base_refuses_an_imu_that_is_not_there(robot):
    with pytest.raises(RobotDescriptionError, match="IMU is on 'torso_link', expected on the base"):
        InvariantEkfEstimator(robot, ESTIMATOR)
