"""The real-time process: robot, estimator, controllers, arbiter and filter at 500 Hz, no ROS.

It has one thread, so nothing in it can hold the interpreter when a cycle is due (but for a moment
another, when a driver is given another policy, which its lane then needs too). What the rest of
the graph wants (plans, velocity commands, requests) comes by ``Link`` and is taken in before each
cycle; what each cycle did goes out the same way after its command has left. When the other end is
gone, the robot is damped and the process ends.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any

from wm_bringup.cycle.control_cycle import ControlCycle
from wm_bringup.cycle.link import Link, LinkClosedError, adopt
from wm_bringup.cycle.loop import ControlLoop
from wm_bringup.cycle.loop_faults import SENT_TO_THE_LOOP, LoopFaults
from wm_bringup.cycle.loop_messages import (
    LanePolicy,
    LoopFailure,
    LoopHealth,
    LoopReady,
    LoopRequest,
    LoopSetup,
)
from wm_bringup.cycle.proposal_holder import ProposalHolder
from wm_bringup.cycle.record_codec import pack
from wm_bringup.cycle.stack import (
    World,
    build_estimator,
    build_lane,
    build_policy,
    build_robot,
    recoverability,
)
from wm_bringup.faults.fault import Fault, parse_all
from wm_bringup.host import clock, cores, realtime
from wm_bringup.robots.base import Robot
from wm_bringup.robots.self_standing import SelfStandingRobot
from wm_bringup.scenarios.disturbance import Disturbance
from wm_bringup.scenarios.scenario import Scenario, load_scenario
from wm_control.arbiter.operator import OperatorInput
from wm_control.arbiter.parameters import SafetyParameters
from wm_control.arbiter.velocity_gate import VelocityGate
from wm_control.constants import CONTROL_PERIOD
from wm_control.controllers.model_based import ModelBasedController
from wm_control.controllers.proposal import Proposal
from wm_control.drivers import MPC
from wm_control.errors import WmError
from wm_control.mpc.plan import WalkingPlan, gait_phase
from wm_control.refusal import together
from wm_control.robot.description import RobotDescription, load_robot
from wm_control.types import VelocityCommand

if TYPE_CHECKING:
    from wm_policy.lane import PolicyLane

REPORT_CYCLES = 500
"""Cycles between two ``LoopHealth``."""

CATCH_UP, CATCH_UP_REAL = 25, 3
"""Periods that a late loop makes up for: of a simulated robot, whose time waits, and a real one."""

SETUP_PATIENCE = 10.0
"""How long the setup may take to arrive [s]."""

LAST_WORDS = 2.0
"""How long the other end may take to hear of the last cycles [s]."""


def _controller(
    name: str, setup: LoopSetup, description: RobotDescription, lane: PolicyLane | None
) -> ModelBasedController | ProposalHolder:
    """Build what stands for a controller in the loop: the part of it that runs at 500 Hz."""
    if name == MPC:
        return ModelBasedController(description, setup.model_based)
    return ProposalHolder(name, description, lane)


def _lanes(setup: LoopSetup, description: RobotDescription) -> dict[str, PolicyLane]:
    """Build the lane of every driver that is to have one, by its name."""
    lane = setup.lane
    if lane is None:
        return {}
    return {lane.driver: build_lane(description, lane.manifest, lane.network)}


def _phase_shower(
    robot: Robot, controllers: Mapping[str, ModelBasedController | ProposalHolder]
) -> Callable[[float], None] | None:
    """Return what tells a simulated robot the phase of the gait, for pushes that wait for one.

    By the planner, which knows it of whoever drives; without one nobody does.
    """
    show, planned = getattr(robot, "set_gait_phase", None), controllers.get(MPC)
    if show is None or not isinstance(planned, ModelBasedController):
        return None
    return lambda now: show(gait_phase(planned.plan, now))


def _faults(
    setup: LoopSetup, scenario: Scenario, loop: ControlLoop, description: RobotDescription
) -> LoopFaults | None:
    """Faults that the loop is started with; None without any.

    A simulated robot's sensors have those of the scenario themselves.
    """
    of_scenario = (fault for fault in parse_all(scenario.faults) if not fault.of_sensors)
    asked = (*of_scenario, *parse_all(setup.faults))
    faults = [fault for fault in asked if fault.target not in SENT_TO_THE_LOOP]
    return LoopFaults(loop, description, faults, setup.options.seed) if faults else None


@dataclass(slots=True)
class Ending:
    """Whether the process has been asked to end, by a signal, the other end, or its absence."""

    requested: bool = False

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Take a signal as the request."""
        del number, frame
        self.requested = True


class LoopProcess:
    """Builds the cycle, runs it until it is told to stop, leaves the robot damped."""

    def __init__(self, setup: LoopSetup, link: Link, ending: Ending) -> None:
        """Build everything; WmError when the configuration does not allow it."""
        self._link, self._ending = link, ending
        description = load_robot(setup.robot)
        names = (*setup.drivers, *setup.shadows)
        self._lanes = _lanes(setup, description)
        controllers = {
            name: _controller(name, setup, description, self._lanes.get(name)) for name in names
        }
        envelope = setup.safety.envelope_of(setup.drivers[0])
        self._gate = VelocityGate(setup.safety.velocity, envelope)
        self._description = description
        self._refusals = [controller.refusals for controller in controllers.values()]
        self._estimator = build_estimator(description, setup.estimator)
        self._loop = ControlLoop(
            description,
            self._estimator,
            list(controllers.values()),
            setup.safety,
            clock=clock.monotonic,
            drivers=setup.drivers,
            recoverability=recoverability(setup.robot),
        )
        scenario = load_scenario(setup.scenario)
        world = World(scenario, setup.engine, setup.gui, setup.network)
        self._robot = build_robot(setup.backend, setup.robot, description, world)
        self._standing = self._robot if isinstance(self._robot, SelfStandingRobot) else None
        self._wants_ready = setup.options.arm
        truth = getattr(self._robot, "ground_truth", None)
        self._cycle = ControlCycle(
            self._robot,
            self._loop,
            self._gate,
            {name: controller.receive for name, controller in controllers.items()},
            lambda record: self._send(pack(record)),
            clock=clock.monotonic,
            ros_clock=clock.wall if setup.ros_time else None,
            options=setup.options,
            truth=truth,
            show_phase=_phase_shower(self._robot, controllers),
            faults=_faults(setup, scenario, self._loop, description),
            lanes=self._lanes.values(),
            standing=self._standing,
        )
        self._takes: Mapping[type, Callable[[Any], object]] = {
            WalkingPlan: lambda plan: self._cycle.post(MPC, plan),
            Proposal: lambda proposal: self._cycle.post(proposal.result.controller, proposal),
            VelocityCommand: lambda command: self._gate.receive(command, self._cycle.now),
            OperatorInput: self._cycle.request,
            SafetyParameters: self._change_safety,
            Fault: self._cycle.inject,
            Disturbance: self._disturb,
            LanePolicy: self._change_lane,
            LoopRequest: self._obey,
        }
        self._started = False
        self._realtime = realtime.RealTimeReport(False, False, ())
        self._send(LoopReady())

    def _change_safety(self, safety: SafetyParameters) -> None:
        self._loop.change_safety(safety)
        self._gate.parameters = safety.velocity

    def _change_lane(self, change: LanePolicy) -> None:
        """Give a lane another policy, built beside the cycles: that takes longer than many."""
        if change.driver in self._lanes:
            threading.Thread(target=self._build_lane, args=(change,), name="lane").start()

    def _build_lane(self, change: LanePolicy) -> None:
        policy = build_policy(self._description, change.manifest, change.network)
        self._lanes[change.driver].replace(policy)

    def _disturb(self, what: Disturbance) -> None:
        """Let a simulated robot be pushed, loaded or set on other ground; no other one can be."""
        disturb = getattr(self._robot, "disturb", None)
        if disturb is not None:
            disturb(what)

    def _obey(self, request: LoopRequest) -> None:
        if request is LoopRequest.START:
            self._started = True
        elif request is LoopRequest.STOP:
            self._ending.requested = True
        elif self._standing is None:
            self._cycle.request_reset()
        elif request is LoopRequest.READY:
            self._standing.ready()
        elif request is LoopRequest.GIVE_BACK:
            self._standing.give_back()

    def _send(self, message: object) -> None:
        """Send; a cycle is never broken off because nobody listens, but it is the last but few."""
        try:
            self._link.send(message)
        except LinkClosedError:
            self._ending.requested = True

    def _take(self, patience: float = 0.0) -> None:
        """Take in all that has come."""
        try:
            message = self._link.receive(patience)
            while message is not None:
                self._takes[type(message)](message)
                message = self._link.receive()
        except LinkClosedError:
            self._ending.requested = True

    def run(self) -> None:
        """Wait for START, then cycle until the end; whatever raises, the robot is damped."""
        while not (self._started or self._ending.requested):
            self._take(patience=0.1)
        if self._ending.requested:
            return
        self._cycle.start()
        self._realtime = realtime.prepare_process()
        realtime.raise_thread(realtime.CONTROL_PRIORITY)
        deadlines = realtime.PeriodicDeadlines(CONTROL_PERIOD, patience=self._patience)
        if self._standing is not None and self._wants_ready:
            self._standing.ready()
        try:
            self._drive(deadlines)
        except Exception:
            self._cycle.damp()
            raise

    def _drive(self, deadlines: realtime.PeriodicDeadlines) -> None:
        """Cycle until the end, and leave the robot damped."""
        while not self._ending.requested:
            beat = deadlines.wait()
            self._take()
            self._cycle.run(beat)
            if self._standing is not None:
                deadlines.shift(self._standing.shift)
            self._report()
        self._cycle.shut_down(deadlines.wait)

    @property
    def _patience(self) -> int:
        """Periods that are caught up with; a robot that goes on by itself has nothing to catch."""
        return CATCH_UP if self._standing is None else CATCH_UP_REAL

    def _report(self) -> None:
        if self._cycle.cycles % REPORT_CYCLES == 1:
            safeguards = self._loop.safeguards(self._gate)
            figures = dict(self._estimator.figures)
            lost, refusals = self._link.lost, together(self._refusals)
            faults = (*getattr(self._robot, "sensor_faults", ()), *self._cycle.faults)
            lanes = {name: lane.doubt for name, lane in self._lanes.items()}
            robot = getattr(self._robot, "figures", {})
            health = LoopHealth(
                safeguards, figures, self._realtime, lost, refusals, faults, lanes, dict(robot)
            )
            self._send(health)

    def close(self) -> None:
        """Close the robot."""
        self._robot.close()


def serve(link: Link, ending: Ending) -> int:
    """Be the process at this end of a link until it is to end; returns the exit code."""
    try:
        code = _serve(link, ending)
        link.flush(LAST_WORDS)
    except LinkClosedError:
        code = 1
    finally:
        link.close()
    return code


def _serve(link: Link, ending: Ending) -> int:
    setup = link.receive(SETUP_PATIENCE)
    if not isinstance(setup, LoopSetup):
        return 2
    try:
        process = LoopProcess(setup, link, ending)
        try:
            process.run()
        finally:
            process.close()
    except WmError as error:
        link.send(LoopFailure(str(error)))
        return 2
    except Exception as error:
        link.send(LoopFailure(f"{type(error).__name__}: {error}"))
        return 1
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run on a link; SIGTERM damps the robot and ends, SIGINT is for the other end to take."""
    parser = argparse.ArgumentParser(prog="loop_process", description=__doc__)
    parser.add_argument("descriptor", type=int, help="of this end of the link")
    link = adopt(parser.parse_args(arguments).descriptor)
    ending = Ending()
    cores.take(cores.told())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, ending.on_signal)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))
    return serve(link, ending)


if __name__ == "__main__":
    sys.exit(main())
