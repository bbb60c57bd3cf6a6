"""The control process: robot, state_estimator, whole_body_controller and arbiter as composed nodes.

What they do at 500 Hz happens in a process of its own without ROS (``loop_process``), started
here. One thread turns its records into messages, the main thread runs the executor: plans, velocity
commands, services, parameters, health once a second.
"""

from __future__ import annotations

import argparse
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from rclpy.node import Node

from wm_bringup.cycle.control_cycle import CycleOptions, CycleRecord
from wm_bringup.cycle.latency import LatencyLog
from wm_bringup.cycle.loop import Call
from wm_bringup.cycle.loop_client import LoopClient
from wm_bringup.cycle.loop_faults import SENT_TO_THE_LOOP
from wm_bringup.cycle.loop_messages import LanePolicy, LoopHealth, LoopRequest, LoopSetup
from wm_bringup.cycle.record_codec import unpack
from wm_bringup.cycle.stack import (
    estimator_parameters,
    model_based_parameters,
    recoverability,
    safety_parameters,
)
from wm_bringup.faults.fault import Fault, FaultRefusedError
from wm_bringup.faults.presence import check_fault
from wm_bringup.faults.sensors import SensorLayout
from wm_bringup.graph.fall_watch import FallWatch
from wm_bringup.graph.processes import FAULTS_ALLOWED, STOP_SIGNAL, control_nodes
from wm_bringup.host import clock, realtime
from wm_bringup.host.provenance import provenance
from wm_bringup.nodes.arbiter import ArbiterInterface, listen_to_proposals
from wm_bringup.nodes.robot import RobotInterface
from wm_bringup.nodes.state_estimator import StateEstimatorInterface
from wm_bringup.nodes.support import process
from wm_bringup.nodes.support.aggregated import Aggregated
from wm_bringup.nodes.support.arguments import add_world_arguments, own_words, robot_parser
from wm_bringup.nodes.support.disturbance_requests import DisturbanceRequests
from wm_bringup.nodes.support.exclusive import refuse_second
from wm_bringup.nodes.support.fault_requests import (
    FaultRequests,
    add_fault_arguments,
    report_faults,
    scripted_faults,
)
from wm_bringup.nodes.support.lane_policy import LanePolicyWatch, lane_policy
from wm_bringup.nodes.support.latency_topic import LatencyPublisher
from wm_bringup.nodes.support.on_signal import on_signal
from wm_bringup.nodes.support.parameters import declare
from wm_bringup.nodes.support.rivals import RivalWatch
from wm_bringup.nodes.support.stall_watch import StallWatch
from wm_bringup.nodes.support.velocity_topic import listen_to_velocity
from wm_bringup.nodes.whole_body_controller import WholeBodyControllerInterface
from wm_bringup.record.cycle_bag import dumped, loop_setup
from wm_bringup.record.live_cycles import LiveCycles
from wm_bringup.record.trip_bags import TripBags
from wm_bringup.robots.network import Network
from wm_bringup.robots.simulation.body import hung
from wm_bringup.scenarios.disturbance import Disturbance
from wm_bringup.wire.messages import Level
from wm_bringup.wire.thinning import Thinning
from wm_bringup.wire.topics import JOINT_COMMAND, STEERING
from wm_control.controllers.proposal import Proposal
from wm_control.drivers import DRIVERS, MPC, POLICY, read_preference
from wm_control.errors import WmError
from wm_control.robot.description import RobotDescription, load_robot

TRUTH_TICKS = 10
"""Ticks per message on ground_truth/odom."""

PROPOSAL_TICKS = 4
"""Ticks per message on mpc/joint_command."""

KEPT_FOR_A_FILE = 1 << 19
"""Latency samples that --latency writes: the last 17 minutes, 48 MB."""

REPORT_PERIOD = 1.0


class Control:
    """Nodes of robot and controllers, the real-time process behind; ``process.RunningPart``."""

    def __init__(self, arguments: argparse.Namespace, stop: process.Stop) -> None:
        """Build everything; WmError when the configuration does not allow it."""
        since = clock.monotonic()
        self._stop = stop
        self._broken = ""
        self._arguments = arguments
        with realtime.raised(realtime.SERVICE_PRIORITY):
            self._node = {name: Node(name) for name in control_nodes(_controllers(arguments))}
        self.nodes = tuple(self._node.values())
        description = load_robot(arguments.robot)
        self._description = description
        self._n = len(description.joint_names)
        self._setup = self._loop_setup(description)
        self._loop = LoopClient(self._setup)
        try:
            self._claims = refuse_second(self.nodes, JOINT_COMMAND, since)
            self._loop.await_ready()
        except BaseException:
            self._loop.close()
            raise
        simulated = arguments.backend in FAULTS_ALLOWED
        self._robot = RobotInterface(
            self._node["robot"],
            description,
            self._sender(LoopRequest.RESET) if simulated else None,
            ready=None if simulated else self._sender(LoopRequest.READY),
            give_back=None if simulated else self._sender(LoopRequest.GIVE_BACK),
            clock=arguments.clock,
            truth=arguments.truth,
        )
        self._estimator = StateEstimatorInterface(self._node["state_estimator"], description)
        self._thinning = Thinning(arguments.estimate_every)
        arbiter_node = self._node["arbiter"]
        self._rivals = RivalWatch(arbiter_node, [topic.name for topic in STEERING], self.nodes)
        self._stall = StallWatch(self._node["robot"], self._loop)
        self._arbiter = ArbiterInterface(
            arbiter_node,
            self._n,
            self._loop.send,
            lambda: self._stall.unanswered,
            drivers=arguments.controller,
        )
        self._latency = LatencyPublisher(self._node["robot"])
        Aggregated(self._node["robot"], dict.fromkeys(self._node, "control"))
        self._listen()
        self._proposing = Thinning(PROPOSAL_TICKS)
        self._log = LatencyLog(KEPT_FOR_A_FILE) if arguments.latency else LatencyLog()
        self._falls = FallWatch()
        self._trips = self._trip_bags(description)
        self._cycles = self._cycle_bag(description)
        self._health: LoopHealth | None = None
        self._chores: list[Callable[[CycleRecord], None]] = []
        self._next_report = 0.0
        self._publisher = threading.Thread(target=self._publish_all, name="publisher")

    def _listen(self) -> None:
        """Hand on to the loop what others send it: velocity, plans, proposals, policies, faults."""
        arguments, arbiter_node = self._arguments, self._node["arbiter"]
        take, unreadable = self._loop.send, self._arbiter.unreadable
        listen_to_velocity(arbiter_node, take)
        self._controller: WholeBodyControllerInterface | None = None
        if "whole_body_controller" in self._node:
            node = self._node["whole_body_controller"]
            self._controller = WholeBodyControllerInterface(node, self._n, take, unreadable)
        for name in _controllers(arguments):
            if name != MPC:
                listen_to_proposals(arbiter_node, name, self._n, take, unreadable)
        names = (arguments.policy, arguments.overlay)
        self._lane_policy = LanePolicyWatch(arbiter_node, self._description, names, take)
        self._layout = SensorLayout(self._description.joint_names)
        FaultRequests(
            self._node["robot"],
            lambda fault: fault.target not in SENT_TO_THE_LOOP,
            self._inject,
            allowed=arguments.faults,
        )
        DisturbanceRequests(self._node["robot"], self._disturb)

    def _sender(self, request: LoopRequest) -> Callable[[], None]:
        return lambda: self._loop.send(request)

    def _inject(self, fault: Fault) -> None:
        """Hand a fault on to the real-time process; WmError for one that can act on nothing."""
        check_fault(fault, _controllers(self._arguments), self._layout)
        self._loop.send(fault)

    def _disturb(self, what: Disturbance) -> None:
        """Hand a disturbance on to the real-time process; FaultRefusedError where none can be."""
        backend = self._arguments.backend
        if backend != "simulated" or not self._arguments.faults:
            raise FaultRefusedError(f"{what.text}: only a simulated robot is disturbed")
        if what.phase is not None and MPC not in _controllers(self._arguments):
            raise FaultRefusedError(f"{what.text}: without mpc nobody knows the phase of the gait")
        if what.payload is not None:
            hung(self._description, what.payload)
        self._loop.send(what)

    def _lane(self, description: RobotDescription) -> LanePolicy | None:
        """Policy for the lane, where there is a policy; one that may not start has none."""
        arguments = self._arguments
        if POLICY not in _controllers(arguments):
            return None
        try:
            return lane_policy(description, arguments.policy, arguments.overlay)
        except WmError as error:
            self._node["arbiter"].get_logger().warning(f"no lane for the policy: {error}")
            return None

    def _loop_setup(self, description: RobotDescription) -> LoopSetup:
        """Declare the parameters of the nodes; all that the real-time process has to know."""
        arguments = self._arguments
        model_based = model_based_parameters(arguments.robot)
        if "whole_body_controller" in self._node:
            model_based = declare(self._node["whole_body_controller"], model_based)
        configured = safety_parameters(arguments.robot)
        if not arguments.ramp:
            configured = replace(configured, arbiter=replace(configured.arbiter, ramp_time=0.0))
        return LoopSetup(
            robot=arguments.robot,
            backend=arguments.backend,
            engine=arguments.engine,
            drivers=arguments.controller,
            shadows=tuple(arguments.shadow),
            scenario=arguments.scenario,
            faults=tuple(fault.text for fault in scripted_faults(arguments)),
            gui=arguments.gui,
            ros_time=not arguments.clock,
            options=CycleOptions(
                seed=arguments.seed,
                arm=arguments.arm,
                first_run=int(1e3 * clock.wall()),
                truth_every=TRUTH_TICKS if arguments.truth else 0,
            ),
            safety=declare(
                self._node["arbiter"], configured, lambda safety: self._loop.send(safety)
            ),
            estimator=declare(self._node["state_estimator"], estimator_parameters(arguments.robot)),
            model_based=model_based,
            lane=self._lane(description),
            network=Network(arguments.interface, arguments.robot_domain),
        )

    def _trip_bags(self, description: RobotDescription) -> TripBags | None:
        """Keep what is around a trip, unless nobody wants it."""
        if not self._arguments.trips:
            return None
        node = self._node["arbiter"]
        say = node.get_logger().warning
        return TripBags(Path(self._arguments.trips), description, node.get_namespace(), say=say)

    def _cycle_bag(self, description: RobotDescription) -> LiveCycles | None:
        """Record all cycles, where that was asked for."""
        if not self._arguments.cycles:
            return None
        setup = self._setup
        content = loop_setup(
            setup.robot,
            description,
            setup.drivers,
            setup.shadows,
            setup.safety,
            setup.estimator,
            recoverability(setup.robot),
            faults=setup.faults,
            seed=setup.options.seed,
            model_based=dumped(setup.model_based),
            provenance=provenance(),
        )
        namespace = self._node["arbiter"].get_namespace()
        return LiveCycles(Path(self._arguments.cycles), content, namespace)

    def start(self) -> Control:
        """Begin."""
        realtime.prepare_process()
        realtime.raise_thread(realtime.SERVICE_PRIORITY)
        on_signal(STOP_SIGNAL, self._arbiter.stop_now)
        self._publisher.start()
        self._loop.send(LoopRequest.START)
        return self

    def _publish_all(self) -> None:
        """Run the publisher thread; without it nobody hears of anything, so it ends the process."""
        try:
            self._publish_until_the_end()
        except Exception:
            self._broken = traceback.format_exc()
            self._node["robot"].get_logger().fatal(self._broken)
        finally:
            self._stop.request()

    def _publish_until_the_end(self) -> None:
        while (message := self._loop.receive()) is not None:
            if isinstance(message, tuple):
                record = unpack(message, self._n)
                self._publish(record)
                if self._trips is not None:
                    self._trips.see(message, record)
                if self._cycles is not None:
                    self._cycles.see(message, record)
            elif isinstance(message, LoopHealth):
                self._heed(message)
        if self._loop.failure:
            self._node["robot"].get_logger().fatal(self._loop.failure)

    def _heed(self, health: LoopHealth) -> None:
        """Keep for the next report; say once how punctual the process can be."""
        if self._health is None:
            self._node["robot"].get_logger().info(f"500 Hz, {health.realtime}")
        self._health = health

    def _publish(self, record: CycleRecord) -> None:
        tick = record.tick
        if any(call is Call.RESET for call, _ in tick.heard.calls):
            self._robot.publish_start(tick.observation.stamp)
        self._robot.publish(tick.observation)
        self._arbiter.publish(tick)
        self._falls.see(tick.decision)
        self._estimator.publish(tick.estimate)
        if self._thinning.due(tick.observation):
            self._arbiter.publish_velocity(tick.admitted)
            self._estimator.publish_whole(tick.estimate)
        if self._controller is not None and self._proposing.due(tick.observation):
            self._controller.publish(Proposal.of(tick.results[MPC], tick.estimate))
        if record.truth is not None:
            self._robot.publish_truth(record.truth)
        if not record.held:
            self._log.append(record.latency)
            self._latency.publish(record.latency)
        self._do_one_chore(record)

    def _do_one_chore(self, record: CycleRecord) -> None:
        """Report the health of one node; all of them once a second, a cycle's pause apart.

        In one piece the reports would keep what the next cycles did waiting.
        """
        health = self._health
        if self._chores:
            self._chores.pop()(record)
        elif health is not None and clock.monotonic() >= self._next_report:
            self._next_report = clock.monotonic() + REPORT_PERIOD
            self._chores = [
                lambda _: self._latency.report(self._log, health.realtime),
                lambda r: self._report_robot(r, health),
                lambda _: report_faults(self._robot.health, health.faults),
                lambda r: self._estimator.report(r.tick.estimate, health.estimator),
                self._report_controller,
                lambda _: self._arbiter.report(health.safeguards, health.refusals, health.lanes),
            ]

    def _report_controller(self, record: CycleRecord) -> None:
        if self._controller is not None:
            self._controller.report(record.tick.results[MPC])

    def _report_robot(self, record: CycleRecord, health: LoopHealth) -> None:
        level, said = Level.OK, "held until armed" if record.held else "moving"
        told, lost = health.robot, health.lost
        if told:
            said = f"{told['phase']}; {told['said']}" if told["said"] else str(told["phase"])
            level = Level.WARN if told["said"] else level
        if lost:
            level, said = Level.WARN, f"{said}; {lost} cycles were never published: too busy"
        self._robot.health.publish("robot", level, said, {"unpublished_cycles": lost, **told})

    def close(self) -> int:
        """Damp the robot, join the threads, keep the latencies if that was asked for."""
        if self._trips is not None:
            self._trips.end()
        self._loop.stop()
        self._publisher.join()
        self._loop.close()
        if self._trips is not None:
            self._trips.close()
        if self._cycles is not None and (problem := self._cycles.close()):
            self._node["arbiter"].get_logger().error(problem)
        if self._arguments.latency:
            self._log.save(Path(self._arguments.latency))
        failure = self._broken or self._loop.failure or self._falls.fall
        if failure:
            print(f"control: {failure}", file=sys.stderr, flush=True)
        return process.FAILED if failure else process.OK


def _controllers(arguments: argparse.Namespace) -> tuple[str, ...]:
    """Names of the drivers and of those in their shadow."""
    return (*arguments.controller, *arguments.shadow)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; ROS's own arguments are left to ROS."""
    parser = robot_parser("control", __doc__)
    add_world_arguments(parser)
    parser.add_argument(
        "--controller", default=(MPC,), type=read_preference, help="the most wanted first: A+B"
    )
    parser.add_argument("--shadow", action="append", default=[], choices=DRIVERS, help="repeatable")
    parser.add_argument("--policy", default="", help="that the policy node runs; empty: our own")
    parser.add_argument("--overlay", default="", help="manifest that completes the policy")
    parser.add_argument("--arm", action="store_true", help="arm without waiting for /arbiter/arm")
    parser.add_argument("--ramp", action="store_true", help="ramp gains up after arming")
    parser.add_argument("--clock", action="store_true", help="publish /clock; stamps from zero")
    parser.add_argument("--truth", action="store_true", help="publish ground_truth/odom")
    parser.add_argument("--estimate-every", type=int, default=4, help="cycles per estimate sent")
    parser.add_argument("--trips", default="", help="folder for a bag of each trip; empty: none")
    parser.add_argument("--cycles", default="", help="new folder for a bag of all cycles")
    parser.add_argument("--latency", default="", help="file (.npz) for all latency samples")
    add_fault_arguments(parser)
    return parser.parse_args(own_words("control", arguments))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the process until SIGINT or SIGTERM."""
    parsed = parse(arguments)
    return process.run(
        "control",
        arguments,
        lambda stop: Control(parsed, stop).start(),
        realtime.SERVICE_PRIORITY,
    )


if __name__ == "__main__":
    sys.exit(main())
