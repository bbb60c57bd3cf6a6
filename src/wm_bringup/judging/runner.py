"""Runs what a suite asks for: in processes, with everything on disk as it comes."""

from __future__ import annotations

import ctypes
import hashlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

from wm_bringup.judging import episodes
from wm_bringup.judging.episode import EpisodeResult
from wm_bringup.judging.episode_store import EpisodeStore
from wm_bringup.judging.episodes import WalkSetup, check_setup
from wm_bringup.judging.suite import Case, Contestant, Suite
from wm_bringup.robots.simulation.body import mismatches
from wm_control.drivers import POLICY, preference_of
from wm_control.errors import ParameterError, WmError
from wm_control.robot.description import load_robot
from wm_control.robot.sources import robot_file

SINGLE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Runs are spread over processes; a thread pool inside each would only get in the way."""

_PR_SET_PDEATHSIG = 1

T = TypeVar("T")
R = TypeVar("R")


class Spread(Protocol):
    """Does work on many items somewhere, and yields (index, result) as they finish."""

    def __call__(self, work: Callable[[T], R], items: Sequence[T]) -> Iterator[tuple[int, R]]:
        """RunnerError when a worker dies. Whatever ends the iteration ends the work."""


class RunnerError(WmError):
    """The runs cannot be done."""


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """One run that is to be done. estimators: replayed on it, each with a result of its own."""

    case: str
    contestant: str
    seed: int
    setup: WalkSetup
    estimators: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Name in the file of results."""
        return f"{self.case}, {self.contestant}, seed {self.seed}"


def runs_of(suite: Suite, cases: Sequence[Case] | None = None) -> list[SuiteRun]:
    """All runs of a suite's cases, or of others by its rules."""
    runs = [
        SuiteRun(case.name, who.name, seed, setup_of(suite, case, who, seed), suite.estimators)
        for case in (suite.cases if cases is None else cases)
        for who in suite.contestants_of(case)
        for seed in suite.seeds_of(case).range()
    ]
    return sorted(runs, key=lambda run: run.seed) if suite.seeds_first else runs


def identities_of(suite: Suite) -> dict[str, dict[str, str]]:
    """Say who walks beside what the suite's own hash tells: policies by contestant, and robots.

    Of a policy network and files, in its contestant's first run. PolicyError for one that may not
    start, RobotDescriptionError for a robot that cannot be had.
    """
    runs = _runs_with_a_grids(suite)
    first = {run.contestant: run.setup for run in reversed(runs)}
    told = {name: episodes.policy_facts(setup) for name, setup in sorted(first.items())}
    policies = {name: facts["identity"] for name, facts in told.items() if facts is not None}
    return {"policies": policies, "robots_sha256": robots_of(run.setup for run in runs)}


def _runs_with_a_grids(suite: Suite) -> list[SuiteRun]:
    """All runs; in place of a grid's one without a push."""
    return runs_of(suite, None if suite.grid is None else [Case("grid")])


def robots_of(setups: Iterable[WalkSetup]) -> dict[str, str]:
    """Hash of every robot that is controlled or simulated: its description, and the files beside.

    RobotDescriptionError for one that cannot be had.
    """
    both = ((one.robot, one.scenario.body.robot) for one in setups)
    return {name: _robot_sha256(name) for name in sorted({n for pair in both for n in pair if n})}


def _robot_sha256(robot: str) -> str:
    digest = hashlib.sha256(load_robot(robot).urdf.encode())
    for path in sorted(robot_file(robot).parent.glob("*.yaml")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def setup_of(suite: Suite, case: Case, who: Contestant, seed: int) -> WalkSetup:
    """Put together what decides one run."""
    return WalkSetup(
        suite.scenario_of(case, seed),
        who.controller,
        suite.state,
        suite.robot_of(case),
        suite.engine,
        case.step_in_place,
        policy=_policy(who),
        overlay=Path(who.overlay) if who.overlay else None,
        shadows=who.shadows,
        full_rate=suite.full_rate or bool(suite.estimators),
        walked_on=case.walked_on,
        safety_layer=suite.safety_layer,
    )


def _policy(who: Contestant) -> Path | None:
    if POLICY not in (*preference_of(who.controller), *who.shadows):
        return None
    from wm_policy.models import shipped_policy

    return Path(who.policy) if who.policy else shipped_policy()


def check_runs(runs: Sequence[SuiteRun]) -> None:
    """ParameterError for what cannot happen in one of them, or would have no effect."""
    for run in runs:
        check_setup(run.setup)
    if named := {name for run in runs for name in run.estimators}:
        from wm_bringup.judging.estimators.replay import ESTIMATORS

        if unknown := sorted(named - ESTIMATORS.keys()):
            expected = f"must be one of {', '.join(ESTIMATORS)}"
            raise ParameterError("estimators", unknown[0], expected)


def told_of_bodies(suite: Suite) -> list[str]:
    """Say which bodies are simulated that are not the controlled ones, and in what they differ."""
    setups = [run.setup for run in _runs_with_a_grids(suite)]
    pairs = {(one.robot, one.scenario.body.robot): one for one in setups}
    return [line for one in pairs.values() for line in mismatches(one.robot, one.scenario)]


def do_run(run: SuiteRun) -> tuple[EpisodeResult, ...]:
    """Walk it and measure it: one result, or one for every estimator."""
    if run.estimators:
        from wm_bringup.judging.estimators.replay import judge_estimators

        done = episodes.walk(run.setup, run.seed)
        notes = episodes.shortcomings(run.setup, done)
        judged = judge_estimators(run.case, run.contestant, done.record, run.estimators, run.seed)
        return tuple(replace(one, notes={**one.notes, **notes}) for one in judged)
    result = episodes.run_episode(run.setup, run.seed)
    return (replace(result, case=run.case, contestant=run.contestant),)


def do_runs(
    runs: Sequence[SuiteRun],
    store: EpisodeStore | None,
    jobs: int,
    work: Callable[[SuiteRun], tuple[EpisodeResult, ...]] = do_run,
    spread: Spread | None = None,
) -> Iterator[tuple[SuiteRun, tuple[EpisodeResult, ...]]]:
    """Yield every run with its results: first what the store has, then the others as they finish.

    Each is in the store before it is yielded. What cannot be run is refused before anything is.
    work: does one. spread: where; None: in ``jobs`` processes of this computer.
    """
    done = store.done if store else {}
    missing = [run for run in runs if run.key not in done]
    check_runs(missing)
    yield from ((run, done[run.key]) for run in runs if run.key in done)
    found = in_processes(work, missing, jobs) if spread is None else spread(work, missing)
    for index, results in found:
        if store:
            store.add(missing[index].key, results)
        yield missing[index], results


def in_processes(work: Callable[[T], R], items: Sequence[T], jobs: int) -> Iterator[tuple[int, R]]:
    """Yield (index, ``work(item)``) as they finish, ``jobs`` at a time; with one, in this process.

    RunnerError when a process dies. Whatever ends the iteration ends the processes.
    """
    if jobs <= 1 or len(items) <= 1:
        yield from ((index, work(item)) for index, item in enumerate(items))
        return
    for name in SINGLE_THREAD:
        os.environ.setdefault(name, "1")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        min(jobs, len(items)),
        mp_context=context,
        initializer=_begin_worker,
        initargs=(os.getpid(),),
    ) as pool:
        pending = {pool.submit(work, item): index for index, item in enumerate(items)}
        try:
            while pending:
                done, _ = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    yield pending.pop(future), future.result()
        except BrokenProcessPool as error:
            raise RunnerError(
                "a process that ran episodes died (out of memory?); with --resume the same command "
                "goes on from the episodes that were done"
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in multiprocessing.active_children():
                worker.terminate()
            raise


def _begin_worker(parent: int) -> None:
    """In a worker: Ctrl-C reaches the whole group, but only the parent decides what it means.

    When the parent is killed the worker ends as well, where the system can tell it; also when that
    was while the worker started. parent: its process.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
