"""Health for /diagnostics: a status is a level, one line for people, and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

from wm_bringup.cdr import split_stamp
from wm_bringup.topics import DIAGNOSTICS
from wm_control.nodes.qos import publisher


class Level(Enum):
    """Levels of diagnostic_msgs/DiagnosticStatus, which wants them as single bytes."""

    OK = b"\x00"
    WARN = b"\x01"
    ERROR = b"\x02"


def status(
    name: str,
    level: Level,
    message: str,
    values: Mapping[str, object] | None = None,
    hardware: str = "",
) -> DiagnosticStatus:
    """Build one status; numbers are written with six digits."""
    pairs = [KeyValue(key=key, value=_text(value)) for key, value in (values or {}).items()]
    return DiagnosticStatus(
        name=name, level=level.value, message=message, hardware_id=hardware, values=pairs
    )


def array(statuses: Sequence[DiagnosticStatus], stamp: float) -> DiagnosticArray:
    """Build one message."""
    message = DiagnosticArray(status=list(statuses))
    message.header.stamp.sec, message.header.stamp.nanosec = split_stamp(stamp)
    return message


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


class Health:
    """Publishes a node's statuses; their names begin with the node's, the robot is hardware_id."""

    def __init__(self, node: Node) -> None:
        """Create the publisher."""
        self._node = node
        self._publisher = publisher(node, DIAGNOSTICS)
        self._hardware = node.get_namespace()

    def publish(
        self, part: str, level: Level, message: str, values: Mapping[str, object] | None = None
    ) -> None:
        """Publish one status now."""
        name = f"{self._node.get_name()}: {part}"
        stamp = 1e-9 * self._node.get_clock().now().nanoseconds
        self._publisher.publish(
            array([status(name, level, message, values, self._hardware)], stamp)
        )
