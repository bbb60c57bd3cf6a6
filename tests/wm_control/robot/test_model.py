"""The rigid-body model, against what Pinocchio says of single bodies and finite differences."""

import numpy as np
import pinocchio as pin
import pytest
from robot_states import estimate_of, frame_jacobian, frame_state, some_motion, state_of

from wm_control.robot.model import RobotModel
from wm_control.types import LEFT, RIGHT

STEP = 1e-6


@pytest.fixture(params=[0, 1, 2])
def moving(request, standing):
    """Configuration and velocity of a robot that moves all joints and its base."""
    return some_motion(standing, request.param)


def frames(model):
    return (*model.sole_ids, model.base_id)


def moved(model, q, v, dt):
    """State after ``dt`` with all of v̇ zero."""
    return estimate_of(pin.integrate(model.model, q, dt * v), v)


def test_the_order_of_velocities_is_base_then_joints_as_described(g1, model):
    names = [model.model.names[joint] for joint in range(2, model.model.njoints)]
    assert names == list(g1.joint_names)
    assert (model.n, model.nv) == (29, 35)


def test_mass_and_weight_belong_together(model):
    assert model.mass == pytest.approx(33.3411, abs=5e-5)
    assert model.weight == pytest.approx(9.81 * 33.3411, abs=1e-3)


def test_an_estimate_is_taken_over_as_it_is(model, moving):
    model.set_state(estimate_of(*moving))
    np.testing.assert_array_equal(model.q, moving[0])
    np.testing.assert_array_equal(model.v, moving[1])


def test_the_model_does_not_write_to_the_estimate(model, standing):
    before = np.concatenate(state_of(standing))
    model.update_dynamics(standing)
    model.q += 1.0
    np.testing.assert_array_equal(np.concatenate(state_of(standing)), before)


def test_soles_are_where_the_description_puts_them_in_their_links(g1, model, moving):
    model.update_kinematics(estimate_of(*moving))
    for foot, sole in enumerate(g1.soles):
        link = model.data.oMf[model.model.getFrameId(sole.link)]
        found = model.data.oMf[model.sole_ids[foot]]
        np.testing.assert_allclose(found.translation, link.act(np.array(sole.position)), atol=1e-12)
        np.testing.assert_allclose(found.rotation, link.rotation @ sole.rotation, atol=1e-12)


def test_a_standing_robot_has_level_soles_side_by_side(model, standing):
    model.update_kinematics(standing)
    left, right = model.sole_pose(LEFT), model.sole_pose(RIGHT)
    np.testing.assert_allclose(left * [1, -1, 1, -1], right, atol=1e-9)
    assert left[2] == pytest.approx(0.0, abs=1e-12)
    assert left[1] > 0.05


def test_the_yaw_of_sole_and_base_turns_with_the_robot(model, standing):
    q, v = state_of(standing)
    q[3:7] = [0.0, 0.0, np.sin(0.35), np.cos(0.35)]
    model.update_kinematics(estimate_of(q, v))
    assert model.base_yaw() == pytest.approx(0.7)
    assert model.sole_pose(LEFT)[3] == pytest.approx(0.7)


def test_the_heading_of_a_tilted_robot_is_that_of_its_forward_axis(model, standing):
    q, v = state_of(standing)
    rotation = pin.rpy.rpyToMatrix(0.4, -0.3, 0.7)
    q[3:7] = pin.Quaternion(rotation).coeffs()
    model.update_kinematics(estimate_of(q, v))
    assert model.base_yaw() == pytest.approx(np.arctan2(rotation[1, 0], rotation[0, 0]))


def test_a_stretched_leg_is_as_long_as_hip_and_sole_are_apart(model, standing):
    q, v = state_of(standing)
    q[7:] = 0.0
    length = model.leg_length()
    model.update_kinematics(estimate_of(q, v))
    rise = model.hip_position(LEFT)[2] - model.sole_pose(LEFT)[2]
    assert length == pytest.approx(rise, abs=1e-12)
    assert 0.6 < length < 0.8


def test_hips_are_on_their_own_sides(model, standing):
    model.update_kinematics(standing)
    left, right = model.hip_position(LEFT), model.hip_position(RIGHT)
    np.testing.assert_allclose(left * [1, -1, 1], right, atol=1e-6)
    assert left[1] > 0.05


def test_a_hip_position_survives_the_next_update(model, standing):
    model.update_kinematics(standing)
    hip = model.hip_position(LEFT)
    kept = hip.copy()
    model.update_kinematics(estimate_of(*some_motion(standing, 3)))
    np.testing.assert_array_equal(hip, kept)


def test_the_base_is_behind_the_centre_of_mass_by_their_distance(model, standing):
    behind = model.base_behind_com()
    model.update_kinematics(standing)
    assert model.com[0] - standing.base_position_in_world[0] == pytest.approx(behind, abs=1e-12)


@pytest.mark.parametrize("update", ["update_kinematics", "update_dynamics"])
def test_momentum_is_the_sum_over_the_bodies(model, moving, update):
    getattr(model, update)(estimate_of(*moving))
    bodies = model.model.createData()
    pin.forwardKinematics(model.model, bodies, *moving)
    linear, angular, moment = np.zeros(3), np.zeros(3), np.zeros(3)
    for joint in range(1, model.model.njoints):
        inertia, placement = model.model.inertias[joint], bodies.oMi[joint]
        velocity = bodies.v[joint]
        at_com = velocity.linear + np.cross(velocity.angular, inertia.lever)
        here = placement.act(inertia.lever)
        push = inertia.mass * placement.rotation @ at_com
        linear += push
        moment += inertia.mass * here
        spin = placement.rotation @ inertia.inertia @ velocity.angular
        angular += np.cross(here - model.com, push) + spin
    np.testing.assert_allclose(model.com, moment / model.mass, atol=1e-12)
    np.testing.assert_allclose(model.momentum, np.concatenate((linear, angular)), atol=1e-10)


def test_a_frames_velocity_is_its_jacobian_times_the_velocity(model, moving):
    model.update_dynamics(estimate_of(*moving))
    for frame in frames(model):
        expected = frame_jacobian(model, frame) @ moving[1]
        np.testing.assert_allclose(frame_state(model, frame).velocity, expected, atol=1e-12)


def test_a_frames_velocity_is_how_its_pose_changes(g1, model, moving):
    model.update_dynamics(estimate_of(*moving))
    ahead, behind = RobotModel(g1), RobotModel(g1)
    ahead.update_kinematics(moved(model, *moving, STEP))
    behind.update_kinematics(moved(model, *moving, -STEP))
    for frame in frames(model):
        a, b = ahead.data.oMf[frame], behind.data.oMf[frame]
        linear = (a.translation - b.translation) / (2 * STEP)
        angular = pin.log3(a.rotation @ b.rotation.T) / (2 * STEP)
        found = frame_state(model, frame).velocity
        np.testing.assert_allclose(found, np.concatenate((linear, angular)), atol=1e-7)


def test_a_frames_bias_is_its_acceleration_when_nothing_accelerates(g1, model, moving):
    model.update_dynamics(estimate_of(*moving))
    ahead, behind = RobotModel(g1), RobotModel(g1)
    ahead.update_dynamics(moved(model, *moving, STEP))
    behind.update_dynamics(moved(model, *moving, -STEP))
    for frame in frames(model):
        change = frame_state(ahead, frame).velocity - frame_state(behind, frame).velocity
        np.testing.assert_allclose(frame_state(model, frame).bias, change / (2 * STEP), atol=1e-6)


def test_the_momentum_rate_at_zero_acceleration_is_how_momentum_changes(g1, model, moving):
    model.update_dynamics(estimate_of(*moving))
    ahead, behind = RobotModel(g1), RobotModel(g1)
    ahead.update_kinematics(moved(model, *moving, STEP))
    behind.update_kinematics(moved(model, *moving, -STEP))
    change = (ahead.momentum - behind.momentum) / (2 * STEP)
    np.testing.assert_allclose(model.data.dhg.np, change, atol=1e-6)


def test_the_momentum_matrix_gives_the_momentum(model, moving):
    model.update_dynamics(estimate_of(*moving))
    np.testing.assert_allclose(model.data.Ag @ moving[1], model.momentum, atol=1e-10)


def test_mass_matrix_and_bias_forces_are_those_of_inverse_dynamics(g1, model, moving):
    model.update_dynamics(estimate_of(*moving))
    acceleration = np.random.default_rng(5).standard_normal(model.nv)
    plain = pin.buildModelFromXML(g1.urdf, pin.JointModelFreeFlyer())
    expected = pin.rnea(plain, plain.createData(), *moving, acceleration)
    np.testing.assert_allclose(
        model.data.M @ acceleration + model.data.nle, expected, atol=1e-9, rtol=1e-9
    )
