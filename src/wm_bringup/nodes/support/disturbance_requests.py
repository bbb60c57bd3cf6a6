"""Disturbances of a simulated robot in the live graph: asked for on ``disturbances/inject``."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.node import Node

from wm_bringup.nodes.support.diagnostics import Health
from wm_bringup.nodes.support.qos import subscribe_bytes
from wm_bringup.scenarios.disturbance import Disturbance
from wm_bringup.wire.messages import Level, decode_string
from wm_bringup.wire.topics import DISTURBANCES
from wm_control.errors import WmError


class DisturbanceRequests:
    """Hears ``disturbances/inject``; what is done, and why something is not, is on /diagnostics."""

    def __init__(self, node: Node, take: Callable[[Disturbance], object]) -> None:
        """take: passes one on; a WmError refuses."""
        self._node, self._take, self._health = node, take, Health(node)
        subscribe_bytes(node, DISTURBANCES, self._hear)

    def _hear(self, data: bytes) -> None:
        log = self._node.get_logger()
        try:
            what = Disturbance.parse(decode_string(data))
            self._take(what)
        except (ValueError, WmError) as error:
            log.error(f"{DISTURBANCES.name} refused: {error}")
            self._health.publish("disturbances", Level.ERROR, f"refused: {error}")
            return
        log.warning(f"disturbed: {what.text}")
        self._health.publish("disturbances", Level.WARN, what.text)
