"""What cannot come up is refused before a process starts, in one line that says the cure."""

from __future__ import annotations

import os
import re

import pytest

from wm_bringup.graph.preflight import hints, preflight
from wm_bringup.graph.processes import graph_arguments
from wm_control.errors import WmError

PHASED = "pushes: [{impulse: [10, 0, 0], at: 3, phase: 0.5}]\n"


def refusal(environment=os.environ, **given):
    with pytest.raises(WmError) as error:
        preflight(graph_arguments(given), environment)
    return str(error.value)


def without(*names, **more):
    return {k: v for k, v in os.environ.items() if k not in names} | more


def test_what_can_come_up_passes(tmp_path):
    preflight(graph_arguments({"record": str(tmp_path / "new" / "bag"), "scenario": "rough"}))


@pytest.mark.parametrize("arguments", [{"gui": True}, {"gui": "true", "controller": "policy"}])
def test_a_window_needs_a_display(arguments):
    assert "DISPLAY" in refusal(without("DISPLAY"), **arguments)
    preflight(graph_arguments(arguments), without(DISPLAY=":0"))


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (without("HOME", "ROS_HOME", "ROS_LOG_DIR"), "neither ROS_LOG_DIR nor HOME is set"),
        (without("ROS_HOME", "ROS_LOG_DIR", HOME=""), "neither ROS_LOG_DIR nor HOME is set"),
        (without("ROS_HOME", "ROS_LOG_DIR", HOME="/proc/nobody"), "/proc/nobody/.ros/log"),
        (without("ROS_LOG_DIR", ROS_HOME="/dev/null"), "/dev/null/log"),
        (without("HOME", ROS_LOG_DIR="~/logs"), "neither ROS_LOG_DIR nor HOME is set"),
    ],
    ids=["no HOME", "empty HOME", "HOME that cannot be", "ROS_HOME that is a file", "~ of nobody"],
)
def test_without_a_place_for_ros_logs_the_cure_is_named(environment, said):
    line = refusal(environment)
    assert said in line
    assert "export ROS_LOG_DIR=" in line


def test_with_a_place_for_its_logs_ros_needs_no_home(tmp_path):
    preflight(graph_arguments(), without("HOME", ROS_LOG_DIR=str(tmp_path / "logs")))
    assert (tmp_path / "logs").is_dir()


@pytest.mark.parametrize("domain", ["233", "-1", "abc", "1.5"])
def test_a_domain_that_dds_has_no_ports_for_is_refused(domain):
    assert f"ROS_DOMAIN_ID={domain}: must be" in refusal(without(ROS_DOMAIN_ID=domain))
    preflight(graph_arguments(), without(ROS_DOMAIN_ID="232"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"fault": "plan:off@4", "controller": "policy"}, "mpc neither drives nor runs in shadow"),
        ({"fault": "gyro:nan@1 policy:nan@4"}, "'policy:nan@4' - no effect: policy neither"),
        ({"fault": "left_wing:nan@1"}, "the name of a joint"),
    ],
)
def test_a_fault_of_what_is_not_in_the_graph_is_refused(given, said):
    assert said in refusal(**given)
    preflight(graph_arguments({"fault": "policy:nan@4", "policy": "", "shadow": "policy"}))


def test_a_mock_takes_a_seed_only_for_what_its_faults_lose():
    preflight(graph_arguments({"backend": "mock", "seed": "7", "fault": "plan:drop=0.5@4"}))


def test_so_is_one_of_the_scenario(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("faults: ['policy:nan@4']\n", encoding="utf-8")
    assert "policy neither drives nor runs in shadow" in refusal(scenario=str(path))
    preflight(graph_arguments({"scenario": str(path), "controller": "policy"}))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"seed": 3}, "'seed'"),
        ({"scenario": "rough"}, "'scenario'"),
        ({"truth": True}, "'truth'"),
        ({"gui": True}, "'gui'"),
        ({"engine": "mujoco"}, "'engine'"),
    ],
)
def test_what_means_nothing_to_a_robot_without_physics_is_refused(given, said):
    line = refusal(backend="mock", **given)
    assert said in line
    assert "no effect with backend 'mock'" in line


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "'interface'.*must name the network interface"),
        ({"interface": "lo", "scenario": "rough"}, "'scenario'.*no effect with backend 'unitree'"),
        ({"interface": "lo", "fault": "gyro:nan@1"}, "'fault'.*no effect with backend 'unitree'"),
        ({"interface": "lo", "clock": True}, "'clock'.*no effect with backend 'unitree'"),
    ],
)
def test_a_real_robot_needs_its_network_and_nothing_of_a_simulation(given, said):
    assert re.search(said, refusal(backend="unitree", **given))
    preflight(graph_arguments({"backend": "unitree", "interface": "lo"}))


@pytest.mark.parametrize("given", [{"interface": "lo"}, {"robot_domain": 1}])
def test_a_simulated_robot_has_no_network(given):
    assert "no effect with backend 'simulated'" in refusal(**given)


def test_a_body_that_cannot_be_simulated_and_a_window_that_is_not_there_are_refused(tmp_path):
    (tmp_path / "loaded.yaml").write_text("payload: {mass: 1.0, link: backpack}\n")
    assert "backpack" in refusal(scenario=str(tmp_path / "loaded.yaml"))
    assert "'mujoco' has no window" in refusal(engine="mujoco", gui=True)


def test_wishes_of_a_scripted_operator_are_refused_where_there_is_a_real_one(tmp_path):
    (tmp_path / "wished.yaml").write_text("wishes: [{driver: policy, at: 3}]\n")
    assert "no effect" in refusal(scenario=str(tmp_path / "wished.yaml"))


def test_a_push_at_a_phase_cannot_wait_for_a_policy_whose_phase_nobody_knows(tmp_path):
    (tmp_path / "phased.yaml").write_text(PHASED)
    scenario = str(tmp_path / "phased.yaml")
    assert "phase" in refusal(controller="policy", scenario=scenario)
    preflight(graph_arguments({"controller": "mpc", "scenario": scenario}))
    preflight(graph_arguments({"controller": "policy+mpc", "scenario": scenario}))


def test_a_driver_is_nobodys_shadow():
    assert "no effect: policy drives already" in refusal(controller="hybrid", shadow="policy")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"record": "there"}, "record there: is there already"),
        ({"record": "a_file"}, "record a_file: is there already"),
        ({"record": "a_file/bag"}, "a_file is a file, not a folder"),
        ({"record": "dangling"}, "record dangling: is there already"),
        ({"latency": "l.csv"}, r"latency l.csv: the name must end in .npz"),
        ({"latency": "there.npz"}, "is a folder, not a file"),
        ({"latency": "a_file/l.npz"}, "a_file is a file, not a folder"),
        ({"policy": "gone.onnx"}, "no such file or folder"),
        ({"policy": "there", "overlay": "gone.yaml"}, "'overlay'.*no such file"),
        ({"policy": "there", "overlay": "there"}, "'overlay'.*no such file"),
        ({"overlay": "a_file"}, "no effect without a policy"),
    ],
)
def test_files_and_folders_are_looked_at_first(given, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    (tmp_path / "there.npz").mkdir()
    (tmp_path / "a_file").write_text("")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    line = refusal(**given)
    assert re.search(said, line), line
    assert "\n" not in line


def test_people_are_told_how_to_drive_and_how_to_stop():
    said = "\n".join(hints(graph_arguments({"namespace": "r1", "arm": False})))
    assert "Ctrl-C" in said
    assert "/r1/cmd_vel" in said
    assert "wm_bringup.cli teleop --namespace r1" in said
    assert "/r1/arbiter/arm" in said
    assert "/r1/arbiter/stop" in said


def test_a_robot_that_is_driven_already_needs_no_driver():
    said = "\n".join(hints(graph_arguments({"velocity": "0.5 0 0"})))
    assert "cmd_vel" not in said
    assert "/arbiter/stop" in said


def test_another_body_than_the_controlled_one_is_said(tmp_path):
    scenario = tmp_path / "other.yaml"
    scenario.write_text("name: other\nbody: {robot: g1/mode_11.yaml}\n")
    said = "\n".join(hints(graph_arguments({"scenario": str(scenario)})))
    assert "wm: simulated is 'g1_mode_11'" in said
    assert "torque limit [N·m]: left_hip_pitch_joint 139 (believed 88)" in said


def test_velocities_of_a_scenario_are_said_not_to_drive_the_graph():
    said = "\n".join(hints(graph_arguments({"scenario": "rough"})))
    assert "velocities of scenario 'rough' are for wm walk" in said
    assert "velocities" not in "\n".join(hints(graph_arguments({"scenario": "nominal"})))


@pytest.mark.parametrize(
    ("controller", "velocity", "said"),
    [
        ("mpc", "2 0 0", "velocity command 2 0 0 reduced to 1.1 0 0"),
        ("mpc", "-1,0,0", "velocity command -1 0 0 reduced to -0.8 0 0"),
        ("policy", "0 0.9 0", "velocity command 0 0.9 0 reduced to 0 0.36 0"),
        ("mpc", "1.1 0 0", ""),
        ("mpc", "", ""),
    ],
)
def test_a_velocity_that_the_gate_gives_in_part_is_told_at_the_start(controller, velocity, said):
    arguments = graph_arguments({"controller": controller, "velocity": velocity})
    told = [line for line in hints(arguments) if "reduced" in line]
    assert [line.startswith(f"wm: {said}: ") for line in told] == ([True] if said else [])
