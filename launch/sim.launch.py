"""The whole graph in simulation: ros2 launch wm_humanoid sim.launch.py velocity:='0.5 0 0'.

Arguments, processes and environment come from wm_bringup.graph.processes, as those of ``wm run``
do; what cannot work is refused before anything starts. ``ros2 launch`` ends with 1 when the robot
fell or a process could not start: it knows no other code than 0 and 1.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from wm_bringup.graph.preflight import preflight
from wm_bringup.graph.processes import (
    Graph,
    Process,
    argument_defaults,
    argument_descriptions,
    describe,
    graph_arguments,
    parameter_arguments,
    refuse_unknown,
    typed_arguments,
)
from wm_bringup.graph.runner import COULD_NOT_START, GraphFailedError

FILES = (Path(__file__).name, "hardware.launch.py")
"""Launch files whose arguments are those of the graph and no others."""


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments; processes follow from their values at launch time."""
    descriptions = argument_descriptions()
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=descriptions[name])
        for name, default in argument_defaults().items()
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])


def start(context: LaunchContext) -> list[Node]:
    """Start the graph that the arguments describe."""
    refuse_unknown(typed_arguments(FILES, context.argv))
    values = {name: LaunchConfiguration(name).perform(context) for name in argument_defaults()}
    arguments = graph_arguments(values)
    preflight(arguments)
    graph = describe(arguments)
    return [node(process, graph) for process in graph.processes]


def node(process: Process, graph: Graph) -> Node:
    """One process; its nodes name themselves."""
    return Node(
        package="wm_humanoid",
        executable=process.executable,
        namespace=graph.namespace,
        arguments=list(process.arguments),
        ros_arguments=list(parameter_arguments(process)),
        additional_env=dict(graph.environment),
        output="screen",
        sigterm_timeout="8",
        on_exit=ending(process),
    )


def ending(process: Process) -> Callable[[Any, LaunchContext], list[Shutdown]]:
    """Say what the end of a process means for all others."""

    def end(event: Any, _: LaunchContext) -> list[Shutdown]:  # noqa: ANN401 - ProcessExited
        code = event.returncode
        if code == COULD_NOT_START or (process.vital and code != 0):
            raise GraphFailedError(f"{process.name} ended with exit code {code}; see above")
        return [Shutdown(reason=f"{process.name} ended")] if process.vital else []

    return end
