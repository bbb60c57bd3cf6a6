"""Subscriptions that no executor wakes up for: what has come is taken when somebody looks."""

from __future__ import annotations

from collections.abc import Iterator

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile

from wm_bringup.nodes.support.qos import message_class
from wm_bringup.wire.topics import Topic


class HandsOff(CallbackGroup):
    """A group that no executor may touch: its subscriptions are polled."""

    def can_execute(self, entity: object) -> bool:
        """Never."""
        return False

    def beginning_execution(self, entity: object) -> bool:
        """Never."""
        return False

    def ending_execution(self, entity: object) -> None:
        """Nothing to end."""


class Polled:
    """One topic that is looked at now and then; no message costs anything before."""

    def __init__(self, node: Node, topic: Topic, quality: QoSProfile) -> None:
        """Subscribe."""
        self.topic = topic
        self._class = message_class(topic)
        self._subscription = node.create_subscription(
            self._class,
            topic.name,
            lambda _: None,
            quality,
            raw=True,
            callback_group=HandsOff(),
        )

    def take(self) -> Iterator[bytes]:
        """Yield what has come since the last look."""
        while True:
            with self._subscription.handle:
                taken = self._subscription.handle.take_message(self._class, True)
            if taken is None:
                return
            yield taken[0]
