"""``diagnostics_agg``: what the nodes of this robot say of their health, as one tree."""

from __future__ import annotations

from collections.abc import Mapping

from rclpy.node import Node

from wm_bringup.host import clock
from wm_bringup.nodes.support.qos import publisher, subscribe_bytes
from wm_bringup.wire.cdr import MessageError
from wm_bringup.wire.diagnostic_tree import DiagnosticTree, decode_diagnostics
from wm_bringup.wire.messages import encode_diagnostics
from wm_bringup.wire.topics import AGGREGATED, DIAGNOSTICS

PERIOD = 1.0
"""Between two messages [s]."""


class Aggregated:
    """Hears ``/diagnostics`` on a node and publishes the tree from there."""

    def __init__(self, node: Node, process_of: Mapping[str, str]) -> None:
        """process_of: name of the process, by node, where it is not the node's own."""
        self._node = node
        self._tree = DiagnosticTree(node.get_namespace(), process_of)
        self._publisher = publisher(node, AGGREGATED)
        subscribe_bytes(node, DIAGNOSTICS, self._take)
        node.create_timer(clock.real(PERIOD), self._publish)

    def _take(self, data: bytes) -> None:
        try:
            self._tree.see(decode_diagnostics(data), clock.monotonic())
        except MessageError:
            return  # of somebody else's: every one of ours can be read

    def _publish(self) -> None:
        stamp = clock.wall()
        tree = self._tree.statuses(clock.monotonic())
        self._publisher.publish(encode_diagnostics(stamp, tree))
