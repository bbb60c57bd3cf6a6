"""An IMU above the waist: what it measures in simulation, and that the robot walks by it."""

from dataclasses import replace

import numpy as np
import pytest
from carried_imu import TORSO_IMU, g1_with_torso_imu, talos_with_torso_imu

from wm_bringup.judging.episodes import WalkSetup, walk
from wm_bringup.robots.mock import MockRobot
from wm_bringup.robots.simulated import simulate
from wm_bringup.robots.simulation.variation import vary
from wm_bringup.scenarios.scenario import Body, Scenario, VelocitySegment
from wm_control.arbiter.start_up import StartUp
from wm_control.quaternion import rotation_from_quaternion
from wm_control.robot.description import load_robot
from wm_control.types import Command


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("robots")
    return {
        "g1": str(g1_with_torso_imu(folder / "g1")),
        "talos": str(talos_with_torso_imu(folder / "talos")),
    }


@pytest.fixture(scope="module")
def robot(folders):
    return load_robot(folders["g1"])


def swinging_waist(robot, time):
    """Command that swings the waist about all three axes and holds the rest."""
    target = robot.default_position.copy()
    target[list(robot.groups["waist"])] += np.sin(12.0 * time) * np.array([0.3, 0.1, -0.2])
    gains = (9.0 * robot.stiffness, 3.0 * robot.damping)
    return Command(time, 0, target, np.zeros(len(target)), *gains, np.zeros(len(target)))


def test_readings_are_those_of_the_link_that_carries_it(robot, engine):
    """Integrated over a swing of the waist, they give the velocity of the IMU's own place."""
    simulated = simulate(robot, Scenario(), engine)
    observation = simulated.reset(0)
    velocity, fastest = np.zeros(3), 0.0
    for k in range(150):
        observation = simulated.step(swinging_waist(robot, 0.002 * k))
        to_world = rotation_from_quaternion(observation.imu_orientation.tolist())
        force = to_world @ observation.imu_linear_acceleration
        velocity += 0.002 * (force + np.array([0.0, 0.0, -9.81]))
        link = simulated.link_state("torso_link")
        fastest = max(fastest, float(np.linalg.norm(link.angular_velocity)))
    place = link.rotation @ robot.imu.position
    expected = link.velocity + np.cross(link.angular_velocity, place)
    np.testing.assert_allclose(velocity, expected, atol=1e-9)
    np.testing.assert_allclose(to_world, link.rotation @ robot.imu.rotation, atol=1e-12)
    gyro = to_world @ observation.imu_angular_velocity
    np.testing.assert_allclose(gyro, link.angular_velocity, atol=1e-12)
    assert fastest > 1.0
    assert np.linalg.norm(simulated.base.angular_velocity - link.angular_velocity) > 0.1
    simulated.close()


def test_it_moves_out_with_a_link_that_is_longer(robot):
    bodies = [vary(robot, Body(length_spread=0.05), np.random.default_rng(k)) for k in range(3)]
    lengths = [body.imu.position[2] / robot.imu.position[2] for body in bodies]
    at = next(k for k, one in enumerate(robot.capsules) if one.link == robot.imu.link)
    for body, length in zip(bodies, lengths, strict=True):
        np.testing.assert_allclose(body.capsules[at].end, length * robot.capsules[at].end)
        assert 0.95 <= length <= 1.05
        assert length != 1.0
    assert TORSO_IMU["link"] == bodies[0].imu.link


def test_a_start_up_looks_at_the_tilt_of_the_base_and_not_of_the_torso(robot):
    """Bent by 0.69 rad at the waist with the base level, and the other way round."""
    mock, (_, roll, pitch) = MockRobot(robot), robot.groups["waist"]
    posture = robot.default_position.copy()
    posture[[roll, pitch]] = 0.5
    bent = mock._turned(replace(mock.reset(0), joint_position=posture), posture)
    level = replace(bent, imu_orientation=mock.reset(0).imu_orientation)
    assert StartUp(robot)._unrest(bent) == ""
    assert StartUp(robot)._unrest(level) == "the base is tilted by 0.69 rad"


@pytest.mark.parametrize(
    ("which", "kind", "speed", "engine"),
    [
        ("g1", "invariant_ekf", 0.5, "pybullet"),
        ("g1", "leg_odometry", 0.5, "mujoco"),
        ("talos", "invariant_ekf", 0.3, "mujoco"),
    ],
)
def test_it_walks_by_it_and_knows_how_fast(folders, which, kind, speed, engine):
    """With its IMU on the base the velocity is known to 2 mm/s; joint speeds of the waist add."""
    segments = (VelocitySegment(at=0.5, x=speed),)
    scenario = Scenario(duration=3.5, velocity=segments, noise="nominal", delay=0.008)
    setup = WalkSetup(scenario, robot=folders[which], engine=engine, full_rate=True)
    record = walk(replace(setup, walked_on=kind), 0).record
    assert record["time"][-1] == pytest.approx(3.5, abs=0.01), "it fell"
    assert (np.diff(record["action"]) == 0).all()
    rotations = [rotation_from_quaternion(q) for q in record["base_orientation"].tolist()]
    told = record["estimated_velocity"]
    true = np.einsum("kji,kj->ki", np.array(rotations), record["base_velocity"])
    error = np.sqrt(((told - true)[500:] ** 2).mean(axis=0))
    limit = 0.005 if kind == "invariant_ekf" else 0.02
    assert (error < limit).all(), error
