"""Lock-step: robot, control loop and contestant advanced tick by tick, without ROS and clocks.

    plan arrives -> loop.tick(observation) -> robot.step(command, compute time) -> next observation

The loop is the object that also runs in real time. Nothing is early: what a contestant computes
beside the loop (a plan, a policy's proposal) arrives after its compute time, and the robot goes on
with its old command until the control path's compute time (and the drives' delay) have passed. All
times are replayed from distributions, so that equal seeds give equal traces on any machine.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from wm_bringup.cycle.loop import GOOD_LOOKS, ControlLoop, TickRecord
from wm_bringup.cycle.loop_faults import LoopFaults
from wm_bringup.faults.fault import ROUNDING
from wm_bringup.faults.meanings import DRIVER_OF
from wm_bringup.lockstep.compute_time import ComputeTimeDraws
from wm_bringup.lockstep.contestants import BesideLoop
from wm_bringup.record.cycle_bag import CycleBag
from wm_bringup.record.evaluation import Evaluation
from wm_bringup.record.fall import FallLimits, fall_cause, height_of
from wm_bringup.record.from_lockstep import RunRecorder, planned_stance
from wm_bringup.record.run_record import RunFacts, RunRecord
from wm_bringup.robots.base import GroundTruth, SimulatedRobot
from wm_bringup.scenarios.possible import Happened, fault_happened
from wm_bringup.scenarios.scenario import Scenario
from wm_bringup.scenarios.tour import Pose, TourFollower
from wm_control.arbiter.arbiter import arming_obstacle
from wm_control.arbiter.operator import OperatorInput
from wm_control.constants import CONTROL_PERIOD
from wm_control.errors import WmError
from wm_control.estimation.algebra.orientation import heading_from_quaternion
from wm_control.mpc.plan import WalkingPlan
from wm_control.types import Observation, VelocityCommand

if TYPE_CHECKING:
    from wm_bringup.lockstep.watched import Watched

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

    record: RunRecord
    stages: StageTimes

    @property
    def fall(self) -> str:
        """Why the robot fell, empty when it did not."""
        return self.record.facts.fall


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
        faults: LoopFaults | None = None,
        watched: Sequence[Watched] = (),
        bag: CycleBag | None = None,
    ) -> None:
        """clock: CPU time, as the loop has it too, for the breakdown by stage only.

        full_rate: look at the truth in every cycle, and record what the sensors said.
        watch: is shown the record of every tick and the plan it followed.
        faults: between the loop and what it hears and sends; None where there are none.
        watched: the contestants under watch, for who asks what they were caught at.
        bag: is left every cycle, also those before the start; None for no bag.
        """
        self._robot, self._loop, self._contestant = robot, loop, contestant
        self._scenario, self._times = scenario, times
        self._clock = clock
        self._watch = watch
        self._faults = faults
        self.watched = tuple(watched)
        self._bag = bag
        self._wants_stance = full_rate or bag is not None
        self._wishes = deque(scenario.wishes)
        self._truth_every = 1 if full_rate else TICKS_PER_TRUTH
        self._full_rate = full_rate
        self.stages = StageTimes()

    def run(self, seed: int, *, keep_going: float = 0.0) -> Run:
        """One episode from rest, armed, until its end or ``keep_going`` seconds after a fall."""
        observation = self._begin(seed)
        truth = self._robot.ground_truth()
        limits = FallLimits.of_rule(self._scenario.fall, height_of(truth))
        tour = self._scenario.tour
        guide = None if tour is None else TourFollower(tour, _pose(truth))
        ticks = round(self._scenario.duration / CONTROL_PERIOD)
        recorder = RunRecorder(
            ticks // self._truth_every + 1,
            ticks,
            len(self._robot.description.joint_names),
            observe=self._full_rate,
            tour=guide is not None,
        )
        facts, last_tick = RunFacts(), ticks
        for tick in range(ticks):
            now = self._robot.time
            if guide is None:
                asked = self._scenario.velocity_at(now)
            else:
                asked = guide.ask(now, _pose(truth))
            record, compute_time, phase = self._tick(now, observation, asked)
            thought = self._clock()
            plan = self._contestant.plan
            age = math.nan if plan is None else now - plan.stamp
            stance = planned_stance(plan if self._wants_stance else None, record.observation.stamp)
            looked = self._robot.ground_truth() if tick % self._truth_every == 0 else None
            number, target = record.heard.number, guide.target if guide else None
            seen = Evaluation(number, now, age, compute_time, stance, asked, phase, looked, target)
            recorder.take(record, seen)
            if self._bag is not None:
                self._bag.evaluation(seen)
                self._bag.plan(plan)
            if looked is not None:
                truth = looked
                if not facts.fall and (fall := fall_cause(truth, limits)):
                    facts = RunFacts(fall=fall, fell_at=truth.stamp)
                    last_tick = tick + round(keep_going / CONTROL_PERIOD)
            judged = self._clock()
            self.stages.planner += thought - record.stamps.decided
            self.stages.judging += judged - thought
            if tick >= last_tick:
                break
            command = record.decision.command
            sent = command if self._faults is None else self._faults.command(command)
            observation = self._robot.step(sent, compute_time)
            self.stages.physics += self._clock() - judged
        return Run(recorder.finish(facts), self.stages)

    @property
    def driver_faults(self) -> tuple[tuple[str, float], ...]:
        """Driver, and when it began [s], of every fault of what drivers send that acted."""
        acted = () if self._faults is None else self._faults.acted
        return tuple(
            (DRIVER_OF[one.fault.target], one.first)
            for one in acted
            if one.fault.target in DRIVER_OF and one.first is not None
        )

    @property
    def happened(self) -> tuple[Happened, ...]:
        """What came of every fault that is not the sensors'."""
        return () if self._faults is None else tuple(map(fault_happened, self._faults.acted))

    def _begin(self, seed: int) -> Observation:
        """Robot at rest and armed, the contestant prepared from before the start."""
        observation = self._robot.reset(seed)
        self._loop.hold(observation, VelocityCommand(), observation.stamp)
        self._leave(held=True)
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
            self._leave(held=True)
            if decision.armed:
                return observation
            assert self._loop.last is not None
            doubt = self._loop.last.estimate.cause or doubt
            observation = self._robot.hold()
        cause = arming_obstacle(decision)
        raise NotArmedError(f"the arbiter does not arm: {cause.text if cause else doubt}")

    def _leave(self, *, held: bool) -> None:
        """Put the newest cycle into the bag, if there is one."""
        if self._bag is not None and self._loop.last is not None:
            self._bag.cycle(self._loop.last, held=held, plan=self._contestant.plan)

    def _hear_operator(self, now: float) -> None:
        """Pass on what the operator wants by ``now`` [s]."""
        while self._wishes and self._wishes[0].at <= now + ROUNDING:
            self._loop.request(OperatorInput(prefer=self._wishes.popleft().driver))

    def _tick(
        self, now: float, observation: Observation, asked: VelocityCommand
    ) -> tuple[TickRecord, float, float]:
        """One control cycle; returns what was seen and done, how long it took, and the phase."""
        self._contestant.deliver(now)
        self._hear_operator(now)
        told = now if self._faults is None else self._faults.now(now)
        self._loop.tick(observation, asked, told)
        self._leave(held=False)
        compute_time = self._times.control()
        self._loop.report_late(compute_time > CONTROL_PERIOD)
        record = self._loop.last
        assert record is not None
        stamps = record.stamps
        self.stages.estimator += stamps.estimated - stamps.start
        self.stages.controller += stamps.controlled - stamps.estimated
        self.stages.arbiter += stamps.decided - stamps.controlled
        if self._watch is not None:
            self._watch(record, self._contestant.plan)
        self._contestant.think(record)
        phase = self._contestant.gait_phase(now)
        if math.isfinite(phase):
            self._robot.set_gait_phase(phase)
        return record, compute_time, phase


def _pose(truth: GroundTruth) -> Pose:
    """Where the base is, as of a look at the truth."""
    x, y, _ = truth.base_position_in_world.tolist()
    return Pose(x, y, heading_from_quaternion(truth.base_orientation.tolist(), (1.0, 0.0, 0.0)))
