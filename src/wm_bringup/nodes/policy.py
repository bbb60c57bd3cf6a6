"""Node ``policy``: a learned policy at its own rate, driven by estimates.

Two threads, each with an executor and a node of its own: ``policy_inference`` answers estimates and
is never kept waiting; ``policy`` has the parameters, of which ``file`` may be set while the robot
walks. The new policy is then loaded and checked beside the old one and takes over with its next
step, or is refused with the reason and nothing changes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from pydantic import Field
from pydantic.dataclasses import dataclass
from rclpy.node import Node

from wm_bringup.cycle.stack import named_policy
from wm_bringup.host import clock, realtime
from wm_bringup.nodes.inference import Inference
from wm_bringup.nodes.support import process
from wm_bringup.nodes.support.arguments import node_arguments
from wm_bringup.nodes.support.diagnostics import Health
from wm_bringup.nodes.support.fault_requests import add_fault_arguments, report_faults
from wm_bringup.nodes.support.parameters import declare
from wm_bringup.nodes.support.standalone import StandaloneNode
from wm_bringup.wire.messages import Level
from wm_control.configuration.parameters import STRICT
from wm_policy.controller import PolicyController
from wm_policy.policy import Policy


@dataclass(frozen=True, config=STRICT)
class PolicyNodeParameters:
    """What the node runs."""

    file: str = Field(
        default="", description="policy: ONNX file, metadata file or folder; empty: our own"
    )
    overlay: str = Field(
        default="", description="manifest that says what the policy's own file does not; or empty"
    )


class PolicyNode(StandaloneNode):
    """The node; ``process.RunningPart``.

    Both threads have the same priority: one that holds the interpreter and is not scheduled would
    keep the other waiting.
    """

    priority = realtime.PLANNER_PRIORITY

    def __init__(self, arguments: argparse.Namespace) -> None:
        """Load the policy; WmError when it must not start.

        arguments: the robot, the faults of proposals, and the seed of what they lose.
        """
        super().__init__("policy", arguments.robot)
        self._parameters = declare(self.node, PolicyNodeParameters(), self._change)
        controller = PolicyController(self._load(self._parameters), self.description)
        with realtime.raised(self.priority):
            node = Node("policy_inference")
        self._inference = Inference(node, controller, self.description, arguments)
        self._health = Health(self.node)

    def _load(self, parameters: PolicyNodeParameters) -> Policy:
        return named_policy(self.description, parameters.file, parameters.overlay, clock.monotonic)

    def _change(self, parameters: PolicyNodeParameters) -> None:
        """Load, check, and hand over; the old policy goes on until then."""
        policy = self._load(parameters)
        self._inference.controller.replace(policy)
        self._parameters = parameters
        self.node.get_logger().info(f"policy {policy.manifest.name}: takes over")

    @property
    def listeners(self) -> Sequence[Node]:
        """Only the inference's node hears anything."""
        return (self._inference.node,)

    def started(self) -> PolicyNode:
        """Begin, unless there already is a policy of this name."""
        super().started()
        realtime.prepare_process()
        self._inference.start()
        return self

    def report(self) -> None:
        """Publish the health, once a second."""
        inference = self._inference
        report_faults(self._health, inference.outlet.acted)
        policy = inference.controller.policy
        level, said = (
            Level.OK,
            f"{policy.manifest.name}: {'drives' if inference.drives else 'in shadow'}",
        )
        if inference.failure:
            level, said = Level.ERROR, inference.failure
        elif inference.unreadable:
            level = Level.WARN
            said = f"{inference.unreadable} messages could not be read and were dropped"
        self._health.publish("policy", level, said, inference.take_stock())

    def close(self) -> int:
        """Join the inference thread."""
        self._inference.stop()
        return process.FAILED if self._inference.failure else process.OK


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM."""
    parsed = node_arguments("policy", arguments, add_fault_arguments)
    return process.run(
        "policy", arguments, lambda _: PolicyNode(parsed).started(), PolicyNode.priority
    )


if __name__ == "__main__":
    sys.exit(main())
