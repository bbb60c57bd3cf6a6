"""The thread in which a policy answers estimates with proposals."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.experimental import EventsExecutor
from rclpy.node import Node

from wm_bringup import realtime
from wm_bringup.backends.base import CONTROL_PERIOD
from wm_bringup.cdr import MessageError
from wm_bringup.decisions import action_in
from wm_bringup.messages import decode_command, decode_multi_array
from wm_bringup.parts import safety_parameters
from wm_bringup.proposals import ProposalEncoder
from wm_bringup.topics import (
    DECISION,
    ESTIMATE,
    JOINT_COMMAND,
    POLICY_PROPOSAL,
    SUBSCRIBER,
    Topic,
)
from wm_bringup.vectors import join_vector, unpack_estimate
from wm_control.arbiter.velocity_gate import VelocityGate, bounded
from wm_control.nodes.arbiter import listen_to_velocity
from wm_control.nodes.process import SPIN_TIME
from wm_control.nodes.qos import profile, publisher, subscribe_bytes
from wm_control.nodes.whole_body_controller import RestartDetector
from wm_control.types import Action, Estimate, VelocityCommand
from wm_policy.controller import PolicyController


class Inference:
    """Estimates in, proposals out; while somebody else drives, in their shadow.

    In shadow the policy observes, as its last action, what the driver's command amounted to, so
    that its histories are true and it could take over with the next step.
    """

    def __init__(self, node: Node, controller: PolicyController, n: int) -> None:
        """Create publisher and subscriptions; nothing runs before ``start``."""
        self._node, self.controller, self._n = node, controller, n
        self._limits = safety_parameters().velocity
        self._gate = VelocityGate(self._limits)
        self._action, self._source = Action.NOMINAL, ""
        self._executed: bytes | None = None
        self._restart = RestartDetector()
        self._proposal = ProposalEncoder(n)
        self._publish = publisher(node, POLICY_PROPOSAL)
        self._steps = self._failed = 0
        self._longest = self._novelty = self._strangest = 0.0
        self.unreadable = 0
        self.failure = ""
        gate = self._gate
        listen_to_velocity(node, lambda command: gate.receive(command, time.monotonic()))
        node.create_subscription(
            DiagnosticArray, DECISION.name, self._heed, profile(SUBSCRIBER[DECISION.flow])
        )
        self._listen(JOINT_COMMAND, self._keep_executed)
        self._listen(ESTIMATE, self._answer)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="inference")

    def _listen(self, topic: Topic, take: Callable[[bytes], None]) -> None:
        def on_bytes(data: bytes) -> None:
            try:
                take(data)
            except MessageError as error:
                if self.unreadable == 0:
                    self._node.get_logger().error(f"message on {topic.name} dropped: {error}")
                self.unreadable += 1

        subscribe_bytes(self._node, topic, on_bytes)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and join the thread."""
        self._ending.set()
        self._thread.join()
        self._node.destroy_node()

    @property
    def drives(self) -> bool:
        """Whether this policy's commands reach the robot; else it runs in shadow."""
        return self._source == self.controller.name

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
            "velocity_refused": self._gate.refused,
        }
        self._longest = self._strangest = 0.0
        return values

    def _run(self) -> None:
        realtime.raise_thread(realtime.PLANNER_PRIORITY)
        executor = EventsExecutor()
        executor.add_node(self._node)
        try:
            while not self._ending.is_set():
                executor.spin_once(timeout_sec=SPIN_TIME)
        except Exception as error:
            self.failure = f"inference ended: {type(error).__name__}: {error}"
        finally:
            executor.shutdown()

    def _heed(self, message: DiagnosticArray) -> None:
        """Let the arbiter's decision bound the velocity command and say who drives."""
        values = {pair.key: pair.value for status in message.status[:1] for pair in status.values}
        self._action, self._source = action_in(values), values.get("source", "")

    def _keep_executed(self, data: bytes) -> None:
        self._executed = data

    def _velocity(self) -> VelocityCommand:
        return bounded(self._gate.current(time.monotonic()), self._limits, self._action)

    def _answer(self, data: bytes) -> None:
        """Take a policy step if one is due."""
        header, body = decode_multi_array(data)
        if not header.size:
            return
        stamp = float(header[0])
        held = self._restart.again(stamp)
        if not (held or self.controller.is_due(stamp, CONTROL_PERIOD)):
            return
        estimate = unpack_estimate(join_vector(header, body), self._n)
        if held:
            self.controller.reset(estimate)
        self._step(estimate, shadow=not held and not self.drives)

    def _step(self, estimate: Estimate, *, shadow: bool) -> None:
        """Take a policy step and propose its outcome."""
        began = time.monotonic()
        executed = self._executed
        self.controller.shadow(
            decode_command(executed, self._n) if shadow and executed is not None else None
        )
        result = self.controller.step(estimate, self._velocity(), CONTROL_PERIOD)
        sequence = estimate.observation.sequence
        self._publish.publish(self._proposal.encode(result, estimate.stamp, sequence))
        report = result.solves[0]
        self._steps += 1
        self._failed += result.command is None
        self._novelty = report.residual
        self._strangest = max(self._strangest, report.residual)
        self._longest = max(self._longest, time.monotonic() - began)
