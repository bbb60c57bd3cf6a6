"""The graph on a real robot: ros2 launch wm_humanoid hardware.launch.py interface:=eth0.

As sim.launch.py, with another backend: nothing is sent before /robot/ready is called, and nothing
drives before /arbiter/arm is (docs/deployment.md).
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import PathJoinSubstitution, ThisLaunchFileDir

from wm_bringup.graph.processes import argument_descriptions, graph_arguments

REAL = ("backend", "arm")
"""Arguments that are others on a real robot."""


def generate_launch_description() -> LaunchDescription:
    """Declare what is different; the rest is that of the other file."""
    real, descriptions = graph_arguments({"backend": "unitree"}), argument_descriptions()
    declared = [
        DeclareLaunchArgument(
            name,
            default_value=str(getattr(real, name)).lower(),
            description=descriptions[name],
        )
        for name in REAL
    ]
    graph = PathJoinSubstitution([ThisLaunchFileDir(), "sim.launch.py"])
    return LaunchDescription(
        [*declared, IncludeLaunchDescription(PythonLaunchDescriptionSource(graph))]
    )
