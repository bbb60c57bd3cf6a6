"""``wm demo``: the full ROS graph in real time on a velocity course."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wm_bringup.commands import HELD, INTERRUPTED, NOT_HELD, PREFERENCES, known_preference
from wm_bringup.commands.options import Engine, Overlay, Robot, SlowMotion, ViewHost, ViewPort
from wm_control.configuration.share import DEFAULT_ROBOT

if TYPE_CHECKING:
    from rich.console import Console

    from wm_bringup.demo.demo import DemoOptions, Judged


def demo(
    controller: Annotated[
        str | None,
        typer.Option(
            metavar=PREFERENCES,
            callback=known_preference,
            help="Who walks the robot; of several the first one, rescued by the others. Default: "
            "hybrid, or mpc for a robot that the policy is not for.",
        ),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Learned policy: walks where it may, else in shadow."),
    ] = None,
    overlay: Overlay = None,
    course: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Instead of the robot's demo.yaml, or config/demo.yaml."),
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
    slow_motion: SlowMotion = None,
    gui: Annotated[bool, typer.Option("--gui", help="Open the simulator's window.")] = False,
    film: Annotated[
        Path | None,
        typer.Option(metavar="FILE.gif|.webp", help="Also draw the course as a moving picture."),
    ] = None,
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
    from wm_bringup.commands.pace import pace_of_this_machine
    from wm_bringup.demo.course import course_file, load_course
    from wm_bringup.demo.demo import DemoOptions, default_controller, held
    from wm_bringup.graph.runner import StopSignals
    from wm_bringup.host import clock
    from wm_bringup.host.output import check_file, check_folder
    from wm_bringup.host.ports import free_port, page_address
    from wm_bringup.report.screen import make_console
    from wm_control.robot.description import load_robot

    chosen = load_course(course or course_file(robot))
    if seconds is not None:
        chosen = chosen.shortened(seconds)
    chosen.check()
    check_folder(output, "--output")
    check_file(json, "--json")
    check_file(film, "--film", ".gif", ".webp")
    port = free_port(view_host, view_port) if view else view_port
    options = DemoOptions(
        output,
        chosen,
        controller or default_controller(robot, policy, overlay),
        policy,
        overlay,
        robot,
        engine,
        seed,
        gui,
        film,
        view=view,
        view_host=view_host,
        view_port=port,
    )
    console = make_console()
    for line in load_robot(robot).assumed:
        console.print(f"{robot}: {line}")
    pace = slow_motion or pace_of_this_machine(robot, engine, console)
    if view:
        console.print(f"the robot in the browser: {page_address(view_host, port)}")
    with clock.slow_motion(pace), StopSignals() as signals:
        judged, drawn = _run(options, console, lambda: signals.seen)
        interrupted = signals.seen
    if json is not None and json.resolve() != (output / "summary.json").resolve():
        json.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(output / "summary.json", json)
    if interrupted:
        return INTERRUPTED
    return HELD if held(judged.summary) and drawn else NOT_HELD


def _run(
    options: DemoOptions, console: Console, stopped: Callable[[], bool]
) -> tuple[Judged, bool]:
    """Drive with progress on the screen, then print and draw the report; whether all was drawn."""
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
        lost = leave_pictures(judged, options)
    for line in lost:
        console.print(line, style="red")
    console.print(
        f"report: {options.folder}/  (film.png, drivers.png, motion.png, latency.png, summary.json)"
    )
    if options.film is not None and not lost:
        console.print(f"film: {options.film}")
    return judged, not lost
