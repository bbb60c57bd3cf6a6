"""The whole stack for robots that are not the G1: other joints, other mass, no waist, no arms."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from talos_folder import robot_yaml, talos_folder

from wm_bringup.cycle import stack
from wm_bringup.cycle.loop import ControlLoop
from wm_bringup.graph.preflight import preflight
from wm_bringup.graph.processes import describe, graph_arguments
from wm_bringup.judging.episodes import WalkSetup, run_episode
from wm_bringup.scenarios.scenario import Scenario, VelocitySegment
from wm_control.controllers.model_based import ModelBasedController
from wm_control.robot.description import load_robot
from wm_control.types import Action, VelocityCommand

WALK = Scenario(duration=3.0, velocity=(VelocitySegment(0.5, 0.3),), noise="nominal", delay=0.008)


@pytest.fixture(scope="module")
def talos(tmp_path_factory):
    return talos_folder(tmp_path_factory.mktemp("robots") / "talos")


@pytest.fixture(scope="module")
def legs(tmp_path_factory):
    """Talos with everything locked but its legs: 12 joints."""
    folder = talos_folder(tmp_path_factory.mktemp("robots") / "legs")
    config = robot_yaml()
    kept = {name: joint for name, joint in config["joints"].items() if "leg" in joint["group"]}
    frozen = {n: joint["default"] for n, joint in config["joints"].items() if n not in kept}
    changed = {**config, "name": "legs", "joints": kept, "locked": {**config["locked"], **frozen}}
    (folder / "robot.yaml").write_text(yaml.safe_dump(changed, sort_keys=False))
    return folder


@pytest.fixture(scope="module")
def stumpy(tmp_path_factory):
    """Talos without ankle roll, waist and arms, but with a head and a gripper: 13 joints."""
    folder = talos_folder(tmp_path_factory.mktemp("robots") / "stumpy")
    config = robot_yaml()
    ankles = {"leg_left_6_joint", "leg_right_6_joint"}
    kept = {
        name: joint
        for name, joint in config["joints"].items()
        if "leg" in joint["group"] and name not in ankles
    }
    more = {"head_1_joint": "head", "head_2_joint": "head", "gripper_left_joint": "gripper"}
    kept |= {name: {"group": group, "actuator": "motor"} for name, group in more.items()}
    frozen = {n: joint["default"] for n, joint in config["joints"].items() if n not in kept}
    still = {name: q for name, q in config["locked"].items() if name not in more}
    changed = {**config, "name": "stumpy", "joints": kept, "locked": still | frozen}
    (folder / "robot.yaml").write_text(yaml.safe_dump(changed, sort_keys=False))
    return folder


@pytest.mark.parametrize(("which", "joints"), [("talos", 28), ("legs", 12), ("stumpy", 13)])
def test_estimator_controller_arbiter_and_filter_hold_a_robot_without_physics(
    which, joints, request
):
    robot = str(request.getfixturevalue(which))
    description = load_robot(robot)
    assert len(description.joint_names) == joints
    mock = stack.build_robot("mock", robot, description, stack.World())
    loop = ControlLoop(
        description,
        stack.build_estimator(description, stack.estimator_parameters(robot)),
        [ModelBasedController(description, stack.model_based_parameters(robot))],
        stack.safety_parameters(robot),
        clock=lambda: 0.0,
    )
    observation = mock.reset(0)
    loop.reset(observation, armed=True)
    for _ in range(5):
        observation = mock.step(loop.last.decision.command if loop.last else None)
        decision = loop.tick(observation, VelocityCommand(), observation.stamp)
    assert decision.action == Action.FALLBACK, decision.causes  # there is no planner
    assert decision.source == "mpc"
    for row in (decision.command.position, decision.command.torque, decision.command.stiffness):
        assert row.shape == (joints,)
        assert np.isfinite(row).all()


@pytest.mark.parametrize(("machine", "engine"), [(4, "pybullet"), (14, "mujoco")])
def test_other_bodies_of_the_g1_walk_as_it_does(machine, engine):
    """23 joints; and a locked waist with heavier wrists."""
    robot = f"g1/mode_{machine}.yaml"
    episode = run_episode(WalkSetup(WALK, robot=robot, engine=engine), 0)
    assert not episode.fell
    assert episode["interventions"] == 0
    assert episode["distance"] >= 0.4


@pytest.mark.parametrize(
    ("which", "engine"),
    [("talos", "pybullet"), ("talos", "mujoco"), ("legs", "pybullet"), ("stumpy", "mujoco")],
)
def test_it_walks_by_configuration_alone(which, engine, request):
    robot = str(request.getfixturevalue(which))
    episode = run_episode(WalkSetup(WALK, robot=robot, engine=engine), 0)
    assert not episode.fell
    assert episode["interventions"] == 0
    assert episode["distance"] >= 0.4  # 0.3 m/s, reached after 0.75 s, for 1.7 s: 0.5 m and more


def test_its_folder_goes_through_the_graph(talos):
    arguments = graph_arguments({"robot": str(talos), "velocity": "0.9 0 0"})
    processes = describe(arguments).processes
    with_robot = [p.name for p in processes if f"--robot={talos}" in p.arguments]
    assert with_robot == ["control", "mpc"]
    preflight(arguments)
