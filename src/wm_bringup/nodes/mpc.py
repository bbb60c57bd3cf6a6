"""Node ``mpc``: the footstep planner in a process of its own, so that no solve stalls the loop.

An estimate is planned from as soon as it arrives: the planner's clock is the robot's, and no phase
drifts. Which estimates, and with which velocity, ``wm_control.controllers.beside`` decides.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from wm_bringup.cycle.stack import build_planner, model_based_parameters
from wm_bringup.faults import meanings
from wm_bringup.host import clock, realtime
from wm_bringup.nodes.support import process
from wm_bringup.nodes.support.arguments import node_arguments
from wm_bringup.nodes.support.diagnostics import Health
from wm_bringup.nodes.support.estimates import EstimateReader
from wm_bringup.nodes.support.fault_requests import (
    add_fault_arguments,
    faulty_outlet,
    report_faults,
)
from wm_bringup.nodes.support.parameters import declare
from wm_bringup.nodes.support.qos import publisher
from wm_bringup.nodes.support.standalone import StandaloneNode
from wm_bringup.nodes.support.viewers import PlanForViewers
from wm_bringup.wire.decisions import OF_STATUS
from wm_bringup.wire.messages import Level, decode_velocity
from wm_bringup.wire.plans import PlanEncoder
from wm_bringup.wire.topics import ESTIMATE, PLAN, VELOCITY
from wm_control.mpc.plan import WalkingPlan
from wm_control.types import Status


class MpcNode(StandaloneNode):
    """The planner's node, driven by estimates."""

    priority = realtime.PLANNER_PRIORITY

    def __init__(self, arguments: argparse.Namespace) -> None:
        """Build planner, publisher and subscriptions; WmError for a bad configuration.

        arguments: the robot, the faults of plans, and the seed of what they lose.
        """
        super().__init__("mpc", arguments.robot)
        parameters = declare(self.node, model_based_parameters(arguments.robot))
        self._beside = build_planner(self.description, parameters)
        self._estimates = EstimateReader(self.description)
        self._encoder = PlanEncoder()
        self._publisher = publisher(self.node, PLAN)
        self._outlet = faulty_outlet(
            self.node, meanings.PLAN, self.description, self._publish, arguments
        )
        self._viewers = PlanForViewers(self.node, self.description)
        self._health = Health(self.node)
        self._newest: WalkingPlan | None = None
        self._not_ok = self._longest = 0.0
        self.listen(VELOCITY, lambda data: self._beside.hear(decode_velocity(data)))
        self.listen(ESTIMATE, self._take)

    def _take(self, data: bytes) -> None:
        """Answer an estimate with a plan if one is due."""
        began = clock.monotonic()
        estimate = self._estimates.read(data)
        self._outlet.see(estimate)
        plan = self._beside.answer(estimate)
        if plan is None:
            return
        self._outlet.send(plan)
        self._newest = plan
        self._not_ok += plan.status != Status.OK
        self._longest = max(self._longest, clock.monotonic() - began)
        self._viewers.see(plan)

    def _publish(self, plan: WalkingPlan) -> None:
        self._publisher.publish(self._encoder.encode(plan))

    def report(self) -> None:
        """Publish the health, once a second."""
        report_faults(self._health, self._outlet.acted)
        plan = self._newest
        if plan is None:
            self._health.publish("planner", Level.WARN, "no estimate yet")
            return
        beside = self._beside
        late_said = f", {beside.late} late" * (beside.late > 0)
        cause = plan.report.cause or beside.velocity.cause
        self._health.publish(
            "planner",
            OF_STATUS[plan.status],
            cause or f"{beside.planned} plans{late_said}",
            {
                "planned": beside.planned,
                "late": beside.late,
                "repeated_estimates": beside.order.repeated,
                "late_estimates": beside.order.late,
                "not_ok": int(self._not_ok),
                "longest_ms": 1e3 * self._longest,
                "residual": plan.report.residual,
                "iterations": plan.report.iterations,
            },
        )
        self._longest = 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM."""
    parsed = node_arguments("mpc", arguments, add_fault_arguments)

    def start(_: process.Stop) -> MpcNode:
        node = MpcNode(parsed).started()
        realtime.prepare_process()
        return node

    return process.run("mpc", arguments, start, MpcNode.priority)


if __name__ == "__main__":
    sys.exit(main())
