"""The demo's operator: arms the robot, drives it over a course and watches what it truly does."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from nav_msgs.msg import Odometry
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.task import Future
from std_srvs.srv import Trigger

from wm_bringup.host import clock
from wm_bringup.nodes.support import process
from wm_bringup.nodes.support.qos import publisher
from wm_bringup.record.fall import FallLimits, cause_of
from wm_bringup.record.strides import tilt_of
from wm_bringup.wire.messages import encode_twist
from wm_bringup.wire.topics import (
    ARM,
    CMD_VEL,
    DECISION,
    DIAGNOSTICS,
    GIVE_BACK,
    GROUND_TRUTH,
    READY,
    STOP,
    Service,
)
from wm_control.types import VelocityCommand

COMMAND_PERIOD = 0.05
AVERAGE_OVER = 0.8
"""The speed shown is a mean over this, about one stride [s]."""


@dataclass(slots=True)
class LiveView:
    """What the operator sees while driving.

    speed: of the base along its heading, across and turning, averaged over a stride.
    cycles, misses: of the control loop. path_ms: median and 99th percentile of its path in the last
    second [ms]. action: of the arbiter. said: the same with its cause, for people. driver: whose
    command passes.
    fallen: by ``FallLimits``, once and for all. time: simulated, since the robot was let
    go [s]; zero while it is held. released: when that was, on the robot's clock [s], None before.
    waits: nothing is known of the driver that is wanted most, or something is against it.
    armed: the controller's command passes. phase: of a real robot's start-up. hardware: whose
    statuses are meant, by the robot's namespace; None: anybody's.
    """

    speed: tuple[float, float, float] = (0.0, 0.0, 0.0)
    cycles: int = 0
    misses: int = 0
    path_ms: tuple[float, float] = (nan, nan)
    action: str = ""
    said: str = ""
    driver: str = ""
    fallen: bool = False
    alive: bool = False
    time: float = 0.0
    released: float | None = None
    waits: bool = True
    armed: bool = False
    phase: str = ""
    hardware: str | None = None
    _limits: FallLimits = field(default_factory=lambda: FallLimits(0.0))
    _recent: list[tuple[float, float, float, float]] = field(default_factory=list)

    def see_truth(self, message: Odometry, now: float) -> None:
        """Take in one true state, received at ``now`` [s]."""
        pose = message.pose.pose
        height = pose.position.z
        if not self.alive:
            self._limits, self.alive = FallLimits.of_standing(height), True
        if self.released is not None:
            self.time = max(_stamp_of(message) - self.released, 0.0)
        q = pose.orientation
        tilt = float(tilt_of(np.array([[q.x, q.y, q.z, q.w]]))[0])
        self.fallen = self.fallen or bool(cause_of(height, tilt, self._limits))
        twist = message.twist.twist
        self._recent.append((now, twist.linear.x, twist.linear.y, twist.angular.z))
        while now - self._recent[0][0] > AVERAGE_OVER:
            del self._recent[0]
        n = len(self._recent)
        x, y, yaw = (sum(row[k] for row in self._recent) / n for k in (1, 2, 3))
        self.speed = (x, y, yaw)

    def see_health(self, message: DiagnosticArray) -> None:
        """Take the control loop's counts from /diagnostics, and what holds a real robot."""
        for status in message.status:
            if self.hardware is not None and status.hardware_id != self.hardware:
                continue  # of another robot
            if status.name == "robot: robot":
                self.phase = _values_of(status).get("phase", "")
            elif status.name == "robot: timing":
                values = _values_of(status)
                self.cycles, self.misses = int(values["cycles"]), int(values["misses"])
                tail = (values.get(f"path_ms.{share}", "nan") for share in ("p50", "p99"))
                median, last = map(float, tail)
                self.path_ms = (median, last)

    def see_decision(self, message: DiagnosticArray) -> None:
        """Take in what the arbiter does."""
        if not message.status:
            return
        whole, *others = (_values_of(status) for status in message.status)
        self.action, self.said = whole.get("action", ""), message.status[0].message
        self.driver = whole.get("source", "")
        wanted = whole.get("preference", "").partition("+")[0]
        self.waits = any(values.get("controller") == wanted for values in others)
        self.armed = whole.get("armed") == "True"
        if self.released is None and self.armed:
            self.released = _stamp_of(message)


def _values_of(status: DiagnosticStatus) -> dict[str, str]:
    return {pair.key: pair.value for pair in status.values}


def _stamp_of(message: Odometry | DiagnosticArray) -> float:
    stamp = message.header.stamp
    return float(stamp.sec + 1e-9 * stamp.nanosec)


class Operator:
    """Node ``operator`` with its own executor; one thread makes all calls."""

    def __init__(self, namespace: str = "") -> None:
        """Join the graph."""
        self._context = rclpy.Context()
        process.initialise(None, self._context)
        self._node = Node("operator", context=self._context, namespace=namespace)
        self._executor = EventsExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._publisher = publisher(self._node, CMD_VEL)
        self._clients = {
            service.name: self._node.create_client(Trigger, service.name)
            for service in (ARM, STOP, READY, GIVE_BACK)
        }
        self.view = LiveView(hardware=self._node.get_namespace())
        relaxed = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
        self._node.create_subscription(
            Odometry,
            GROUND_TRUTH.name,
            lambda message: self.view.see_truth(message, clock.monotonic()),
            relaxed,
        )
        for topic, see in (
            (DIAGNOSTICS, self.view.see_health),
            (DECISION, self.view.see_decision),
        ):
            self._node.create_subscription(DiagnosticArray, topic.name, see, relaxed)

    def spin(self, seconds: float) -> None:
        """Handle what arrives for so long."""
        end = clock.monotonic() + seconds
        while (left := end - clock.monotonic()) > 0.0:
            self._executor.spin_once(timeout_sec=left)

    def command(self, velocity: VelocityCommand) -> None:
        """Publish one velocity command."""
        self._publisher.publish(encode_twist(velocity))

    def call(self, service: Service, patience: float = 1.0) -> str:
        """Ask for a service; empty when it was done, else why it was not."""
        client = self._clients[service.name]
        if not client.service_is_ready():
            return f"service {service.name} is not there"
        future: Future = client.call_async(Trigger.Request())
        end = clock.monotonic() + patience
        while not future.done() and clock.monotonic() < end:
            self.spin(0.02)
        answer = future.result() if future.done() else None
        if answer is None:
            return f"service {service.name} does not answer"
        return "" if answer.success else str(answer.message)

    def nodes(self) -> list[str]:
        """Full names of all nodes on the graph, without this one."""
        found = self._node.get_node_names_and_namespaces()
        names = {f"{space.rstrip('/')}/{name}" for name, space in found}
        return sorted(names - {self._node.get_fully_qualified_name()})

    def close(self) -> None:
        """Leave the graph."""
        self._executor.shutdown()
        self._node.destroy_node()
        rclpy.try_shutdown(context=self._context)
