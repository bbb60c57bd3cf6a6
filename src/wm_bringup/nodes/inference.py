"""The thread in which a policy answers estimates with proposals."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable
from math import nan

from rclpy.experimental import EventsExecutor
from rclpy.node import Node

from wm_bringup.host import clock, realtime
from wm_bringup.nodes.support.estimates import EstimateReader
from wm_bringup.nodes.support.fault_requests import faulty_outlet
from wm_bringup.nodes.support.process import SPIN_TIME
from wm_bringup.nodes.support.qos import publisher, subscribe_bytes
from wm_bringup.wire.cdr import MessageError
from wm_bringup.wire.messages import decode_command, decode_velocity
from wm_bringup.wire.proposals import ProposalEncoder
from wm_bringup.wire.topics import ESTIMATE, JOINT_COMMAND, POLICY_PROPOSAL, VELOCITY, Topic
from wm_control.constants import CONTROL_PERIOD
from wm_control.controllers.proposal import Proposal
from wm_control.drivers import POLICY
from wm_control.robot.description import RobotDescription
from wm_policy.beside import PolicyBeside
from wm_policy.controller import NOVELTY, PolicyController


class Inference:
    """Estimates in, proposals out; which, when and in whose shadow ``PolicyBeside`` decides."""

    def __init__(
        self,
        node: Node,
        controller: PolicyController,
        robot: RobotDescription,
        arguments: argparse.Namespace,
    ) -> None:
        """Create publisher and subscriptions; nothing runs before ``start``.

        arguments: with the faults of proposals, and the seed of what they lose.
        """
        n = len(robot.joint_names)
        self.node, self.controller = node, controller
        self._estimates = EstimateReader(robot)
        self._beside = PolicyBeside(controller, CONTROL_PERIOD)
        self._proposal = ProposalEncoder(n)
        self._publisher = publisher(node, POLICY_PROPOSAL)
        self.outlet = faulty_outlet(node, POLICY, robot, self._publish, arguments)
        self._steps = self._failed = 0
        self._longest = self._novelty = self._strangest = 0.0
        self.unreadable = 0
        self.failure = ""
        self._listen(VELOCITY, lambda data: self._beside.hear(decode_velocity(data)))
        self._listen(
            JOINT_COMMAND, lambda data: self._beside.observe_executed(decode_command(data, n))
        )
        self._listen(ESTIMATE, self._answer)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="inference")

    def _listen(self, topic: Topic, take: Callable[[bytes], None]) -> None:
        def on_bytes(data: bytes) -> None:
            try:
                take(data)
            except MessageError as error:
                if self.unreadable == 0:
                    self.node.get_logger().error(f"message on {topic.name} dropped: {error}")
                self.unreadable += 1

        subscribe_bytes(self.node, topic, on_bytes)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and join the thread."""
        self._ending.set()
        self._thread.join()
        self.node.destroy_node()

    @property
    def drives(self) -> bool:
        """Whether this policy's commands reach the robot; else it runs in shadow."""
        return self._beside.drives

    def take_stock(self) -> dict[str, object]:
        """Return numbers for people, of the time since the last call where they are maxima."""
        policy = self.controller.policy
        values: dict[str, object] = {
            "policy": policy.manifest.name,
            "sha256": policy.network.sha256,
            "rate_hz": policy.manifest.rate,
            "steps": self._steps,
            "steps_failed": self._failed,
            "longest_ms": 1e3 * self._longest,
            "novelty": self._novelty,
            "novelty_max": self._strangest,
            "repeated_estimates": self._beside.order.repeated,
            "late_estimates": self._beside.order.late,
        }
        self._longest = self._strangest = 0.0
        return values

    def _run(self) -> None:
        realtime.raise_thread(realtime.PLANNER_PRIORITY)
        executor = EventsExecutor()
        executor.add_node(self.node)
        try:
            while not self._ending.is_set():
                executor.spin_once(timeout_sec=SPIN_TIME)
        except Exception as error:
            self.failure = f"inference ended: {type(error).__name__}: {error}"
        finally:
            executor.shutdown()

    def _publish(self, proposal: Proposal) -> None:
        self._publisher.publish(self._proposal.encode(proposal))

    def _answer(self, data: bytes) -> None:
        """Propose what the policy answers, if a step is due."""
        began = clock.monotonic()
        estimate = self._estimates.read(data)
        self.outlet.see(estimate)
        result = self._beside.answer(estimate)
        if result is None:
            return
        self.outlet.send(Proposal.of(result, estimate))
        self._steps += 1
        self._failed += result.command is None
        self._novelty = result.figures.get(NOVELTY, nan)
        self._strangest = max(self._strangest, self._novelty)
        self._longest = max(self._longest, clock.monotonic() - began)
