"""Node ``robot``: what it publishes, and the node on its own.

Alone it owns a robot backend and steps it at 500 Hz on absolute deadlines, as ``joint_command``
says (``wm_bringup.cycle.commanded_robot``).
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable, Sequence

from rclpy.node import Node
from std_msgs.msg import String
from std_srvs.srv import Trigger

from wm_bringup.cycle.commanded_robot import CommandedRobot
from wm_bringup.cycle.control_cycle import TrueBase
from wm_bringup.cycle.stack import (
    World,
    build_robot,
    safety_parameters,
)
from wm_bringup.graph.processes import FAULTS_ALLOWED
from wm_bringup.host import clock, realtime
from wm_bringup.nodes.support import process
from wm_bringup.nodes.support.arguments import add_world_arguments, own_words, robot_parser
from wm_bringup.nodes.support.diagnostics import Health
from wm_bringup.nodes.support.qos import publisher
from wm_bringup.nodes.support.refusing import tell_refusal
from wm_bringup.nodes.support.standalone import StandaloneNode
from wm_bringup.scenarios.scenario import load_scenario
from wm_bringup.wire.messages import (
    Level,
    decode_command,
    encode_clock,
    encode_header,
)
from wm_bringup.wire.robot_messages import ObservationEncoder, TruthEncoder
from wm_bringup.wire.topics import (
    CLOCK,
    GIVE_BACK,
    GROUND_TRUTH,
    IMU,
    JOINT_COMMAND,
    JOINT_STATES,
    READY,
    RESET,
    ROBOT_DESCRIPTION,
    STARTED,
    Service,
)
from wm_bringup.wire.transforms import description_for_viewers
from wm_control.arbiter.watchdog import CommandWatchdog
from wm_control.constants import CONTROL_PERIOD
from wm_control.refusal import Refusals
from wm_control.robot.description import RobotDescription
from wm_control.types import Observation


class RobotInterface:
    """The node's publishers and service; the same whether it runs composed or alone.

    reset: starts the simulated robot anew; ready, give_back: take a real one over, and give it
    back. None for a robot that cannot.
    """

    def __init__(
        self,
        node: Node,
        description: RobotDescription,
        reset: Callable[[], None] | None,
        *,
        ready: Callable[[], None] | None = None,
        give_back: Callable[[], None] | None = None,
        clock: bool = False,
        truth: bool = False,
    ) -> None:
        """Create the publishers. clock, truth: publish those topics as well."""
        self.health = Health(node)
        self._sensors = ObservationEncoder(description.joint_names)
        self._truth = TruthEncoder()
        self._publish_joints = publisher(node, JOINT_STATES)
        self._publish_imu = publisher(node, IMU)
        self._publish_start = publisher(node, STARTED)
        self._publish_clock = publisher(node, CLOCK) if clock else None
        self._publish_truth = publisher(node, GROUND_TRUTH) if truth else None
        self._description = publisher(node, ROBOT_DESCRIPTION)
        self._description.publish(String(data=description_for_viewers(description.visual_urdf)))
        simulated = "a simulated robot is held until armed"
        for service, act, done, refused in (
            (RESET, reset, "starting again", "a real robot cannot be reset"),
            (READY, ready, "asked for; /arbiter/arm once it stands", simulated),
            (GIVE_BACK, give_back, "asked for", simulated),
        ):
            _serve(node, service, act, done, refused)

    def publish(self, observation: Observation) -> None:
        """Publish one observation."""
        self._publish_joints.publish(self._sensors.joints(observation))
        self._publish_imu.publish(self._sensors.imu(observation))
        if self._publish_clock is not None:
            self._publish_clock.publish(encode_clock(observation.stamp))

    def publish_start(self, stamp: float) -> None:
        """Publish that another run begins at ``stamp`` [s]."""
        self._publish_start.publish(encode_header(stamp))

    def publish_truth(self, truth: TrueBase) -> None:
        """Publish the simulated robot's true base state, for evaluators."""
        if self._publish_truth is not None:
            self._publish_truth.publish(self._truth.encode(truth))


def _serve(
    node: Node, service: Service, act: Callable[[], None] | None, done: str, refused: str
) -> None:
    """Offer a service that is asked for and not waited for. act: None: it is refused."""

    def on_call(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success, response.message = act is not None, done if act else refused
        if act is not None:
            act()
        return response

    node.create_service(Trigger, service.name, on_call)


class RobotThread:
    """The thread that steps a robot that is commanded by topic."""

    def __init__(self, commanded: CommandedRobot) -> None:
        """Nothing moves before ``start``."""
        self._commanded = commanded
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="robot")
        self.failure = ""

    def start(self) -> None:
        """Begin."""
        self._commanded.start()
        self._thread.start()

    def stop(self) -> None:
        """Leave the robot damped and join the thread."""
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        realtime.raise_thread(realtime.CONTROL_PRIORITY)
        deadlines = realtime.PeriodicDeadlines(CONTROL_PERIOD)
        try:
            while not self._ending.is_set():
                self._commanded.run(deadlines.wait())
            self._commanded.shut_down(deadlines.wait)
        except Exception as error:
            self.failure = f"{type(error).__name__}: {error}"


class RobotNode(StandaloneNode):
    """The node on its own, driven by commands."""

    priority = realtime.SERVICE_PRIORITY

    def __init__(self, arguments: argparse.Namespace, stop: process.Stop) -> None:
        """Build backend, watchdog, publishers and subscription; WmError when that cannot be."""
        super().__init__("robot", arguments.robot)
        world = World(load_scenario(arguments.scenario), arguments.engine, arguments.gui)
        self._robot = build_robot(arguments.backend, arguments.robot, self.description, world)
        watchdog = CommandWatchdog(self.description, safety_parameters(arguments.robot).watchdog)
        self._interface = RobotInterface(
            self.node, self.description, lambda: self._commanded.request_reset()
        )
        self._commanded = CommandedRobot(
            self._robot,
            watchdog,
            self._interface.publish,
            started=self._interface.publish_start,
            clock=clock.monotonic,
            ros_clock=clock.wall,
        )
        self._thread = RobotThread(self._commanded)
        self._stop = stop
        self._refusals = Refusals()
        self.listen(JOINT_COMMAND, self._take)

    def _take(self, data: bytes) -> None:
        refusal = self._commanded.take(decode_command(data, self.n))
        if refusal is not None:
            tell_refusal(self.node, refusal, self._refusals)

    def started(self) -> RobotNode:
        """Begin stepping unless there already is a robot of this name."""
        super().started()
        self._thread.start()
        return self

    def report(self) -> None:
        """Publish the health, once a second; end when the thread has failed."""
        watchdog = self._commanded.watchdog
        if self._thread.failure:
            self.node.get_logger().fatal(self._thread.failure)
            self._stop.request()
        level = Level.WARN if watchdog.holding or watchdog.damping else Level.OK
        said = "following commands"
        if watchdog.damping:
            said = f"damping: no command for {watchdog.parameters.damp_after:g} s"
        elif watchdog.holding:
            said = f"holding: no command for {watchdog.parameters.hold_after:g} s"
        counts = self._refusals.counts
        if counts:
            level, said = max(level, Level.WARN), f"{said}; {self._refusals.newest}"
        self._interface.health.publish("command link", level, said, counts)

    def close(self) -> int:
        """Leave the robot damped, and close it."""
        self._thread.stop()
        self._robot.close()
        return process.FAILED if self._thread.failure else process.OK


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; ROS's own arguments are left to ROS."""
    parser = robot_parser("robot", __doc__)
    add_world_arguments(parser)
    parsed = parser.parse_args(own_words("robot", arguments))
    if parsed.backend not in FAULTS_ALLOWED:
        parser.error(f"--backend {parsed.backend}: a real robot is taken over by control, not here")
    return parsed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM."""
    parsed = parse(arguments)
    return process.run(
        "robot",
        arguments,
        lambda stop: RobotNode(parsed, stop).started(),
        RobotNode.priority,
    )


if __name__ == "__main__":
    sys.exit(main())
