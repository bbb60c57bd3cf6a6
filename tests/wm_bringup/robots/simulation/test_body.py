"""The simulated body may be another than the one that its controller believes in."""

import numpy as np
import pytest
import yaml

from wm_bringup.robots.simulation.body import SimulatedBody
from wm_bringup.scenarios.scenario import Body, Payload, Scenario
from wm_control.errors import ParameterError
from wm_control.robot import sources

SPREAD = Body(mass_spread=0.1, inertia_spread=0.1, com_spread=0.005, length_spread=0.003)


def robot_file(tmp_path, change):
    """Write a variant of the G1's file."""
    config = yaml.safe_load(sources.robot_file("g1").read_text(encoding="utf-8"))
    change(config)
    path = tmp_path / "other.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return str(path)


def backwards(config):
    config["joints"] = dict(reversed(config["joints"].items()))


def held(robot, hold, seconds=0.3):
    observation = robot.reset(0)
    for _ in range(round(seconds / 0.002)):
        observation = robot.step(hold(observation, scale=30.0))
    return observation


def test_a_body_whose_file_lists_its_joints_in_another_order_moves_the_same(
    simulate, hold, tmp_path
):
    body = Body(robot=robot_file(tmp_path, backwards))
    same, other = held(simulate(), hold), held(simulate(Scenario(body=body)), hold)
    # PyBullet's solver goes through joints in the file's order and stops before it has converged.
    np.testing.assert_allclose(other.joint_position, same.joint_position, atol=1e-5)


def test_a_body_without_a_joint_of_the_believed_robot_is_refused_by_name(g1, tmp_path):
    def weld(config):
        del config["joints"]["left_wrist_yaw_joint"]
        config["locked"] = {"left_wrist_yaw_joint": 0.0}

    scenario = Scenario(body=Body(robot=robot_file(tmp_path, weld)))
    with pytest.raises(ParameterError, match=r"body\.robot.*'g1'.*it lacks left_wrist_yaw_joint"):
        SimulatedBody(g1, scenario)


def test_limits_are_the_bodys_own_and_posture_and_gains_the_believed_ones(g1, tmp_path):
    def weaken(config):
        backwards(config)
        config["joints"]["left_knee_joint"] |= {"torque": 50.0, "default": 0.3}

    body = SimulatedBody(g1, Scenario(body=Body(robot=robot_file(tmp_path, weaken)))).nominal
    knee = g1.joint_names.index("left_knee_joint")
    assert body.joint_names == g1.joint_names
    assert body.torque_limit[knee] == 50.0
    assert body.torque_limit[0] == g1.torque_limit[0]
    np.testing.assert_array_equal(body.default_position, g1.default_position)
    np.testing.assert_array_equal(body.stiffness, g1.stiffness)


def test_every_episode_draws_its_body_from_its_seed_and_the_believed_robot_stays(simulate, g1):
    robot = simulate(Scenario(body=SPREAD, payload=Payload(mass=3.0)))
    found = []
    for seed in (1, 2, 1):
        robot.reset(seed)
        found.append(robot.mass)
        assert robot.description is g1
        np.testing.assert_allclose(robot.ground_truth().sole_position[:, 2], 0.0, atol=1e-3)
    assert found[0] == found[2] != found[1]
    assert 0.9 * 33.34 + 3.0 < found[0] < 1.1 * 33.34 + 3.0


def test_a_drawn_body_weighs_on_the_ground_what_it_weighs(simulate, hold):
    robot = simulate(Scenario(body=SPREAD))
    held(robot, hold, 0.5)
    truth = robot.ground_truth()
    assert abs(robot.mass - 33.34114) > 0.01
    assert truth.normal_force.sum() == pytest.approx(9.81 * robot.mass, rel=0.01)


def test_friction_is_drawn_about_the_grounds(simulate):
    robot = simulate(Scenario(body=Body(friction_spread=0.2)))
    found = []
    for seed in range(8):
        robot.reset(seed)
        found.append(robot.terrain.ground.friction)
    assert min(found) >= 0.8 * 0.6
    assert max(found) <= 1.2 * 0.6
    assert len(set(found)) == 8


def test_nothing_is_drawn_and_built_anew_where_nothing_varies(simulate, g1):
    robot = simulate()
    robot.reset(0)
    assert robot.body is g1
