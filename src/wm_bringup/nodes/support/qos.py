"""Quality of service of rclpy, from the one table of topics."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription

from wm_bringup.nodes.support import message_types
from wm_bringup.nodes.support.followed import of_one_publisher
from wm_bringup.wire.topics import PUBLISHER, SUBSCRIBER, Quality, Topic, steers


def profile(quality: Quality) -> QoSProfile:
    """Translate plain words."""
    reliable, best_effort = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT
    latched, volatile = DurabilityPolicy.TRANSIENT_LOCAL, DurabilityPolicy.VOLATILE
    return QoSProfile(
        depth=quality.depth,
        reliability=reliable if quality.reliable else best_effort,
        durability=latched if quality.latched else volatile,
    )


def message_class(topic: Topic) -> type:
    """Class of a topic's messages; MessageTypeError where it cannot be had."""
    return message_types.message_class(topic.type)


def publisher(node: Node, topic: Topic) -> Publisher:
    """Create the publisher that the table asks for; it takes messages or their bytes.

    MessageTypeError for one of ``FOR_VIEWERS`` where its type cannot be had.
    """
    return node.create_publisher(message_class(topic), topic.name, profile(PUBLISHER[topic.flow]))


def subscribe_bytes(node: Node, topic: Topic, callback: Callable[[bytes], None]) -> Subscription:
    """Subscribe as the table says; ``callback(data: bytes)``.

    What steers the robot is heard from one publisher only.
    """
    return node.create_subscription(
        message_class(topic),
        topic.name,
        of_one_publisher(node, topic.name, callback) if steers(topic) else callback,
        profile(SUBSCRIBER[topic.flow]),
        raw=True,
    )
