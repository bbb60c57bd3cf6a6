"""On a simulated robot: standing under its drives, and walking on the estimate itself."""

from __future__ import annotations

import numpy as np
import pytest
from robot_parameters import ESTIMATOR
from robot_states import planner_and_controller

from wm_bringup.robots.simulated import simulate
from wm_bringup.scenarios.scenario import Ground, Payload, Scenario
from wm_control.estimation.constant_gain.estimator import LegOdometryEstimator
from wm_control.types import Command, VelocityCommand

PERIOD = 0.002


def standing_command(robot, observation):
    """Hold the default posture."""
    n = len(robot.joint_names)
    return Command(
        stamp=observation.stamp,
        sequence=observation.sequence,
        position=robot.default_position,
        velocity=np.zeros(n),
        stiffness=np.full(n, 200.0),
        damping=np.full(n, 5.0),
        torque=np.zeros(n),
    )


@pytest.mark.parametrize("noise", ["off", "nominal", "double"])
def test_a_standing_robot_is_healthy_at_rest_and_on_both_soles(robot, noise):
    simulation = simulate(robot, Scenario(noise=noise))
    estimator = LegOdometryEstimator(robot, ESTIMATOR)
    observation = simulation.reset(seed=1)
    estimates = [estimator.reset(observation)]
    for _ in range(500):
        observation = simulation.step(standing_command(robot, observation))
        estimates.append(estimator.update(observation))
    truth = simulation.ground_truth()
    simulation.close()
    assert all(estimate.healthy for estimate in estimates), estimates[-1].cause
    last = estimates[-1]
    assert (last.contact_probability > 0.9).all()
    np.testing.assert_allclose(last.base_velocity_in_base, truth.base_velocity_in_base, atol=0.03)
    assert last.base_position_in_world[2] == pytest.approx(
        truth.base_position_in_world[2] - truth.sole_position[:, 2].mean(), abs=0.005
    )
    assert last.foot_wrench[:, 2].sum() == pytest.approx(truth.normal_force.sum(), rel=0.15)


def test_the_robot_walks_on_the_estimate_with_a_payload_on_slippery_ground(robot):
    scenario = Scenario(
        noise="nominal", delay=0.01, payload=Payload(mass=5.0), ground=Ground(friction=0.4)
    )
    simulation = simulate(robot, scenario)
    estimator = LegOdometryEstimator(robot, ESTIMATOR)
    planner, controller = planner_and_controller(robot)
    estimate = estimator.reset(simulation.reset(seed=2))
    planner.reset(estimate)
    controller.reset(estimate)
    velocity, errors, contacts = VelocityCommand(linear_x=0.5), [], []
    for k in range(2500):
        if k % 4 == 0:
            controller.receive(planner.step(estimate, velocity))
        observation = simulation.step(controller.step(estimate, velocity, PERIOD).command, 0.001)
        estimate = estimator.update(observation)
        assert estimate.healthy, estimate.cause
        truth = simulation.ground_truth()
        errors.append(estimate.base_velocity_in_base - truth.base_velocity_in_base)
        contacts.append((estimate.contact_probability > 0.5, truth.normal_force > 20.0))
    simulation.close()
    assert truth.base_position_in_world[2] > 0.6
    late = np.array(errors[1500:])
    assert np.sqrt((late**2).mean(axis=0)).max() < 0.03
    assert np.abs(late.mean(axis=0)).max() < 0.015
    told, true = np.array(contacts).transpose(1, 0, 2)
    wrong = (told != true).sum()
    assert 1.0 - wrong / (wrong + 2 * (told & true).sum()) > 0.95
