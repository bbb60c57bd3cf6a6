"""Health of a node on /diagnostics."""

from __future__ import annotations

from collections.abc import Mapping

from rclpy.node import Node

from wm_bringup.host import clock
from wm_bringup.nodes.support.qos import publisher
from wm_bringup.wire.messages import HealthStatus, Level, encode_diagnostics
from wm_bringup.wire.topics import DIAGNOSTICS


class Health:
    """Publishes a node's statuses; their names begin with the node's, the robot is hardware_id."""

    def __init__(self, node: Node) -> None:
        """Create the publisher."""
        self._node = node
        self._publisher = publisher(node, DIAGNOSTICS)

    def publish(
        self, part: str, level: Level, message: str, values: Mapping[str, object] | None = None
    ) -> None:
        """Publish one status now."""
        node = self._node
        status = HealthStatus(
            f"{node.get_name()}: {part}", level, message, values or {}, node.get_namespace()
        )
        stamp = clock.wall()
        self._publisher.publish(encode_diagnostics(stamp, [status]))
