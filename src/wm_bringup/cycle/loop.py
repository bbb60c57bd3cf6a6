"""One control cycle, from an observation to a command: the same object in real time and lock-step.

    observation -> estimator -> controllers -> arbiter -> command filter -> decision

Direct calls on core objects, one line per stage; no ROS, no clock but the one that is handed in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from queue import SimpleQueue
from typing import Any, ClassVar

from wm_bringup.cycle.latency import LatencySample
from wm_control.arbiter.arbiter import Arbiter
from wm_control.arbiter.background import NOTHING_KNOWN, Background
from wm_control.arbiter.balance import BalanceMeter
from wm_control.arbiter.command_filter import CommandFilter
from wm_control.arbiter.finite import beliefs_of, count_not_finite
from wm_control.arbiter.hardware import UNTOLD, Hardware
from wm_control.arbiter.operator import NO_REQUEST, OperatorInput
from wm_control.arbiter.parameters import SafetyParameters
from wm_control.arbiter.recoverability import UNKNOWN, Recoverability
from wm_control.arbiter.robot_measurements import Overruns
from wm_control.arbiter.safeguards import SafeguardReport, report_safeguards
from wm_control.arbiter.velocity_gate import STOP, VelocityGate, bounded
from wm_control.constants import CONTROL_PERIOD
from wm_control.controllers.proposal import propose
from wm_control.fast_init import fast_init, replace
from wm_control.robot.description import RobotDescription
from wm_control.types import (
    Action,
    AdmittedVelocity,
    Controller,
    ControllerResult,
    Decision,
    Estimate,
    Estimator,
    Executed,
    Observation,
    Status,
    VelocityCommand,
)

GOOD_LOOKS = 25
"""Looks in a row at which a held robot's sensors have to make sense before it is let go of unasked:
one sample of a gyro in degrees may look like noise, a quarter of a second of them does not."""


WAIT_LOOKS = 300
"""Good looks for which the driver that is wanted most is waited for before another one begins."""


@fast_init
@dataclass(frozen=True, slots=True)
class Stamps:
    """When each stage of a cycle was done, on the clock handed to the loop [s]."""

    start: float
    estimated: float
    controlled: float
    decided: float


class Call(Enum):
    """What the loop is told between two cycles; the values are names of its methods."""

    LATE = "report_late"
    SKIPPED = "report_skipped"
    RESET = "reset"
    SAFETY = "change_safety"
    HARDWARE = "report_hardware"


Calls = tuple[tuple[Call, tuple[Any, ...]], ...]
"""In the order in which they came, with their arguments; of a reset the observation and armed."""


@fast_init
@dataclass(frozen=True, slots=True)
class Heard:
    """What a cycle was told beside its observation, so that the same can be told to it again.

    number: of the cycle, from 0 on since the loop was built. asked: the velocity before all limits.
    operator: all requests since the last cycle, as one. anew: estimator and controllers began with
    this observation, of a robot that is held.
    calls: since the last cycle.
    """

    number: int = 0
    asked: VelocityCommand = STOP
    operator: OperatorInput = NO_REQUEST
    anew: bool = False
    calls: Calls = ()


NOTHING_HEARD = Heard()


@fast_init
@dataclass(frozen=True, slots=True)
class TickRecord:
    """All that one cycle saw and did, for whoever publishes or records it.

    velocity: the command as the controllers were given it, after all limits.
    results: by controller, of the driver and of those in its shadow. stamps: of the stages.
    driver: the controller in charge, whether its command passed or the arbiter's own did.
    background: what the decision was made on. heard: what else the cycle was told.
    """

    observation: Observation
    estimate: Estimate
    velocity: VelocityCommand
    results: Mapping[str, ControllerResult]
    decision: Decision
    stamps: Stamps
    driver: str
    background: Background = NOTHING_KNOWN
    heard: Heard = NOTHING_HEARD

    @property
    def driving(self) -> ControllerResult | None:
        """What the controller in charge proposed."""
        return self.results.get(self.driver)

    @property
    def executed(self) -> Executed:
        """What the robot is sent in this cycle, and whose it is."""
        return Executed(self.decision.command, self.decision.source)

    @property
    def admitted(self) -> AdmittedVelocity:
        """The velocity of this cycle, for drivers beside the loop."""
        observation, decision = self.observation, self.decision
        return AdmittedVelocity(
            observation.stamp, observation.run, self.velocity, decision.action, decision.source
        )

    def latency(
        self,
        t_sensor: float,
        t_received: float,
        t_published: float,
        *,
        deadline_missed: bool = False,
        backend_time: float = 0.0,
        ahead: float = 0.0,
        skipped: int = 0,
    ) -> LatencySample:
        """Complete the stamps with those that only the caller can take; all on one clock [s].

        Status and iterations are those of the driver; no shadow is charged to it.

        ahead: of that clock, the time that the sample is told in [s].
        """
        stamps, result = self.stamps, self.driving
        solves = result.solves if result else ()
        return LatencySample(
            sequence=self.observation.sequence,
            controller=self.decision.source,
            t_sensor=t_sensor + ahead,
            t_received=t_received + ahead,
            t_start=stamps.start + ahead,
            t_end=stamps.decided + ahead,
            t_published=t_published + ahead,
            deadline_missed=deadline_missed,
            iterations=sum(solve.iterations for solve in solves),
            status=result.status if result else Status.OK,
            estimator_time=stamps.estimated - stamps.start,
            controller_time=stamps.controlled - stamps.estimated,
            arbiter_time=stamps.decided - stamps.controlled,
            backend_time=backend_time,
            skipped=skipped,
        )


class OverrunCounter:
    """Counts late cycles: in a row, and as a share of those of the last second."""

    def __init__(self, period: float) -> None:
        """Start with nothing late. period: of one cycle [s]."""
        self._period = period
        self._late: deque[bool] = deque(maxlen=round(1.0 / period))
        self._count = 0
        self._in_a_row = 0
        self._skipped = 0

    def add(self, late: bool) -> None:
        """Take in one cycle."""
        self._skipped = 0
        self._count_one(late)

    def skip(self, periods: int) -> None:
        """Take in periods that were given up before the cycle that comes: each was missed."""
        self._skipped += periods
        for _ in range(min(periods, self._late.maxlen or 0)):
            self._count_one(True)

    def _count_one(self, late: bool) -> None:
        if len(self._late) == self._late.maxlen:
            self._count -= self._late[0]
        self._late.append(late)
        self._count += late
        self._in_a_row = self._in_a_row + 1 if late else 0

    @property
    def overruns(self) -> Overruns:
        """As the arbiter wants it; the share is of a full window even before there was one."""
        share = self._count / (self._late.maxlen or 1)
        return Overruns(self._in_a_row, share, self._skipped * self._period)


class ControlLoop:
    """Estimator, controllers, arbiter and filter, called one after the other.

    ``last`` holds the record of the newest cycle. ``good_looks`` counts how often in a row a held
    robot's sensors made sense, ``cycles`` all that were done. Nothing raises outward: an estimator
    or controller that raises is reported as unhealthy or failed, with the exception as its cause.
    """

    arbiter_class: ClassVar[type[Arbiter]] = Arbiter
    filter_class: ClassVar[type[CommandFilter]] = CommandFilter

    def __init__(
        self,
        description: RobotDescription,
        estimator: Estimator,
        controllers: Sequence[Controller],
        safety: SafetyParameters,
        *,
        clock: Callable[[], float],
        drivers: Sequence[str] | None = None,
        period: float = CONTROL_PERIOD,
        recoverability: Recoverability = UNKNOWN,
    ) -> None:
        """Put the parts together.

        clock: for the stamps of ``TickRecord`` only. drivers: names of the controllers that may
        drive, the most wanted first; None: the first of them. The others run in shadow: they
        propose in every cycle, and nobody follows. period: of one cycle [s].
        recoverability: what was learned of drivers on this robot; ParameterError where a limit asks
        for more than that.
        """
        recoverability.check(safety.arbiter)
        self.safety = safety
        self.estimator = estimator
        self.controllers = tuple(controllers)
        names = [controller.name for controller in self.controllers]
        preference = tuple(names[:1] if drivers is None else drivers)
        self.arbiter = self.arbiter_class(
            description,
            self.safety.arbiter,
            preference=preference,
            shadows=[name for name in names if name not in preference],
            balance=BalanceMeter(description, recoverability),
        )
        self.filter = self.filter_class(description, self.safety.filter)
        self.period = period
        self.last: TickRecord | None = None
        self.good_looks = self.cycles = 0
        self._skipped = 0
        self._executed: Executed | None = None
        self._believed: Estimate | None = None
        self._asked: tuple[VelocityCommand, Action, str, SafetyParameters] | None = None
        self._admitted = VelocityCommand()
        self._calls: list[tuple[Call, tuple[Any, ...]]] = []
        self._clock = clock
        self._requests: SimpleQueue[OperatorInput] = SimpleQueue()
        self._overruns = OverrunCounter(period)
        self._hardware = UNTOLD

    @property
    def ready_to_start(self) -> bool:
        """Whether a held robot may be let go of unasked: it makes sense, and its driver is there.

        Which driver comes up first is chance; the one that is wanted most is waited for a while.
        """
        preferred = self.arbiter.selection.driving == self.arbiter.preference[0]
        return self.good_looks >= (GOOD_LOOKS if preferred else WAIT_LOOKS)

    def request(self, operator: OperatorInput) -> None:
        """Hand a request to the next cycle; may be called from another thread."""
        self._requests.put(operator)

    def change_safety(self, safety: SafetyParameters) -> None:
        """Put other limits in force from the next cycle on; may be called from another thread."""
        self._calls.append((Call.SAFETY, (safety,)))
        self.safety = safety
        self.arbiter.parameters = safety.arbiter
        self.filter.parameters = safety.filter

    def safeguards(self, gate: VelocityGate) -> SafeguardReport:
        """Take stock of the command filter, and of a velocity gate by the limits of who drives."""
        gate.envelope = self.safety.envelope_of(self.arbiter.selection.driving)
        return report_safeguards(self.filter, gate)

    def report_late(self, late: bool) -> None:
        """Say whether the cycle just done ended after its deadline."""
        self._calls.append((Call.LATE, (late,)))
        self._overruns.add(late)

    def report_skipped(self, periods: int) -> None:
        """Say that so many periods were given up before the cycle that comes: it stood still."""
        self._calls.append((Call.SKIPPED, (periods,)))
        self._overruns.skip(periods)
        self._skipped += periods

    def report_hardware(self, hardware: Hardware) -> None:
        """Say what the robot tells of itself from the next cycle on."""
        self._calls.append((Call.HARDWARE, (hardware,)))
        self._hardware = hardware

    def reset(self, observation: Observation, *, armed: bool = False) -> None:
        """Start again from rest, unarmed unless ``armed`` (``Arbiter.reset``).

        Of the past only the operator's stop is remembered.
        """
        self._calls.append((Call.RESET, (observation, armed)))
        self._restart(observation)
        self.good_looks = 0
        self.arbiter.reset(armed=armed)
        self.filter.reset()
        self._overruns = OverrunCounter(self.period)
        self._skipped = 0
        self.last = None

    def _bounded(self, velocity: VelocityCommand) -> VelocityCommand:
        """Velocity command within the limits that hold after the newest decision, of who drives."""
        action = self.last.decision.action if self.last else Action.NOMINAL
        driver = self.arbiter.selection.driving
        asked = (velocity, action, driver, self.safety)
        if asked != self._asked:  # mostly it is what was asked before
            envelope = self.safety.envelope_of(driver)
            self._admitted = bounded(velocity, self.safety.velocity, action, envelope)
            self._asked = asked
        return self._admitted

    def tick(self, observation: Observation, velocity: VelocityCommand, now: float) -> Decision:
        """One cycle. now: on the clock of ``observation.stamp`` [s]."""
        start = self._clock()
        estimate = self._estimate(observation)
        return self._continue(start, observation, estimate, velocity, now)

    def hold(
        self,
        observation: Observation,
        velocity: VelocityCommand,
        now: float,
        deliver: Callable[[], None] = lambda: None,
    ) -> Decision:
        """One cycle of a robot that stands still, held from outside, until the arbiter arms.

        Estimator and controllers start anew from this observation; ``deliver`` then hands them
        what they need from elsewhere, such as the newest plan.
        """
        start = self._clock()
        estimate = self._restart(observation)
        self.good_looks = self.good_looks + 1 if estimate.healthy else 0
        deliver()
        return self._continue(start, observation, estimate, velocity, now, anew=True)

    def _restart(self, observation: Observation) -> Estimate:
        self._believed = self.estimator.reset(observation)
        self._executed = None
        for controller in self.controllers:
            controller.reset(self._believed)
        return self._believed

    def _continue(
        self,
        start: float,
        observation: Observation,
        estimate: Estimate,
        asked: VelocityCommand,
        now: float,
        *,
        anew: bool = False,
    ) -> Decision:
        estimated = self._clock()
        velocity = self._bounded(asked)
        results = {
            c.name: propose(c, estimate, velocity, self.period, self._executed)
            for c in self.controllers
        }
        controlled = self._clock()
        operator, overruns = self._operator(), self._overruns.overruns
        decision = self.arbiter.update(now, estimate, results, operator, overruns, self._hardware)
        since_last, self._skipped = (1 + self._skipped) * self.period, 0
        command, clipped = self.filter.apply(decision.command, observation, since_last)
        decision = replace(decision, command=command, clipped=clipped)
        stamps = Stamps(start, estimated, controlled, self._clock())
        calls = tuple(self._calls)
        del self._calls[: len(calls)]  # another thread may have added one meanwhile
        self.last = TickRecord(
            observation,
            estimate,
            velocity,
            results,
            decision,
            stamps,
            self.arbiter.selection.driving,
            self.arbiter.background,
            Heard(self.cycles, asked, operator, anew, calls),
        )
        self.cycles += 1
        self._executed = self.last.executed
        return decision

    def _estimate(self, observation: Observation) -> Estimate:
        before = None if self.last is None else self.last.estimate
        return next_estimate(self.estimator, observation, before)

    def _operator(self) -> OperatorInput:
        """All requests since the last cycle, as one."""
        whole = NO_REQUEST
        while not self._requests.empty():
            whole = whole.also(self._requests.get_nowait())
        return whole


def next_estimate(
    estimator: Estimator, observation: Observation, before: Estimate | None
) -> Estimate:
    """Ask an estimator; if it raises, or believes what is not finite, go on with the one before.

    That one is then unhealthy, with a cause: a belief that is no number is no belief.
    """
    try:
        estimate = estimator.update(observation)
    except Exception as error:
        if before is None:
            raise
        cause = f"estimator raised {type(error).__name__}: {error}"
        return replace(before, observation=observation, healthy=False, cause=cause)
    if before is None or not (wrong := count_not_finite(beliefs_of(estimate))):
        return estimate
    cause = f"estimator: {wrong:.0f} of its beliefs are not finite"
    return replace(before, observation=observation, healthy=False, cause=cause)
