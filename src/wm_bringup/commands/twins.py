"""``wm twins``: replay a suite's episodes without the arbiter's interventions, and score it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wm_bringup.commands import HELD
from wm_bringup.commands.options import (
    Jobs,
    Only,
    OtherEngine,
    OtherRobot,
    Resume,
    Seeds,
    Source,
    Summary,
)

if TYPE_CHECKING:
    from wm_bringup.judging.episode import EpisodeResult
    from wm_bringup.judging.episode_store import EpisodeStore
    from wm_bringup.judging.runner import SuiteRun
    from wm_bringup.judging.suite import Suite
    from wm_bringup.judging.twin_scores import Scores


def twins(
    source: Source,
    seeds: Seeds = None,
    case: Only = None,
    engine: OtherEngine = None,
    robot: OtherRobot = None,
    jobs: Jobs = 0,
    resume: Resume = False,
    output: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Default: results/NAME_twins.")
    ] = None,
    json: Summary = None,
) -> int:
    """Score the interventions of every contestant with several drivers in a suite's episodes.

    Each episode in which another driver took the robot is replayed with the preferred one alone,
    and with each of the others alone from then on; all are walked once more with as many hand-overs
    at random. Whose replay is not byte-identical up to the first hand-over ends it with 2.

    Example: wm twins pushes --seeds 8 --case walk_35
    """
    from wm_bringup.commands.suite import changed, keep_suite, write_summary
    from wm_bringup.host.output import check_file, check_folder
    from wm_bringup.host.provenance import provenance
    from wm_bringup.judging.episode_store import EpisodeStore
    from wm_bringup.judging.runner import identities_of
    from wm_bringup.judging.suite import load_suite
    from wm_bringup.judging.twin_scores import scores_table
    from wm_bringup.report.screen import make_console

    whole = changed(load_suite(source), seeds, engine, robot, None)
    folder = output or Path("results") / f"{whole.name}_twins"
    check_folder(folder, "--output")
    check_file(json, "--json")
    chosen = whole.only(case) if case else whole
    runs = _runs_of(chosen)
    keep_suite(source, folder)
    selection = [run.key for run in runs]  # the rate of random switching is that of all of them
    conditions = {
        **{"twins_of": whole.name, "suite_sha256": whole.sha256(), "runs": selection},
        **identities_of(whole),
        **provenance(),
    }
    store = EpisodeStore(folder / "episodes.jsonl", conditions, resume=resume)
    results = _fill(whole.name, runs, store, jobs or len(os.sched_getaffinity(0)))
    scores = _scores(chosen, results)
    table = scores_table(scores)
    make_console().print(table)
    rows = [{"case": case, "contestant": who, **one.as_json()} for case, who, one in scores]
    episodes = [one.as_json() for one in results]
    summary = {"rows": rows, "conditions": conditions, "episodes": episodes}
    write_summary(folder, json, table, summary)
    return HELD


def _runs_of(suite: Suite) -> list[SuiteRun]:
    """List the runs with somebody to hand over to; ParameterError without any."""
    from wm_bringup.judging.runner import runs_of
    from wm_bringup.judging.twins import others_of
    from wm_control.errors import ParameterError

    runs = [run for run in runs_of(suite) if others_of(run.setup)]
    if not runs:
        names = tuple(who.name for who in suite.contestants)
        raise ParameterError("contestants", names, "must have one with several drivers", suite.name)
    return runs


def _fill(
    name: str, runs: Sequence[SuiteRun], store: EpisodeStore, jobs: int
) -> list[EpisodeResult]:
    """Walk all episodes and their twins, and then the random ones, whose rate they give."""
    from wm_bringup.judging.runner import do_runs
    from wm_bringup.judging.twins import Rate, do_twins, random_run
    from wm_bringup.report.screen import progress_bar

    found: list[EpisodeResult] = []
    with progress_bar() as bar:
        task = bar.add_task(name, total=2 * len(runs))
        for run, results in do_runs(runs, store, jobs, do_twins):
            found += results
            bar.update(task, advance=1, description=f"{run.case}: twins")
        rates = {
            who: Rate.of([one for one in found if one.contestant == who])
            for who in {run.contestant for run in runs}
        }
        by_chance = [random_run(run, rates[run.contestant]) for run in runs]
        for run, results in do_runs(by_chance, store, jobs):
            found += results
            bar.update(task, advance=1, description=f"{run.case}: random")
    return found


def _scores(suite: Suite, results: Sequence[EpisodeResult]) -> list[tuple[str, str, Scores]]:
    """Score every contestant in every case, and in all of several."""
    from wm_bringup.judging.paired import ALL
    from wm_bringup.judging.twin_scores import score, twins_of

    cases = [case.name for case in suite.cases]
    return [
        (case, who.name, score(twins))
        for case in (*cases, *([ALL] if len(cases) > 1 else []))
        for who in suite.contestants
        if (twins := twins_of(who.name, [one for one in results if case in (ALL, one.case)]))
    ]
