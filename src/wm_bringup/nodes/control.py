"""The control process: robot, state_estimator, whole_body_controller and arbiter as composed nodes.

Three threads share it. The control thread runs ``ControlCycle`` at 500 Hz on absolute deadlines
and never touches ROS. The publisher thread turns its records into messages. The main thread runs
the executor: plans, velocity commands, services, parameters, health once a second.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

from rclpy.node import Node
from rclpy.utilities import remove_ros_args

from wm_bringup import realtime
from wm_bringup.backends.base import CONTROL_PERIOD
from wm_bringup.control_cycle import ControlCycle, CycleOptions, CycleRecord
from wm_bringup.latency import LatencyLog
from wm_bringup.loop import ControlLoop
from wm_bringup.messages import Level
from wm_bringup.nodes.latency_topic import LatencyFace
from wm_bringup.nodes.robot import RobotFace
from wm_bringup.parts import (
    BACKENDS,
    CONTROLLERS,
    build_estimator,
    build_planner_and_controller,
    build_robot,
    estimator_parameters,
    load_scenario,
    model_based_parameters,
    safety_parameters,
)
from wm_bringup.plan_courier import gait_phase
from wm_bringup.topics import JOINT_COMMAND
from wm_control.arbiter.parameters import SafetyParameters
from wm_control.arbiter.velocity_gate import VelocityGate
from wm_control.nodes import process
from wm_control.nodes.arbiter import ArbiterFace, listen_to_velocity
from wm_control.nodes.exclusive import refuse_second
from wm_control.nodes.parameters import declare
from wm_control.nodes.state_estimator import StateEstimatorFace
from wm_control.nodes.whole_body_controller import WholeBodyControllerFace
from wm_control.robot.description import load_robot

NODES = ("robot", "state_estimator", "whole_body_controller", "arbiter")

PLANNER_TICKS = 4
"""The composed estimator publishes for the planner what the planner uses: every fourth estimate."""

TRUTH_TICKS = 10
"""Ticks per message on ground_truth/odom."""

REPORT_PERIOD = 1.0


class Control:
    """The four nodes and the two threads; ``process.Served``."""

    def __init__(self, arguments: argparse.Namespace, stop: process.Stop) -> None:
        """Build everything; WmError when the configuration does not allow it."""
        since = time.monotonic()
        self._stop = stop
        self._arguments = arguments
        with realtime.raised(realtime.SERVICE_PRIORITY):
            self.nodes = tuple(Node(name) for name in NODES)
        robot_node, estimator_node, controller_node, arbiter_node = self.nodes
        description = load_robot(arguments.robot)
        n = len(description.joint_names)
        scenario = load_scenario(arguments.scenario)
        configured = safety_parameters()
        if not arguments.ramp:
            configured = replace(configured, arbiter=replace(configured.arbiter, ramp_time=0.0))
        safety = declare(arbiter_node, configured, self._change_safety)
        self._gate = VelocityGate(safety.velocity)
        estimator = build_estimator(description, declare(estimator_node, estimator_parameters()))
        controller_parameters = declare(controller_node, model_based_parameters())
        _, controller = build_planner_and_controller(description, controller_parameters)
        self._loop = ControlLoop(description, estimator, [controller], safety, clock=time.monotonic)
        refuse_second(self.nodes, JOINT_COMMAND, since)
        self._robot = build_robot(arguments.backend, description, scenario, gui=arguments.gui)
        truth = getattr(self._robot, "ground_truth", None) if arguments.truth else None
        show_phase = getattr(self._robot, "set_gait_phase", None)
        self._records: SimpleQueue[CycleRecord | None] = SimpleQueue()
        self._cycle = ControlCycle(
            self._robot,
            self._loop,
            self._gate,
            controller.receive,
            self._records.put,
            clock=time.monotonic,
            options=CycleOptions(
                seed=arguments.seed,
                arm=arguments.arm,
                epoch=0.0 if arguments.clock else time.time(),
                truth_every=TRUTH_TICKS if truth else 0,
            ),
            truth=truth,
            show_phase=show_phase and (lambda now: show_phase(gait_phase(controller.plan, now))),
        )
        self._robot_face = RobotFace(
            robot_node,
            description,
            self._cycle.request_reset,
            clock=arguments.clock,
            truth=truth is not None,
        )
        self._estimator_face = StateEstimatorFace(estimator_node, description, PLANNER_TICKS)
        self._controller_face = WholeBodyControllerFace(controller_node, self._cycle.plans.append)
        self._arbiter_face = ArbiterFace(arbiter_node, n, self._loop.request)
        self._latency = LatencyFace(robot_node)
        self._log = LatencyLog()
        listen_to_velocity(arbiter_node, self._gate, lambda: self._cycle.now)
        self._chores: list[Callable[[CycleRecord], None]] = []
        self._next_report = 0.0
        self._failure = ""
        self._ending = threading.Event()
        self._publisher = threading.Thread(target=self._publish_all, name="publisher")
        self._thread = threading.Thread(target=self._run, name="control")
        self._realtime = realtime.RealTimeReport(False, False, ())

    def start(self) -> Control:
        """Begin."""
        self._cycle.start()
        self._realtime = realtime.prepare_process()
        robot_node = self.nodes[0]
        robot_node.get_logger().info(f"500 Hz, {self._realtime}")
        realtime.raise_thread(realtime.SERVICE_PRIORITY)
        self._publisher.start()
        self._thread.start()
        return self

    def _change_safety(self, safety: SafetyParameters) -> None:
        """Put new limits in force; called by a parameter service."""
        self._loop.change_safety(safety)
        self._gate.parameters = safety.velocity

    def _run(self) -> None:
        """Run the control thread."""
        realtime.raise_thread(realtime.CONTROL_PRIORITY)
        cadence = realtime.Cadence(CONTROL_PERIOD)
        try:
            while not self._ending.is_set():
                self._cycle.run(cadence.wait())
            self._cycle.shut_down(cadence.wait)
        except Exception as error:
            self._failure = f"control thread: {type(error).__name__}: {error}"
            self._stop.request()
        finally:
            self._records.put(None)

    def _publish_all(self) -> None:
        """Run the publisher thread."""
        while (record := self._records.get()) is not None:
            self._publish(record)

    def _publish(self, record: CycleRecord) -> None:
        tick = record.tick
        self._robot_face.publish(tick.observation)
        self._arbiter_face.publish(tick.decision)
        self._estimator_face.publish(tick.estimate)
        if record.truth is not None:
            self._robot_face.publish_truth(record.truth)
        if not record.held:
            self._log.append(record.latency)
            self._latency.publish(record.latency)
        self._do_one_chore(record)

    def _do_one_chore(self, record: CycleRecord) -> None:
        """Report the health of one node; all of them once a second, a cycle's pause apart.

        Right after a cycle the control thread sleeps; a report in one piece would still be going
        on when it wakes up, and the interpreter serves one thread at a time.
        """
        if self._chores:
            self._chores.pop()(record)
        elif time.monotonic() >= self._next_report:
            self._next_report = time.monotonic() + REPORT_PERIOD
            self._chores = [
                self._report_timing,
                self._report_robot,
                lambda r: self._estimator_face.report(r.tick.estimate),
                lambda r: self._controller_face.report(next(iter(r.tick.results.values()))),
                lambda _: self._arbiter_face.report(self._loop.filter, self._gate),
            ]

    def _report_timing(self, _: CycleRecord) -> None:
        self._latency.report(self._log, self._realtime, self._cycle.skipped)

    def _report_robot(self, record: CycleRecord) -> None:
        rivals = self.nodes[0].count_publishers(JOINT_COMMAND.name) - 1
        level, said = Level.OK, "held until armed" if record.held else "moving"
        if rivals > 0:
            level, said = Level.ERROR, f"{rivals} more on {JOINT_COMMAND.name}: another robot?"
        self._robot_face.health.publish("robot", level, said)

    def close(self) -> int:
        """Damp the robot, join the threads, keep the latencies if that was asked for."""
        self._ending.set()
        self._thread.join()
        self._publisher.join()
        self._robot.close()
        if self._arguments.latency:
            self._log.save(Path(self._arguments.latency))
        if self._failure:
            print(f"control: {self._failure}", file=sys.stderr, flush=True)
        return process.FAILED if self._failure else process.OK


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; ROS's own arguments are left to ROS."""
    parser = argparse.ArgumentParser(prog="control", description=__doc__)
    parser.add_argument("--robot", default="g1", help="name or path of the robot file")
    parser.add_argument("--backend", default="pybullet", choices=tuple(BACKENDS))
    parser.add_argument("--controller", default="mpc", choices=CONTROLLERS)
    parser.add_argument("--scenario", default="", help="name or path of a scenario file")
    parser.add_argument("--seed", type=int, default=0, help="of the robot backend")
    parser.add_argument("--gui", action="store_true", help="open the simulator's window")
    parser.add_argument("--arm", action="store_true", help="arm without waiting for /arbiter/arm")
    parser.add_argument("--ramp", action="store_true", help="ramp gains up after arming")
    parser.add_argument("--clock", action="store_true", help="publish /clock; stamps from zero")
    parser.add_argument("--truth", action="store_true", help="publish ground_truth/odom")
    parser.add_argument("--latency", default="", help="file (.npz) for all latency samples")
    return parser.parse_args(remove_ros_args(["control", *(arguments or sys.argv[1:])])[1:])


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
