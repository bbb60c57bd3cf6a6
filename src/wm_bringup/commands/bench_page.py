"""``wm bench viewers``, ``view`` and ``browsers``: what it costs to show a robot."""

from __future__ import annotations

import json as json_format
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wm_bringup.commands import HELD, NOT_HELD

if TYPE_CHECKING:
    from wm_bringup.robots.simulated import EngineName

JUDGED = ("misses", "p99")
"""Figures that browsers must not make worse."""


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


def browsers(
    graph: Mapping[str, Any],
    slow_motion: float | None,
    rounds: int,
    seconds: float,
    file: Path | None,
) -> int:
    """Watch a graph in windows with and without browsers on its page."""
    from wm_bringup.bench.page_windows import as_json, differences, watch_graph
    from wm_bringup.commands.bench_tables import differences_table, windows_table
    from wm_bringup.host.provenance import provenance
    from wm_bringup.judging.pace import slow_motion_needed
    from wm_bringup.report.screen import make_console, make_screen

    with make_screen().status("How fast is this machine? ...") as status:
        factor = slow_motion or slow_motion_needed(graph["robot"], graph["engine"])
        walking = {**graph, "velocity": "0.3 0 0"}
        windows = watch_graph(walking, factor, rounds, seconds, status.update)
    found = differences(windows)
    console = make_console()
    console.print(windows_table(windows))
    console.print(differences_table(found, factor))
    conditions = {**graph, "slow_motion": factor, "seconds": seconds}
    write(file, {**as_json(windows), "conditions": {**conditions, **provenance()}})
    most = max(one.browsers for one in found)
    judged = [one for one in found if one.browsers == most and one.figure in JUDGED]
    return HELD if all(one.is_noise for one in judged) else NOT_HELD
