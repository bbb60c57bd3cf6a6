"""Node ``velocity_source``: one velocity command on ``cmd_vel``, again and again.

For launch files and scripts; people use teleop_twist_keyboard. When it ends, the robot stops.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rclpy.node import Node

from wm_bringup.host import clock
from wm_bringup.nodes.support import process
from wm_bringup.nodes.support.arguments import own_words
from wm_bringup.nodes.support.qos import publisher
from wm_bringup.wire.messages import encode_twist
from wm_bringup.wire.topics import CMD_VEL
from wm_control.types import VelocityCommand

PERIOD = 0.1


class VelocitySource:
    """The node; ``process.RunningPart``."""

    def __init__(self, command: VelocityCommand) -> None:
        """Begin publishing."""
        self.node = Node("velocity_source")
        self.nodes = (self.node,)
        self._message = encode_twist(command)
        self._publisher = publisher(self.node, CMD_VEL)
        self.node.create_timer(clock.real(PERIOD), self._publish)

    def _publish(self) -> None:
        self._publisher.publish(self._message)

    def close(self) -> int:
        """Ask for a stop, for whoever hears it in time."""
        self._publisher.publish(encode_twist(VelocityCommand()))
        return process.OK


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="velocity_source", description=__doc__)
    parser.add_argument("--velocity", nargs=3, type=float, default=(0.0, 0.0, 0.0))
    own = parser.parse_args(own_words("velocity_source", arguments))
    command = VelocityCommand(*own.velocity)
    return process.run("velocity_source", arguments, lambda _: VelocitySource(command))


if __name__ == "__main__":
    sys.exit(main())
