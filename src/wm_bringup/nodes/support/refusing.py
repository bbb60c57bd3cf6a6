"""Messages that are refused: counted all, and the first of each kind said."""

from __future__ import annotations

from rclpy.node import Node

from wm_control.refusal import Refusal, Refusals


def tell_refusal(node: Node, refusal: Refusal, refusals: Refusals) -> None:
    """Count a refusal, and log the first of its kind."""
    if refusal.what not in refusals.counts:
        node.get_logger().error(refusal.text)
    refusals.add(refusal)
