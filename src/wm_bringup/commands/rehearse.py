"""``wm rehearse``: what will be done with the robot, done with the emulated one first."""

from __future__ import annotations

import hashlib
import json as json_format
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wm_bringup.commands import HELD, INTERRUPTED, NOT_HELD, known_preference
from wm_bringup.commands.options import Engine, Result, Resume, Robot, SlowMotion
from wm_control.configuration.share import DEFAULT_ROBOT
from wm_control.drivers import preference_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from wm_bringup.demo.course import Segment
    from wm_bringup.judging.episode_store import RunStore
    from wm_bringup.rehearsal.plan import Mishap, Plan

Row = dict[str, Any]


def rehearse(
    controller: Annotated[
        list[str] | None,
        typer.Option(help="Who drives; repeatable.  [default: mpc, policy, hybrid]"),
    ] = None,
    runs: Annotated[int, typer.Option(min=0, help="Of the whole course, of each.")] = 1,
    mishap: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this one; repeatable; 'none': no mishaps."),
    ] = None,
    times: Annotated[int, typer.Option(min=1, help="How often each mishap, of each.")] = 1,
    minutes: Annotated[
        float, typer.Option(min=0.0, help="The course again and again for so long, not once.")
    ] = 0.0,
    plan: Annotated[
        Path | None, typer.Option(metavar="FILE", help="In place of config/rehearsal.yaml.")
    ] = None,
    robot: Robot = DEFAULT_ROBOT,
    engine: Engine = "mujoco",
    scenario: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="Noise and delays of the emulated robot.")
    ] = "nominal",
    domain: Annotated[int, typer.Option(min=0, max=232, help="DDS domain of that robot.")] = 97,
    slow_motion: SlowMotion = None,
    resume: Resume = False,
    output: Annotated[Path, typer.Option(metavar="FOLDER", help="For logs and summary.")] = Path(
        "results/rehearsal"
    ),
    json: Result = None,
) -> int:
    """Take an emulated robot over, walk, stop and give it back, and see what mishaps come to.

    The graph is the one of a real robot, on the wire of one (docs/deployment.md). Exits with 1 when
    a run did not end as it had to. A run of more than two minutes also tells whether memory, open
    files, logs or the path's latency grew, and does not hold when they do.

    Example: wm rehearse --controller hybrid --runs 10 --times 3
    """
    from wm_bringup.commands.pace import pace_of_this_machine
    from wm_bringup.graph.runner import StopSignals
    from wm_bringup.host import clock
    from wm_bringup.host.output import check_file, check_folder
    from wm_bringup.rehearsal.plan import load_plan
    from wm_bringup.report.screen import make_console
    from wm_control.configuration.share import config_file

    drivers = tuple(controller or ("mpc", "policy", "hybrid"))
    for name in drivers:
        known_preference(name)
    chosen = load_plan(plan or config_file("rehearsal.yaml"))
    todo = list(_todo(drivers, runs, _named(chosen, mishap), times, minutes))
    if not todo:
        raise typer.BadParameter(
            "nothing to do: no run, and no mishap that these drivers can have", param_hint="--runs"
        )
    check_folder(output, "--output")
    check_file(json, "--json")
    store = _store(output, resume, _conditions(chosen, robot, engine, scenario))
    console = make_console()
    pace = slow_motion or pace_of_this_machine(robot, engine, console)
    with clock.slow_motion(pace), StopSignals() as signals:
        for name, driver, one, seed in todo:
            if name in store.done or signals.seen:
                continue
            words = (driver, engine, scenario, robot, seed, output / name, domain)
            row = _run(name, words, chosen.segments(one, minutes), one, lambda: signals.seen)
            if row is None:
                break
            store.add(name, [row])
            _tell(row, console)
        interrupted = signals.seen or any(name not in store.done for name, *_ in todo)
    rows = [row for done in store.done.values() for row in done]
    _write(output / "summary.json", rows)
    console.print(_table(rows))
    if json is not None:
        _write(json, rows)
    if interrupted:
        return INTERRUPTED
    return HELD if all(row["held"] for row in rows) else NOT_HELD


def _named(plan: Plan, names: list[str] | None) -> tuple[Mishap, ...]:
    """Mishaps that were asked for: all, some, or none."""
    try:
        return () if names == ["none"] else plan.named(tuple(names or ()))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--mishap") from error


def _conditions(plan: Plan, robot: str, engine: str, scenario: str) -> Row:
    """Return what all runs of one folder have in common; ParameterError for a wrong scenario."""
    from wm_bringup.host.provenance import provenance
    from wm_bringup.scenarios.scenario import load_scenario

    asked = {"plan": asdict(plan), "scenario": asdict(load_scenario(scenario))}
    words = json_format.dumps(asked, sort_keys=True, default=str)
    sha256 = hashlib.sha256(words.encode()).hexdigest()
    return {"robot": robot, "engine": engine, "asked_sha256": sha256, **provenance()}


def _store(output: Path, resume: bool, conditions: Row) -> RunStore[Row]:
    """Keep what every run came to, as it comes."""
    from wm_bringup.judging.episode_store import RunStore

    return RunStore(output / "runs.jsonl", conditions, resume=resume, encode=dict, decode=dict)


def _todo(
    drivers: Sequence[str], runs: int, mishaps: Sequence[Mishap], times: int, minutes: float = 0.0
) -> Iterator[tuple[str, str, Mishap | None, int]]:
    """Yield name, driver, mishap and seed of every run."""
    long = f"_{minutes:g}_min" if minutes else ""
    for driver in drivers:
        for seed in range(runs):
            yield f"{driver}{long}_{seed}", driver, None, seed
        for one in mishaps:
            if not one.several or len(preference_of(driver)) > 1:
                words = one.name.replace("%", "percent").replace(" ", "_")
                for seed in range(times):
                    yield f"{driver}_{words}_{seed}", driver, one, seed


def _run(
    name: str,
    words: tuple[Any, ...],
    segments: tuple[Segment, ...],
    mishap: Mishap | None,
    stopped: Callable[[], bool],
) -> Row | None:
    """Do one and say what came of it; None when it was interrupted."""
    from wm_bringup.host import clock
    from wm_bringup.rehearsal.endurance import told
    from wm_bringup.rehearsal.live import LATENCY, Choice, rehearse
    from wm_bringup.rehearsal.outcome import outcome
    from wm_bringup.rehearsal.path import path_of

    choice = Choice(*words)
    choice.folder.mkdir(parents=True, exist_ok=True)
    (choice.folder / LATENCY).unlink(missing_ok=True)
    try:
        seen = rehearse(choice, segments, mishap, stopped)
    except KeyboardInterrupt:
        return None
    said = outcome(seen, mishap)
    facts = {k: v for k, v in asdict(seen).items() if k not in ("sent", "looks")}
    return {
        "name": name,
        "controller": choice.controller,
        "mishap": mishap.name if mishap else "",
        "ends": mishap.ends if mishap else "given back",
        "slow_motion": clock.factor(),
        **asdict(said),
        **path_of(choice.folder / LATENCY),
        **facts,
        **told(seen.looks),
    }


def _write(file: Path, rows: Sequence[Row]) -> None:
    file.write_text(json_format.dumps({"runs": rows}, indent=1) + "\n", encoding="utf-8")


def _tell(row: Row, console: Console) -> None:
    console.print(_line(row))
    if row.get("growth"):
        console.print(_growth(row))


def _line(row: Row) -> str:
    after = row["damped_after"]
    asked = after is not None and row["ends"] == "damped"
    damped = f", damped after {1e3 * after:.0f} ms" if asked else ""
    return f"{row['name']}: {'held' if row['held'] else 'NOT HELD: ' + row['why']}{damped}"


def _growth(row: Row) -> Table:
    """Say how all that was looked at grew over a long run."""
    from rich.table import Table

    missed = f", {100.0 * row['missed']:.2f} % missed" if "missed" in row else ""
    title = f"{row['name']}: {row['minutes']:.0f} minutes{missed}"
    heads = ("what", "at first", "at last", "per hour", "95 %")
    table = Table(*heads, title=title, title_justify="left", box=None)
    for one in row["growth"]:
        first, last = (f"{one[name]:.4g} {one['unit']}" for name in ("first", "last"))
        span = f"{one['low']:.3g} to {one['high']:.3g}"
        table.add_row(one["name"], first, last, f"{one['slope']:.3g}", span)
    return table


def _table(rows: Sequence[Row]) -> Table:
    """One line per controller and mishap."""
    from rich.table import Table

    table = Table("controller", "mishap", "has to end", "runs", "held", "damped after", box=None)
    kinds = dict.fromkeys((row["controller"], row["mishap"], row["ends"]) for row in rows)
    for kind in kinds:
        those = [r for r in rows if (r["controller"], r["mishap"], r["ends"]) == kind]
        times = [r["damped_after"] for r in those if r["damped_after"] is not None]
        damped = f"{1e3 * max(times):.0f} ms" if times and kind[2] == "damped" else ""
        held = sum(r["held"] for r in those)
        table.add_row(kind[0], kind[1] or "-", kind[2], str(len(those)), str(held), damped)
    return table
