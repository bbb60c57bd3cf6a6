"""Plays a bag for people: ros2 launch wm_humanoid replay.launch.py bag:=FOLDER viewer:=foxglove.

What is played is what was recorded, at ``rate`` times its speed; where the bag does not say itself
where links are, RViz and Foxglove are told by a robot_state_publisher. Judging a bag needs none of
this: ``wm replay``.
"""

from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess, OpaqueFunction, Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from wm_bringup.graph.playing import play_arguments, play_descriptions, playing
from wm_bringup.graph.processes import refuse_unknown, typed_arguments

DEFAULTS = {"viewer": "none", "rate": "1.0", "loop": "false", "robot": "g1"}


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments; what is started follows from them at launch time."""
    declared = [
        DeclareLaunchArgument(name, default_value=DEFAULTS.get(name), description=description)
        for name, description in play_descriptions().items()
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])


def start(context: LaunchContext) -> list[ExecuteProcess | Node]:
    """Start the player, and what shows it; all ends with the player."""
    names = play_descriptions()
    refuse_unknown(typed_arguments([Path(__file__).name], context.argv), list(names))
    given = {name: LaunchConfiguration(name).perform(context) for name in names}
    asked = play_arguments(given)
    chosen = playing(asked)
    ended = [Shutdown(reason="the bag is over")]
    actions: list[ExecuteProcess | Node] = [
        ExecuteProcess(cmd=list(chosen.command), output="screen", on_exit=ended)
    ]
    simulated = {"use_sim_time": True}
    if chosen.urdf:
        model = ParameterValue(chosen.urdf, value_type=str)
        parameters = [{"robot_description": model, **simulated}]
        actions.append(
            Node(
                package="robot_state_publisher",
                executable="robot_state_publisher",
                parameters=parameters,
            )
        )
    if chosen.viewer:
        package, executable = chosen.viewer
        actions.append(Node(package=package, executable=executable, parameters=[simulated]))
    return actions
