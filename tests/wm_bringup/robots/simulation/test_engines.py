"""Every engine computes with the very robot that Pinocchio computes with, and means the same."""

from dataclasses import replace

import mujoco
import numpy as np
import pinocchio as pin
import pytest

from wm_bringup.robots.mujoco.engine import MujocoEngine, MujocoParameters
from wm_bringup.robots.pybullet.bullet import pybullet
from wm_bringup.robots.simulated import make_engine
from wm_bringup.robots.simulation.engine import JointForce, joint_places
from wm_bringup.robots.simulation.ground import Terrain
from wm_bringup.scenarios.scenario import Ground, Scenario
from wm_control.robot.description import load_robot

FLAT = Terrain(Ground(), np.random.default_rng(0))
HIGH = np.array([0.0, 0.0, 5.0])
MASS = 33.34114
TINY = 1e-6
"""A step so short that the difference quotient of the velocity is the acceleration [s]."""


def test_joints_that_an_engine_has_in_another_order_are_found_one_by_one():
    numbers = np.arange(10.0)
    np.testing.assert_array_equal(numbers[joint_places([7, 8, 9])], [7.0, 8.0, 9.0])
    np.testing.assert_array_equal(numbers[joint_places([7, 9, 8])], [7.0, 9.0, 8.0])
    np.testing.assert_array_equal(numbers[joint_places([4])], [4.0])


def random_states(g1, count=5):
    """Joint positions inside the limits, and torques."""
    rng = np.random.default_rng(7)
    for _ in range(count):
        share = rng.uniform(0.1, 0.9, len(g1.joint_names))
        q = g1.position_lower + share * (g1.position_upper - g1.position_lower)
        yield q, rng.uniform(-5.0, 5.0, q.size)


@pytest.mark.parametrize("robot", ["g1", "g1/mode_4.yaml", "g1/mode_16.yaml"])
def test_one_step_in_free_flight_is_that_of_forward_dynamics(robot, with_step):
    description = load_robot(robot)
    body = replace(description, capsules=())  # in random postures limbs would touch
    model = pin.buildModelFromXML(description.urdf, pin.JointModelFreeFlyer())
    physics = with_step(TINY)
    for q, torque in random_states(description):
        physics.rebuild(body, FLAT, HIGH, q)
        physics.step(torque, np.array([3.0, -2.0, 1.0]))
        joints = physics.joint_state()[1] / TINY
        base = physics.base_state()
        full = np.concatenate((HIGH, [0.0, 0.0, 0.0, 1.0], q))
        tau = np.concatenate(([3.0, -2.0, 1.0, 0.0, 0.0, 0.0], torque))
        expected = pin.aba(model, model.createData(), full, np.zeros(model.nv), tau)
        np.testing.assert_allclose(joints, expected[6:], rtol=0.0, atol=1e-6)
        np.testing.assert_allclose(base.velocity / TINY, expected[:3], rtol=0.0, atol=1e-5)
        np.testing.assert_allclose(base.angular_velocity / TINY, expected[3:6], rtol=0.0, atol=1e-5)
    physics.close()


def test_the_base_state_is_that_of_the_link_not_of_its_mass(g1, engine):
    physics = make_engine(engine, Scenario())
    physics.rebuild(g1, FLAT, np.array([0.1, 0.2, 0.9]), g1.default_position)
    state = physics.base_state()
    np.testing.assert_allclose(state.position, [0.1, 0.2, 0.9], atol=1e-12)
    np.testing.assert_allclose(state.rotation, np.eye(3), atol=1e-12)
    physics.close()


def test_mujoco_simulates_the_same_mass_and_centre_of_mass_without_armature(g1):
    model = pin.buildModelFromXML(g1.urdf, pin.JointModelFreeFlyer())
    physics = MujocoEngine()
    for q, _ in random_states(g1):
        physics.rebuild(g1, FLAT, HIGH, q)
        expected = pin.centerOfMass(
            model, model.createData(), np.concatenate((HIGH, [0, 0, 0, 1], q))
        )
        mujoco.mj_forward(physics._model, physics._data)
        np.testing.assert_allclose(physics._data.subtree_com[0], expected, atol=1e-12)
    assert physics._model.body_mass.sum() == pytest.approx(pin.computeTotalMass(model), abs=1e-9)
    assert not physics._model.dof_armature.any()


def overlapping_in_pybullet(physics):
    points = pybullet.getContactPoints(physics._robot, physicsClientId=physics._client)
    links = physics._links
    return {frozenset((links[p[3]], links[p[4]])) for p in points if p[8] < 0.0}


def overlapping_in_mujoco(physics):
    data, model = physics._data, physics._model
    pairs = model.geom_bodyid[data.contact.geom[data.contact.dist < 0.0]]
    return {frozenset(model.body(k).name for k in pair) for pair in pairs.tolist()}


def test_the_same_limbs_overlap_in_one_engine_as_in_the_other(g1):
    """Of all pairs that may touch, in postures in which many do."""
    bullet, mujoco_ = make_engine("pybullet", Scenario()), make_engine("mujoco", Scenario())
    seen = 0
    for q, _ in random_states(g1, 30):
        for physics in (bullet, mujoco_):
            physics.rebuild(g1, FLAT, HIGH, q)
            physics.step(np.zeros(q.size), None)
        found = overlapping_in_mujoco(mujoco_)
        assert found == overlapping_in_pybullet(bullet)
        seen += len(found)
    assert seen > 20
    bullet.close()


def test_before_the_first_step_nothing_presses_on_anything(simulate):
    robot = simulate()
    for _ in range(2):
        robot.reset(0)
        truth = robot.ground_truth()
        np.testing.assert_array_equal(truth.normal_force, [0.0, 0.0])
        np.testing.assert_array_equal(truth.foot_wrench, np.zeros((2, 6)))
        robot.step(None)
        assert robot.ground_truth().normal_force.sum() > 0.0


def test_a_resting_robot_presses_on_eight_points_with_its_weight(simulate, engine, hold):
    robot = simulate()
    observation = robot.reset(0)
    for _ in range(250):
        observation = robot.step(hold(observation, scale=30.0))
    contacts = robot._engine.contacts()
    assert {c.link for c in contacts} == {"left_ankle_roll_link", "right_ankle_roll_link"}
    assert {c.other for c in contacts} == {""}
    assert sum(c.normal_force for c in contacts) == pytest.approx(MASS * 9.81, rel=0.01)
    np.testing.assert_allclose([c.normal for c in contacts], [[0.0, 0.0, 1.0]] * len(contacts))
    np.testing.assert_allclose([c.position[2] for c in contacts], 0.0, atol=1e-3)


def test_forces_between_limbs_are_those_on_the_one_that_is_named_first(g1, engine):
    """Feet side by side, one in the other: whoever is named is where the normal points to."""
    posture = g1.default_position.copy()
    posture[g1.joint_names.index("left_hip_roll_joint")] = -0.2
    posture[g1.joint_names.index("right_hip_roll_joint")] = 0.2
    physics = make_engine(engine, Scenario())
    physics.rebuild(g1, FLAT, HIGH, posture)
    physics.step(np.zeros(posture.size), None)
    level = [c for c in physics.contacts() if abs(c.normal[1]) > 0.9]
    assert level
    for contact in level:
        outwards = 1.0 if contact.link.startswith("left") else -1.0
        assert outwards * contact.normal[1] > 0.0
        assert {contact.link[:4], contact.other[:4]} == {"left", "righ"}
    physics.close()


@pytest.mark.parametrize("compliance", [1e-6, 2e-5])
def test_soft_ground_yields_by_its_compliance_times_the_load_of_each_of_eight_points(
    simulate, engine, hold, compliance
):
    heights = []
    for c in (0.0, compliance):
        robot = simulate(Scenario(ground=Ground(compliance=c)))
        observation = robot.reset(0)
        for _ in range(400):
            observation = robot.step(hold(observation, scale=30.0))
        heights.append(robot.ground_truth().sole_position[:, 2].mean())
    # 33.34 kg x 9.81 m/s² / 8 = 40.9 N a point: 0.041 mm at 1e-6 m/N, 0.818 mm at 2e-5 m/N.
    assert heights[0] - heights[1] == pytest.approx(40.9 * compliance, rel=0.05)


def test_mujoco_says_when_its_physics_blows_up(g1):
    physics = MujocoEngine()
    physics.rebuild(g1, FLAT, HIGH, g1.default_position)
    physics.step(np.full(len(g1.joint_names), np.nan), None)
    with pytest.raises(Exception, match="blew up"):
        physics.base_state()


def test_mujoco_ends_its_solver_at_its_tolerance_and_not_at_its_bound(g1, simulate):
    """In a fall onto the floor; the bound would leave forces that are wrong without a word."""
    physics = MujocoEngine()
    physics.rebuild(g1, FLAT, np.array([0.0, 0.0, 0.75]), g1.default_position)
    most = 0
    for _ in range(1000):
        physics.step(np.zeros(len(g1.joint_names)), None)
        most = max(most, int(physics._data.solver_niter[0]))
    assert 1 < most < MujocoParameters().newton_iterations
    assert mujoco.mjtDisableBit.mjDSBL_AUTORESET & physics._model.opt.disableflags


@pytest.mark.parametrize("axes", ["world", "child", "parent"])
def test_a_force_at_a_joint_moves_the_robot_as_forward_dynamics_say(g1, with_step, axes):
    """At the left elbow, in axes that the tilted posture turns away from each other."""
    body = replace(g1, capsules=())
    model = pin.buildModelFromXML(g1.urdf, pin.JointModelFreeFlyer())
    data = model.createData()
    joint = model.getJointId("left_elbow_joint")
    physics, local = with_step(TINY), np.array([30.0, -20.0, 10.0])
    for q, torque in random_states(g1, 3):
        physics.rebuild(body, FLAT, HIGH, q)
        physics.step(torque, None, [JointForce("left_elbow_joint", local, axes)])
        full = np.concatenate((HIGH, [0.0, 0.0, 0.0, 1.0], q))
        pin.forwardKinematics(model, data, full)
        turn = {"child": joint, "parent": model.parents[joint], "world": 0}[axes]
        world = data.oMi[turn].rotation @ local
        forces = pin.StdVec_Force()
        forces.extend(pin.Force.Zero() for _ in model.joints)
        forces[joint] = pin.Force(data.oMi[joint].rotation.T @ world, np.zeros(3))
        tau = np.concatenate((np.zeros(6), torque))
        expected = pin.aba(model, model.createData(), full, np.zeros(model.nv), tau, forces)
        found = physics.joint_state()[1] / TINY
        np.testing.assert_allclose(found, expected[6:], rtol=1e-5, atol=1e-5)
    physics.step(np.zeros(q.size), None)
    physics.close()


def test_a_held_base_stays_where_it_is_while_the_joints_move(g1, engine):
    physics = make_engine(engine, Scenario())
    physics.rebuild(g1, FLAT, HIGH, g1.default_position)
    torque = np.zeros(len(g1.joint_names))
    torque[g1.joint_names.index("left_elbow_joint")] = 1.0
    for _ in range(50):
        physics.hold_base(HIGH)
        physics.step(torque, None)
    physics.hold_base(HIGH)
    state = physics.base_state()
    np.testing.assert_allclose(state.position, HIGH, atol=1e-9)
    np.testing.assert_allclose(state.rotation, np.eye(3), atol=1e-9)
    np.testing.assert_allclose(state.velocity, 0.0, atol=1e-9)
    moved = physics.joint_state()[0] - g1.default_position
    assert moved[g1.joint_names.index("left_elbow_joint")] > 1e-3
    physics.close()
