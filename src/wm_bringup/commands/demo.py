"""``wm demo``: the full ROS graph in real time on a velocity course."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wm_bringup.commands import HELD, INTERRUPTED, NOT_HELD, PREFERENCES, known_preference
from wm_bringup.commands.options import Engine, Overlay, Robot, ViewHost, ViewPort
from wm_control.configuration.share import DEFAULT_ROBOT
from wm_control.drivers import HYBRID

if TYPE_CHECKING:
    from rich.console import Console

    from wm_bringup.demo.demo import DemoOptions, Judged


def demo(
    controller: Annotated[
        str,
        typer.Option(
            metavar=PREFERENCES,
            callback=known_preference,
            help="Who walks the robot; of several the first one, rescued by the others.",
        ),
    ] = HYBRID,
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Learned policy: walks where it may, else in shadow."),
    ] = None,
    overlay: Overlay = None,
    course: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Instead of config/demo.yaml.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=4.0, max=3600.0, help="Stretch the course to this.")
    ] = None,
    robot: Robot = DEFAULT_ROBOT,
    engine: Engine = "pybullet",
    seed: Annotated[int, typer.Option(min=0, help="Of the simulated robot.")] = 0,
    output: Annotated[Path, typer.Option(metavar="DIR", help="Where the report goes.")] = Path(
        "results/demo"
    ),
    gui: Annotated[bool, typer.Option("--gui", help="Open the simulator's window.")] = False,
    view: Annotated[
        bool, typer.Option("--view", help="Show the robot in the browser, see docs/view.md.")
    ] = False,
    view_host: ViewHost = "127.0.0.1",
    view_port: ViewPort = 8080,
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write summary.json here.")
    ] = None,
) -> int:
    """Walk a velocity course under ROS 2 in real time, and judge it from its bag.

    The robot is pushed hard, and the planner falls silent for a second, on the way; the plots show
    who drove when, and why. Leaves bag, film strip, plots and summary.json in DIR. Exits with 1
    when the robot fell, the course was not finished or a process failed.

    Example: wm demo --gui
    """
    from wm_bringup.demo.course import load_course
    from wm_bringup.demo.demo import DemoOptions, held
    from wm_bringup.graph.runner import StopSignals
    from wm_bringup.host.output import check_file, check_folder
    from wm_bringup.host.ports import free_port, page_address
    from wm_bringup.report.screen import make_console
    from wm_control.configuration.share import config_file

    chosen = load_course(course or config_file("demo.yaml"))
    if seconds is not None:
        chosen = chosen.shortened(seconds)
    chosen.check()
    check_folder(output, "--output")
    check_file(json, "--json")
    port = free_port(view_host, view_port) if view else view_port
    options = DemoOptions(
        output,
        chosen,
        controller,
        policy,
        overlay,
        robot,
        engine,
        seed,
        gui,
        view=view,
        view_host=view_host,
        view_port=port,
    )
    console = make_console()
    if view:
        console.print(f"the robot in the browser: {page_address(view_host, port)}")
    with StopSignals() as signals:
        judged = _run(options, console, lambda: signals.seen)
        interrupted = signals.seen
    if json is not None and json.resolve() != (output / "summary.json").resolve():
        json.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(output / "summary.json", json)
    if interrupted:
        return INTERRUPTED
    return HELD if held(judged.summary) else NOT_HELD


def _run(options: DemoOptions, console: Console, stopped: Callable[[], bool]) -> Judged:
    """Drive with progress on the screen, then print and draw the report."""
    from wm_bringup.demo.demo import leave_pictures, run_demo
    from wm_bringup.demo.report import lines, segment_table
    from wm_bringup.demo.screen import CourseScreen
    from wm_bringup.report.screen import make_screen

    with CourseScreen(make_screen(), options.course) as screen:
        judged = run_demo(options, screen.show, stopped)
    console.print(segment_table(judged.summary))
    for line in lines(judged.summary):
        console.print(line)
    with make_screen().status("Drawing plots and film strip ..."):
        leave_pictures(judged, options)
    console.print(
        f"report: {options.folder}/  (film.png, drivers.png, motion.png, latency.png, summary.json)"
    )
    return judged
