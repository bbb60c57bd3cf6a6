"""``wm suite``: run cases x seeds x contestants of a YAML file and hold them to its limits."""

from __future__ import annotations

import json as json_format
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from wm_bringup.commands import HELD, NOT_HELD
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
    from wm_bringup.judging.suite import Suite


def suite(
    source: Source,
    seeds: Seeds = None,
    case: Only = None,
    contestant: Only = None,
    engine: OtherEngine = None,
    robot: OtherRobot = None,
    policies: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the suite's policies lie.")
    ] = None,
    jobs: Jobs = 0,
    resume: Resume = False,
    output: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Default: results/NAME.")
    ] = None,
    json: Summary = None,
) -> int:
    """Run every case of a suite with every contestant and seed, and say which limits hold.

    Exits with 1 when one does not hold, or when a push or fault that was asked for did not happen
    to a robot that was up. The folder keeps the suite, every episode as soon as it is done, summary
    and table.

    Example: wm suite walking --seeds 3 --case forward_10
    """
    from wm_bringup.host.output import check_file, check_folder
    from wm_bringup.host.provenance import provenance
    from wm_bringup.judging.runner import identities_of
    from wm_bringup.judging.suite import load_suite

    whole = changed(load_suite(source), seeds, engine, robot, policies)
    folder = output or Path("results") / whole.name
    check_folder(folder, "--output")
    check_file(json, "--json")
    keep_suite(source, folder)
    workers = jobs or len(os.sched_getaffinity(0))
    chosen = whole.only(case) if case else whole
    chosen = chosen.walked_by(contestant) if contestant else chosen
    asked = {"suite": whole.name, "suite_sha256": whole.sha256(), **identities_of(whole)}
    return _run(chosen, {**asked, **provenance()}, folder, workers, resume, json)


def keep_suite(source: str, folder: Path) -> None:
    """Copy the suite's file into the folder of its results."""
    from wm_bringup.judging.suite import suite_file

    folder.mkdir(parents=True, exist_ok=True)
    path = suite_file(source)
    if path.resolve() != (folder / "suite.yaml").resolve():
        shutil.copyfile(path, folder / "suite.yaml")


def write_summary(folder: Path, json: Path | None, table: str, summary: dict[str, Any]) -> None:
    """Write table and summary into the folder, and the summary where else it is wanted."""
    from wm_bringup.judging.episode import plain

    text = json_format.dumps(plain(summary), indent=2) + "\n"
    (folder / "table.md").write_text(table + "\n", encoding="utf-8")
    for path in (folder / "summary.json", json):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def changed(
    suite: Suite,
    seeds: int | None,
    engine: Literal["pybullet", "mujoco"] | None,
    robot: str | None,
    policies: Path | None,
) -> Suite:
    """Return the suite as the command line wants it; ParameterError for what it does not have."""
    if seeds is not None:
        suite = suite.with_seeds(seeds)
    if engine is not None:
        suite = replace(suite, engine=engine)
    if robot is not None:
        suite = suite.on(robot)
    if policies is not None:
        suite = suite.with_policies(policies)
    suite.check_files()
    return suite


def _run(
    suite: Suite,
    conditions: dict[str, Any],
    folder: Path,
    jobs: int,
    resume: bool,
    json: Path | None,
) -> int:
    """Run, tell and write. conditions: of all episodes that the folder may hold."""
    from wm_bringup.commands.walk import tell_of_bodies
    from wm_bringup.judging.episode_store import EpisodeStore
    from wm_bringup.report.screen import make_console

    store = EpisodeStore(folder / "episodes.jsonl", conditions, resume=resume)
    console = make_console()
    tell_of_bodies(suite, console)
    summary: dict[str, Any] = {"held": False}
    complete = False
    try:
        _fill(suite, store, jobs)
        complete = True
    finally:
        if results := _found(suite, store):
            table, summary = _told(suite, results)
            console.print(table)
            for line in summary["broken"]:
                console.print(line, style="red")
            for line in summary["missed"]:
                console.print(f"asked for, but did not happen: {line}", style="red")
            summary |= {"conditions": conditions, "suite": suite.as_json()}
            summary |= {"complete": complete, "held": complete and summary["held"]}
            write_summary(folder, json, table, summary)
    return HELD if summary["held"] else NOT_HELD


def _fill(suite: Suite, store: EpisodeStore, jobs: int) -> None:
    """Run what the store does not hold yet."""
    from wm_bringup.judging.push_grid import run_grid
    from wm_bringup.judging.runner import do_runs, runs_of
    from wm_bringup.report.screen import progress_bar

    with progress_bar() as bar:
        if suite.grid is not None:
            task = bar.add_task(suite.name, total=suite.grid.cells)
            for cell, result in run_grid(suite, store, jobs):
                told = "fell" if result.fell else "up"
                bar.update(task, advance=1, description=f"{cell.key}: {told}")
            return
        runs, fallen = runs_of(suite), 0
        task = bar.add_task(suite.name, total=len(runs))
        for run, results in do_runs(runs, store, jobs):
            fallen += results[0].fell
            bar.update(task, advance=1, description=f"{run.case}: {fallen} fell in all")


def _found(suite: Suite, store: EpisodeStore) -> list[EpisodeResult]:
    """Collect what the store holds of the suite; it may hold more than is asked for."""
    from wm_bringup.judging.runner import runs_of

    keys = [run.key for run in runs_of(suite)] if suite.grid is None else list(store.done)
    return [result for key in keys for result in store.done.get(key, ())]


def _told(suite: Suite, results: list[EpisodeResult]) -> tuple[str, dict[str, Any]]:
    """Table, and what ``summary.json`` says.

    What a robot missed because it fell before is not told: falls have a limit of their own.
    """
    from wm_bringup.judging.paired import broken_comparisons, comparison_table, comparisons
    from wm_bringup.judging.push_grid import grid_markdown, summarise_grid
    from wm_bringup.judging.table import broken_limits, suite_table
    from wm_bringup.judging.verdict import rows_of

    missed = sorted(
        f"{one.case}, {one.contestant}, seed {one.seed}: {what}"
        for one in results
        for what in one.missed
        if suite.grid is not None or not one.fell
    )
    episodes = [result.as_json() for result in results]
    if suite.grid is not None:
        grid = summarise_grid(suite.grid, {result.case: result for result in results})
        told = {"directions": grid, "broken": [], "missed": missed, "held": not missed}
        return grid_markdown(grid), {**told, "episodes": episodes}
    rows = rows_of(suite, results)
    compared = comparisons(suite, results)
    broken = [*broken_limits(rows), *broken_comparisons(compared)]
    tables = [suite_table(suite, rows), *([comparison_table(compared)] if compared else [])]
    return "\n\n".join(tables), {
        "held": not (broken or missed),
        "rows": [row.as_json() for row in rows],
        "paired": [one.as_json() for one in compared],
        "broken": broken,
        "missed": missed,
        "episodes": episodes,
    }
