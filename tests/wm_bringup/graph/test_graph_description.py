"""One description, two ways to start it: what ``wm run`` starts is what the launch file starts."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import fields
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from wm_bringup.graph import (
    GraphArguments,
    command_line,
    describe,
    graph_arguments,
    ros_arguments,
)
from wm_control.errors import ParameterError

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
    context = SimpleNamespace(values={**declared, **given})
    return description[-1].named["function"](context)


CHOICES = [
    {},
    {"velocity": "0.5 0 -0.1", "record": "bag", "gui": "true"},
    {"namespace": "robot_1", "record": "true", "velocity": "0.1,0,0"},
    {"backend": "mock", "arm": "false", "seed": "7", "clock": "true", "truth": "true"},
]


@pytest.mark.parametrize("given", CHOICES)
def test_the_launch_file_and_wm_run_start_the_same_processes(launch_file, given):
    graph = describe(graph_arguments(given))
    nodes = launched(launch_file, given)
    assert [n.named["executable"] for n in nodes] == [p.executable for p in graph.processes]
    for node, process in zip(nodes, graph.processes, strict=True):
        assert node.named["package"] == "wm_humanoid"
        assert node.named["arguments"] == list(process.arguments)
        assert node.named["namespace"] == graph.namespace
        assert node.named["additional_env"] == graph.environment
        assert "name" not in node.named, "it would rename every node of the process"
        parameters = {k: v for p in node.named["parameters"] for k, v in p.items()}
        wanted = {k: list(v) if isinstance(v, tuple) else v for k, v in process.parameters.items()}
        assert parameters == wanted
        assert bool(node.named["on_exit"]) == process.vital


def test_every_argument_can_be_given_to_the_launch_file_with_its_configured_default(launch_file):
    declared = launch_file.generate_launch_description().positional[0][:-1]
    assert [a.positional[0] for a in declared] == [f.name for f in fields(GraphArguments)]
    configured = graph_arguments()
    for argument in declared:
        default = argument.named["default_value"]
        assert default == str(getattr(configured, argument.positional[0])).replace(
            "True", "true"
        ).replace("False", "false")
        assert argument.named["description"]


def test_every_argument_is_an_option_of_wm_run():
    import inspect

    from wm_bringup.commands.run import run

    options = set(inspect.signature(run).parameters)
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
    assert "output:=b" in ros_arguments(recorder, graph.namespace)
    assert any("/r1/joint_states" in part for part in ros_arguments(recorder, graph.namespace))
    assert source.arguments == ("--velocity", "0.5", "0", "0")


def test_without_velocity_and_record_there_are_two_processes_and_five_nodes():
    graph = describe(graph_arguments())
    assert [p.name for p in graph.processes] == ["control", "mpc"]
    assert len(graph.nodes) == 5


def test_what_can_be_chosen_is_what_can_be_built():
    from typing import get_args, get_type_hints

    from wm_bringup.parts import BACKENDS, CONTROLLERS

    hints = get_type_hints(GraphArguments)
    assert get_args(hints["backend"]) == tuple(BACKENDS)
    assert get_args(hints["controller"]) == CONTROLLERS


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
        ({"controller": "hope"}, "controller"),
        ({"arm": "maybe"}, "arm"),
        ({"speed": "1"}, "speed"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(given, key):
    with pytest.raises(ParameterError, match=key):
        graph_arguments(given)
