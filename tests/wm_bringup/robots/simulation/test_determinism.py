"""The same seed gives the same bytes: again, after another seed, and in a fresh process."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from wm_bringup.robots.pybullet.camera import PyBulletCamera
from wm_bringup.robots.simulated import simulate
from wm_bringup.scenarios.scenario import Body, Ground, Push, Scenario
from wm_control.robot.description import load_robot
from wm_control.types import Command

SCENARIO = Scenario(
    noise="hardware",
    delay=0.008,
    body=Body(mass_spread=0.1, inertia_spread=0.1, length_spread=0.005, friction_spread=0.2),
    ground=Ground(bumps=0.01),
    pushes=(Push(impulse=(4.0, 2.0, 0.0), at=0.2),),
    initial_joint_noise=0.01,
    faults=("gyro:drop=0.3@0.1",),
)


def trace(robot, seed, steps=200):
    """Return a hash over all observations and truths of an episode with a swaying robot."""
    digest = hashlib.sha256()
    g1 = robot.description
    n = len(g1.joint_names)
    observation = robot.reset(seed)
    for k in range(steps):
        target = g1.default_position + 0.1 * np.sin(0.02 * k)
        command = Command(
            observation.stamp,
            observation.sequence,
            target,
            np.zeros(n),
            6.0 * g1.stiffness,
            2.5 * g1.damping,
            np.zeros(n),
        )
        observation = robot.step(command, compute_time=0.0007 + 0.0001 * (k % 5))
        truth = robot.ground_truth()
        for array in (
            observation.joint_position,
            observation.joint_velocity,
            observation.joint_torque,
            observation.imu_orientation,
            observation.imu_angular_velocity,
            observation.imu_linear_acceleration,
            truth.base_position_in_world,
            truth.joint_position,
            truth.foot_wrench,
        ):
            digest.update(array.tobytes())
    return digest.hexdigest()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(engine):
    robot = simulate(load_robot("g1"), SCENARIO, engine)
    first, other, again = trace(robot, 4), trace(robot, 5), trace(robot, 4)
    robot.close()
    assert first == again
    assert first != other


def test_two_robots_in_one_process_do_not_disturb_each_other(engine):
    g1 = load_robot("g1")
    alone = simulate(g1, SCENARIO, engine)
    expected = trace(alone, 4)
    neighbour = simulate(g1, Scenario(), engine)
    neighbour.reset(9)
    for _ in range(20):
        neighbour.step(None)
    assert trace(alone, 4) == expected
    alone.close()
    neighbour.close()


def test_looking_at_the_robot_does_not_change_it(engine):
    g1 = load_robot("g1")
    watched, unwatched = (simulate(g1, SCENARIO, engine) for _ in range(2))
    watched.reset(4)
    unwatched.reset(4)
    camera = PyBulletCamera(g1)
    for _ in range(30):
        t = watched.ground_truth()
        camera.picture(t.base_position_in_world, t.base_orientation, t.joint_position, width=64)
        a, b = watched.step(None), unwatched.step(None)
    assert a.joint_position.tobytes() == b.joint_position.tobytes()
    for one in (camera, watched, unwatched):
        one.close()


def test_a_fresh_process_gives_the_same_bytes(engine):
    robot = simulate(load_robot("g1"), SCENARIO, engine)
    trace(robot, 1, steps=20)
    here = trace(robot, 4)
    robot.close()
    code = (
        "import test_determinism as t\n"
        f"print(t.trace(t.simulate(t.load_robot('g1'), t.SCENARIO, {engine!r}), 4))"
    )
    root = Path(__file__).parents[4]
    paths = [str(root / "src"), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONHASHSEED": "77"}
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=True,
    )
    assert found.stdout.split()[-1] == here
    assert found.stderr == ""
