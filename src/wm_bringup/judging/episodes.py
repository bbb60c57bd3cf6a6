"""Lock-step episodes of one scenario: built from a description, run one by one or in processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wm_bringup.cycle import stack
from wm_bringup.cycle.loop import ControlLoop, TickRecord
from wm_bringup.judging.episode import Episode
from wm_bringup.judging.metrics import judge
from wm_bringup.lockstep.compute_time import ComputeTime
from wm_bringup.lockstep.contestants import (
    Contestant,
    LearnedContestant,
    ModelBasedContestant,
    SideBySide,
)
from wm_bringup.lockstep.lockstep import ComputeTimes, DrawnComputeTimes, LockStep, Run, State
from wm_bringup.lockstep.true_state import TrueStateEstimator
from wm_bringup.robots.base import SimulatedRobot
from wm_bringup.robots.simulated import EngineName, check_engine, simulate
from wm_bringup.robots.simulation.sensor_faults import PACKET
from wm_bringup.robots.simulation.simulation import Simulation
from wm_bringup.scenarios.faults import Fault
from wm_bringup.scenarios.possible import Happened, check_possible, missed, reduced
from wm_bringup.scenarios.scenario import Scenario
from wm_control.configuration.share import DEFAULT_ROBOT, config_file
from wm_control.constants import CONTROL_PERIOD
from wm_control.controllers.model_based import ModelBasedController
from wm_control.drivers import MPC, POLICY
from wm_control.errors import ParameterError, WmError
from wm_control.mpc.plan import WalkingPlan
from wm_control.robot.description import RobotDescription, load_robot
from wm_control.types import Estimator

SINGLE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Episodes are spread over processes; a thread pool inside each would only get in the way."""


class WalkError(WmError):
    """Episodes cannot be run."""


@dataclass(frozen=True, slots=True)
class WalkSetup:
    """Everything that decides an episode except its seed.

    shadows: controllers that run beside it, on the same estimates, and propose in every cycle.
    policy: file of the learned policy, when there is one; overlay: completes the policy.
    step_in_place: zero velocity means stepping on the spot instead of standing.
    film, trace: files for pictures and the full-rate trace of the first seed, or None.
    """

    scenario: Scenario
    controller: str = MPC
    state: State = "estimated"
    robot: str = DEFAULT_ROBOT
    engine: EngineName = "pybullet"
    step_in_place: bool = False
    film: Path | None = None
    trace: Path | None = None
    policy: Path | None = None
    overlay: Path | None = None
    shadows: tuple[str, ...] = ()


def check_setup(setup: WalkSetup) -> None:
    """ParameterError for what cannot happen in an episode, or would have no effect."""
    check_possible(setup.scenario)
    check_engine(setup.engine)
    if setup.state == "true":
        _check_no_sensor_faults(setup.scenario)
    for name in (setup.controller, *setup.shadows):
        if name not in CONTESTANTS:
            expected = f"must be one of {', '.join(CONTESTANTS)}"
            raise ParameterError("controller", name, expected)
    if setup.controller in setup.shadows or len(set(setup.shadows)) < len(setup.shadows):
        raise ParameterError("shadows", setup.shadows, "must be others than the driver, each once")
    if setup.controller == POLICY:
        check_policy_setup(setup)


def _check_no_sensor_faults(scenario: Scenario) -> None:
    """Refuse faults of sensors that nobody looks at; a lost packet is missing all the same."""
    for index, text in enumerate(scenario.faults):
        fault = Fault.parse(text)
        if (fault.target, fault.verb) != (PACKET, "drop"):
            expected = "no effect: who is given the true state does not look at the sensors"
            raise ParameterError(f"faults.{index}", text, expected, f"scenario '{scenario.name}'")


def run_episode(setup: WalkSetup, seed: int) -> Episode:
    """Build everything anew, run one episode and judge it."""
    check_setup(setup)
    description = load_robot(setup.robot)
    robot = simulate(description, setup.scenario, setup.engine)
    try:
        lockstep = build(setup, description, robot, seed)
        wall = time.perf_counter()
        run = lockstep.run(seed, keep_going=0.6 if setup.film else 0.0)
        wall = time.perf_counter() - wall
    finally:
        robot.close()
    _leave(setup, robot, run, seed)
    return _episode(setup, robot, run, seed, wall)


def build(
    setup: WalkSetup,
    description: RobotDescription,
    robot: SimulatedRobot,
    seed: int,
    watch: Callable[[TickRecord, WalkingPlan | None], None] | None = None,
) -> LockStep:
    """Put loop and contestant around ``robot``; a WmError says what is wrong with a setup."""
    times = compute_times(seed)
    names = (setup.controller, *setup.shadows)
    contestants = [CONTESTANTS[name](setup, description, times) for name in names]
    loop = ControlLoop(
        description,
        _estimator(setup, description, robot),
        [contestant.controller for contestant in contestants],
        stack.safety_parameters(setup.robot),
        clock=time.thread_time,
        drivers=(setup.controller,),
    )
    contestant = SideBySide(contestants, lambda: loop.arbiter.selection.driving)
    return LockStep(
        robot,
        loop,
        contestant,
        setup.scenario,
        times,
        clock=time.thread_time,
        full_rate=setup.trace is not None,
        watch=watch,
    )


def _model_based(
    setup: WalkSetup, description: RobotDescription, times: ComputeTimes
) -> Contestant:
    parameters = stack.model_based_parameters(setup.robot)
    if setup.step_in_place:
        parameters = replace(parameters, gait=replace(parameters.gait, stand_at_zero_command=False))
    planner = stack.build_planner(description, parameters, time.thread_time)
    controller = ModelBasedController(description, parameters)
    return ModelBasedContestant(planner, controller, times.plan)


def _learned(setup: WalkSetup, description: RobotDescription, times: ComputeTimes) -> Contestant:
    from wm_policy.beside import PolicyBeside
    from wm_policy.controller import PolicyController
    from wm_policy.loading import load_policy

    if setup.policy is None:
        raise ParameterError("policy", None, "must be the file of a policy (--policy FILE)")
    policy = load_policy(setup.policy, description, setup.overlay, time.thread_time)
    beside = PolicyBeside(PolicyController(policy, description), CONTROL_PERIOD)
    return LearnedContestant(beside, description, times.proposal)


def check_policy_setup(setup: WalkSetup) -> None:
    """ParameterError for what a walk of a learned policy cannot mean."""
    if setup.policy is None:
        raise ParameterError("policy", None, "must be the file of a policy (--policy FILE)")
    if setup.step_in_place:
        raise ParameterError("step_in_place", True, "only for controller 'mpc'")
    if any(push.phase is not None for push in setup.scenario.pushes):
        expected = "no phase: it is not known when a policy steps"
        raise ParameterError("pushes.phase", setup.scenario.pushes[0].phase, expected)


def policy_facts(setup: WalkSetup) -> dict[str, Any] | None:
    """Say which learned policy walks, and what it was trained for; None without one.

    PolicyError when it may not start.
    """
    if setup.controller != POLICY:
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


def run_episodes(setup: WalkSetup, seeds: Sequence[int], jobs: int) -> Iterator[Episode]:
    """Yield episodes as they finish, in any order; the first seed alone leaves film and trace."""
    yield from run_all([(_for_seed(setup, seed, seeds[0]), seed) for seed in seeds], jobs)


def run_all(work: Sequence[tuple[WalkSetup, int]], jobs: int) -> Iterator[Episode]:
    """Yield the episodes of (setup, seed) pairs as they finish, ``jobs`` at a time."""
    for index, episode in run_indexed(work, jobs):
        del index
        yield episode


def run_indexed(work: Sequence[tuple[WalkSetup, int]], jobs: int) -> Iterator[tuple[int, Episode]]:
    """Yield (index in ``work``, episode) as they finish. With one job, in this very process."""
    if jobs <= 1 or len(work) <= 1:
        for index, (setup, seed) in enumerate(work):
            yield index, run_episode(setup, seed)
        return
    for name in SINGLE_THREAD:
        os.environ.setdefault(name, "1")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        min(jobs, len(work)), mp_context=context, initializer=_leave_signals_to_parent
    ) as pool:
        pending = {
            pool.submit(run_episode, setup, seed): index for index, (setup, seed) in enumerate(work)
        }
        try:
            while pending:
                done, _ = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    yield pending.pop(future), future.result()
        except BrokenProcessPool as error:
            raise WalkError(
                "a process that ran episodes died (out of memory?); with --resume the same command "
                "goes on from the episodes that were done"
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in multiprocessing.active_children():
                worker.terminate()
            raise


def _leave_signals_to_parent() -> None:
    """In a worker: Ctrl-C reaches the whole group, but only the parent decides what it means."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def compute_times(seed: int) -> DrawnComputeTimes:
    """Replay the distributions of ``config/compute_time/`` from ``seed``."""
    control, plan, policy = (
        ComputeTime.load(config_file(f"compute_time/{name}.yaml"))
        for name in ("control", "plan", "policy")
    )
    return DrawnComputeTimes(
        control.draws(2 * seed), plan.draws(2 * seed + 1), policy.draws(2 * seed + 1)
    )


def _for_seed(setup: WalkSetup, seed: int, first: int) -> WalkSetup:
    return setup if seed == first else replace(setup, film=None, trace=None)


def _estimator(setup: WalkSetup, description: RobotDescription, robot: SimulatedRobot) -> Estimator:
    if setup.state == "true":
        return TrueStateEstimator(robot.ground_truth)
    return stack.build_estimator(description, stack.estimator_parameters(setup.robot))


def _episode(setup: WalkSetup, robot: Simulation, run: Run, seed: int, wall: float) -> Episode:
    limit, happened = robot.body.torque_limit, robot.happened
    numbers: dict[str, Any] = judge(run.trace, mass=robot.mass, torque_limit=limit)
    told, ticks = run.supervision, max(run.supervision.ticks, 1)
    return Episode(
        seed=seed,
        fell=bool(run.fall),
        fall_cause=run.fall,
        interventions=told.interventions,
        causes=dict(told.causes),
        clip_rate=told.clipped / ticks,
        degraded=told.degraded / ticks,
        controller_causes=dict(told.controller_causes.most_common(5)),
        late=told.late / ticks,
        max_plan_age=told.max_plan_age,
        happened=tuple(one.as_json() for one in happened),
        missed=_undone(setup, happened, float(run.trace["time"][-1])),
        real_time_factor=numbers["seconds"] / wall,
        cpu_per_tick_ms=run.stages.per_tick_ms(told.ticks),
        **numbers,
    )


def _undone(setup: WalkSetup, happened: Sequence[Happened], end: float) -> tuple[str, ...]:
    """List what was asked for and did not happen by ``end`` [s], or in part only."""
    safety = stack.safety_parameters(setup.robot)
    envelope = safety.envelope_of(setup.controller)
    return (
        *missed(setup.scenario, happened, end),
        *reduced(setup.scenario, safety.velocity, envelope),
    )


def _leave(setup: WalkSetup, robot: Simulation, run: Run, seed: int) -> None:
    """Leave trace and film of this episode where they were asked for."""
    if setup.trace is not None:
        setup.trace.parent.mkdir(parents=True, exist_ok=True)
        run.trace.save(setup.trace)
    if setup.film is not None:
        from wm_bringup.record.film import film_of_trace

        setup.film.parent.mkdir(parents=True, exist_ok=True)
        film_of_trace(run.trace, robot.body, f"seed {seed}", robot.terrain).save(setup.film)
