"""``wm walk``: lock-step episodes of one scenario."""

from __future__ import annotations

import json as json_format
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from wm_bringup.commands import (
    DRIVER_NAMES,
    HELD,
    NOT_HELD,
    PREFERENCES,
    known_drivers,
    known_preference,
)
from wm_bringup.commands.options import Engine, Faults, Jobs, Overlay, Result, Resume, Robot
from wm_control.configuration.share import DEFAULT_ROBOT
from wm_control.constants import CONTROL_PERIOD
from wm_control.drivers import MPC, POLICY, preference_of

if TYPE_CHECKING:
    from rich.console import Console

    from wm_bringup.judging.episode import EpisodeResult
    from wm_bringup.judging.episode_store import EpisodeStore
    from wm_bringup.judging.runner import SuiteRun
    from wm_bringup.judging.suite import Grid, Suite
    from wm_bringup.scenarios.scenario import Scenario

COMMAND_TIME = 1.0
"""The robot stands until then, so that the estimator has seen it at rest [s]."""

LARGEST_IMPULSE = 80.0
"""The push grid ends here even if the robot still stands [N·s]."""


def walk(
    phase: Annotated[
        float | None,
        typer.Argument(
            help="Phase of the stride, 0 to 1, that --push waits for.", metavar="[PHASE]"
        ),
    ] = None,
    controller: Annotated[
        str,
        typer.Option(
            metavar=PREFERENCES,
            callback=known_preference,
            help="Who walks the robot; of several the first one, and the others rescue it.",
        ),
    ] = MPC,
    shadow: Annotated[
        list[str] | None,
        typer.Option(
            metavar=DRIVER_NAMES, callback=known_drivers, help="Who proposes beside it, unfollowed."
        ),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Learned policy, to walk or in shadow; or our own."),
    ] = None,
    overlay: Overlay = None,
    scenario: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="Scenario that the options below change."),
    ] = None,
    velocity: Annotated[
        tuple[float, float, float] | None,
        typer.Option(metavar="VX VY WZ", help="Commanded from 1 s on [m/s, m/s, rad/s]."),
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Length of an episode.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Number of episodes.")] = 1,
    first_seed: Annotated[int | None, typer.Option(min=0, help="Seed of the first.")] = None,
    push: Annotated[
        tuple[float, float, float] | None,
        typer.Option(metavar="NX NY T [PHASE]", help="Push of 0.1 s at the pelvis [N·s, N·s, s]."),
    ] = None,
    payload: Annotated[float | None, typer.Option(help="Unknown mass in the torso [kg].")] = None,
    friction: Annotated[float | None, typer.Option(help="Of feet on the ground.")] = None,
    delay: Annotated[float | None, typer.Option(help="Command to drive [s].")] = None,
    noise: Annotated[
        Literal["off", "nominal", "double", "hardware"] | None,
        typer.Option(help="Of the sensors."),
    ] = None,
    fault: Faults = None,
    state: Annotated[
        Literal["true", "estimated"], typer.Option(help="What the controller is given.")
    ] = "estimated",
    robot: Robot = DEFAULT_ROBOT,
    engine: Engine = "pybullet",
    step_in_place: Annotated[
        bool, typer.Option("--step-in-place", help="Step at zero velocity instead of standing.")
    ] = False,
    push_grid: Annotated[
        bool, typer.Option("--push-grid", help="Impulse x direction x 8 phases, up to failure.")
    ] = False,
    grid_step: Annotated[
        float | None,
        typer.Option(min=1.0, max=LARGEST_IMPULSE, help="Between impulses, default 5 [N·s]."),
    ] = None,
    jobs: Jobs = 0,
    resume: Resume = False,
    json: Result = None,
    film: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.png|.gif|.webp",
            help="The first episode as a film strip, or as a moving picture.",
        ),
    ] = None,
    trace: Annotated[
        Path | None, typer.Option(metavar="FILE.npz", help="Full-rate trace of the first episode.")
    ] = None,
    bag: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Bag of the first episode, for wm replay."),
    ] = None,
) -> int:
    """Run lock-step episodes of one scenario and judge them by the robot's true motion.

    Exits with 1 when the robot fell in any episode (not with --push-grid, which pushes until it
    falls), or when a push or fault that was asked for did not happen. What cannot happen at all,
    or would have no effect, is refused with 2. With --json FILE, every episode is also written to
    FILE.jsonl as soon as it is done.

    Example: wm walk --velocity 0.5 0 0 --seconds 20 --seeds 20 --noise nominal --delay 0.008
    """
    from wm_bringup.judging.suite import Contestant, Grid, Suite

    shadows = tuple(shadow or ())
    if POLICY not in (*preference_of(controller), *shadows) and (policy or overlay):
        raise typer.BadParameter("--policy and --overlay mean something only for 'policy'")
    if state == "true" and noise not in (None, "off"):
        raise typer.BadParameter("--noise means nothing with --state true: no sensor is looked at")
    if push_grid:
        _refuse_beside_grid(seconds=seconds, seeds=seeds != 1, film=film, trace=trace, bag=bag)
    elif grid_step is not None:
        raise typer.BadParameter("--grid-step means something only with --push-grid")
    _check_outputs(json, film, trace, bag, resume=resume)
    changes: dict[str, Any] = {
        "velocity": _segments(velocity),
        "duration": seconds,
        "pushes": _pushes(push, phase),
        "noise": noise,
        "delay": delay,
        "faults": tuple(fault) if fault else None,
        "seed": first_seed,
    }
    chosen = changed(_base(scenario), changes, payload, friction)
    who = Contestant(controller, controller, str(policy or ""), str(overlay or ""), shadows)
    grid = (Grid(step=grid_step) if grid_step else Grid()) if push_grid else None
    suite = Suite(
        "walk",
        **_asked(chosen, seeds, step_in_place, grid),
        contestants=(who,),
        state=state,
        robot=robot,
        engine=engine,
    )
    workers = jobs or len(os.sched_getaffinity(0))
    if push_grid:
        return _grid(suite, workers, resume, json)
    return _episodes(suite, (film, trace, bag), workers, resume, json)


def _asked(
    scenario: Scenario, seeds: int, step_in_place: bool, grid: Grid | None
) -> dict[str, Any]:
    """Cases, or a grid of pushes, and their seeds."""
    from pydantic import TypeAdapter

    from wm_bringup.judging.suite import Case, Seeds
    from wm_bringup.scenarios.scenario import Scenario

    case = Case(scenario.name, step_in_place=step_in_place)
    return {
        "scenario": TypeAdapter(Scenario).dump_python(scenario, mode="json"),
        "seeds": Seeds(scenario.seed, seeds),
        **({"cases": (case,)} if grid is None else {"grid": grid}),
    }


def _refuse_beside_grid(**given: object) -> None:
    """Every cell of the grid is one episode of a length of its own."""
    for name, value in given.items():
        if value:
            raise typer.BadParameter(f"--{name} means nothing beside --push-grid")


def _check_outputs(
    json: Path | None, film: Path | None, trace: Path | None, bag: Path | None, *, resume: bool
) -> None:
    """Look at the files before the episodes are run, not after."""
    from wm_bringup.host.output import OutputError, check_file, check_folder

    if resume and json is None:
        raise typer.BadParameter("--resume goes on with the file of --json FILE: name it")
    check_file(json, "--json")
    if json is not None:
        if json.suffix == ".jsonl":
            raise OutputError(f"--json {json}: the episodes go to that file; name it .json")
        check_file(json.with_suffix(".jsonl"), "--json")
    check_file(film, "--film", ".png", ".gif", ".webp")
    check_file(trace, "--trace", ".npz")
    if bag is not None:
        check_folder(bag, "--bag", new=True)


def changed(
    base: Scenario, changes: dict[str, Any], payload: float | None, friction: float | None
) -> Scenario:
    """Scenario with the options that were given; ParameterError when one is out of bounds."""
    from pydantic import ValidationError

    from wm_control.errors import ParameterError

    given = {key: value for key, value in changes.items() if value is not None}
    try:
        if payload is not None:
            given["payload"] = replace(base.payload, mass=payload)
        if friction is not None:
            given["ground"] = replace(base.ground, friction=friction)
        return replace(base, **given)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ParameterError(key, first.get("input"), first["msg"], "the command line") from error


def _base(name: str | None) -> Scenario:
    from wm_bringup.scenarios.scenario import Scenario, load_scenario

    return load_scenario(name) if name else Scenario(initial_joint_noise=0.005)


def _segments(velocity: tuple[float, float, float] | None) -> tuple[dict[str, float], ...] | None:
    if velocity is None:
        return None
    x, y, yaw = velocity
    return ({"at": COMMAND_TIME, "x": x, "y": y, "yaw": yaw},)


def _pushes(
    push: tuple[float, float, float] | None, phase: float | None
) -> tuple[dict[str, Any], ...] | None:
    if push is None:
        if phase is not None:
            raise typer.BadParameter("PHASE means something only after --push NX NY T")
        return None
    x, y, at = push
    return ({"impulse": (x, y, 0.0), "at": at, "phase": phase},)


def _conditions(suite: Suite) -> dict[str, Any]:
    """Everything that a result must say about where it comes from."""
    from wm_bringup.host.provenance import provenance
    from wm_bringup.judging.episodes import policy_facts
    from wm_bringup.judging.runner import robots_of, setup_of
    from wm_bringup.judging.suite import Case
    from wm_bringup.record.strides import SETTLING_TIME

    case = suite.cases[0] if suite.cases else Case("push grid", step_in_place=True)
    setup = setup_of(suite, case, suite.contestants[0], suite.seeds.first)
    return {
        "scenario": suite.scenario,
        "controller": setup.controller,
        "shadows": list(setup.shadows),
        "state": suite.state,
        "robot": suite.robot,
        "robots_sha256": robots_of([setup]),
        "engine": suite.engine,
        "step_in_place": case.step_in_place,
        "commanded_from": COMMAND_TIME,
        "settling_time": SETTLING_TIME,
        "policy": policy_facts(setup),
        "suite_sha256": suite.sha256(),
        **provenance(),
    }


def _store(json: Path | None, suite: Suite, resume: bool) -> EpisodeStore | None:
    from wm_bringup.judging.episode_store import EpisodeStore

    if json is None:
        return None
    return EpisodeStore(json.with_suffix(".jsonl"), _conditions(suite), resume=resume)


def tell_of_bodies(suite: Suite, console: Console) -> None:
    """Say, before anything is walked, where another body is simulated than is controlled."""
    from wm_bringup.judging.runner import told_of_bodies

    for line in told_of_bodies(suite):
        console.print(line, soft_wrap=True)


def _episodes(
    suite: Suite,
    left: tuple[Path | None, Path | None, Path | None],
    jobs: int,
    resume: bool,
    json: Path | None,
) -> int:
    from wm_bringup.judging.runner import check_runs, runs_of
    from wm_bringup.report.screen import make_console
    from wm_bringup.report.tables import episode_table, walk_lines
    from wm_control.robot.description import load_robot

    first, *others = runs_of(suite)
    film, trace, bag = left
    first = replace(first, setup=replace(first.setup, film=film, trace=trace, bag=bag))
    check_runs([first, *others])
    console, store = make_console(), _store(json, suite, resume)
    for line in load_robot(suite.robot).assumed:
        console.print(f"{suite.robot}: {line}")
    tell_of_bodies(suite, console)
    if store and any(left):
        store.done.pop(first.key, None)  # of this one, pictures or numbers are wanted
    episodes: list[EpisodeResult] = []
    try:
        _run([first, *others], jobs, episodes, store)
    finally:
        if episodes:
            summary = {**_summary(episodes), "conditions": _conditions(suite)}
            console.print(episode_table(episodes))
            for said in walk_lines(summary):
                console.print(said)
            _write(json, summary)
    return NOT_HELD if any(episode.fell or episode.missed for episode in episodes) else HELD


def _run(
    runs: Sequence[SuiteRun],
    jobs: int,
    episodes: list[EpisodeResult],
    store: EpisodeStore | None,
) -> None:
    from wm_bringup.judging.runner import do_runs
    from wm_bringup.report.screen import progress_bar

    with progress_bar() as bar:
        who = runs[0].contestant
        task = bar.add_task(f"{who} {runs[0].case}", total=len(runs))
        for _, results in do_runs(runs, store, jobs):
            episodes += results
            fallen = sum(e.fell for e in episodes)
            bar.update(task, advance=1, description=f"{who}: {fallen} fell")


def _summary(episodes: Sequence[EpisodeResult]) -> dict[str, Any]:
    from wm_bringup.judging.episode import summarise_episodes

    told = [episode.notes["cpu_per_tick_ms"] for episode in episodes]
    stages = {name: median(one[name] for one in told) for name in told[0]}
    total = sum(stages.values())
    factors = [e.notes["real_time_factor"] for e in episodes]
    known = [factor for factor in factors if factor is not None]
    return {
        **summarise_episodes(episodes),
        "speed": {
            "real_time_factor": median(known) if known else None,
            "cpu_factor": 1e3 * CONTROL_PERIOD / total if total else None,
            "cpu_per_tick_ms": stages,
            "cpu_per_tick_ms_total": total,
        },
    }


def _grid(suite: Suite, jobs: int, resume: bool, json: Path | None) -> int:
    from wm_bringup.judging.push_grid import run_grid, summarise_grid
    from wm_bringup.judging.suite import Grid
    from wm_bringup.report.screen import make_console, progress_bar
    from wm_bringup.report.tables import grid_table

    console, store, grid = make_console(), _store(json, suite, resume), suite.grid or Grid()
    tell_of_bodies(suite, console)
    episodes: dict[str, EpisodeResult] = {}
    try:
        with progress_bar() as bar:
            task = bar.add_task("push grid", total=grid.cells)
            for cell, episode in run_grid(suite, store, jobs):
                episodes[cell.key] = episode
                result = "fell" if episode.fell else "up"
                bar.update(task, advance=1, description=f"{cell.key}: {result}")
    finally:
        summary = summarise_grid(grid, episodes)
        console.print(grid_table(summary))
        _write(json, {"directions": summary, "conditions": _conditions(suite)})
    undone: dict[str, list[str]] = {}
    for key, episode in sorted(episodes.items()):
        for what in episode.missed:
            undone.setdefault(what, []).append(key)
    for what, keys in undone.items():
        line = f"asked for, but did not happen: {what} ({', '.join(keys)})"
        console.print(line, style="red")
    return NOT_HELD if undone else HELD


def _write(json: Path | None, content: dict[str, Any]) -> None:
    if json is not None:
        json.parent.mkdir(parents=True, exist_ok=True)
        json.write_text(json_format.dumps(content, indent=2) + "\n", encoding="utf-8")
