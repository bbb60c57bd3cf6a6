"""Node ``arbiter``: services, what it publishes, and the node on its own.

Alone it takes ``state_estimator/estimate`` and ``DRIVER/joint_command`` of every driver that it is
told of, and runs the control loop on them (``wm_bringup.cycle.message_cycle``).
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from rclpy.node import Node
from std_srvs.srv import Trigger

from wm_bringup.cycle.loop import TickRecord
from wm_bringup.cycle.message_cycle import GO_ON_PERIOD, MessageCycle
from wm_bringup.cycle.stack import recoverability, safety_parameters
from wm_bringup.host import clock
from wm_bringup.nodes.support import process
from wm_bringup.nodes.support.arguments import own_words, robot_parser
from wm_bringup.nodes.support.diagnostics import Health
from wm_bringup.nodes.support.estimates import EstimateReader
from wm_bringup.nodes.support.parameters import declare
from wm_bringup.nodes.support.qos import publisher, subscribe_bytes
from wm_bringup.nodes.support.refusing import tell_refusal
from wm_bringup.nodes.support.standalone import StandaloneNode
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
    EMERGENCY_STOP,
    ESTIMATE,
    JOINT_COMMAND,
    STOP,
    VELOCITY,
    Flow,
    Service,
    prefer_service,
    proposal_topic,
)
from wm_control.arbiter.arbiter import arming_obstacle
from wm_control.arbiter.operator import OperatorInput
from wm_control.arbiter.parameters import SafetyParameters
from wm_control.arbiter.robot_rules import UNARMED
from wm_control.arbiter.safeguards import SafeguardReport
from wm_control.controllers.proposal import Proposal
from wm_control.drivers import MPC
from wm_control.refusal import Refusal, Refusals
from wm_control.types import Action, AdmittedVelocity, Decision


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
        *,
        drivers: Sequence[str] = (),
    ) -> None:
        """Create publishers and services for a robot of ``n`` joints.

        drivers: who may drive; of several the operator may prefer another one.
        """
        self._node, self._request, self._unanswered = node, request, unanswered
        self._command = CommandEncoder(n)
        self._changes = decisions.Changes()
        self._publish_command = publisher(node, JOINT_COMMAND)
        self._publish_decision = publisher(node, DECISION)
        self._velocity = VelocityEncoder()
        self._publish_velocity = publisher(node, VELOCITY)
        self._health = Health(node)
        self._newest: TickRecord | None = None
        self._said = ""
        self._refusals: Counter[str] = Counter()
        self.unreadable = Refusals()
        for flow in (EMERGENCY_STOP.flow, Flow.EVENT):  # from whoever offers, twice where it can be
            subscribe_bytes(node, replace(EMERGENCY_STOP, flow=flow), lambda _: self.stop_now())
        self._serve(ARM, self._arm)
        self._serve(STOP, self._stop)
        self._serve(CLEAR, self._clear)
        for name in drivers if len(drivers) > 1 else ():
            self._serve(prefer_service(name), partial(self._prefer, name))

    def _serve(self, service: Service, answer: Callable[[], tuple[bool, str]]) -> None:
        def on_call(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            response.success, response.message = answer()
            return response

        self._node.create_service(Trigger, service.name, on_call)

    def _arm(self) -> tuple[bool, str]:
        tick, unanswered = self._newest, self._unanswered()
        if unanswered:
            return False, f"not armed: {unanswered}"
        if tick is None:
            return False, "nothing decided yet: no observation has come"
        decision = tick.decision
        cause = arming_obstacle(decision)
        if cause is not None and not decision.armed:
            return False, f"not armed: {cause.text}"
        self._request(OperatorInput(arm=True))
        return True, "armed" if decision.armed else "arming"

    def stop_now(self) -> None:
        """Ask for the stop."""
        self._request(OperatorInput(stop=True))

    def _stop(self) -> tuple[bool, str]:
        """Ask for the stop in any case: one that cannot be heeded now is heeded first of all."""
        self.stop_now()
        if unanswered := self._unanswered():
            return False, f"asked for, not confirmed: {unanswered}"
        return True, "damping; clear and arm to go on"

    def _clear(self) -> tuple[bool, str]:
        if unanswered := self._unanswered():
            return False, f"nothing cleared: {unanswered}"
        self._request(OperatorInput(clear=True))
        return True, "causes that are no longer true are released; arm to go on"

    def _prefer(self, driver: str) -> tuple[bool, str]:
        if unanswered := self._unanswered():
            return False, f"nothing changed: {unanswered}"
        self._request(OperatorInput(prefer=driver))
        return True, f"{driver} drives as soon as it can, and whenever it can"

    def publish(self, tick: TickRecord) -> None:
        """Publish command and, when it is news, the decision with what each controller proposes."""
        self._newest, decision = tick, tick.decision
        self._publish_command.publish(self._command.encode(decision.command))
        if self._changes.news(decision):
            said = decisions.statuses(
                decision, tick.results.values(), self._node.get_namespace(), tick.background
            )
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

    def report(
        self, taken: SafeguardReport, refusals: Refusals, lanes: Mapping[str, str] | None = None
    ) -> None:
        """Publish the node's health: decision, clips, velocity command, what was refused.

        lanes: by driver that has one, why it cannot know now what that should propose; or empty.
        """
        tick = self._newest
        if tick is None:
            self._health.publish("decision", Level.WARN, "nothing decided yet")
            return
        whole = decisions.statuses(tick.decision, behind=tick.background)[0]
        self._health.publish("decision", whole.level, whole.message, whole.values)
        drivers = decisions.drivers_status(tick.decision, tick.driver, tick.background)
        self._health.publish("drivers", drivers.level, drivers.message, drivers.values)
        total = sum(taken.clips.values())
        said = f"{total} joint commands clipped since reset" if total else "never clipped"
        self._health.publish("command filter", Level.OK, said, taken.clips)
        level = Level.WARN if taken.velocity_cause else Level.OK
        refused = {"refused": taken.refused}
        said = taken.velocity_cause or taken.velocity_reduction or "followed"
        self._health.publish("velocity command", level, said, refused)
        self._report_refusals(refusals)
        if lanes:
            doubts = [f"{name}: {doubt}" for name, doubt in lanes.items() if doubt]
            said = "; ".join(doubts) or "every proposal is computed once more"
            self._health.publish("lanes", Level.WARN if doubts else Level.OK, said)

    def _report_refusals(self, refusals: Refusals) -> None:
        """Publish how many plans or proposals were refused; an error while there are more.

        The first of every kind is said; of what could not be read it was when it came.
        """
        if refusals.counts.keys() - self._refusals:
            self._node.get_logger().error(refusals.newest)
        counts = refusals.counts + self.unreadable.counts
        total, before = counts.total(), self._refusals.total()
        self._refusals, new = counts, total - before
        level = Level.ERROR if new else Level.WARN if total else Level.OK
        newest = refusals.newest or self.unreadable.newest
        said = f"{total} refused, {new} of them just now; {newest}" if total else "none refused"
        self._health.publish("steering messages", level, said, counts)


def listen_to_proposals(
    node: Node,
    driver: str,
    n: int,
    take: Callable[[Proposal], object],
    refusals: Refusals,
) -> None:
    """Hand on the proposals of a driver in another process, as its own whatever they say.

    n: joints of the robot. refusals: counts what could not be read; each kind is said once.
    """
    topic = proposal_topic(driver)

    def on_proposal(data: bytes) -> None:
        try:
            proposal = decode_proposal(data, n)
        except MessageError as error:
            refusal = Refusal(f"{topic.name}: unreadable", f"{topic.name} refused: {error}")
            tell_refusal(node, refusal, refusals)
        else:
            take(proposal.by(driver))

    subscribe_bytes(node, topic, on_proposal)


class ArbiterNode(StandaloneNode):
    """The node on its own, driven by proposals and estimates."""

    commands = JOINT_COMMAND

    def __init__(self, robot: str, drivers: Sequence[str], shadows: Sequence[str]) -> None:
        """Build loop, publishers and subscriptions; WmError for a bad configuration.

        drivers: who may drive, the most wanted first. shadows: others that propose and never drive.
        """
        super().__init__("arbiter", robot)
        safety = declare(self.node, safety_parameters(robot), self._change)
        self._cycle = cycle = MessageCycle(
            self.description,
            safety,
            self._publish,
            drivers=drivers,
            shadows=shadows,
            clock=clock.monotonic,
            recoverability=recoverability(robot),
        )
        self._interface = ArbiterInterface(self.node, self.n, cycle.loop.request, drivers=drivers)
        self._estimates = EstimateReader(self.description)
        listen_to_velocity(self.node, cycle.take_velocity)
        for name in (*drivers, *shadows):
            unreadable = self._interface.unreadable
            listen_to_proposals(self.node, name, self.n, cycle.take_proposal, unreadable)
        self.listen(ESTIMATE, lambda data: cycle.take_estimate(self._estimates.read(data)))
        self.node.create_timer(clock.real(GO_ON_PERIOD), cycle.go_on)

    def _change(self, safety: SafetyParameters) -> None:
        self._cycle.change_safety(safety)

    def _publish(self, tick: TickRecord) -> None:
        self._interface.publish(tick)
        self._interface.publish_velocity(tick.admitted)

    def report(self) -> None:
        """Publish the health, once a second."""
        self._interface.report(self._cycle.safeguards(), self._cycle.refusals)

    def close(self) -> int:
        """Leave the robot damped."""
        self._cycle.shut_down()
        return process.OK


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; ROS's own arguments are left to ROS."""
    parser = robot_parser("arbiter", __doc__)
    parser.add_argument(
        "--driver",
        action="append",
        default=[],
        help=f"may drive, heard on DRIVER/joint_command; repeatable, the most wanted first ({MPC})",
    )
    parser.add_argument("--shadow", action="append", default=[], help="is watched; repeatable")
    parsed = parser.parse_args(own_words("arbiter", arguments))
    parsed.driver = parsed.driver or [MPC]
    named = [*parsed.driver, *parsed.shadow]
    if len(set(named)) < len(named):
        parser.error(f"named more than once: {', '.join(named)}")
    return parsed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM."""
    given = parse(arguments)
    return process.run(
        "arbiter",
        arguments,
        lambda _: ArbiterNode(given.robot, given.driver, given.shadow).started(),
    )


if __name__ == "__main__":
    sys.exit(main())
