"""Node ``arbiter``: services, what it publishes, and the node on its own.

Alone it takes ``state_estimator/estimate`` and ``mpc/joint_command`` and decides with every
proposal; when proposals stay away it goes on deciding without, which ends in damping.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from rclpy.node import Node
from std_srvs.srv import Trigger

from wm_bringup.cycle.proposal_holder import implausible_proposal
from wm_bringup.cycle.stack import safety_parameters
from wm_bringup.nodes.support import process
from wm_bringup.nodes.support.diagnostics import Health
from wm_bringup.nodes.support.estimates import EstimateReader
from wm_bringup.nodes.support.parameters import declare
from wm_bringup.nodes.support.qos import publisher, subscribe_bytes
from wm_bringup.nodes.support.refusing import tell_refusal
from wm_bringup.nodes.support.standalone import StandaloneNode, robot_argument
from wm_bringup.nodes.support.velocity_topic import listen_to_velocity
from wm_bringup.wire import decisions
from wm_bringup.wire.cdr import MessageError
from wm_bringup.wire.messages import (
    CommandEncoder,
    Level,
    VelocityEncoder,
    encode_diagnostics,
)
from wm_bringup.wire.proposals import decode_proposal
from wm_bringup.wire.topics import (
    ARM,
    CLEAR,
    DECISION,
    ESTIMATE,
    JOINT_COMMAND,
    PROPOSAL,
    STOP,
    VELOCITY,
    Service,
    Topic,
)
from wm_control.arbiter.arbiter import Arbiter, arming_obstacle
from wm_control.arbiter.command_check import CommandBounds
from wm_control.arbiter.command_filter import CommandFilter
from wm_control.arbiter.height import HeightAboveSoles
from wm_control.arbiter.operator import NO_REQUEST, OperatorInput
from wm_control.arbiter.parameters import SafetyParameters
from wm_control.arbiter.robot_rules import UNARMED
from wm_control.arbiter.safeguards import SafeguardReport, report_safeguards
from wm_control.arbiter.velocity_gate import VelocityGate, bounded
from wm_control.constants import CONTROL_PERIOD
from wm_control.controllers.proposal import Proposal
from wm_control.drivers import MPC
from wm_control.refusal import Refusal, Refusals
from wm_control.types import (
    Action,
    AdmittedVelocity,
    ControllerResult,
    Decision,
    Estimate,
)


class ArbiterInterface:
    """The node's publishers and services; the same whether it runs composed or alone.

    request: hands an operator's request to whoever decides. unanswered: why nobody decides now,
    empty while somebody does.
    """

    def __init__(
        self,
        node: Node,
        n: int,
        request: Callable[[OperatorInput], None],
        unanswered: Callable[[], str] = lambda: "",
    ) -> None:
        """Create publishers and services for a robot of ``n`` joints."""
        self._node, self._request, self._unanswered = node, request, unanswered
        self._command = CommandEncoder(n)
        self._changes = decisions.Changes()
        self._publish_command = publisher(node, JOINT_COMMAND)
        self._publish_decision = publisher(node, DECISION)
        self._velocity = VelocityEncoder()
        self._publish_velocity = publisher(node, VELOCITY)
        self._health = Health(node)
        self._newest: Decision | None = None
        self._said = ""
        self._refused = 0
        self.unreadable = Refusals()
        self._serve(ARM, self._arm)
        self._serve(STOP, self._stop)
        self._serve(CLEAR, self._clear)

    def _serve(self, service: Service, answer: Callable[[], tuple[bool, str]]) -> None:
        def on_call(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            response.success, response.message = answer()
            return response

        self._node.create_service(Trigger, service.name, on_call)

    def _arm(self) -> tuple[bool, str]:
        decision, unanswered = self._newest, self._unanswered()
        if unanswered:
            return False, f"not armed: {unanswered}"
        if decision is None:
            return False, "nothing decided yet: no observation has come"
        cause = arming_obstacle(decision)
        if cause is not None and not decision.armed:
            return False, f"not armed: {cause.text}"
        self._request(OperatorInput(arm=True))
        return True, "armed" if decision.armed else "arming"

    def _stop(self) -> tuple[bool, str]:
        """Ask for the stop in any case: one that cannot be heeded now is heeded first of all."""
        self._request(OperatorInput(stop=True))
        if unanswered := self._unanswered():
            return False, f"asked for, not confirmed: {unanswered}"
        return True, "damping; clear and arm to go on"

    def _clear(self) -> tuple[bool, str]:
        if unanswered := self._unanswered():
            return False, f"nothing cleared: {unanswered}"
        self._request(OperatorInput(clear=True))
        return True, "causes that are no longer true are released; arm to go on"

    def publish(self, decision: Decision, results: Iterable[ControllerResult]) -> None:
        """Publish command and, when it is news, the decision with what each controller proposes."""
        self._newest = decision
        self._publish_command.publish(self._command.encode(decision.command))
        if self._changes.news(decision):
            said = decisions.statuses(decision, results, self._node.get_namespace())
            self._publish_decision.publish(encode_diagnostics(decision.stamp, said))
            self._log(decision)

    def publish_velocity(self, velocity: AdmittedVelocity) -> None:
        """Publish the velocity that drivers are to follow."""
        self._publish_velocity.publish(self._velocity.encode(velocity))

    def _log(self, decision: Decision) -> None:
        """Say every new action and every new reason for it, for people."""
        text = decisions.summary(decision)
        worst = decisions.worst_cause(decision)
        rule = worst.rule if worst else ""
        key = f"{decision.action.name} {rule} {decision.armed}"
        if key != self._said:
            self._said = key
            logger = self._node.get_logger()
            if decision.action == Action.NOMINAL or rule == UNARMED:
                logger.info(text)
            else:
                logger.warning(text)

    def report(self, taken: SafeguardReport, refusals: Refusals) -> None:
        """Publish the node's health: decision, clips, velocity command, what was refused."""
        decision = self._newest
        if decision is None:
            self._health.publish("decision", Level.WARN, "nothing decided yet")
            return
        whole = decisions.statuses(decision)[0]
        self._health.publish("decision", whole.level, whole.message, whole.values)
        total = sum(taken.clips.values())
        said = f"{total} joint commands clipped since reset" if total else "never clipped"
        self._health.publish("command filter", Level.OK, said, taken.clips)
        level = Level.WARN if taken.velocity_cause else Level.OK
        refused = {"refused": taken.refused}
        said = taken.velocity_cause or taken.velocity_reduction or "followed"
        self._health.publish("velocity command", level, said, refused)
        self._report_refusals(refusals)

    def _report_refusals(self, refusals: Refusals) -> None:
        """Publish how many plans or proposals were refused; an error while there are more."""
        counts = refusals.counts + self.unreadable.counts
        total = sum(counts.values())
        new, self._refused = total - self._refused, total
        level = Level.ERROR if new else Level.WARN if total else Level.OK
        newest = refusals.newest or self.unreadable.newest
        said = f"{total} refused, {new} of them just now; {newest}" if total else "none refused"
        self._health.publish("steering messages", level, said, counts)


def listen_to_proposals(
    node: Node,
    topic: Topic,
    n: int,
    take: Callable[[Proposal], object],
    refusals: Refusals,
) -> None:
    """Hand on the proposals of a controller in another process; what cannot be read is said once.

    n: joints of the robot. refusals: counts what could not be read.
    """

    def on_proposal(data: bytes) -> None:
        try:
            take(decode_proposal(data, n))
        except MessageError as error:
            refusal = Refusal(f"{topic.name}: unreadable", f"{topic.name} refused: {error}")
            tell_refusal(node, refusal, refusals)

    subscribe_bytes(node, topic, on_proposal)


class ArbiterNode(StandaloneNode):
    """The node on its own, driven by proposals and estimates."""

    commands = JOINT_COMMAND

    def __init__(self, robot: str) -> None:
        """Build arbiter, filter, publishers and subscriptions; WmError for a bad configuration."""
        super().__init__("arbiter", robot)
        safety = declare(self.node, safety_parameters(robot), self._change)
        height = HeightAboveSoles(self.description)
        self._arbiter = Arbiter(self.description, safety.arbiter, height=height)
        self._filter = CommandFilter(self.description, safety.filter)
        self._gate = VelocityGate(safety.velocity, safety.envelope_of(MPC))
        self._interface = ArbiterInterface(self.node, self.n, self._take_request)
        self._estimate: Estimate | None = None
        self._arrived = self._decided = 0.0
        self._answered = float("nan")
        self._result: ControllerResult | None = None
        self._request = NO_REQUEST
        self._refusals = Refusals()
        self._bounds = CommandBounds.of(self.description)
        self._estimates = EstimateReader(self.description)
        gate = self._gate
        listen_to_velocity(self.node, lambda command: gate.receive(command, time.monotonic()))
        self.listen(ESTIMATE, self._take_estimate)
        self.listen(PROPOSAL, self._take_proposal)
        self.node.create_timer(5 * CONTROL_PERIOD, self._go_on_alone)

    def _change(self, safety: SafetyParameters) -> None:
        self._arbiter.parameters = safety.arbiter
        self._filter.parameters = safety.filter
        self._gate.parameters = safety.velocity

    def _take_request(self, request: OperatorInput) -> None:
        self._request = self._request.also(request)

    def _take_estimate(self, data: bytes) -> None:
        estimate = self._estimates.read(data)
        self._estimate = estimate
        self._arrived = time.monotonic()

    def _take_proposal(self, data: bytes) -> None:
        proposal = decode_proposal(data, self.n)
        now = proposal.stamp if self._estimate is None else self._now(self._estimate)
        refusal = implausible_proposal(proposal, now, self._bounds)
        if refusal is not None:
            tell_refusal(self.node, refusal, self._refusals)
            return
        self._answered = proposal.stamp
        self._result = replace(proposal.result, controller=MPC)
        self._decide(self._result)

    def _now(self, estimate: Estimate) -> float:
        """Now, on the clock of the estimate's stamp [s]."""
        return estimate.stamp + time.monotonic() - self._arrived

    def _go_on_alone(self) -> None:
        """Go on deciding when no proposal came for five periods.

        With the last one, if it answers the newest estimate (the robot is held, or its sensors are
        silent, which other rules see); with none, if the controller owes an answer.
        """
        if self._estimate is None or time.monotonic() - self._decided < 5 * CONTROL_PERIOD:
            return
        answered = self._answered == self._estimate.stamp
        self._decide(self._result if answered else None)

    def _decide(self, result: ControllerResult | None) -> None:
        estimate = self._estimate
        if estimate is None:
            return
        self._decided = time.monotonic()
        now = self._now(estimate)
        request, self._request = self._request, NO_REQUEST
        proposals = {result.controller: result} if result else {}
        decision = self._arbiter.update(now, estimate, proposals, request)
        self._interface.publish(self._filtered(decision, estimate), proposals.values())
        gate = self._gate
        asked = gate.current(self._decided)
        command = bounded(asked, gate.parameters, decision.action, gate.envelope)
        run = estimate.observation.run
        self._interface.publish_velocity(
            AdmittedVelocity(estimate.stamp, run, command, decision.action, decision.source)
        )

    def _filtered(self, decision: Decision, estimate: Estimate) -> Decision:
        command, clipped = self._filter.apply(
            decision.command, estimate.observation, CONTROL_PERIOD
        )
        return replace(decision, command=command, clipped=clipped)

    def report(self) -> None:
        """Publish the health, once a second."""
        self._gate.current(time.monotonic())
        self._interface.report(report_safeguards(self._filter, self._gate), self._refusals)

    def close(self) -> int:
        """Leave the robot damped."""
        self._take_request(OperatorInput(stop=True))
        self._decide(None)
        return process.OK


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM."""
    robot = robot_argument("arbiter", arguments)
    return process.run("arbiter", arguments, lambda _: ArbiterNode(robot).started())


if __name__ == "__main__":
    sys.exit(main())
