"""Lock-step: robot, control loop and contestant advanced tick by tick, without ROS and clocks.

    plan arrives -> loop.tick(observation) -> robot.step(command, compute time) -> next observation

The loop is the object that also runs in real time. Nothing is early: what a contestant computes
beside the loop (a plan, a policy's proposal) arrives after its compute time, and the robot goes on
with its old command until the control path's compute time (and the drives' delay) have passed. All
times are replayed from distributions, so that equal seeds give equal traces on any machine.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from wm_bringup.cycle.loop import GOOD_LOOKS, ControlLoop, TickRecord
from wm_bringup.lockstep.compute_time import ComputeTimeDraws
from wm_bringup.lockstep.contestants import BesideLoop
from wm_bringup.record.fall import FallLimits, fall_cause, height_of
from wm_bringup.record.trace import Trace, TraceRecorder
from wm_bringup.robots.base import GroundTruth, SimulatedRobot
from wm_bringup.scenarios.scenario import Scenario
from wm_control.arbiter.arbiter import arming_obstacle
from wm_control.arbiter.operator import OperatorInput
from wm_control.constants import CONTROL_PERIOD
from wm_control.drivers import number_of
from wm_control.errors import WmError
from wm_control.mpc.plan import WalkingPlan
from wm_control.types import Decision, Observation, Status, VelocityCommand

State = Literal["true", "estimated"]

TICKS_PER_TRUTH = 2
"""The evaluator looks at the truth, which costs time, at 250 Hz; ``full_rate`` makes it 500."""


ARMING_LOOKS = 60
"""Looks at a held robot in which the arbiter has to arm."""


class NotArmedError(WmError):
    """The arbiter refuses to let the controller drive from the start on; the text says why."""


class ComputeTimes(Protocol):
    """How long control path, planner and policy take, tick after tick [s]."""

    def control(self) -> float:
        """Observation received to command sent, of the next tick."""

    def plan(self) -> float:
        """Estimate sent to plan received, of the next plan."""

    def proposal(self) -> float:
        """Estimate sent to proposal received, of the next policy step."""


@dataclass(frozen=True, slots=True)
class DrawnComputeTimes:
    """Compute times replayed from distributions that were measured once."""

    control_draws: ComputeTimeDraws
    plan_draws: ComputeTimeDraws
    proposal_draws: ComputeTimeDraws

    def control(self) -> float:
        """Observation received to command sent, of the next tick [s]."""
        return self.control_draws.next()

    def plan(self) -> float:
        """Estimate sent to plan received, of the next plan [s]."""
        return self.plan_draws.next()

    def proposal(self) -> float:
        """Estimate sent to proposal received, of the next policy step [s]."""
        return self.proposal_draws.next()


@dataclass(slots=True)
class Supervision:
    """What arbiter, filter and controllers reported, counted over all ticks.

    interventions: how often the arbiter did not let the preferred controller do as it wants.
    degraded, controller_causes: of whoever drove. shadows_degraded: of the others, by name.
    """

    ticks: int = 0
    interventions: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    clipped: int = 0
    degraded: int = 0
    controller_causes: Counter[str] = field(default_factory=Counter)
    shadows_degraded: Counter[str] = field(default_factory=Counter)
    late: int = 0
    max_plan_age: float = 0.0
    _intervening: bool = False

    def add(self, loop: ControlLoop, decision: Decision, late: bool, plan_age: float) -> None:
        """Take in one tick."""
        self.ticks += 1
        self.late += late
        self.clipped += bool(decision.clipped.any())
        if plan_age > self.max_plan_age:
            self.max_plan_age = plan_age
        first = decision.first_cause
        if first is not None and not self._intervening:
            self.interventions += 1
            self.causes[first.rule] += 1
        self._intervening = first is not None
        assert loop.last is not None
        for name, result in loop.last.results.items():
            if result.status == Status.OK:
                continue
            if name == loop.last.driver:
                self.degraded += 1
                self.controller_causes[_without_numbers(result.cause)] += 1
            else:
                self.shadows_degraded[name] += 1


def _without_numbers(text: str) -> str:
    """Return the same words for the same cause, so that it can be counted."""
    return "".join("#" if c.isdigit() else c for c in text)


@dataclass(slots=True)
class StageTimes:
    """CPU time spent by stage over an episode [s], on the clock handed in."""

    estimator: float = 0.0
    controller: float = 0.0
    arbiter: float = 0.0
    planner: float = 0.0
    physics: float = 0.0
    judging: float = 0.0

    def per_tick_ms(self, ticks: int) -> dict[str, float]:
        """Mean by stage [ms]."""
        stages = {name: getattr(self, name) for name in self.__slots__}
        return {name: 1e3 * seconds / max(ticks, 1) for name, seconds in stages.items()}


@dataclass(frozen=True, slots=True)
class Run:
    """What one lock-step run left behind."""

    trace: Trace
    supervision: Supervision
    stages: StageTimes
    fall: str


class LockStep:
    """One robot under one contestant; ``run`` does one episode. Build a new one for the next."""

    def __init__(
        self,
        robot: SimulatedRobot,
        loop: ControlLoop,
        contestant: BesideLoop,
        scenario: Scenario,
        times: ComputeTimes,
        *,
        clock: Callable[[], float],
        full_rate: bool = False,
        watch: Callable[[TickRecord, WalkingPlan | None], None] | None = None,
    ) -> None:
        """clock: CPU time, for the breakdown by stage only.

        watch: is shown the record of every tick and the plan it followed.
        """
        self._robot, self._loop, self._contestant = robot, loop, contestant
        self._scenario, self._times = scenario, times
        self._clock = clock
        self._watch = watch
        self._truth_every = 1 if full_rate else TICKS_PER_TRUTH
        self.stages, self.supervision = StageTimes(), Supervision()

    def run(self, seed: int, *, keep_going: float = 0.0) -> Run:
        """One episode from rest, armed, until its end or ``keep_going`` seconds after a fall."""
        observation = self._begin(seed)
        truth = self._robot.ground_truth()
        limits = FallLimits.of_standing(height_of(truth))
        ticks = round(self._scenario.duration / CONTROL_PERIOD)
        recorder = TraceRecorder(
            ticks // self._truth_every + 1, len(self._robot.description.joint_names)
        )
        fall, last_tick = "", ticks
        for tick in range(ticks):
            now = self._robot.time
            decision, compute_time = self._tick(now, observation)
            if tick % self._truth_every == 0:
                before = self._clock()
                truth = self._robot.ground_truth()
                self._record(recorder, truth, decision, now, compute_time)
                if not fall and (fall := fall_cause(truth, limits)):
                    last_tick = tick + round(keep_going / CONTROL_PERIOD)
                self.stages.judging += self._clock() - before
            if tick >= last_tick:
                break
            before = self._clock()
            observation = self._robot.step(decision.command, compute_time)
            self.stages.physics += self._clock() - before
        return Run(recorder.finish(), self.supervision, self.stages, fall)

    def _begin(self, seed: int) -> Observation:
        """Robot at rest and armed, the contestant prepared from before the start."""
        observation = self._robot.reset(seed)
        self._loop.hold(observation, VelocityCommand(), observation.stamp)
        assert self._loop.last is not None
        self._contestant.prepare(self._loop.last.estimate)
        observation = self._armed(observation)
        self._loop.reset(observation, armed=True)
        self._contestant.start()
        return observation

    def _armed(self, observation: Observation) -> Observation:
        """Look at the held robot until the arbiter arms, as on the graph; return the last look.

        The episode then begins armed and without the ramp of gains. NotArmedError if it refuses.
        """
        self._loop.reset(observation)  # before anything was prepared, much was amiss
        doubt = "it was not asked for long enough"
        for _ in range(ARMING_LOOKS):
            if self._loop.good_looks >= GOOD_LOOKS:
                self._loop.request(OperatorInput(start=True))
            decision = self._loop.hold(
                observation, VelocityCommand(), observation.stamp, self._contestant.start
            )
            if decision.armed:
                return observation
            assert self._loop.last is not None
            doubt = self._loop.last.estimate.cause or doubt
            observation = self._robot.hold()
        cause = arming_obstacle(decision)
        raise NotArmedError(f"the arbiter does not arm: {cause.text if cause else doubt}")

    def _tick(self, now: float, observation: Observation) -> tuple[Decision, float]:
        """One control cycle; returns what was decided and how long deciding it took."""
        velocity = self._scenario.velocity_at(now)
        self._contestant.deliver(now)
        decision = self._loop.tick(observation, velocity, now)
        compute_time = self._times.control()
        late = compute_time > CONTROL_PERIOD
        self._loop.report_late(late)
        self.supervision.add(self._loop, decision, late, self._plan_age(now))
        record = self._loop.last
        assert record is not None
        stamps = record.stamps
        self.stages.estimator += stamps.estimated - stamps.start
        self.stages.controller += stamps.controlled - stamps.estimated
        self.stages.arbiter += stamps.decided - stamps.controlled
        if self._watch is not None:
            self._watch(record, self._contestant.plan)
        before = self._clock()
        self._contestant.think(record)
        self.stages.planner += self._clock() - before
        phase = self._contestant.gait_phase(now)
        if math.isfinite(phase):
            self._robot.set_gait_phase(phase)
        return decision, compute_time

    def _plan_age(self, now: float) -> float:
        plan = self._contestant.plan
        return math.nan if plan is None else now - plan.stamp

    def _record(
        self,
        recorder: TraceRecorder,
        truth: GroundTruth,
        decision: Decision,
        now: float,
        compute_time: float,
    ) -> None:
        record = self._loop.last
        assert record is not None
        recorder.append(
            truth,
            record.estimate,
            decision,
            self._scenario.velocity_at(now),
            gait_phase=self._contestant.gait_phase(now),
            plan_age=self._plan_age(now),
            compute_time=compute_time,
            status=record.driving.status if record.driving else Status.OK,
            driver=number_of(decision.source),
            share=decision.share,
        )
