"""Command lines of the nodes, without what is ROS's own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from rclpy.utilities import remove_ros_args

from wm_bringup.cycle.stack import BACKENDS
from wm_bringup.robots.simulated import ENGINES
from wm_control.configuration.share import DEFAULT_ROBOT, ROBOT_HELP


def own_words(name: str, arguments: Sequence[str] | None) -> list[str]:
    """Words of a node's command line that are not for ROS. arguments: None: the process's own."""
    words: list[str] = remove_ros_args(sys.argv if arguments is None else [name, *arguments])
    return words[1:]


def robot_parser(name: str, description: str | None = None) -> argparse.ArgumentParser:
    """Return a parser that knows ``--robot``."""
    parser = argparse.ArgumentParser(prog=name, description=description)
    parser.add_argument("--robot", default=DEFAULT_ROBOT, help=ROBOT_HELP)
    return parser


def add_world_arguments(parser: argparse.ArgumentParser) -> None:
    """Let a process be told what stands for the robot, and what happens to it."""
    parser.add_argument("--backend", default="simulated", choices=tuple(BACKENDS))
    parser.add_argument("--engine", default="pybullet", choices=tuple(ENGINES))
    parser.add_argument("--scenario", default="", help="name or path of a scenario file")
    parser.add_argument("--gui", action="store_true", help="open the simulator's window")
    parser.add_argument("--interface", default="", help="network interface of a real robot")
    parser.add_argument("--robot-domain", type=int, default=0, help="DDS domain of a real robot")


def node_arguments(
    name: str,
    arguments: Sequence[str] | None,
    more: Callable[[argparse.ArgumentParser], None] = lambda _: None,
) -> argparse.Namespace:
    """Read a node's command line. more: adds arguments to ``--robot``."""
    parser = robot_parser(name)
    more(parser)
    return parser.parse_args(own_words(name, arguments))


def robot_argument(name: str, arguments: Sequence[str] | None) -> str:
    """Read ``--robot NAME`` from a node's command line."""
    robot: str = node_arguments(name, arguments).robot
    return robot
