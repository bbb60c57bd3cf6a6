"""``wm view``: a recording in the browser, with its robot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wm_bringup.commands import HELD
from wm_bringup.commands.options import ViewHost, ViewPort
from wm_control.configuration.share import ROBOT_HELP


def view(
    recording: Annotated[
        Path, typer.Argument(metavar="BAG|TRACE", help="Folder, .mcap, .db3, or .npz of --trace.")
    ],
    robot: Annotated[
        str | None, typer.Option(help=ROBOT_HELP + " Default: what the recording says.")
    ] = None,
    view_host: ViewHost = "127.0.0.1",
    view_port: ViewPort = 8080,
) -> int:
    """Show a recording in the browser: the robot, its balance, who drove and why.

    Serves a page until Ctrl-C, to this machine only unless --view-host says otherwise.
    docs/view.md says what is on it.

    Example: wm view results/demo/bag
    """
    import sys

    from wm_bringup.graph.runner import StopSignals
    from wm_bringup.view.watch import open_run, watch

    run = open_run(recording, robot or "")
    for problem in run.problems:
        print(f"wm: {problem}", file=sys.stderr)
    with StopSignals() as signals:
        watch(run, view_host, view_port, lambda: signals.seen)
    return HELD
