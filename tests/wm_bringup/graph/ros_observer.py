"""An independent participant: what another process on the same ROS domain sees of the graph."""

from __future__ import annotations

import math
import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Twist
from rcl_interfaces.srv import SetParameters
from rclpy.experimental import EventsExecutor
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger

from wm_bringup.nodes.support.qos import message_class
from wm_bringup.wire.topics import DECISION, DIAGNOSTICS, Topic

PATIENCE = 60.0
"""How long anything may take on a machine that is busy with other things [s]."""

ASK_AGAIN = 5.0
"""A service that has not answered for so long is asked again [s]."""


class Observer:
    """Counts and keeps messages; every wait has a generous end and says what it waited for."""

    def __init__(self, domain: int, namespace: str = "") -> None:
        self.context = rclpy.Context()
        rclpy.init(
            context=self.context,
            domain_id=domain,
            signal_handler_options=SignalHandlerOptions.NO,
        )
        self.node = rclpy.create_node("observer", namespace=namespace, context=self.context)
        self.executor = EventsExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.count: dict[str, int] = defaultdict(int)
        self.kept: dict[str, deque[bytes]] = defaultdict(lambda: deque(maxlen=5000))
        self.health: dict[str, Any] = {}
        self.node.create_subscription(
            DiagnosticArray, DIAGNOSTICS.name, self._take_health, QoSProfile(depth=100)
        )
        self._drive = self.node.create_publisher(Twist, "cmd_vel", 1)

    def close(self) -> None:
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)

    def _take_health(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self.health[status.name] = status

    def listen(self, *topics: Topic) -> None:
        """Keep every message of these topics, as bytes."""
        for topic in topics:
            self.node.create_subscription(
                message_class(topic),
                topic.name,
                self._keeper(topic.name),
                QoSProfile(depth=500, reliability=ReliabilityPolicy.RELIABLE),
                raw=True,
            )

    def _keeper(self, name: str) -> Callable[[bytes], None]:
        def keep(data: bytes) -> None:
            self.count[name] += 1
            self.kept[name].append(data)

        return keep

    def spin(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.02)

    def until(self, what: str, condition: Callable[[], Any], patience: float = PATIENCE) -> Any:
        """Spin until the condition is true, and return it."""
        end = time.monotonic() + patience
        while not (result := condition()):
            assert time.monotonic() < end, f"waited {patience:g} s in vain for {what}"
            self.executor.spin_once(timeout_sec=0.02)
        return result

    def more(self, topic: Topic, n: int = 50) -> list[bytes]:
        """Wait for ``n`` more messages of a topic and return them."""
        goal = self.count[topic.name] + n
        self.until(f"{n} messages on {topic.name}", lambda: self.count[topic.name] >= goal)
        return list(self.kept[topic.name])[-n:]

    def drive(self, x: float, y: float = 0.0, yaw: float = 0.0) -> None:
        message = Twist()
        message.linear.x, message.linear.y, message.angular.z = x, y, yaw
        self._drive.publish(message)

    def call(self, service: str, kind: type = Trigger, request: Any = None) -> Any:
        """Ask until there is an answer; every service of the graph may be asked twice.

        An answer that is sent before the server has discovered this client is lost.
        """
        client = self.node.create_client(kind, service)
        self.until(f"service {service}", client.service_is_ready)
        futures: list[Any] = []
        asked = -math.inf

        def answered() -> Any:
            nonlocal asked
            if time.monotonic() >= asked + ASK_AGAIN:
                asked = time.monotonic()
                futures.append(client.call_async(request or kind.Request()))
            return next((future for future in futures if future.done()), None)

        found = self.until(f"answer of {service}", answered)
        self.node.destroy_client(client)
        return found.result()

    def set_parameter(self, node: str, name: str, value: Any) -> Any:
        """As ``ros2 param set`` does; returns the result with successful and reason."""
        request = SetParameters.Request()
        request.parameters = [Parameter(name, value=value).to_parameter_msg()]
        return self.call(f"{node}/set_parameters", SetParameters, request).results[0]

    def said(self, name: str) -> str:
        """Newest line of a health status; empty before there was one."""
        return self.health[name].message if name in self.health else ""

    def decision(self) -> dict[str, str]:
        """Values of the newest decision reported by the arbiter."""
        status = self.health.get("arbiter: decision")
        return {pair.key: pair.value for pair in status.values} if status else {}

    def proposals(self) -> dict[str, dict[str, str]]:
        """Values of each proposal in the next arbiter/decision, by controller; listen to it."""
        decision = deserialize_message(self.more(DECISION, 1)[-1], message_class(DECISION))
        begin = "arbiter: proposal of "
        return {
            status.name.removeprefix(begin): {pair.key: pair.value for pair in status.values}
            for status in decision.status
            if status.name.startswith(begin)
        }
