"""Node ``whole_body_controller``: how it hears plans, and the node on its own.

Alone it takes ``state_estimator/estimate`` and ``mpc/plan`` and answers every estimate with a
proposal on ``mpc/joint_command``; in whose shadow, it hears. What a restart is and what it knows of
other drivers ``wm_control.controllers.beside`` decides.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from rclpy.node import Node

from wm_bringup.cycle.stack import model_based_parameters
from wm_bringup.nodes.support import process
from wm_bringup.nodes.support.arguments import robot_argument
from wm_bringup.nodes.support.diagnostics import Health
from wm_bringup.nodes.support.estimates import EstimateReader
from wm_bringup.nodes.support.parameters import declare
from wm_bringup.nodes.support.qos import publisher, subscribe_bytes
from wm_bringup.nodes.support.refusing import tell_refusal
from wm_bringup.nodes.support.standalone import StandaloneNode
from wm_bringup.wire.cdr import MessageError
from wm_bringup.wire.decisions import OF_STATUS
from wm_bringup.wire.messages import decode_command, decode_multi_array, decode_velocity
from wm_bringup.wire.proposals import ProposalEncoder
from wm_bringup.wire.topics import ESTIMATE, JOINT_COMMAND, PLAN, PROPOSAL, VELOCITY
from wm_bringup.wire.vectors import join_vector
from wm_control.constants import CONTROL_PERIOD
from wm_control.controllers.beside import PlanFollowerBeside
from wm_control.controllers.model_based import ModelBasedController
from wm_control.controllers.proposal import Proposal
from wm_control.mpc.plan import WalkingPlan, unpack
from wm_control.refusal import Refusal, Refusals
from wm_control.types import ControllerResult


def decode_plan(data: bytes) -> WalkingPlan:
    """Read ``mpc/plan``; MessageError when it is none."""
    try:
        return unpack(join_vector(*decode_multi_array(data)))
    except ValueError as error:
        raise MessageError(str(error)) from error


class WholeBodyControllerInterface:
    """The node's topics and health; the same whether it runs composed or alone."""

    def __init__(
        self, node: Node, n: int, take: Callable[[WalkingPlan], None], unreadable: Refusals
    ) -> None:
        """Subscribe to plans. take: gets all that can be read; unreadable: counts the others.

        n: joints of the robot.
        """
        self._health = Health(node)
        self._proposal = ProposalEncoder(n)
        self._publish = publisher(node, PROPOSAL)
        self._take = take
        self._unreadable = unreadable
        self.plans = 0
        self._node = node
        subscribe_bytes(node, PLAN, self._on_plan)

    def _on_plan(self, data: bytes) -> None:
        try:
            plan = decode_plan(data)
        except MessageError as error:
            refusal = Refusal(f"{PLAN.name}: unreadable", f"{PLAN.name} refused: {error}")
            tell_refusal(self._node, refusal, self._unreadable)
            return
        self.plans += 1
        self._take(plan)

    def publish(self, proposal: Proposal) -> None:
        """Publish what the controller proposes, followed or not."""
        self._publish.publish(self._proposal.encode(proposal))

    def report(self, result: ControllerResult) -> None:
        """Publish the node's health: status, and age, residual and iterations of every solve."""
        values: dict[str, object] = {"plans": self.plans}
        for solve in result.solves:
            values |= {
                f"{solve.name}.status": solve.status.name,
                f"{solve.name}.age_ms": 1e3 * solve.age,
                f"{solve.name}.residual": solve.residual,
                f"{solve.name}.iterations": solve.iterations,
                f"{solve.name}.solve_time_ms": 1e3 * solve.solve_time,
            }
        self._health.publish(
            "controller", OF_STATUS[result.status], result.cause or "following the plan", values
        )


class WholeBodyControllerNode(StandaloneNode):
    """The node on its own, driven by estimates and plans."""

    def __init__(self, robot: str) -> None:
        """Build controller, publisher and subscriptions; WmError for a bad configuration."""
        super().__init__("whole_body_controller", robot)
        parameters = declare(self.node, model_based_parameters(robot))
        self._controller = ModelBasedController(self.description, parameters)
        self._beside = beside = PlanFollowerBeside(self._controller, CONTROL_PERIOD)
        self._interface = WholeBodyControllerInterface(
            self.node, self.n, beside.receive, Refusals()
        )
        self._refused = 0
        self._estimates = EstimateReader(self.description)
        self._newest: ControllerResult | None = None
        self.listen(VELOCITY, lambda data: beside.hear(decode_velocity(data)))
        self.listen(
            JOINT_COMMAND, lambda data: beside.observe_executed(decode_command(data, self.n))
        )
        self.listen(ESTIMATE, self._answer)

    def _answer(self, data: bytes) -> None:
        estimate = self._estimates.read(data)
        result = self._beside.answer(estimate)
        if result is not None:
            self._newest = result
            self._interface.publish(Proposal.of(result, estimate))

    def report(self) -> None:
        """Publish the health, once a second."""
        if self._newest is not None:
            self._interface.report(self._newest)
        plans = self._controller.refusals
        refused = sum(plans.counts.values())
        if refused > self._refused:
            self._refused = refused
            self.node.get_logger().error(f"{refused} plans refused so far; {plans.newest}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM."""
    robot = robot_argument("whole_body_controller", arguments)
    return process.run(
        "whole_body_controller", arguments, lambda _: WholeBodyControllerNode(robot).started()
    )


if __name__ == "__main__":
    sys.exit(main())
