"""Node ``mpc``: the footstep planner in a process of its own, so that no solve stalls the loop.

Every fourth estimate is planned from, as soon as it arrives: the planner's clock is the robot's,
and no phase drifts. The velocity command passes the same limits here as in the control process,
and the arbiter's decision bounds it further.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticArray

from wm_bringup import realtime
from wm_bringup.backends.base import CONTROL_PERIOD
from wm_bringup.decisions import action_in
from wm_bringup.messages import Level, MultiArrayEncoder, decode_multi_array
from wm_bringup.parts import (
    build_planner_and_controller,
    model_based_parameters,
    safety_parameters,
)
from wm_bringup.topics import DECISION, ESTIMATE, PLAN, SUBSCRIBER
from wm_bringup.vectors import join_vector, unpack_estimate
from wm_control.arbiter.velocity_gate import VelocityGate, bounded
from wm_control.mpc.plan import SIZE, WalkingPlan, pack
from wm_control.nodes import process
from wm_control.nodes.alone import Alone, robot_argument
from wm_control.nodes.arbiter import listen_to_velocity
from wm_control.nodes.diagnostics import Health
from wm_control.nodes.parameters import declare
from wm_control.nodes.qos import profile, publisher
from wm_control.types import Action, Estimate, Status, VelocityCommand

PLAN_HEADER = 2
"""Stamp and sequence come first in a packed plan."""


@dataclass(slots=True)
class PlanTrigger:
    """Chooses the estimates to plan from: one per ``period``, the first, and any that stand still.

    Estimates whose stamp does not advance come from a robot that is held or has been reset.

    period: between plans [s]. late: plans that came more than half a period after they were due,
    because estimates were lost or the solve before took too long.
    """

    period: float
    late: int = 0
    planned: int = 0
    _last: float = float("-inf")
    _seen: float = float("-inf")

    def due(self, stamp: float) -> bool:
        """Whether to plan from an estimate of this stamp."""
        elapsed, advanced, self._seen = stamp - self._last, stamp > self._seen, stamp
        if advanced and 0.0 < elapsed < self.period - 0.5 * CONTROL_PERIOD:
            return False
        self.late += 1.5 * self.period < elapsed < float("inf")
        self.planned += 1
        self._last = stamp
        return True


class MpcNode(Alone):
    """The planner's node, driven by estimates."""

    priority = realtime.PLANNER_PRIORITY

    def __init__(self, robot: str) -> None:
        """Build planner, publisher and subscriptions; WmError for a bad configuration."""
        super().__init__("mpc", robot)
        parameters = declare(self.node, model_based_parameters())
        self._limits = safety_parameters().velocity
        self._planner, _ = build_planner_and_controller(self.description, parameters)
        self._gate = VelocityGate(self._limits)
        self._action = Action.NOMINAL
        self._trigger = PlanTrigger(parameters.mpc.period)
        self._last_stamp = float("inf")
        self._message = MultiArrayEncoder((("plan", SIZE - PLAN_HEADER),), PLAN_HEADER)
        self._publish = publisher(self.node, PLAN)
        self._health = Health(self.node)
        self._newest: WalkingPlan | None = None
        self._not_ok = self._longest = 0.0
        gate = self._gate
        listen_to_velocity(self.node, lambda command: gate.receive(command, time.monotonic()))
        self.node.create_subscription(
            DiagnosticArray, DECISION.name, self._heed, profile(SUBSCRIBER[DECISION.flow])
        )
        self.listen(ESTIMATE, self._take)

    def _heed(self, message: DiagnosticArray) -> None:
        """Let the arbiter's action bound the velocity command."""
        values = {pair.key: pair.value for status in message.status[:1] for pair in status.values}
        self._action = action_in(values)

    def _velocity(self) -> VelocityCommand:
        return bounded(self._gate.current(time.monotonic()), self._limits, self._action)

    def _take(self, data: bytes) -> None:
        header, body = decode_multi_array(data)
        if not header.size or not self._trigger.due(float(header[0])):
            return
        self._plan(unpack_estimate(join_vector(header, body), self.n))

    def _plan(self, estimate: Estimate) -> None:
        began = time.monotonic()
        if not (estimate.stamp > self._last_stamp):
            self._planner.reset(estimate)
        self._last_stamp = estimate.stamp
        plan = self._planner.step(estimate, self._velocity())
        self._message.floats[:] = pack(plan)
        self._publish.publish(self._message.encode())
        self._newest = plan
        self._not_ok += plan.status != Status.OK
        self._longest = max(self._longest, time.monotonic() - began)

    def report(self) -> None:
        """Publish the health, once a second."""
        plan = self._newest
        if plan is None:
            self._health.publish("planner", Level.WARN, "no estimate yet")
            return
        trigger, late_said = (
            self._trigger,
            f", {self._trigger.late} late" * (self._trigger.late > 0),
        )
        level = {Status.OK: Level.OK, Status.DEGRADED: Level.WARN}.get(plan.status, Level.ERROR)
        cause = plan.report.cause or self._gate.cause
        self._health.publish(
            "planner",
            level,
            cause or f"{trigger.planned} plans{late_said}",
            {
                "planned": trigger.planned,
                "late": trigger.late,
                "not_ok": int(self._not_ok),
                "longest_ms": 1e3 * self._longest,
                "residual": plan.report.residual,
                "iterations": plan.report.iterations,
                "velocity_refused": self._gate.refused,
            },
        )
        self._longest = 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM."""
    robot = robot_argument("mpc", arguments)

    def start(_: process.Stop) -> MpcNode:
        node = MpcNode(robot).started()
        realtime.prepare_process()
        return node

    return process.run("mpc", arguments, start, MpcNode.priority)


if __name__ == "__main__":
    sys.exit(main())
