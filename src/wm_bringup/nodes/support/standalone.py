"""A node that runs in a process of its own, driven by topics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from rclpy.node import Node

from wm_bringup.host import clock
from wm_bringup.host.realtime import raised
from wm_bringup.nodes.support.diagnostics import Health
from wm_bringup.nodes.support.exclusive import refuse_second
from wm_bringup.nodes.support.followed import followed_by
from wm_bringup.nodes.support.process import OK
from wm_bringup.nodes.support.qos import subscribe_bytes
from wm_bringup.nodes.support.rivals import RivalWatch
from wm_bringup.wire.cdr import MessageError
from wm_bringup.wire.messages import Level
from wm_bringup.wire.topics import Topic
from wm_control.robot.description import load_robot

A = TypeVar("A", bound="StandaloneNode")

REPORT_PERIOD = 1.0
"""Between two reports on /diagnostics [s]."""


class StandaloneNode:
    """Base of the nodes on their own: a node, the robot, bytes in, health out once a second.

    A message that cannot be read is dropped, counted and reported; the node goes on.
    """

    commands: Topic | None = None
    """Topic of which this node must be the only publisher."""

    priority: int | None = None
    """SCHED_FIFO priority of DDS's threads, where permitted."""

    def __init__(self, name: str, robot: str) -> None:
        """Create the node; WmError when the robot cannot be loaded."""
        self._since = clock.monotonic()
        with raised(self.priority):
            self.node = Node(name)
        self.nodes = (self.node,)
        self.description = load_robot(robot)
        self.n = len(self.description.joint_names)
        self._unreadable = 0
        self._input_health = Health(self.node)

    @property
    def listeners(self) -> Sequence[Node]:
        """Nodes of this process that hear what steers the robot."""
        return self.nodes

    def started(self: A) -> A:
        """Refuse to be the second of this name, then begin reporting."""
        self._claims = refuse_second(self.nodes, self.commands, self._since)
        self.node.create_timer(clock.real(REPORT_PERIOD), self._report)
        if steered_by := followed_by(self.listeners):
            self._rivals = RivalWatch(self.node, steered_by, self.listeners)
        return self

    def listen(self, topic: Topic, take: Callable[[bytes], None]) -> None:
        """Subscribe to ``topic``; a MessageError of ``take`` drops the message."""

        def on_bytes(data: bytes) -> None:
            try:
                take(data)
            except MessageError as error:
                self._refuse(topic, error)

        subscribe_bytes(self.node, topic, on_bytes)

    def _refuse(self, topic: Topic, error: MessageError) -> None:
        if self._unreadable == 0:
            self.node.get_logger().error(f"message on {topic.name} dropped: {error}")
        self._unreadable += 1

    def _report(self) -> None:
        self.report()
        if self._unreadable:
            said = f"{self._unreadable} messages could not be read and were dropped"
            self._input_health.publish("input", Level.ERROR, said)

    def report(self) -> None:
        """Publish the node's own health."""

    def close(self) -> int:
        """Nothing to bring to rest."""
        return OK
