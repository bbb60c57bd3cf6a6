"""A robot that is carried by its base while time goes on: limbs hang, the IMU rests."""

import numpy as np
import pinocchio as pin

from wm_bringup.scenarios.scenario import Crane, Scenario

HUNG = Scenario(crane=Crane(seconds=0.0, clearance=0.3))


def of_fixed_base(g1, quantity):
    """Return ``quantity(model, data, q)`` of the robot on a fixed base, in joint_names' order."""
    model = pin.buildModelFromXML(g1.urdf)
    places = [model.joints[model.getJointId(name)].idx_v for name in g1.joint_names]
    q = np.zeros(model.nq)
    q[places] = g1.default_position
    return quantity(model, model.createData(), q)[places]


def test_limbs_begin_to_fall_as_they_do_on_a_fixed_base(simulate, g1, limp):
    robot = simulate(HUNG)
    observation = robot.reset(0)
    robot.hang(robot.base.position)
    observation = robot.step(limp(observation))
    zero = np.zeros(29)
    expected = of_fixed_base(g1, lambda m, d, q: pin.aba(m, d, q, zero, zero))
    # PyBullet's tie yields a little in the first steps.
    np.testing.assert_allclose(observation.joint_velocity, 0.002 * expected, rtol=0.02, atol=4e-3)


def test_a_held_posture_costs_the_torque_of_gravity(simulate, g1, hold):
    robot = simulate(HUNG)
    observation = robot.reset(0)
    robot.hang(robot.base.position)
    for _ in range(1000):
        observation = robot.step(hold(observation))
    torque, velocity = robot.drive_state()
    expected = of_fixed_base(g1, pin.computeGeneralizedGravity)
    np.testing.assert_allclose(torque, expected, atol=0.3)
    np.testing.assert_allclose(velocity, 0.0, atol=0.01)


def test_the_base_stays_where_it_is_carried_and_its_imu_rests(simulate, limp):
    robot = simulate(HUNG)
    observation = robot.reset(0)
    place = robot.base.position
    robot.hang(place)
    for _ in range(100):
        observation = robot.step(limp(observation))
    np.testing.assert_allclose(robot.base.position, place, atol=1e-6)
    np.testing.assert_allclose(observation.imu_linear_acceleration, [0, 0, 9.81], atol=2e-3)
    np.testing.assert_allclose(observation.imu_orientation, [0, 0, 0, 1], atol=1e-6)


def test_once_let_go_it_falls_freely(simulate, limp):
    robot = simulate(HUNG)
    observation = robot.reset(0)
    assert abs(robot.clearance() - 0.3) < 1e-9
    robot.hang(robot.base.position)
    observation = robot.step(limp(observation))
    robot.hang(None)
    for _ in range(50):
        observation = robot.step(limp(observation))
    np.testing.assert_allclose(robot.base.velocity[2], -0.981, atol=0.1)
    np.testing.assert_allclose(robot.ground_truth().com_velocity[2], -0.981, atol=0.05)


def test_a_link_moves_as_the_base_and_its_joints_make_it(simulate, g1, hold):
    """A robot that falls upright, all joints held: its torso falls as fast, turned as it is."""
    robot = simulate(HUNG)
    observation = robot.reset(0)
    for _ in range(30):
        observation = robot.step(hold(observation))
    torso, base = robot.link_state("torso_link"), robot.base
    np.testing.assert_allclose(torso.velocity, base.velocity, atol=0.02)
    np.testing.assert_allclose(torso.rotation, base.rotation, atol=0.02)
    np.testing.assert_allclose(torso.position - base.position, [-0.004, 0.0, 0.044], atol=0.02)
    same = robot.link_state(g1.base_link)
    np.testing.assert_allclose(same.velocity, base.velocity, atol=1e-12)
    np.testing.assert_allclose(same.orientation, base.orientation, atol=1e-9)
