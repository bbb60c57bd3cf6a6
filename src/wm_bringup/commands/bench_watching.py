"""``wm bench viewers``, ``view``, ``browsers``, ``recorder``: what it costs to watch a robot."""

from __future__ import annotations

import json as json_format
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wm_bringup.commands import HELD, NOT_HELD

if TYPE_CHECKING:
    from wm_bringup.bench.windows import Beside
    from wm_bringup.robots.simulated import EngineName

JUDGED = ("misses", "p99")
"""Figures that nothing beside the graph may make worse."""


def write(file: Path | None, content: Mapping[str, Any]) -> None:
    """Write a result, where a file was named."""
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json_format.dumps(content, indent=2) + "\n", encoding="utf-8")


def viewers(seconds: float, robot: str, engine: EngineName, file: Path | None) -> int:
    """Time what is encoded for RViz and Foxglove."""
    from wm_bringup.bench.viewers import bench_viewers
    from wm_bringup.bench.walking import record_walk
    from wm_bringup.commands.bench_tables import encoding_table
    from wm_bringup.host.provenance import provenance
    from wm_bringup.report.screen import make_console, make_screen

    with make_screen().status("Walking, to have states to encode ..."):
        found = bench_viewers(record_walk(seconds, robot=robot, engine=engine))
    make_console().print(encoding_table(found))
    conditions = {"seconds": seconds, "engine": engine, **provenance()}
    write(file, {"topics": [one.as_json() for one in found], "conditions": conditions})
    return HELD


def view(
    bag: Path | None,
    seconds: float,
    robot: str,
    engine: EngineName,
    openings: int,
    before: str,
    file: Path | None,
) -> int:
    """Time the opening of a bag, each time in a new process, and pictures of a live robot."""
    from wm_bringup.bench.page import bench_pictures, open_often
    from wm_bringup.commands.bench_tables import opening_line, pictures_table
    from wm_bringup.host.provenance import provenance
    from wm_bringup.report.screen import make_console, make_screen

    with (
        make_screen().status("Walking, to have a bag ...") as status,
        _bag(bag, seconds, robot, engine) as opened,
    ):
        status.update(f"Opening {opened} ...")
        times = open_often(opened, openings, before)
        status.update("Pictures ...")
        pictures = bench_pictures(opened, seconds)
    console = make_console()
    console.print(opening_line(times))
    console.print(pictures_table(pictures))
    rows = [one.as_json() for one in pictures]
    conditions = {"bag": str(bag or ""), "before": before, "seconds": seconds, **provenance()}
    write(file, {"openings": times, "pictures": rows, "conditions": conditions})
    return HELD


@contextmanager
def _bag(bag: Path | None, seconds: float, robot: str, engine: EngineName) -> Iterator[Path]:
    """Yield a bag: the one that was named, or that of a walk with both drivers."""
    import tempfile

    from wm_bringup.bench.page import record_bag

    if bag is not None:
        yield bag
        return
    with tempfile.TemporaryDirectory(prefix="bench_view_") as folder:
        yield record_bag(Path(folder) / "bag", seconds, robot, engine)


def browsers(graph: Mapping[str, Any]) -> Beside:
    """Return browsers on the page of a graph."""
    from wm_bringup.bench.browsers import browsers as start
    from wm_bringup.bench.windows import Beside
    from wm_bringup.graph.processes import VIEW_PORT
    from wm_bringup.host.ports import free_port

    port = free_port("127.0.0.1", VIEW_PORT)
    shown = {**graph, "view": True, "view_port": port}
    return Beside("browsers", "view", (0, 1, 3), shown, partial(start, port))


def recorder(graph: Mapping[str, Any]) -> Beside:
    """Return a recorder of all of a graph's public topics."""
    from wm_bringup.bench.recorders import recorders
    from wm_bringup.bench.windows import Beside

    return Beside("recorders", "recorder", (0, 1), graph, partial(recorders, graph))


def beside(
    what: Callable[[Mapping[str, Any]], Beside],
    graph: Mapping[str, Any],
    slow_motion: float | None,
    rounds: int,
    seconds: float,
    file: Path | None,
) -> int:
    """Watch a graph that walks in windows with and without something beside it."""
    from wm_bringup.bench.windows import as_json, differences, watch_graph
    from wm_bringup.commands.bench_tables import differences_table, windows_table
    from wm_bringup.host.provenance import provenance
    from wm_bringup.judging.pace import slow_motion_needed
    from wm_bringup.report.screen import make_console, make_screen

    with make_screen().status("How fast is this machine? ...") as status:
        factor = slow_motion or slow_motion_needed(graph["robot"], graph["engine"])
        watched = what({**graph, "velocity": "0.3 0 0"})
        windows = watch_graph(watched, factor, rounds, seconds, status.update)
    found = differences(windows)
    console = make_console()
    console.print(windows_table(windows, watched.name))
    console.print(differences_table(found, watched.name, factor))
    conditions = {**graph, "beside": watched.name, "slow_motion": factor, "seconds": seconds}
    write(file, {**as_json(windows), "conditions": {**conditions, **provenance()}})
    most = max(one.count for one in found)
    judged = [one for one in found if one.count == most and one.figure in JUDGED]
    return HELD if all(one.is_noise for one in judged) else NOT_HELD
