"""Friction on the ground is what the scenario asks, and contact forces obey Newton's law."""

import numpy as np
import pytest

from wm_bringup.scenarios.scenario import Ground, Push, Scenario

MASS = 33.34114
GRAVITY = 9.81


def slide(simulate, hold, friction, force, seconds):
    """Push the standing robot to its left with a constant force; yield truths."""
    push = Push(impulse=(0.0, force * 2.0, 0.0), at=0.1, duration=2.0)
    robot = simulate(Scenario(ground=Ground(friction=friction), pushes=(push,)))
    observation = robot.reset(0)
    for _ in range(round(seconds / 0.002)):
        observation = robot.step(hold(observation, scale=30.0))
        yield robot.ground_truth()


@pytest.mark.parametrize("friction", [0.05, 0.1])
def test_a_sliding_foot_is_braked_by_exactly_the_friction_asked(simulate, hold, friction):
    force = (friction + 0.05) * MASS * GRAVITY
    truths = list(slide(simulate, hold, friction, force, 0.4))[-50:]
    sliding = [t for t in truths if np.linalg.norm(t.sole_velocity[0, :2]) > 0.02]
    assert len(sliding) > 10
    for truth in sliding:
        ratio = truth.tangential_force.sum() / truth.normal_force.sum()
        assert ratio == pytest.approx(friction, rel=0.01)


def test_below_the_friction_asked_the_loaded_foot_sticks(simulate, hold):
    truths = list(slide(simulate, hold, 0.3, 0.15 * MASS * GRAVITY, 0.3))
    moved = truths[-1].sole_position[0] - truths[0].sole_position[0]
    assert truths[-1].normal_force[0] > 200.0
    assert np.abs(moved).max() < 0.001


def test_the_friction_force_never_leaves_the_cone(simulate, hold):
    for truth in slide(simulate, hold, 0.2, 0.35 * MASS * GRAVITY, 0.4):
        assert np.all(truth.tangential_force <= 0.2 * truth.normal_force * 1.01 + 1e-9)


def test_impulses_of_contacts_gravity_and_push_add_up_to_the_momentum(simulate, hold):
    scenario = Scenario(pushes=(Push(impulse=(0.0, 30.0, 0.0), at=0.1, duration=0.5),))
    robot = simulate(scenario)
    observation, engine, impulse = robot.reset(0), robot._engine, np.zeros(3)
    step, dt = engine.step, engine.physics_step

    def record(torque, push, *others):
        step(torque, push, *others)
        for contact in engine.contacts():
            force = contact.normal_force * np.array(contact.normal) + contact.friction
            impulse[:] += dt * force
        impulse[:] += dt * (np.array([0.0, 0.0, -MASS * GRAVITY]) + (0.0 if push is None else push))

    engine.step = record
    for _ in range(150):
        observation = robot.step(hold(observation, scale=30.0))
        moved = MASS * robot.ground_truth().com_velocity
        np.testing.assert_allclose(impulse, moved, atol=0.05)
    assert np.linalg.norm(moved) > 2.0


def test_the_wrench_is_about_the_sole_so_the_pressure_point_lies_in_the_foot(simulate, hold):
    for truth in list(slide(simulate, hold, 0.6, 0.0, 0.5))[100:]:
        force, torque = truth.foot_wrench[:, :3], truth.foot_wrench[:, 3:]
        x, y = -torque[:, 1] / force[:, 2], torque[:, 0] / force[:, 2]
        assert np.all(np.abs(x) < 0.09)
        assert np.all(np.abs(y) < 0.03)
