"""What the real-time process does every 2 ms: robot, loop, and what drivers beside it send.

    plans, proposals -> loop.tick(observation) -> robot.step(command) -> hand the record over

No ROS here and nothing that waits: what others want to say (plans, velocity, arming) lies
ready in mailboxes, and what they want to know is handed to ``sink``, which must not block.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from wm_bringup.cycle.latency import LatencySample
from wm_bringup.cycle.loop import ControlLoop, TickRecord
from wm_bringup.cycle.loop_faults import LoopFaults
from wm_bringup.faults.fault import Fault
from wm_bringup.faults.schedule import Acted
from wm_bringup.host.realtime import PeriodStart
from wm_bringup.robots.base import GroundTruth, Robot
from wm_bringup.robots.self_standing import SelfStandingRobot
from wm_bringup.wire.delayed_delivery import Stamped
from wm_control.arbiter.hardware import UNTOLD
from wm_control.arbiter.operator import NO_REQUEST, OperatorInput
from wm_control.arbiter.postures import damping_command
from wm_control.arbiter.velocity_gate import VelocityGate
from wm_control.controllers.lane import Lane
from wm_control.fast_init import fast_init, replace
from wm_control.types import Array, Decision, Observation

HOLD_EVERY = 5
"""A held robot is looked at in every fifth period only."""


_MAIL = 8
"""Messages that wait for a tick; the oldest go when more come."""

WARM_UP = 25
"""Steps of the robot before the run, which are then forgotten: first times take long."""


@fast_init
@dataclass(frozen=True, slots=True)
class TrueBase:
    """What ``ground_truth/odom`` shows of a simulated robot; fields as in ``GroundTruth``."""

    stamp: float
    base_position_in_world: Array
    base_orientation: Array
    base_velocity_in_base: Array
    base_angular_velocity_in_base: Array


@fast_init
@dataclass(frozen=True, slots=True)
class CycleRecord:
    """What one cycle leaves for publishers: the tick, its latency, the truth if it was asked for.

    held: the robot was held in its starting pose and did not move.
    """

    tick: TickRecord
    latency: LatencySample
    held: bool
    truth: TrueBase | None = None


@fast_init
@dataclass(frozen=True, slots=True)
class CycleOptions:
    """How a run begins and what it shows.

    seed: of the robot's reset. arm: ask to start by itself, until it succeeds once. held: the
    simulated robot is held in its starting pose until it is armed. first_run: number of the first
    run. truth_every: ticks per look at the ground truth; 0: never.
    """

    seed: int = 0
    arm: bool = False
    held: bool = True
    first_run: int = 0
    truth_every: int = 0


class ControlCycle:
    """One robot under one loop; ``run`` does one period.

    One thread makes all calls.
    """

    def __init__(
        self,
        robot: Robot,
        loop: ControlLoop,
        gate: VelocityGate,
        receivers: Mapping[str, Callable[[Any], None]],
        sink: Callable[[CycleRecord], None],
        *,
        clock: Callable[[], float],
        ros_clock: Callable[[], float] | None = None,
        options: CycleOptions | None = None,
        truth: Callable[[], GroundTruth] | None = None,
        show_phase: Callable[[float], None] | None = None,
        faults: LoopFaults | None = None,
        lanes: Iterable[Lane] = (),
        standing: SelfStandingRobot | None = None,
    ) -> None:
        """Wire the parts; nothing happens before ``start``.

        receivers: take what the process of a controller sends, a plan or a proposal, by name of the
        controller. clock: that of the periods [s]. ros_clock: ROS time [s], of all stamps; without
        it they count from zero.
        show_phase: is told ``now`` in every cycle, for simulated pushes at a phase of the gait.
        faults: injected from the start; None: none, until ``inject``.
        lanes: of the controllers, which work when the command has gone out.
        standing: the robot, where it is one that holds itself until a driver has it.
        """
        self.loop, self.gate = loop, gate
        self.now = 0.0
        self.cycles = 0
        self._robot, self._receivers, self._sink = robot, receivers, sink
        self._mail: deque[tuple[str, Stamped]] = deque(maxlen=_MAIL)
        self._clock, self._ros_clock = clock, ros_clock
        self._options = options or CycleOptions()
        self._truth, self._show_phase = truth, show_phase
        self._faults = faults
        self._lanes = tuple(lanes)
        self._standing = standing
        self._told = UNTOLD
        self._to_ros: float | None = None
        self._seen = 0.0
        self._born = 0.0
        self._run = self._options.first_run - 1
        self._held = self._options.held
        self._arming = self._options.arm
        self._newest: dict[str, Stamped] = {}
        self._reset_requested = True

    def start(self) -> None:
        """Move the robot once, so that later nothing happens for the first time; then begin."""
        if self._options.held and self._standing is None:
            self._robot.reset(self._options.seed)
            for _ in range(WARM_UP):
                self._robot.step(None)

    def request_reset(self) -> None:
        """Start again from the default posture with the next cycle."""
        self._reset_requested = True

    def run(self, period: PeriodStart) -> None:
        """One period; whatever raises in it, damping is the last that the robot is told."""
        try:
            if self._standing is not None:
                self._heed(self._standing)
            if self._reset_requested:
                self._reset(period)
            if self._held:
                self._hold(period)
            else:
                self._tick(period)
        except Exception:
            self.damp()
            raise
        self.cycles += 1

    def _heed(self, standing: SelfStandingRobot) -> None:
        """Pass on what the robot tells; where it holds itself again, nobody drives any more."""
        if standing.hardware is not self._told:
            self._told = standing.hardware
            self.loop.report_hardware(self._told)
        asked = standing.asked()
        if asked != NO_REQUEST:
            self.request(asked)
        if standing.held and not self._held:
            self._reset_requested = True

    def request(self, operator: OperatorInput) -> None:
        """Hand a request of the operator on; a robot that holds itself heeds a stop as well."""
        self.loop.request(operator)
        if operator.stop and self._standing is not None:
            self._standing.relax()

    def damp(self) -> None:
        """Send damping past a loop that has failed; of the two failures the first is heard of."""
        with suppress(Exception):
            if self._standing is not None:
                self._standing.relax()
            gains = self._robot.description.damping
            self._robot.step(damping_command(self._observation, gains))

    def _reset(self, period: PeriodStart) -> None:
        """Start again; time goes on."""
        self._reset_requested = False
        observation = self._robot.reset(self._options.seed)
        self._newest.clear()
        self._held = self._options.held
        self._arming = self._options.arm
        self._begin(observation, period)
        self._born = self.now
        self.loop.reset(self._observation)

    def _begin(self, observation: Observation, period: PeriodStart) -> None:
        """Begin another run in this period, with its first observation."""
        self._run += 1
        self._robot.clock.begin(period.scheduled)
        if self._ros_clock is not None:
            self._to_ros = self._ros_clock() - self._clock()
        elif self._to_ros is None:
            self._to_ros = -period.scheduled
        stamp = self._stamp(observation)
        if self._faults is not None:
            self._faults.begin(stamp)
        self._see(observation, period)
        self.now = stamp  # also where a fault holds this observation back

    def _stamp(self, observation: Observation) -> float:
        """When an observation that has just been read was made, on the clock of this graph [s]."""
        measured = self._robot.clock.measured(observation.stamp, self._clock())
        return measured + (self._to_ros or 0.0)

    def _see(self, observation: Observation, period: PeriodStart) -> None:
        """Take over an observation just read, with its stamp on the clock of this graph."""
        stamp = self._stamp(observation)
        self._seen = self._robot.clock.now(period.scheduled, self._clock())
        seen = replace(observation, stamp=stamp, run=self._run)
        self._observation = seen if self._faults is None else self._faults.observation(seen)

    def inject(self, fault: Fault) -> None:
        """Add a fault of the loop, whose start counts from now on; ParameterError if it cannot be.

        A fault of what is sent to the loop is injected by its sender.
        """
        if self._faults is None:
            self._faults = LoopFaults(self.loop, self._robot.description)
            if self.cycles:
                self._faults.observation(self._observation)  # repeated when none comes any more
        self._faults.ask(fault, self.now)

    @property
    def faults(self) -> tuple[Acted, ...]:
        """What came of each fault."""
        return () if self._faults is None else self._faults.acted

    def _hold(self, period: PeriodStart) -> None:
        """Look at a robot that does not move; let go of it when the arbiter arms.

        Each look is the beginning of a run, until one is not the last.
        """
        if self.cycles % HOLD_EVERY:
            if self._standing is not None:
                self._standing.keep()
            return
        self._begin(self._robot.hold(), period)
        if self.loop.ready_to_start:
            self._arm_if_wanted()
        velocity = self.gate.current(self.now)
        decision = self.loop.hold(self._observation, velocity, self.now, self._deliver)
        self._held = not decision.armed
        if self._held:
            self._hand_over(period, self._clock(), 0.0)
        else:
            self._move(period, decision)

    def _tick(self, period: PeriodStart) -> None:
        if period.skipped:
            self.loop.report_skipped(period.skipped)
            self._robot.pass_over(period.skipped)
        self._see(self._robot.observe(), period)
        self.now = self._seen + (self._to_ros or 0.0)
        self._arm_if_wanted()
        self._deliver_new()
        told = self.now if self._faults is None else self._faults.now(self.now)
        decision = self.loop.tick(self._observation, self.gate.current(self.now), told)
        self._move(period, decision)

    def _move(self, period: PeriodStart, decision: Decision) -> None:
        """Let the robot act on the decision; what comes of it is seen in the next period."""
        sent = self._clock()
        if self._show_phase is not None:
            self._show_phase(self.now)
        command = decision.command
        arrives = command if self._faults is None else self._faults.command(command)
        self._robot.step(arrives, sent - period.scheduled)
        stepped = self._clock()
        self._hand_over(period, sent, stepped - sent)

    def _arm_if_wanted(self) -> None:
        """Ask once per cycle until the arbiter has armed for the first time."""
        last = self.loop.last
        if self._arming and last is not None and last.decision.armed:
            self._arming = False
        if self._arming:
            self.loop.request(OperatorInput(start=True))

    def post(self, controller: str, message: Stamped) -> None:
        """Leave a plan or a proposal for a controller, to be handed over before the next tick."""
        self._mail.append((controller, message))

    def _deliver_new(self) -> None:
        while self._mail:
            self._accept(*self._mail.popleft())

    def _deliver(self) -> None:
        """Hand over the newest messages again, because the controllers have just been reset."""
        newest, self._newest = self._newest, {}
        for controller, message in newest.items():
            self._accept(controller, message)
        self._deliver_new()

    def _accept(self, controller: str, message: Stamped) -> None:
        """Messages from before the last reset are about another life of the robot."""
        if message.stamp >= self._born and controller in self._receivers:
            self._newest[controller] = message
            self._receivers[controller](message)

    def _hand_over(self, period: PeriodStart, sent: float, backend_time: float) -> None:
        tick = self.loop.last
        assert tick is not None
        periods = HOLD_EVERY if self._held else 1  # until the next one of its kind
        late = not (sent + backend_time <= period.scheduled + periods * self.loop.period)
        self.loop.report_late(late)
        age = self.now - tick.observation.stamp
        latency = tick.latency(
            self._seen - age,
            self._seen,
            sent,
            deadline_missed=late,
            backend_time=backend_time,
            ahead=self._to_ros or 0.0,
            skipped=period.skipped,
        )
        self._sink(CycleRecord(tick, latency, self._held, self._look()))
        for lane in self._lanes:
            lane.work_ahead(tick.executed)

    def _look(self) -> TrueBase | None:
        """Look at the truth in every so many cycles."""
        every = self._options.truth_every
        if self._truth is None or every == 0 or self.cycles % every:
            return None
        truth = self._truth()
        return TrueBase(
            self._robot.clock.measured(truth.stamp, self._clock()) + (self._to_ros or 0.0),
            truth.base_position_in_world,
            truth.base_orientation,
            truth.base_velocity_in_base,
            truth.base_angular_velocity_in_base,
        )

    def shut_down(self, periods: Callable[[], PeriodStart], cycles: int = HOLD_EVERY) -> None:
        """Stop the robot, let the damping go out for a few more cycles, and let go of it."""
        self.request(OperatorInput(stop=True))
        self._options = replace(self._options, arm=False)
        self._arming = False
        for _ in range(cycles):
            self.run(periods())
        if self._standing is not None:
            self._standing.let_go()
