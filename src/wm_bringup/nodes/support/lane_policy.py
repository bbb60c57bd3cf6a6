"""Which policy the lane in the real-time process is to follow: what the policy node runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from rcl_interfaces.msg import ParameterEvent
from rclpy.node import Node
from rclpy.qos import qos_profile_parameter_events

from wm_bringup.cycle.loop_messages import LanePolicy
from wm_bringup.cycle.stack import named_policy
from wm_control.drivers import POLICY
from wm_control.errors import WmError
from wm_control.robot.description import RobotDescription


def lane_policy(description: RobotDescription, file: str, overlay: str) -> LanePolicy:
    """Load and check a policy for the lane; PolicyError when it may not start."""
    policy = named_policy(description, file, overlay)
    # What its file says beside the network is in the manifest by now, and may be long.
    return LanePolicy(POLICY, policy.manifest, replace(policy.network, metadata={}))


class LanePolicyWatch:
    """Loads what the policy node changes to, and sends it to the lane.

    The policy is read from its file once more, by this process: nothing that the policy node
    computed is relied on.
    """

    def __init__(
        self,
        node: Node,
        description: RobotDescription,
        names: tuple[str, str],
        send: Callable[[LanePolicy], None],
    ) -> None:
        """names: file and overlay that the policy node began with."""
        self._node, self._description, self._send = node, description, send
        self._named = dict(zip(("file", "overlay"), names, strict=True))
        self._watched = f"{node.get_namespace().rstrip('/')}/policy"
        node.create_subscription(
            ParameterEvent, "/parameter_events", self._on_event, qos_profile_parameter_events
        )

    def _on_event(self, event: ParameterEvent) -> None:
        if event.node != self._watched:
            return
        changed = {one.name: one.value.string_value for one in event.changed_parameters}
        named = {name: changed.get(name, value) for name, value in self._named.items()}
        if named != self._named:
            self._named = named
            threading.Thread(target=self._load, kwargs=named, name="lane policy").start()

    def _load(self, file: str, overlay: str) -> None:
        """Load beside all else, for it takes long."""
        try:
            self._send(lane_policy(self._description, file, overlay))
        except WmError as error:
            self._node.get_logger().warning(f"the policy's lane does not follow: {error}")
