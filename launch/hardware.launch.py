"""The graph on a real robot: ros2 launch wm_humanoid hardware.launch.py interface:=eth0.

As sim.launch.py, with another backend: nothing is sent before /robot/ready is called, and nothing
drives before /arbiter/arm is (docs/deployment.md).
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import PathJoinSubstitution, ThisLaunchFileDir

from wm_bringup.graph.processes import argument_descriptions


def generate_launch_description() -> LaunchDescription:
    """Declare the backend before the other file does; all other arguments are declared there."""
    backend = DeclareLaunchArgument(
        "backend", default_value="unitree", description=argument_descriptions()["backend"]
    )
    graph = PathJoinSubstitution([ThisLaunchFileDir(), "sim.launch.py"])
    return LaunchDescription(
        [backend, IncludeLaunchDescription(PythonLaunchDescriptionSource(graph))]
    )
