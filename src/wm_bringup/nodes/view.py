"""Node ``view``: a page of the robot as it goes. It observes; what it asks for, anybody may ask.

The process is one of its own, keeps off the control loop's core and gives way to all others. It
looks at what has come when it draws, and is woken by no message.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from queue import SimpleQueue
from typing import TYPE_CHECKING

import rclpy
from rclpy.client import Client
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.task import Future
from std_msgs.msg import String
from std_srvs.srv import Trigger

from wm_bringup.faults.fault import Fault
from wm_bringup.graph.processes import LOCALHOST, VIEW_PORT
from wm_bringup.graph.ready import report_ready
from wm_bringup.host import clock as graph_clock
from wm_bringup.host import cores
from wm_bringup.nodes.support import process
from wm_bringup.nodes.support.arguments import own_words, robot_parser
from wm_bringup.nodes.support.polled import Polled
from wm_bringup.nodes.support.qos import publisher
from wm_bringup.scenarios.disturbance import Disturbance
from wm_bringup.view.acting import in_loop, on_leaving
from wm_bringup.view.driving import Able, Controls
from wm_bringup.view.live import HEARD, LiveRun
from wm_bringup.view.page import RATE, Page, address, run_until, serve
from wm_bringup.view.recording import Curve
from wm_bringup.view.siblings import kill, siblings
from wm_bringup.view.timeline import Told
from wm_bringup.wire.messages import encode_twist
from wm_bringup.wire.topics import CMD_VEL, DISTURBANCES, FAULTS, Flow
from wm_control.errors import WmError
from wm_control.robot.description import load_robot
from wm_control.types import VelocityCommand

if TYPE_CHECKING:
    import viser

NICENESS = 10
"""So much do others come first."""

COMMAND_PERIOD, LIST_PERIOD, PATIENCE = 0.1, 1.0, 2.0
"""Of ``cmd_vel`` while it is driven from here; of the list of processes; of an answer [s]."""

SILENT = 1.0
"""Without an estimate for so long, the page says so [s]."""


class AskedGraph:
    """Asks the graph for what the page's controls want; called from any thread.

    said: is told what came of it. One thread calls ``work``.
    """

    def __init__(self, node: Node, said: Callable[[str], None]) -> None:
        """Create the publishers."""
        self._node, self._said = node, said
        self._wanted: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._clients: dict[str, Client] = {}
        self._waiting: dict[str, tuple[Future, float]] = {}
        self._velocity = publisher(node, CMD_VEL)
        self._faults, self._disturbances = publisher(node, FAULTS), publisher(node, DISTURBANCES)
        self._command: VelocityCommand | None = None
        self._command_due = 0.0

    def call(self, service: str) -> None:
        """Ask for a service."""
        self._wanted.put(lambda: self._call(service))

    def disturb(self, text: str) -> None:
        """Ask for a disturbance; what it cannot be is said here."""
        self._wanted.put(lambda: self._publish(self._disturbances, Disturbance.parse(text).text))

    def inject(self, text: str) -> None:
        """Ask for a fault; what it cannot be is said here."""
        self._wanted.put(lambda: self._publish(self._faults, Fault.parse(text.strip()).text))

    def kill(self, process: str) -> None:
        """Kill a process of the graph."""
        self._wanted.put(lambda: self._said(kill(process)))

    def drive(self, command: VelocityCommand | None) -> None:
        """Ask for this velocity from now on, ten times a second; None: leave that to others."""
        self._command = command

    def processes(self) -> Sequence[str]:
        """Names of the processes that are running."""
        return sorted(siblings())

    def work(self, clock: float) -> None:
        """Do what was wanted since, and hear the answers; clock: [s]."""
        command = self._command
        if command is not None and clock >= self._command_due:
            self._command_due = clock + COMMAND_PERIOD
            self._velocity.publish(encode_twist(command))
        while not self._wanted.empty():
            self._do(self._wanted.get())
        self._hear(clock)

    def _do(self, what: Callable[[], None]) -> None:
        try:
            what()
        except ValueError as error:
            self._said(str(error))

    def _publish(self, topic: rclpy.publisher.Publisher, text: str) -> None:
        topic.publish(String(data=text))
        self._said(f"asked for: {text}")

    def _call(self, service: str) -> None:
        if service not in self._clients:
            self._clients[service] = self._node.create_client(Trigger, service)
        future = self._clients[service].call_async(Trigger.Request())
        self._waiting[service] = (future, time.monotonic() + PATIENCE)
        self._said(f"{service}: asked for")

    def _hear(self, clock: float) -> None:
        for service, (future, until) in list(self._waiting.items()):
            if future.done():
                answer = future.result()
                self._said(f"{service}: {answer.message if answer else 'failed'}")
            elif clock >= until:
                self._said(f"{service}: no answer within {PATIENCE:g} s")
            else:
                continue
            del self._waiting[service]


class View:
    """The page, its node, and what goes between them."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """Serve the page and join the graph; WmError where that cannot be."""
        description = load_robot(arguments.robot)
        self.node = Node("view")
        self._run = LiveRun(description)
        self.server = serve(arguments.host, arguments.port, f"wm: {description.name}")
        self.graph = AskedGraph(self.node, self._say)
        able = Able(tuple(arguments.driver), arguments.simulated, arguments.real)
        self._controls: Controls | None = None
        self.said = ""
        self._page = in_loop(self.server, lambda: self._lay_out(able, not arguments.capsules))
        on_leaving(self.server, self._gone)
        self._polled = [Polled(self.node, topic, _quality(topic.flow)) for topic in HEARD]
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self._list_due = 0.0

    def _lay_out(self, able: Able, meshes: bool) -> Page:
        return Page(
            self.server,
            self._run,
            lambda gui: self._add(gui, able),
            meshes=meshes,
            slow_motion=graph_clock.factor(),
        )

    def _add(self, gui: viser.GuiApi, able: Able) -> None:
        self._controls = Controls(gui, self.graph, able)

    def _gone(self, client: int) -> None:
        if self._controls is not None:
            self._controls.gone(client)

    @property
    def told(self) -> Told | None:
        """The newest decision."""
        return self._run.told

    @property
    def curves(self) -> Mapping[str, Curve]:
        """Curves of the last seconds."""
        return self._run.curves()

    def _say(self, text: str) -> None:
        self.said = text
        if self._controls is not None:
            self._controls.say(text)

    def frame(self, clock: float) -> None:
        """Take in what has come, show it, and do what was asked for.

        clock: of the machine, for people; the run goes by the graph's.
        """
        now = graph_clock.monotonic()
        for polled in self._polled:
            for data in polled.take():
                self._run.see(polled.topic, data, now)
        at = self._run.tick(now)
        self._page.show(at, clock)
        self._executor.spin_once(timeout_sec=0.0)
        self.graph.work(clock)
        if clock >= self._list_due and self._controls is not None:
            self._list_due = clock + LIST_PERIOD
            self._controls.refresh()
            if self._run.silence > SILENT:
                self._say(f"no estimate has come for {self._run.silence:.0f} s")

    def close(self) -> None:
        """Leave the graph; the page is gone."""
        self.server.stop()
        self._executor.shutdown()
        self.node.destroy_node()


def _quality(flow: Flow) -> QoSProfile:
    """Ask for the newest of samples, for all of events; nobody waits for us."""
    depth = 50 if flow is Flow.EVENT else 1
    return QoSProfile(depth=depth, reliability=ReliabilityPolicy.BEST_EFFORT)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; ROS's own arguments are left to ROS."""
    parser = robot_parser("view", __doc__)
    parser.add_argument("--host", default=LOCALHOST, help="address of the page")
    parser.add_argument("--port", type=int, default=VIEW_PORT, help="or the next free one")
    parser.add_argument("--driver", action="append", default=[], help="who may drive")
    parser.add_argument("--simulated", action="store_true", help="it can be disturbed and reset")
    parser.add_argument("--real", action="store_true", help="nothing is broken on purpose")
    parser.add_argument("--capsules", action="store_true", help="no meshes, for slow browsers")
    parser.add_argument("--rate", type=float, default=RATE, help="pictures a second, at most")
    return parser.parse_args(own_words("view", arguments))


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the page until SIGINT or SIGTERM."""
    parsed = parse(arguments)
    stop = process.Stop()
    stop.install()
    os.nice(NICENESS)
    with ExitStack() as stack:
        try:
            cores.leave(cores.told())
            stack.enter_context(process.ros(arguments))
            view = View(parsed)
        except WmError as error:
            print(f"view: {error}", file=sys.stderr, flush=True)
            return process.COULD_NOT_START
        print(f"the robot in the browser: {address(view.server)}", flush=True)
        report_ready()
        try:
            run_until(view.server, lambda: stop.requested, view.frame, parsed.rate)
        finally:
            view.close()
    return process.OK


if __name__ == "__main__":
    sys.exit(main())
