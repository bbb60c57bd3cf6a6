"""One lock-step episode: built from a description, walked, and measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from wm_bringup.cycle import stack
from wm_bringup.cycle.loop import ControlLoop, TickRecord
from wm_bringup.cycle.loop_faults import LoopFaults
from wm_bringup.faults.fault import Fault, parse_all
from wm_bringup.faults.meanings import PACKET
from wm_bringup.faults.presence import check_path
from wm_bringup.host.provenance import provenance
from wm_bringup.judging.criteria.arbiter import causes, controller_causes, shadows_degraded
from wm_bringup.judging.criteria.table import measure
from wm_bringup.judging.episode import EpisodeResult
from wm_bringup.lockstep.compute_time import ComputeTime
from wm_bringup.lockstep.contestants import (
    Contestant,
    LearnedContestant,
    ModelBasedContestant,
    SideBySide,
)
from wm_bringup.lockstep.lockstep import (
    ComputeTimes,
    DrawnComputeTimes,
    LockStep,
    StageTimes,
    State,
)
from wm_bringup.lockstep.true_state import TrueStateEstimator
from wm_bringup.lockstep.turns import Turn, taking_turns
from wm_bringup.lockstep.unguarded import UnguardedLoop
from wm_bringup.lockstep.watched import ChargedTimes, Thought, Watch, Watched, hangs_end
from wm_bringup.record.cycle_bag import CycleBag, dumped, loop_setup
from wm_bringup.record.fall_story import fall_story
from wm_bringup.record.run_record import FAULTS, TICKS, TIME, RunRecord
from wm_bringup.robots.base import SimulatedRobot
from wm_bringup.robots.simulated import EngineName, check_engine, simulate
from wm_bringup.robots.simulation.ground import Terrain
from wm_bringup.robots.simulation.taken import indices_of
from wm_bringup.scenarios.possible import Happened, check_possible, missed, reduced
from wm_bringup.scenarios.scenario import Scenario
from wm_control.arbiter.parameters import SafetyParameters
from wm_control.configuration.share import DEFAULT_ROBOT, config_file
from wm_control.constants import CONTROL_PERIOD
from wm_control.controllers.model_based import ModelBasedController
from wm_control.drivers import MPC, POLICY, preference_of
from wm_control.errors import ParameterError
from wm_control.estimation.parameters import EstimatorParameters, Kind
from wm_control.mpc.plan import WalkingPlan
from wm_control.robot.description import RobotDescription, load_robot
from wm_control.types import Array, Estimator


@dataclass(frozen=True, slots=True)
class WalkSetup:
    """Everything that decides an episode except its seed.

    controller: who may drive, see ``preference_of``. shadows: others that run beside them, on the
    same estimates, and propose in every cycle.
    policy: file of the learned policy, when there is one; overlay: completes the policy.
    step_in_place: zero velocity means stepping on the spot instead of standing.
    film: file for pictures, a strip or moving as its suffix says, or None. trace: file for the
    full-rate record, or None. bag: folder for a bag in which the episode can be judged again, or
    None.
    full_rate: look at the truth in every cycle and record what the sensors said, also without
    ``trace``. walked_on: the estimator in the loop; None for the configured one.
    turns: who alone may drive from which time on, whatever the arbiter would rather have.
    safety_layer: without it whoever drives is let pass, see ``lockstep.unguarded``.
    """

    scenario: Scenario
    controller: str = MPC
    state: State = "estimated"
    robot: str = DEFAULT_ROBOT
    engine: EngineName = "pybullet"
    step_in_place: bool = False
    film: Path | None = None
    trace: Path | None = None
    bag: Path | None = None
    policy: Path | None = None
    overlay: Path | None = None
    shadows: tuple[str, ...] = ()
    full_rate: bool = False
    walked_on: Kind | None = None
    turns: tuple[Turn, ...] = ()
    safety_layer: bool = True

    @property
    def drivers(self) -> tuple[str, ...]:
        """Who may drive, the most wanted first."""
        return preference_of(self.controller)


def check_setup(setup: WalkSetup) -> None:
    """ParameterError for what cannot happen in an episode, or would have no effect."""
    check_possible(setup.scenario)
    check_engine(setup.engine)
    if setup.state == "true":
        _check_no_sensor_faults(setup.scenario)
    names = (*setup.drivers, *setup.shadows)
    for name in names:
        if name not in CONTESTANTS:
            expected = f"must be one of {', '.join(CONTESTANTS)}"
            raise ParameterError("controller", name, expected)
    if len(set(names)) < len(names):
        raise ParameterError("controller and shadows", names, "must name each controller once")
    _check_paths(setup)
    _check_wishes(setup)
    if POLICY in setup.drivers:
        check_policy_setup(setup)


def _check_paths(setup: WalkSetup) -> None:
    """Refuse faults of what a controller sends that is not there."""
    there, origin = (*setup.drivers, *setup.shadows), f"scenario '{setup.scenario.name}'"
    for index, fault in enumerate(parse_all(setup.scenario.faults)):
        check_path(fault, there, f"faults.{index}", origin)


def _check_wishes(setup: WalkSetup) -> None:
    """Refuse the wish for a driver that may not drive."""
    for index, wish in enumerate(setup.scenario.wishes):
        if wish.driver not in setup.drivers:
            expected = f"must be one of {', '.join(setup.drivers)}"
            origin = f"scenario '{setup.scenario.name}'"
            raise ParameterError(f"wishes.{index}.driver", wish.driver, expected, origin)


def _check_no_sensor_faults(scenario: Scenario) -> None:
    """Refuse faults of sensors that nobody looks at; a lost packet is missing all the same."""
    for index, text in enumerate(scenario.faults):
        fault = Fault.parse(text)
        lost = fault.target == PACKET and fault.verb in ("off", "drop")
        if fault.of_sensors and not lost:
            expected = "no effect: who is given the true state does not look at the sensors"
            raise ParameterError(f"faults.{index}", text, expected, f"scenario '{scenario.name}'")


@dataclass(frozen=True, slots=True)
class Walk:
    """What one episode left behind.

    body, terrain: that were simulated, terrain None where it was flat. wall: time it took [s].
    watched: who walked.
    """

    record: RunRecord
    body: RobotDescription
    terrain: Terrain | None
    stages: StageTimes
    happened: Sequence[Happened]
    wall: float
    watched: tuple[Watched, ...]


def run_episode(setup: WalkSetup, seed: int) -> EpisodeResult:
    """Build everything anew, run one episode and measure it."""
    with _bag_of(setup, seed) as bag:
        done = walk(setup, seed, keep_going=0.6 if setup.film else 0.0, bag=bag)
        said = judged(setup, done.record, done.happened, seed)
        if bag is not None:
            bag.verdict(verdict_of(done.record, said))
    undone = (*said.missed, *_leave(setup, done, seed))
    return _with_measured(replace(said, notes={**said.notes, "missed": undone}), done)


@contextmanager
def _bag_of(setup: WalkSetup, seed: int) -> Iterator[CycleBag | None]:
    """Open the bag that a setup asks for, if it does."""
    if setup.bag is None:
        yield None
        return
    check_setup(setup)
    description = load_robot(setup.robot)
    bag = CycleBag(setup.bag, description, _bag_setup(setup, description, seed))
    try:
        yield bag
    finally:
        bag.close()


def _bag_setup(setup: WalkSetup, description: RobotDescription, seed: int) -> dict[str, Any]:
    """Say all that decides an episode, and the code and machine that it ran on."""
    estimated = setup.state == "estimated"
    return loop_setup(
        setup.robot,
        description,
        setup.drivers,
        setup.shadows,
        stack.safety_parameters(setup.robot),
        _estimator_parameters(setup) if estimated else None,
        stack.recoverability(setup.robot),
        faults=[fault for fault in setup.scenario.faults if not Fault.parse(fault).of_sensors],
        seed=seed,
        episode={
            "scenario": dumped(setup.scenario),
            "controller": setup.controller,
            "shadows": list(setup.shadows),
            "state": setup.state,
            "engine": setup.engine,
            "step_in_place": setup.step_in_place,
            "full_rate": setup.full_rate or setup.trace is not None,
            "safety_layer": setup.safety_layer,
            "policy": str(setup.policy or ""),
            "overlay": str(setup.overlay or ""),
        },
        model_based=dumped(stack.model_based_parameters(setup.robot)),
        provenance=provenance(),
    )


def verdict_of(record: RunRecord, said: EpisodeResult) -> dict[str, Any]:
    """Return what was said of a record, and the facts that it was said on."""
    ends = record.columns.get(FAULTS)
    return {
        "facts": asdict(record.facts),
        "fault_ends": [] if ends is None else ends.tolist(),
        "result": said.as_json(),
    }


def walk(
    setup: WalkSetup,
    seed: int,
    *,
    keep_going: float = 0.0,
    control_loop: type[ControlLoop] | None = None,
    bag: CycleBag | None = None,
) -> Walk:
    """Build everything anew and run one episode, ``keep_going`` seconds on after a fall.

    control_loop: None for the one that the setup asks for.
    """
    check_setup(setup)
    description = load_robot(setup.robot)
    robot = simulate(description, setup.scenario, setup.engine)
    try:
        lockstep = build(setup, description, robot, seed, control_loop=control_loop, bag=bag)
        wall = time.perf_counter()
        with hangs_end():
            run = lockstep.run(seed, keep_going=keep_going)
        wall = time.perf_counter() - wall
    finally:
        robot.close()
    record = run.record.with_facts(
        robot=setup.robot,
        mass=robot.mass,
        torque_limit=tuple((setup.scenario.motor_strength * robot.body.torque_limit).tolist()),
        preference=setup.drivers,
        driver_faults=lockstep.driver_faults,
    )
    if len(ends := fault_ends(setup.scenario)):
        record = record.with_columns(**{FAULTS: ends})
    happened = (*robot.happened, *lockstep.happened)
    return Walk(
        record, robot.body, robot.terrain, run.stages, happened, wall, tuple(lockstep.watched)
    )


def fault_ends(scenario: Scenario) -> Array:
    """When each fault of the sensors is over, infinite for one that lasts to the end [s]."""
    faults = (fault for fault in parse_all(scenario.faults) if fault.of_sensors)
    return np.array([fault.start + fault.duration for fault in faults])


def build(
    setup: WalkSetup,
    description: RobotDescription,
    robot: SimulatedRobot,
    seed: int,
    watch: Callable[[TickRecord, WalkingPlan | None], None] | None = None,
    *,
    control_loop: type[ControlLoop] | None = None,
    bag: CycleBag | None = None,
) -> LockStep:
    """Put loop and contestant around ``robot``; a WmError says what is wrong with a setup."""
    loop_class = control_loop or (ControlLoop if setup.safety_layer else UnguardedLoop)
    times = compute_times(seed)
    names = (*setup.drivers, *setup.shadows)
    contestants = [_watched(name, setup, description, times, robot) for name in names]
    loop = loop_class(
        description,
        _estimator(setup, description, robot),
        taking_turns([contestant.controller for contestant in contestants], setup.turns),
        stack.safety_parameters(setup.robot),
        clock=time.thread_time,
        drivers=setup.drivers,
        recoverability=stack.recoverability(setup.robot),
    )
    faults = _path_faults(setup.scenario, loop, description, seed)
    if faults is not None:
        for one in contestants:
            one.meet(faults.paths)
    contestant = SideBySide(contestants, lambda: loop.arbiter.selection.driving)
    return LockStep(
        robot,
        loop,
        contestant,
        setup.scenario,
        times,
        clock=time.thread_time,
        full_rate=setup.full_rate or setup.trace is not None,
        watch=watch,
        faults=faults,
        watched=contestants,
        bag=bag,
    )


def _watched(
    name: str,
    setup: WalkSetup,
    description: RobotDescription,
    times: ComputeTimes,
    robot: SimulatedRobot,
) -> Watched:
    """Build a contestant, and keep an eye on it."""
    thought = Thought()
    contestant = CONTESTANTS[name](setup, description, ChargedTimes(times, thought))
    return Watched(contestant, Watch(name, robot.blindfold), thought)


def _path_faults(
    scenario: Scenario, loop: ControlLoop, description: RobotDescription, seed: int
) -> LoopFaults | None:
    """Return the faults of a scenario that are not the sensors'; None without any."""
    faults = [fault for fault in parse_all(scenario.faults) if not fault.of_sensors]
    return LoopFaults(loop, description, faults, seed) if faults else None


def _model_based(
    setup: WalkSetup, description: RobotDescription, times: ComputeTimes
) -> Contestant:
    parameters = stack.model_based_parameters(setup.robot)
    if setup.step_in_place:
        parameters = replace(parameters, gait=replace(parameters.gait, stand_at_zero_command=False))
    planner = stack.build_planner(description, parameters, time.thread_time)
    taken = indices_of(setup.scenario.taken, description)
    controller = ModelBasedController(description, parameters, taken)
    return ModelBasedContestant(planner, controller, times.plan)


def _learned(setup: WalkSetup, description: RobotDescription, times: ComputeTimes) -> Contestant:
    from wm_policy.beside import PolicyBeside
    from wm_policy.controller import PolicyController
    from wm_policy.loading import load_policy

    if setup.policy is None:
        raise ParameterError("policy", None, "must be the file of a policy (--policy FILE)")
    policy = load_policy(setup.policy, description, setup.overlay, time.thread_time)
    beside = PolicyBeside(PolicyController(policy, description), CONTROL_PERIOD)
    lane = stack.build_lane(description, policy.manifest, policy.network)
    return LearnedContestant(beside, description, times.proposal, lane)


def check_policy_setup(setup: WalkSetup) -> None:
    """ParameterError for what a walk of a learned policy cannot mean."""
    if setup.policy is None:
        raise ParameterError("policy", None, "must be the file of a policy (--policy FILE)")
    if setup.drivers[0] == MPC:
        return
    if setup.step_in_place:
        raise ParameterError("step_in_place", True, "only for controller 'mpc'")
    if any(push.phase is not None for push in setup.scenario.pushes):
        expected = "no phase: it is not known when a policy steps"
        raise ParameterError("pushes.phase", setup.scenario.pushes[0].phase, expected)


def policy_facts(setup: WalkSetup) -> dict[str, Any] | None:
    """Say which learned policy walks, and what it was trained for; None without one.

    sha256: of the network. identity: of the network and of all that its files say.
    PolicyError when it may not start.
    """
    if POLICY not in setup.drivers:
        return None
    from wm_policy.loading import load_policy

    check_policy_setup(setup)
    assert setup.policy is not None
    policy = load_policy(setup.policy, load_robot(setup.robot), setup.overlay)
    manifest, ranges = policy.manifest, policy.manifest.command
    return {
        "name": manifest.name,
        "family": manifest.family,
        "licence": manifest.licence,
        "sha256": policy.network.sha256,
        "identity": f"{int(policy.identity):012x}",
        "rate_hz": manifest.rate,
        "trained_for": {
            "linear_x": list(ranges.linear_x),
            "linear_y": list(ranges.linear_y),
            "angular_z": list(ranges.angular_z),
        },
    }


CONTESTANTS: Mapping[str, Callable[[WalkSetup, RobotDescription, ComputeTimes], Contestant]] = {
    MPC: _model_based,
    POLICY: _learned,
}
"""How every contestant is built, by the name of its controller."""


def compute_times(seed: int) -> DrawnComputeTimes:
    """Replay the distributions of ``config/compute_time/`` from ``seed``."""
    control, plan, policy = (
        ComputeTime.load(config_file(f"compute_time/{name}.yaml"))
        for name in ("control", "plan", "policy")
    )
    return DrawnComputeTimes(
        control.draws(2 * seed), plan.draws(2 * seed + 1), policy.draws(2 * seed + 1)
    )


def _estimator(setup: WalkSetup, description: RobotDescription, robot: SimulatedRobot) -> Estimator:
    if setup.state == "true":
        return TrueStateEstimator(robot.ground_truth)
    return stack.build_estimator(description, _estimator_parameters(setup))


def _estimator_parameters(setup: WalkSetup) -> EstimatorParameters:
    parameters = stack.estimator_parameters(setup.robot)
    return parameters if setup.walked_on is None else replace(parameters, kind=setup.walked_on)


def result_of(setup: WalkSetup, done: Walk, seed: int) -> EpisodeResult:
    """Measure an episode by every criterion that its record can give."""
    return _with_measured(judged(setup, done.record, done.happened, seed), done)


def judged(
    setup: WalkSetup,
    record: RunRecord,
    happened: Sequence[Happened],
    seed: int,
    safety: SafetyParameters | None = None,
) -> EpisodeResult:
    """Say of an episode what its record tells, whoever walked it and on whatever computer.

    safety: limits that held; None for the robot's own.
    """
    notes = {
        "fall_cause": fall_story(record, setup.scenario.kicks, setup.scenario.punches),
        "causes": causes(record),
        "controller_causes": controller_causes(record),
        "shadows_degraded": shadows_degraded(record),
        "happened": tuple(one.as_json() for one in happened),
        "missed": _undone(setup, happened, float(record[TIME][-1]), safety),
        "trace_sha256": record.sha256(),
    }
    return EpisodeResult(setup.scenario.name, setup.controller, seed, measure(record), notes)


def _with_measured(said: EpisodeResult, done: Walk) -> EpisodeResult:
    """Add what was measured of the computer and of who walked, which no record repeats."""
    record = done.record
    notes = {
        **said.notes,
        "real_time_factor": float(record[TIME][-1] - record[TIME][0]) / done.wall,
        "cpu_per_tick_ms": done.stages.per_tick_ms(len(record[TICKS])),
        "thought": {one.watch.name: asdict(one.thought) for one in done.watched},
        **_offences(done),
    }
    return replace(said, notes=notes)


def shortcomings(setup: WalkSetup, done: Walk) -> dict[str, Any]:
    """Note of a walk on which estimators are judged what did not happen, and who was caught."""
    end = float(done.record[TIME][-1])
    return {"missed": _undone(setup, done.happened, end, None), **_offences(done)}


def _offences(done: Walk) -> dict[str, Any]:
    """Note what drivers were caught at; nothing of honest ones."""
    offences = [o for one in done.watched for o in one.watch.offences.values()]
    return {"offences": tuple(asdict(offence) for offence in offences)} if offences else {}


def _undone(
    setup: WalkSetup, happened: Sequence[Happened], end: float, safety: SafetyParameters | None
) -> tuple[str, ...]:
    """List what was asked for and did not happen by ``end`` [s], or in part only."""
    if not setup.safety_layer:
        return missed(setup.scenario, happened, end)
    safety = safety or stack.safety_parameters(setup.robot)
    envelope = safety.envelope_of(setup.drivers[0])
    return (
        *missed(setup.scenario, happened, end),
        *reduced(setup.scenario, safety.velocity, envelope),
    )


def _leave(setup: WalkSetup, done: Walk, seed: int) -> tuple[str, ...]:
    """Leave trace and film of this episode where they were asked for; returns what failed.

    A film may fail in as many ways as there are files of meshes: it must not cost the numbers.
    """
    if setup.trace is not None:
        done.record.save(setup.trace)
    if setup.film is None:
        return ()
    from wm_bringup.record.animation import leave_film

    try:
        leave_film(setup.film, done.record, done.body, f"seed {seed}", done.terrain)
    except Exception as error:
        return (f"film {setup.film}: {type(error).__name__}: {error}",)
    return ()
