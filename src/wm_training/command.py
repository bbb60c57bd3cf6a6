"""``wm train``: make a walking policy, by demonstrations and reinforcement, and judge it."""

from __future__ import annotations

import json as json_format
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wm_bringup.commands import HELD, NOT_HELD
from wm_bringup.commands.options import Result, Robot
from wm_control.configuration.share import DEFAULT_ROBOT

if TYPE_CHECKING:
    from rich.console import Console

    from wm_training.run_folder import TrainingRun


BUDGET = 100.0
"""CPU time of post-training unless asked otherwise [min]."""


def train(
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Without demonstrations.")
    ] = False,
    robot: Robot = DEFAULT_ROBOT,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of everything random; default 0.")
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(min=0.1, help="Post-training ends after this CPU time, default 100 [min]."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE.yaml", help="Changes of the robot's training.yaml.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Goes on with what is there.")
    ] = None,
    judge: Annotated[
        Path | None,
        typer.Option(metavar="POLICY", help="Train nothing: judge this policy by the bar."),
    ] = None,
    judge_seeds: Annotated[int, typer.Option(min=1, help="Episodes of every command.")] = 3,
    kicks: Annotated[
        int, typer.Option(min=0, help="Episodes under velocity kicks; a fifth more standing.")
    ] = 100,
    jobs: Annotated[int, typer.Option(min=0, help="Cores; 0: all.")] = 0,
    json: Result = None,
) -> int:
    """Train a walking policy on the CPU and judge it; interrupted, the same command goes on.

    Demonstrations of the model-based controller, imitation, reinforcement in MuJoCo, export, and
    the bar in PyBullet; exits with 1 when the policy does not meet it. Needs the extra `train`:
    `make train` installs it and starts this.

    Example: wm train --seed 1 --output results/training/seed1
    """
    from wm_bringup.host.output import check_file, check_folder
    from wm_bringup.report.screen import make_console

    if judge is not None:
        _refuse_beside_judge(
            from_scratch=from_scratch, seed=seed, budget=budget, config=config, output=output
        )
    check_file(json, "--json")
    console = make_console()
    workers = jobs or len(os.sched_getaffinity(0))
    if judge is not None:
        result = _judged(judge, robot, None, workers, kicks, judge_seeds)
    else:
        chosen = seed or 0
        name = f"{'scratch' if from_scratch else 'taught'}{chosen}"
        folder = output or Path("results/training") / name
        check_folder(folder, "--output")
        minutes = BUDGET if budget is None else budget
        result = _trained(
            _run(folder, robot, config, chosen, from_scratch, 60.0 * minutes, workers),
            console,
            kicks,
            judge_seeds,
        )
    _show(console, result)
    if json is not None:
        json.parent.mkdir(parents=True, exist_ok=True)
        json.write_text(json_format.dumps(result, indent=2) + "\n", encoding="utf-8")
    return HELD if result["met"] else NOT_HELD


def _refuse_beside_judge(**given: object) -> None:
    """Nothing is trained then, so that what says how has no effect."""
    for name, value in given.items():
        if value is not None and value is not False:
            option = name.replace("_", "-")
            raise typer.BadParameter(f"--{option} means nothing beside --judge")


def _run(
    folder: Path,
    robot: str,
    config: Path | None,
    seed: int,
    from_scratch: bool,
    budget: float,
    jobs: int,
) -> TrainingRun:
    from wm_training.run_folder import TrainingRun, training_parameters

    parameters = training_parameters(robot, config)
    return TrainingRun(folder, robot, parameters, seed, from_scratch, budget, jobs)


def _trained(run: TrainingRun, console: Console, kicks: int, seeds: int) -> dict[str, Any]:
    from wm_training.extra import check_extra

    check_extra()
    from wm_training.pipeline import train as train_run
    from wm_training.pipeline import write_summary

    with _Screen() as report:
        summary = train_run(run, report)
    console.print(f"Exported to {run.policy}; judging it in PyBullet.")
    verdict = _judged(run.policy, run.robot, run, run.jobs, kicks, seeds)
    return write_summary(run, {**summary, **verdict})


def _judged(
    policy: Path, robot: str, run: TrainingRun | None, jobs: int, kicks: int, seeds: int
) -> dict[str, Any]:
    from wm_training.exam.judging import judge

    with _Screen() as report:
        return judge(policy, robot, run, jobs, report, kicks=kicks, seeds=seeds)


class _Screen:
    """One bar that says what is being done and how long is left."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
        from rich.progress import TimeRemainingColumn as Left

        from wm_bringup.report.screen import make_screen

        columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
        left = TextColumn("left"), Left()
        self._bar = Progress(*columns, *left, console=make_screen(), transient=True)
        self._stage, self._last = self._bar.add_task("", total=1.0), 0.0

    def __enter__(self) -> Callable[[str, float], None]:
        self._bar.start()
        return self._report

    def __exit__(self, *problem: object) -> None:
        self._bar.stop()

    def _report(self, text: str, share: float) -> None:
        if share < self._last:
            self._bar.reset(self._stage, total=1.0)
        self._last = share
        self._bar.update(self._stage, completed=share, description=text)


def _show(console: Console, result: dict[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("what", "found", "allowed", "n", "falls", "met")
    for row in result["bar"]:
        found, allowed = (
            "-" if value is None else f"{value:.3g}" for value in (row["found"], row["allowed"])
        )
        met = {True: Text("yes"), False: Text("no", "red"), None: Text("not judged")}[row["met"]]
        fallen = str(row.get("falls", ""))
        table.add_row(row["what"], found, allowed, str(row["n"]), fallen, met)
    console.print(table)
    for episode in result["episodes"]:
        if episode["fell"]:
            when = f"{episode['case']}, seed {episode['seed']}, {episode['seconds']:.1f} s"
            console.print(f"Fell: {when}: {episode['fall_cause']}.")
    if "cpu_seconds" in result:
        minutes = result["cpu_seconds"] / 60.0
        console.print(f"{result['samples']:,} samples in {minutes:.0f} CPU minutes.")
    console.print("The bar is met." if result["met"] else "The bar is not met.")
