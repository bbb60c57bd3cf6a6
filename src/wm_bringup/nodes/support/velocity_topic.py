"""Topic ``cmd_vel``, of the type that its publishers send: Twist, or TwistStamped as newer ones do.

DDS connects publishers and subscribers of one type only, and a process cannot subscribe to one
topic as two types. So the subscription follows the publishers; who is not heard is named. An
executor holds a subscription for a while after it was destroyed: the next one waits for that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.subscription import Subscription

from wm_bringup.host import clock
from wm_bringup.nodes.support.qos import subscribe_bytes
from wm_bringup.wire.cdr import MessageError
from wm_bringup.wire.messages import decode_twist, decode_twist_stamped
from wm_bringup.wire.topics import CMD_VEL
from wm_control.arbiter.velocity_gate import not_finite
from wm_control.types import VelocityCommand

SEARCH_PERIOD = 0.25
"""Between two looks at who publishes [s]."""

DECODERS: Mapping[str, Callable[[bytes], VelocityCommand]] = {
    CMD_VEL.type: decode_twist,
    "geometry_msgs/msg/TwistStamped": decode_twist_stamped,
}
"""How a velocity command is read, by the type of the message."""


def type_to_hear(heard: str, sent: Mapping[str, str]) -> str:
    """Type to subscribe to: the present one while anybody sends it, else one that we can read.

    sent: type by the full name of each publisher's node.
    """
    readable = sorted(kind for kind in set(sent.values()) if kind in DECODERS)
    return heard if heard in readable or not readable else readable[0]


def complaint(heard: str, sent: Mapping[str, str]) -> str:
    """Name the publishers that are not heard, with their type and ours; empty without any."""
    deaf_to = sorted(f"{node} sends {kind}" for node, kind in sent.items() if kind != heard)
    return f"{', '.join(deaf_to)}: not heard, {CMD_VEL.name} is {heard} here" if deaf_to else ""


class VelocityTopic:
    """Hands on velocity commands; one that a gate will refuse is said once, until a good one."""

    def __init__(self, node: Node, take: Callable[[VelocityCommand], object]) -> None:
        """Subscribe as Twist, until somebody sends something else."""
        self._node, self._take = node, take
        self._heard = CMD_VEL.type
        self._refused = self._complained = ""
        self._subscription: Subscription | None = self._subscribed()
        node.create_timer(clock.real(SEARCH_PERIOD), self._follow_publishers)

    def _subscribed(self) -> Subscription:
        topic = replace(CMD_VEL, type=self._heard)
        return subscribe_bytes(self._node, topic, self._on_bytes)

    def _follow_publishers(self) -> None:
        publishers = self._node.get_publishers_info_by_topic(CMD_VEL.name)
        sent = {f"{p.node_namespace.rstrip('/')}/{p.node_name}": p.topic_type for p in publishers}
        wanted = type_to_hear(self._heard, sent)
        if self._subscription is None:
            self._subscribe_anew()
        elif wanted != self._heard:
            self._heard = wanted
            self._node.destroy_subscription(self._subscription)
            self._subscription = None  # until the next look
        said = complaint(self._heard, sent)
        if said and said != self._complained:
            self._node.get_logger().warning(said)
        self._complained = said

    def _subscribe_anew(self) -> None:
        """Subscribe as another type than before; where ROS refuses, the next look tries again."""
        try:
            self._subscription = self._subscribed()
        except rclpy_implementation.RCLError as error:
            refusal = " ".join(str(error).split())
            self._say_once(f"cannot hear {CMD_VEL.name} as {self._heard} yet: {refusal}")
            return
        self._node.get_logger().info(f"{CMD_VEL.name} is {self._heard} now, as its publishers send")

    def _on_bytes(self, data: bytes) -> None:
        try:
            command = DECODERS[self._heard](data)
        except MessageError as error:
            self._say_once(f"message on {CMD_VEL.name} dropped: {error}")
            return
        self._take(command)
        self._say_once(not_finite(command))

    def _say_once(self, refusal: str) -> None:
        if refusal and refusal != self._refused:
            self._node.get_logger().warning(refusal)
        self._refused = refusal


def listen_to_velocity(node: Node, take: Callable[[VelocityCommand], object]) -> None:
    """Hand on every ``cmd_vel`` of ``node``, see ``VelocityTopic``."""
    VelocityTopic(node, take)
