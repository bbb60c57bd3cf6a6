"""``wm compare``: model, policy or both, on five facets, with intervals."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wm_bringup.commands import HELD, NOT_HELD
from wm_bringup.commands.options import (
    EngineName,
    Jobs,
    OtherEngine,
    OtherRobot,
    Resume,
    Seeds,
    Summary,
)

if TYPE_CHECKING:
    from wm_bringup.comparing.plan import Comparison
    from wm_bringup.comparing.summary import Facts
    from wm_bringup.judging.episode_store import EpisodeStore
    from wm_bringup.judging.runner import Spread


def compare(
    suite: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="quick, standard, full, or a YAML file.")
    ] = "quick",
    policy: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="In place of our own; more are compared beside it."),
    ] = None,
    seeds: Seeds = None,
    engine: OtherEngine = None,
    robot: OtherRobot = None,
    jobs: Jobs = 0,
    workers: Annotated[
        str, typer.Option(metavar="local|ray[://ADDRESS]", help="Where episodes are walked.")
    ] = "local",
    resume: Resume = False,
    recount: Annotated[
        bool,
        typer.Option("--recount", help="Walk nothing: figures anew, of the folder's episodes."),
    ] = False,
    output: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Default: results/compare_NAME.")
    ] = None,
    json: Summary = None,
    report: Annotated[
        bool,
        typer.Option("--report/--no-report", help="Also count costs, and write report.html."),
    ] = True,
) -> int:
    """Compare the model-based controller, learned policies and both together on five facets.

    All walk the same episodes. Exits with 1 when a hybrid falls significantly more than the better
    of its parents, a contestant cheated or answered later than it is charged for, or what was
    asked for did not happen.

    Example: wm compare --suite quick
    """
    from wm_bringup.comparing.files import keep_comparison
    from wm_bringup.comparing.plan import load_comparison
    from wm_bringup.comparing.walking import policies_of
    from wm_bringup.host.output import check_file, check_folder
    from wm_bringup.host.provenance import provenance
    from wm_bringup.judging.ray_workers import read_workers

    asked = _changed(load_comparison(suite), seeds, engine, robot, tuple(policy or ()))
    cores = jobs or len(os.sched_getaffinity(0))
    spread = read_workers(workers, cores)
    folder = output or Path("results") / f"compare_{asked.name}"
    check_folder(folder, "--output")
    check_file(json, "--json")
    policies = policies_of(asked)
    file = folder / "episodes.jsonl"
    store, under = _store(asked, policies, file, resume=resume, recount=recount)
    keep_comparison(asked, folder)
    if not (resume or recount):
        shutil.rmtree(folder / "pictures", ignore_errors=True)  # of episodes that are no more
    began = time.monotonic()
    held = False
    try:
        if not recount:
            _fill(asked, store, cores, spread)
    finally:
        if store.done:
            facts: dict[str, Any] = {"conditions": under, "policies": policies}
            if recount:
                facts["counted"] = provenance()
            else:
                facts |= {"jobs": cores, "workers": workers, "wall": time.monotonic() - began}
            held = _tell(asked, store, folder, facts, json, whole=report)
    return HELD if held else NOT_HELD


def _store(
    comparison: Comparison,
    policies: Mapping[str, Mapping[str, Any]],
    file: Path,
    *,
    resume: bool,
    recount: bool,
) -> tuple[EpisodeStore, dict[str, Any]]:
    """Return the episodes, and under what they are walked; RunStoreError for what cannot be.

    recount: all of them must be there already, whichever version walked them.
    """
    from wm_bringup.comparing.files import conditions, walked_under
    from wm_bringup.comparing.walking import all_found, count_runs
    from wm_bringup.judging.episode_store import EpisodeStore, RunStoreError

    under = conditions(comparison, policies)
    if not recount:
        return EpisodeStore(file, under, resume=resume), under
    under = walked_under(file, under)
    store = EpisodeStore(file, under, resume=True)
    there, asked = len(all_found(comparison, store)), count_runs(comparison)
    if there < asked:
        raise RunStoreError(f"{file} holds {there} of {asked} episodes: go on with --resume")
    return store, under


def _changed(
    comparison: Comparison,
    seeds: int | None,
    engine: EngineName | None,
    robot: str | None,
    policies: tuple[Path, ...],
) -> Comparison:
    """Return the comparison as the command line wants it."""
    from wm_bringup.comparing.changed import in_engine, with_policies, with_seeds

    if seeds is not None:
        comparison = with_seeds(comparison, seeds)
    if engine is not None:
        comparison = in_engine(comparison, engine)
    if robot is not None:
        comparison = replace(comparison, robot=robot)
    if policies:
        comparison = with_policies(comparison, policies)
    comparison.check_files()
    return comparison


def _fill(comparison: Comparison, store: EpisodeStore, jobs: int, spread: Spread | None) -> None:
    """Walk what the store does not hold yet."""
    from wm_bringup.comparing.walking import count_runs, walk_all
    from wm_bringup.report.screen import progress_bar

    with progress_bar() as bar:
        task, fallen = bar.add_task(comparison.name, total=count_runs(comparison)), 0
        for run, results in walk_all(comparison, store, jobs, spread):
            fallen += results[0].fell
            bar.update(task, advance=1, description=f"{run.case}: {fallen} fell in all")


def _tell(
    comparison: Comparison,
    store: EpisodeStore,
    folder: Path,
    facts: dict[str, Any],
    json: Path | None,
    *,
    whole: bool,
) -> bool:
    """Work out, print and write what was found; returns whether all holds.

    whole: with costs, and a page, once all episodes are there.
    """
    from wm_bringup.comparing.files import write_results
    from wm_bringup.comparing.summarise import summarise, timings
    from wm_bringup.comparing.summary import SCHEMA
    from wm_bringup.comparing.table import entrants_of
    from wm_bringup.comparing.tables import comparison_text
    from wm_bringup.comparing.walking import all_found, count_runs
    from wm_bringup.report.screen import make_console

    policies = facts["policies"]
    trained = {name: one["trained_for"] for name, one in policies.items()}
    entrants, results = entrants_of(comparison, trained), all_found(comparison, store)
    complete = len(results) == count_runs(comparison)
    costs = _costs(comparison) if whole and complete else _Costs()
    summary = summarise(comparison, entrants, results, policies=policies, facts=costs.counted)
    timed = timings(comparison, entrants, results, facts=costs.timed, latency=costs.latency)
    manifest = {
        "schema": SCHEMA,
        "complete": complete,
        "episodes": len(results),
        "seeds": sorted({run.seed for run in comparison.runs()}),
        **facts,
    }
    write_results(folder, summary, timed, manifest, json)
    console = make_console()
    console.print(comparison_text(summary, timed))
    for line in summary.broken:
        console.print(line, style="red")
    for line in timed.late.values():
        console.print(f"late: {line}", style="red")
    for line in summary.missed:
        console.print(f"asked for, but did not happen: {line}", style="red")
    if whole and complete:
        _write_page(folder)
    return summary.held and not timed.late


@dataclass(frozen=True, slots=True)
class _Costs:
    """What contestants cost, by facet: counted, and timed on this computer."""

    counted: Mapping[str, Facts] = field(default_factory=dict)
    timed: Mapping[str, Facts] = field(default_factory=dict)
    latency: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def _costs(comparison: Comparison) -> _Costs:
    """Count and time the contestants; some 20 CPU seconds."""
    from wm_bringup.costs.contestants import COMPUTE, facts_of, timed

    setups = {run.contestant: run.setup for run in comparison.runs()}
    facts, latency = timed(setups)
    return _Costs(facts_of(setups), {COMPUTE: facts}, latency)


def _write_page(folder: Path) -> None:
    """Write ``report.html``; the worst episodes are walked once more for their pictures."""
    from wm_bringup.page.replayed import setups_of
    from wm_bringup.page.write import write_report

    write_report(folder, setups_of(folder))
