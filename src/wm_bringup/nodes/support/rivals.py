"""Say who publishes on a topic that steers the robot, if that is more than one."""

from __future__ import annotations

from collections.abc import Sequence

from rclpy.node import Node

from wm_bringup.host import clock
from wm_bringup.nodes.support.diagnostics import Health
from wm_bringup.nodes.support.followed import refused_on
from wm_bringup.wire.messages import Level

REPORT_PERIOD = 1.0
"""Between two looks [s]."""


class RivalWatch:
    """Once a second: names whoever else publishes on topics that only one node may publish on."""

    def __init__(self, node: Node, topics: Sequence[str], listeners: Sequence[Node]) -> None:
        """Begin looking, on ``node``, which reports.

        topics: by name. listeners: our nodes that hear them.
        """
        self._node, self._topics, self._listeners = node, topics, listeners
        self._health = Health(node)
        self._said: tuple[str, ...] = ()
        node.create_timer(clock.real(REPORT_PERIOD), self.look)

    def look(self) -> None:
        """Look, and report; what is new is logged."""
        rivals = tuple(said for topic in self._topics if (said := self._rivals(topic)))
        refused = {t: n for node in self._listeners for t, n in refused_on(node).items()}
        if rivals and rivals != self._said:
            self._node.get_logger().error("; ".join(rivals))
        self._said = rivals
        level = Level.ERROR if rivals else Level.OK
        total = sum(refused.values())
        said = "; ".join(rivals) or "one publisher on every topic that steers the robot"
        if total:
            said += f"; {total} messages of others refused"
        self._health.publish("publishers", level, said, refused)

    def _rivals(self, topic: str) -> str:
        """Say who publishes on a topic, if that is more than one."""
        found = self._node.get_publishers_info_by_topic(topic)
        if len(found) < 2:
            return ""
        names = sorted(f"{p.node_namespace.rstrip('/')}/{p.node_name}" for p in found)
        return f"{len(found)} publishers on {topic}: {', '.join(names)}"
