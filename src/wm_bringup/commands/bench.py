"""``wm bench``: how long each part of the control path takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import typer

from wm_bringup.commands import HELD, NOT_HELD
from wm_bringup.commands.bench_watching import write
from wm_bringup.commands.options import Engine, Result, Robot
from wm_control.configuration.share import DEFAULT_ROBOT

Part: TypeAlias = Literal[
    "all",
    "loop",
    "estimator",
    "mpc",
    "wbc",
    "sim",
    "policy",
    "wire",
    "viewers",
    "view",
    "browsers",
    "recorder",
]

MEANINGS: Mapping[str, tuple[str, ...]] = {
    "policy": ("all", "policy"),
    **dict.fromkeys(("frames", "domain"), ("wire",)),
    **dict.fromkeys(("bag", "openings", "before"), ("view",)),
    **dict.fromkeys(("rounds", "slow_motion"), ("browsers", "recorder")),
}
"""Parts for which an option means something, of those that mean nothing for others."""


def bench(
    what: Annotated[
        Part,
        typer.Argument(help="Which part; all: of the control path, without wire and page."),
    ] = "all",
    seconds: Annotated[
        float, typer.Option(min=1.0, max=600.0, help="Length of the walk that is timed.")
    ] = 8.0,
    robot: Robot = DEFAULT_ROBOT,
    engine: Engine = "pybullet",
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Learned policy to time; our own unless given."),
    ] = None,
    frames: Annotated[
        int | None,
        typer.Option(min=1, help="Of the wire, each way, as fast as they are answered.  [10000]"),
    ] = None,
    domain: Annotated[
        int | None, typer.Option(min=0, max=232, help="DDS domain of the wire.  [99]")
    ] = None,
    bag: Annotated[
        Path | None,
        typer.Option(metavar="BAG", help="That is opened and shown; else a walk is recorded."),
    ] = None,
    openings: Annotated[
        int | None, typer.Option(min=1, help="How often a bag is opened.  [5]")
    ] = None,
    before: Annotated[
        str | None,
        typer.Option(metavar="COMMAND", help="Run before each opening, to empty the page cache."),
    ] = None,
    rounds: Annotated[
        int | None,
        typer.Option(min=2, help="Of windows with 0, 1 and 3 browsers, or 0 and 1 recorder.  [8]"),
    ] = None,
    slow_motion: Annotated[
        float | None,
        typer.Option(min=1.0, max=20.0, metavar="FACTOR", help="As wm demo; default: as needed."),
    ] = None,
    json: Result = None,
) -> int:
    """Time the parts of the control path on a recorded walk, in CPU time.

    Each is printed beside its bound: the time that bare library calls need for the same work,
    measured in the same run. The ratio says what our own code costs. The wire is Unitree's, over
    the loopback to another process: first at 500 Hz, then as fast as frames are answered.
    viewers: topics for RViz and Foxglove. view: opening a bag in the browser, and pictures of a
    live robot. browsers: a graph that walks, in windows without, with one and with three browsers
    on its page; recorder: without and with a recorder. Both exit with 1 where misses or p99 of the
    path get worse by more than chance.

    Example: wm bench wbc --json results/wbc.json
    """
    from functools import partial

    from wm_bringup.bench.policy import bench_policy
    from wm_bringup.bench.stages import BENCHES
    from wm_bringup.bench.walking import record_walk
    from wm_bringup.commands import bench_watching
    from wm_bringup.host.output import check_file
    from wm_bringup.host.provenance import provenance
    from wm_bringup.report.screen import make_console, make_screen
    from wm_bringup.report.tables import bench_table
    from wm_control.robot.description import load_robot
    from wm_policy.loading import load_policy
    from wm_policy.models import shipped_policy

    given: dict[str, object] = {"policy": policy, "frames": frames, "domain": domain, "bag": bag}
    given |= {"openings": openings, "before": before, "rounds": rounds}
    _refuse_meaningless(what, {**given, "slow_motion": slow_motion})
    check_file(json, "--json")
    if what == "wire":
        return _bench_wire(seconds, frames or 10_000, 99 if domain is None else domain, robot, json)
    if what == "viewers":
        return bench_watching.viewers(seconds, robot, engine, json)
    if what == "view":
        return bench_watching.view(bag, seconds, robot, engine, openings or 5, before or "", json)
    if what in ("browsers", "recorder"):
        watched = bench_watching.browsers if what == "browsers" else bench_watching.recorder
        graph = {"robot": robot, "engine": engine}
        return bench_watching.beside(watched, graph, slow_motion, rounds or 8, seconds, json)
    benches = dict(BENCHES)
    benches["policy"] = partial(bench_policy, file=policy or shipped_policy())
    if what in ("all", "policy"):
        load_policy(policy or shipped_policy(), load_robot(robot))  # refused before the walk
    results: dict[str, dict[str, Any]] = {}
    with make_screen().status("Walking, to have states to time on ...") as status:
        walk = record_walk(seconds, robot=robot, engine=engine)
        for name in benches if what == "all" else [what]:
            status.update(f"Timing {name} on {len(walk.ticks)} ticks ...")
            results |= {m.name: m.as_json() for m in benches[name](walk)}
    make_console().print(bench_table(results))
    write(json, {**results, "conditions": {"seconds": seconds, "engine": engine, **provenance()}})
    return HELD if results else NOT_HELD


def _refuse_meaningless(what: str, given: Mapping[str, object]) -> None:
    for name, value in given.items():
        if value is not None and what not in MEANINGS[name]:
            option = f"--{name.replace('_', '-')}"
            raise typer.BadParameter(f"{option} means nothing for '{what}'")


def _bench_wire(seconds: float, frames: int, domain: int, robot: str, file: Path | None) -> int:
    """Exit code: frames that came and were not accepted are none."""
    from wm_bringup.bench.frames import bench_frames
    from wm_bringup.bench.wire import PERIOD, wire
    from wm_bringup.host.provenance import provenance
    from wm_bringup.report.screen import make_console, make_screen
    from wm_bringup.report.tables import bench_table, exchange_table

    with make_screen().status("Frames of one process ...") as status:
        costs = {m.name: m.as_json() for m in bench_frames(robot, min(frames, 20_000))}
        status.update("Another process comes up ...")
        with wire(domain) as exchange:
            status.update("Frames between two, at 500 Hz ...")
            paced = exchange(round(seconds / PERIOD), PERIOD)
            status.update(f"{frames} frames each way ...")
            exchanges = {"500 Hz": paced, "as fast": exchange(frames, 0.0)}
    rows = {name: asdict(exchange) for name, exchange in exchanges.items()}
    console = make_console()
    console.print(bench_table(costs))
    console.print(exchange_table(rows))
    conditions = {"seconds": seconds, "frames": frames, **provenance()}
    write(file, {**costs, "exchanges": rows, "conditions": conditions})
    accepted = all(one.rejected == 0 and one.round_trip.n for one in exchanges.values())
    return HELD if accepted else NOT_HELD
