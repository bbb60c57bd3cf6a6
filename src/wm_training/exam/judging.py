"""Judge a policy by the bar, episode by episode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from wm_bringup.judging.runner import SuiteRun, do_runs, runs_of
from wm_bringup.judging.suite import Case, Seeds, Suite, load_suite
from wm_training.exam.bar import verdict
from wm_training.run_folder import TrainingRun

STANDING_SHARE = 5
"""Of so many kicked episodes, one more is added in which it stands."""


def judge(
    policy: Path,
    robot: str,
    run: TrainingRun | None,
    jobs: int,
    report: Callable[[str, float], None],
    *,
    kicks: int,
    seeds: int,
) -> dict[str, Any]:
    """Judge the policy in ``policy``; film strips go into its run's folder, if there is one.

    kicks: episodes under kicks; a fifth as many are added in which it stands.
    """
    suite = exam_of(policy, robot, kicks=kicks, seeds=seeds)
    film = None if run is None else run.folder / "film"
    runs = [_filmed(one, film) for one in runs_of(suite)]
    results = []
    for _, (result,) in do_runs(runs, None, jobs):
        results.append(result)
        fallen = sum(one.fell for one in results)
        report(f"judging: {fallen} fell in {len(results)}", len(results) / len(runs))
    return verdict(suite, results)


def exam_of(policy: Path, robot: str, *, kicks: int, seeds: int) -> Suite:
    """Return the suite ``bar`` for this policy, with so many episodes; cases of none are out."""
    suite = load_suite("bar")
    counts = [(case, _count(case, kicks, seeds)) for case in suite.cases]
    cases = tuple(
        replace(case, seeds=Seeds(suite.seeds_of(case).first, count))
        for case, count in counts
        if count
    )
    who = tuple(replace(contestant, policy=str(policy)) for contestant in suite.contestants)
    return replace(suite, robot=robot, cases=cases, contestants=who)


def _count(case: Case, kicks: int, seeds: int) -> int:
    if case.draws.kicks is None:
        return seeds
    return kicks if case.draws.velocity else kicks // STANDING_SHARE


def _filmed(run: SuiteRun, folder: Path | None) -> SuiteRun:
    """Leave a film strip of the first episode of every command."""
    if folder is None or run.seed or run.setup.scenario.kicks:
        return run
    picture = folder / f"{run.case.replace(' ', '_')}.png"
    return replace(run, setup=replace(run.setup, film=picture))
