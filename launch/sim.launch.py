"""The whole graph in simulation: ros2 launch wm_humanoid sim.launch.py velocity:='0.5 0 0'.

Arguments, processes and environment come from wm_bringup.graph, as those of ``wm run`` do.
"""

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from wm_bringup.graph import (
    Graph,
    Process,
    argument_defaults,
    argument_descriptions,
    describe,
    graph_arguments,
)


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
    values = {name: LaunchConfiguration(name).perform(context) for name in argument_defaults()}
    graph = describe(graph_arguments(values))
    return [node(process, graph) for process in graph.processes]


def node(process: Process, graph: Graph) -> Node:
    """One process; its nodes name themselves."""
    return Node(
        package="wm_humanoid",
        executable=process.executable,
        namespace=graph.namespace,
        arguments=list(process.arguments),
        parameters=[_plain(process)] if process.parameters else [],
        additional_env=dict(graph.environment),
        output="screen",
        sigterm_timeout="8",
        on_exit=[Shutdown(reason=f"{process.name} ended")] if process.vital else None,
    )


def _plain(process: Process) -> dict[str, str | list[str]]:
    """Parameters as launch_ros wants them: lists, not tuples."""
    given = process.parameters.items()
    return {key: value if isinstance(value, str) else list(value) for key, value in given}
