"""One description, two ways to start it: what ``wm run`` starts is what the launch file starts."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import fields
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import rclpy

from wm_bringup.graph.processes import (
    GraphArguments,
    Process,
    command_line,
    describe,
    graph_arguments,
    ros_arguments,
)
from wm_bringup.nodes.support.parameters import declare_typed
from wm_control.errors import ParameterError, WmError

ROOT = Path(__file__).parents[3]


class Recorded:
    """Stands in for any class of launch: remembers what it was constructed with."""

    def __init__(self, *positional, **named) -> None:
        self.positional, self.named = positional, named


class LaunchConfiguration(Recorded):
    def perform(self, context):
        return context.values[self.positional[0]]


def stand_ins():
    """Modules with the names that the launch file imports."""
    kinds = {
        "launch": ("LaunchContext", "LaunchDescription"),
        "launch.actions": ("DeclareLaunchArgument", "OpaqueFunction", "Shutdown"),
        "launch.substitutions": (),
        "launch_ros": (),
        "launch_ros.actions": ("Node",),
    }
    modules = {}
    for name, classes in kinds.items():
        module = ModuleType(name)
        for kind in classes:
            setattr(module, kind, type(kind, (Recorded,), {}))
        modules[name] = module
    modules["launch.substitutions"].LaunchConfiguration = LaunchConfiguration
    return modules


TEXTS = (
    "walk #1", "20261125", "1e5", "yes", "null", "~", "a: b", "it's", 'say "x"', "-lead", "größe",
    "run #3/x.onnx", "0x10", "1_000", "[a]", "{}", " spaced ", "a\nb", "tab\tx", "back\\slash",
    "line\x85end", "x\x7fy", "\u2028", "😀",
    "%d", "!!int 3", "&a", "*a", "$(x)", "a:=b", "'q'", "nan", ".inf", "2026-11-25", "12:30:00",
)  # fmt: skip
"""Text that YAML reads as something else, or not at all."""


@pytest.fixture
def launch_file(monkeypatch):
    for name, module in stand_ins().items():
        monkeypatch.setitem(sys.modules, name, module)
    path = ROOT / "launch" / "sim.launch.py"
    spec = importlib.util.spec_from_file_location("sim_launch", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def launched(launch_file, given):
    """Nodes that ``ros2 launch ... key:=value`` would start."""
    description = launch_file.generate_launch_description().positional[0]
    declared = {a.positional[0]: a.named["default_value"] for a in description[:-1]}
    argv = [f"{name}:={value}" for name, value in given.items()]
    context = SimpleNamespace(values={**declared, **given}, argv=argv)
    return description[-1].named["function"](context)


CHOICES = [
    {},
    {"velocity": "0.5 0 -0.1", "record": "bag", "gui": "true"},
    {"namespace": "robot_1", "record": "true", "velocity": "0.1,0,0"},
    {"backend": "mock", "arm": "false", "clock": "true"},
    {"seed": "7", "truth": "true", "record": "walk #1"},
    {"engine": "mujoco"},
    {"backend": "unitree", "interface": "lo", "robot_domain": "1"},
]


@pytest.mark.parametrize("given", CHOICES)
def test_the_launch_file_and_wm_run_start_the_same_processes(launch_file, given, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    graph = describe(graph_arguments(given))
    nodes = launched(launch_file, given)
    assert [n.named["executable"] for n in nodes] == [p.executable for p in graph.processes]
    for node, process in zip(nodes, graph.processes, strict=True):
        assert node.named["package"] == "wm_humanoid"
        assert node.named["arguments"] == list(process.arguments)
        assert node.named["namespace"] == graph.namespace
        assert node.named["additional_env"] == graph.environment
        assert "name" not in node.named, "it would rename every node of the process"
        ros = ros_arguments(process, "")
        assert node.named["ros_arguments"] == [part for part in ros if part != "--ros-args"]


@pytest.mark.parametrize(
    ("given", "arms"),
    [
        ({}, True),
        ({"arm": ""}, True),
        ({"arm": "false"}, False),
        ({"backend": "unitree"}, False),
        ({"backend": "unitree", "arm": ""}, False),
        ({"backend": "unitree", "arm": "true"}, True),
    ],
)
def test_a_real_robot_is_armed_only_when_somebody_says_so(given, arms):
    (control, *_) = describe(graph_arguments(given)).processes
    assert ("--arm" in control.arguments) is arms


def test_processes_of_a_real_robot_cannot_be_asked_for_faults():
    graph = describe(graph_arguments({"backend": "unitree", "controller": "hybrid"}))
    assert not any("--faults" in process.arguments for process in graph.processes)


def test_hardware_launch_is_the_same_file_with_another_backend(launch_file, monkeypatch):
    for name in ("launch.launch_description_sources",):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    for module, kinds in {
        "launch.actions": ("IncludeLaunchDescription",),
        "launch.launch_description_sources": ("PythonLaunchDescriptionSource",),
        "launch.substitutions": ("PathJoinSubstitution", "ThisLaunchFileDir"),
    }.items():
        for kind in kinds:
            monkeypatch.setattr(
                sys.modules[module], kind, type(kind, (Recorded,), {}), raising=False
            )
    path = ROOT / "launch" / "hardware.launch.py"
    spec = importlib.util.spec_from_file_location("hardware_launch", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    backend, included = module.generate_launch_description().positional[0]
    assert backend.positional == ("backend",)
    assert backend.named["default_value"] == "unitree"
    source = included.positional[0].positional[0]
    assert source.positional[0][1] == launch_file.FILES[0] == "sim.launch.py"


def test_every_process_that_loses_messages_on_purpose_is_given_the_seed_of_the_run():
    faults = "plan:drop=0.5@1 policy:drop=0.5@1 command:drop=0.1@1"
    graph = describe(graph_arguments({"controller": "hybrid", "seed": "7", "fault": faults}))
    for process in graph.processes:
        assert process.arguments.count("--seed=7") == 1


@pytest.fixture
def typed_for_us(monkeypatch):
    """As ``ros2 launch`` is called, and not from within another launch file."""
    monkeypatch.setattr(sys, "argv", ["ros2", "launch", "wm_humanoid", "sim.launch.py"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"velocty": "0.5 0 0"}, "'velocty'.*did you mean 'velocity'"),
        ({"Record": "bag"}, "'Record'.*did you mean 'record'"),
        ({"use_sim_time": "true"}, "'use_sim_time'.*known: controller, policy"),
        ({"policy": "no/such/policy.onnx"}, r"'policy'.*no/such/policy\.onnx.*no such file"),
        ({"record": str(ROOT / "README.md")}, r"README\.md: is there already"),
        ({"record": str(ROOT / "README.md" / "bag")}, r"README\.md is a file, not a folder"),
        ({"scenario": "nowhere"}, r"nowhere\.yaml"),
        ({"robot": "nobody"}, "'nobody'"),
        ({"overlay": "o.yaml"}, "'overlay'.*no effect"),
    ],
)
def test_what_cannot_come_up_is_refused_by_the_launch_file_before_anything_starts(
    launch_file, typed_for_us, given, said
):
    with pytest.raises(WmError, match=said):
        launched(launch_file, given)


def test_a_launch_file_that_includes_ours_may_have_arguments_of_its_own(launch_file, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["ros2", "launch", "my_robot", "everything.launch.py"])
    assert launched(launch_file, {"its_own": "1"})


@pytest.mark.parametrize(
    ("name", "code", "ends"),
    [("control", 1, True), ("control", 2, True), ("mpc", 2, True), ("mpc", -9, False)],
)
def test_a_launch_fails_when_the_robot_fell_or_a_process_could_not_start(
    launch_file, name, code, ends
):
    process = next(p for p in describe(graph_arguments()).processes if p.name == name)
    act = launch_file.ending(process)
    if ends:
        with pytest.raises(WmError, match=f"{name} ended with exit code {code}"):
            act(SimpleNamespace(returncode=code), None)
    else:
        assert act(SimpleNamespace(returncode=code), None) == []


def test_a_launch_ends_without_complaint_when_control_was_asked_to(launch_file):
    control = describe(graph_arguments()).processes[0]
    (shutdown,) = launch_file.ending(control)(SimpleNamespace(returncode=0), None)
    assert "control ended" in shutdown.named["reason"]


def test_every_argument_can_be_given_to_the_launch_file_with_its_configured_default(launch_file):
    declared = launch_file.generate_launch_description().positional[0][:-1]
    assert [a.positional[0] for a in declared] == [f.name for f in fields(GraphArguments)]
    configured = graph_arguments()
    for argument in declared:
        default = argument.named["default_value"]
        text = str(getattr(configured, argument.positional[0]))
        assert default == {"True": "true", "False": "false", "None": ""}.get(text, text)
        assert argument.named["description"]


def test_every_argument_is_an_option_of_wm_run():
    import inspect

    from wm_bringup.commands.run import run

    options = set(inspect.signature(run).parameters) - {"slow_motion"}  # that of the clocks
    assert options == {f.name for f in fields(GraphArguments)}


def test_executables_of_the_graph_are_installed_under_the_modules_it_names():
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    graph = describe(graph_arguments({"velocity": "1 0 0", "record": "true"}))
    for process in graph.processes:
        assert f'"{process.executable}": "{process.module}:main"' in setup


def test_a_command_line_is_this_python_the_module_and_the_ros_arguments():
    graph = describe(graph_arguments({"namespace": "/r1/", "record": "b", "velocity": "0.5 0 0"}))
    control, _, recorder, source = graph.processes
    line = command_line(control, graph.namespace)
    assert line[:3] == [sys.executable, "-m", "wm_bringup.nodes.control"]
    assert line[-3:] == ["--ros-args", "-r", "__ns:=/r1"]
    assert "-p" in ros_arguments(recorder, graph.namespace)
    assert 'output:="b"' in ros_arguments(recorder, graph.namespace)
    assert any("/r1/joint_states" in part for part in ros_arguments(recorder, graph.namespace))
    assert source.arguments == ("--velocity", "0.5", "0", "0")


def test_without_velocity_and_record_there_are_two_processes_and_five_nodes():
    graph = describe(graph_arguments())
    assert [p.name for p in graph.processes] == ["control", "mpc"]
    assert len(graph.nodes) == 5


@pytest.mark.parametrize(
    ("asked", "order"),
    [("hybrid", "mpc+policy"), ("mpc+policy", "mpc+policy"), ("policy+mpc", "policy+mpc")],
)
def test_an_order_of_drivers_starts_the_processes_of_all_of_them(asked, order):
    control, mpc, policy = describe(graph_arguments({"controller": asked})).processes
    assert f"--controller={order}" in control.arguments
    assert not any(part.startswith("--shadow") for part in control.arguments)
    assert "whole_body_controller" in control.nodes
    assert mpc.loss == "policy drives, with nobody to rescue it"
    assert policy.loss == "mpc drives, with nobody to rescue it"


def test_a_policy_that_is_named_drives_where_it_may_and_is_no_shadow():
    arguments = graph_arguments({"controller": "hybrid", "policy": "p.onnx"})
    assert (arguments.drivers, arguments.shadows) == (("mpc", "policy"), ())


def test_bags_of_trips_go_beside_the_logs_unless_a_folder_is_named_or_none(monkeypatch):
    monkeypatch.setenv("ROS_LOG_DIR", "/logs")

    def told(**given):
        arguments = describe(graph_arguments(given)).processes[0].arguments
        return [part for part in arguments if part.startswith("--trips")]

    assert told() == ["--trips=/logs/trips"]
    assert told(trips="here") == ["--trips=here"]
    assert told(trips="") == []


def test_the_engine_reaches_the_process_that_has_the_robot():
    control = describe(graph_arguments({"engine": "mujoco"})).processes[0]
    assert "--engine=mujoco" in control.arguments


def test_what_can_be_chosen_is_what_can_be_built():
    from typing import get_args, get_type_hints

    from wm_bringup.cycle.stack import BACKENDS
    from wm_bringup.robots.simulated import ENGINES

    hints = get_type_hints(GraphArguments)
    assert get_args(hints["backend"]) == tuple(BACKENDS)
    assert get_args(hints["engine"]) == tuple(ENGINES)


def test_the_users_environment_wins(monkeypatch):
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    assert describe(graph_arguments()).environment["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "SUBNET"
    monkeypatch.delenv("ROS_AUTOMATIC_DISCOVERY_RANGE")
    assert describe(graph_arguments()).environment["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"velocity": "0.5 0"}, "velocity"),
        ({"velocity": "fast"}, "velocity"),
        ({"velocity": "nan 0 0"}, "velocity"),
        ({"namespace": "1st"}, "namespace"),
        ({"seed": "-1"}, "seed"),
        ({"backend": "anvil"}, "backend"),
        ({"engine": "anvil"}, "engine"),
        ({"controller": "hope"}, "controller"),
        ({"arm": "maybe"}, "arm"),
        ({"speed": "1"}, "speed"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(given, key):
    with pytest.raises(ParameterError, match=key):
        graph_arguments(given)


def test_text_reaches_ros_as_it_was_typed(domain):
    names = [f"k{number}" for number in range(len(TEXTS))]
    parameters = {**dict(zip(names, TEXTS, strict=True)), "all": TEXTS}
    process = Process("p", "p", "p", (), parameters=parameters)
    context = rclpy.Context()
    rclpy.init(args=list(ros_arguments(process, "")), context=context)
    node = rclpy.create_node("reader", context=context)
    try:
        read = [declare_typed(node, name, "") for name in names]
        everything = declare_typed(node, "all", [""])
    finally:
        node.destroy_node()
        rclpy.shutdown(context=context)
    assert tuple(read) == TEXTS
    assert tuple(everything) == TEXTS


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_is_the_name_of_a_bag(text):
    recorder = describe(graph_arguments({"record": text})).processes[-1]
    assert recorder.parameters["output"] == text


@pytest.mark.parametrize("text", ["run #3/x.onnx", "20261125", "null"])
def test_any_text_is_the_file_of_a_policy(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    graph = describe(graph_arguments({"policy": text, "overlay": text}))
    policy = next(p for p in graph.processes if p.name == "policy")
    assert policy.parameters == {"file": str(tmp_path / text), "overlay": str(tmp_path / text)}
    given = {f"--policy={tmp_path / text}", f"--overlay={tmp_path / text}"}
    assert given <= set(graph.processes[0].arguments)  # the loop computes the same one


@pytest.mark.parametrize("text", ["-robot.yaml", "a=b", "--ros-args"])
def test_a_value_is_never_taken_for_an_option(text):
    from wm_bringup.nodes.support.arguments import node_arguments
    from wm_bringup.nodes.support.fault_requests import add_fault_arguments

    mpc = describe(graph_arguments({"robot": text})).processes[1]
    assert node_arguments("mpc", list(mpc.arguments), add_fault_arguments).robot == text


def test_every_process_is_given_the_faults_of_its_own_path(tmp_path):
    path = tmp_path / "faulty.yaml"
    path.write_text("faults: ['plan:nan@9', 'gyro:nan@9', 'clock:nan@9']\n", encoding="utf-8")
    asked = "policy:off@4 plan:off@5+1 mpc:nan@6 imu:stuck@7"
    given = {"fault": asked, "shadow": "policy", "scenario": str(path)}
    graph = describe(graph_arguments(given))
    said = {p.name: [a for a in p.arguments if a.startswith("--fault")] for p in graph.processes}
    assert said == {
        "control": [*(f"--fault={text}" for text in asked.split()), "--faults"],
        "mpc": ["--fault=plan:nan@9", "--fault=plan:off@5+1", "--faults"],
        "policy": ["--fault=policy:off@4", "--faults"],
    }  # the real-time process reads the scenario itself


def test_faults_that_mean_nothing_are_no_arguments():
    with pytest.raises(ParameterError, match="means nothing of plan"):
        graph_arguments({"fault": "plan:explode@4"})


@pytest.mark.parametrize(
    ("velocity", "passed"),
    [
        ("0.5 0 -0.1", ("0.5", "0", "-0.1")),
        ("-1e-5,0,0", ("-0.00001", "0", "0")),
        ("0.1234567891 0 0", ("0.1234567891", "0", "0")),
        (" .3  -0  1_0.5 ", ("0.3", "-0", "10.5")),
    ],
)
def test_a_velocity_keeps_its_digits_and_never_looks_like_an_option(velocity, passed):
    source = describe(graph_arguments({"velocity": velocity})).processes[-1]
    assert source.arguments == ("--velocity", *passed)
