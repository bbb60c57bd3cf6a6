"""What plays a bag for people: the player, and one of the tools that show what it plays."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass as schema

from wm_bringup.bags.stream import BagStream, topic_named
from wm_bringup.wire.topics import TF
from wm_control.configuration.parameters import STRICT, load_parameters
from wm_control.configuration.share import DEFAULT_ROBOT, ROBOT_HELP
from wm_control.errors import ParameterError, WmError
from wm_control.robot.description import load_robot

Viewer = Literal["none", "foxglove", "plotjuggler", "rviz"]

VIEWERS: Final[Mapping[str, tuple[str, str]]] = {
    "foxglove": ("foxglove_bridge", "foxglove_bridge"),
    "plotjuggler": ("plotjuggler", "plotjuggler"),
    "rviz": ("rviz2", "rviz2"),
}
"""Package and executable of each tool; Foxglove itself connects to the bridge's port 8765."""

ORIGIN: Final = "launch arguments"


class CannotPlayError(WmError):
    """What is needed to play a bag is not there."""


@schema(frozen=True, slots=True, kw_only=True, config=STRICT)
class PlayArguments:
    """Arguments of ``replay.launch.py``."""

    bag: str = Field(description="folder, .mcap or .db3")
    viewer: Viewer = Field(
        default="none", description="what shows it: foxglove, plotjuggler, rviz or none"
    )
    rate: float = Field(default=1.0, gt=0.0, le=100.0, description="times the recorded speed")
    loop: bool = Field(default=False, description="begin again at the end")
    robot: str = Field(default=DEFAULT_ROBOT, description=ROBOT_HELP)


@dataclass(frozen=True, slots=True)
class Playing:
    """The command of the player; package and executable of the viewer, empty without one.

    urdf: of the robot, for robot_state_publisher beside RViz and Foxglove; empty without those, and
    where the bag says itself where the links are.
    """

    command: tuple[str, ...]
    viewer: tuple[str, ...]
    urdf: str


def play_arguments(given: Mapping[str, object]) -> PlayArguments:
    """Check what was given; ParameterError names what is not allowed."""
    return load_parameters(PlayArguments, dict(given), origin=ORIGIN)


def play_descriptions() -> dict[str, str]:
    """Name and one sentence of every argument."""
    properties = TypeAdapter(PlayArguments).json_schema()["properties"]
    return {name: str(entry["description"]) for name, entry in properties.items()}


def playing(arguments: PlayArguments) -> Playing:
    """Say what to start; BagError for no bag, CannotPlayError without ``ros2``."""
    stream = BagStream(Path(arguments.bag))
    if not stream.msgtypes:
        why = "; ".join(stream.problems) or "it holds no messages"
        raise ParameterError("bag", arguments.bag, f"cannot be played: {why}", ORIGIN)
    if shutil.which("ros2") is None:
        raise CannotPlayError(
            "playing needs ROS 2 with ros2cli and rosbag2; without, open the bag in Foxglove or "
            "PlotJuggler itself"
        )
    command = ["ros2", "bag", "play", arguments.bag, "--clock", "100", "--rate"]
    command += [f"{arguments.rate:g}", *(["--loop"] if arguments.loop else [])]
    shown = arguments.viewer in ("foxglove", "rviz") and not topic_named(TF.name, stream.msgtypes)
    urdf = load_robot(arguments.robot).visual_urdf if shown else ""
    return Playing(tuple(command), VIEWERS.get(arguments.viewer, ()), urdf)
