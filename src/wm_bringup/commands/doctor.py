"""``wm doctor``: say what this machine has, lacks, and how to get it; or what a robot says."""

from __future__ import annotations

import json as json_format
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wm_bringup.commands import COULD_NOT_RUN, HELD, NOT_HELD
from wm_control.configuration.share import DEFAULT_ROBOT, ROBOT_HELP

if TYPE_CHECKING:
    from wm_bringup.host.doctor import Check
    from wm_bringup.robots.unitree.link import Link

LISTENING = 5.0
"""How long a robot is listened to unless it is said [s]."""

NARROWEST = 100
"""Columns of the table: in fewer, folded, nobody can read it."""


def doctor(
    body: Annotated[
        str | None, typer.Argument(metavar="ROBOT", help=f"With --robot. {ROBOT_HELP}")
    ] = None,
    robot: Annotated[
        bool, typer.Option("--robot", help="Look at a connected robot instead; moves nothing.")
    ] = False,
    interface: Annotated[
        str | None, typer.Option(help="With --robot: network interface that leads to it.")
    ] = None,
    robot_domain: Annotated[
        int | None, typer.Option(min=0, max=232, help="With --robot: its DDS domain.  [0]")
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(min=0.5, max=3600.0, help="With --robot: listen for so long [s].  [5]"),
    ] = None,
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the checks to this file.")
    ] = None,
    results: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder that results are written to.")
    ] = Path("results"),
) -> int:
    """Say what this machine has, lacks, and how to get it; or what a robot says of itself.

    Exits with 1 when something is missing without which nothing runs. With --robot, a Unitree
    humanoid (or wm emulate) is listened to: exits with 1 when something is found for which it must
    not be driven, with 2 when none is heard. Nothing is commanded.

    Example: wm doctor --robot --interface eth0
    """
    from wm_bringup.host.doctor import healthy, table
    from wm_bringup.host.output import check_file
    from wm_bringup.report.screen import make_screen
    from wm_bringup.robots.unitree.checkup import SILENT

    if not robot:
        given = {"--interface": interface, "--robot-domain": robot_domain, "--seconds": seconds}
        _refuse({"ROBOT": body, **given})
    elif not interface:
        raise typer.BadParameter(
            "needed with --robot: the network interface that leads to it, see 'ip -br address'; lo "
            "for an emulated one here",
            param_hint="--interface",
        )
    check_file(json, "--json")
    seconds = LISTENING if seconds is None else seconds
    console = make_screen()
    console.width = max(console.width, NARROWEST)
    said = f"Listening to {interface} for {seconds:g} s ..." if robot else "Looking at this machine"
    with console.status(said):
        checks = (
            _of_robot(body or DEFAULT_ROBOT, interface or "", robot_domain or 0, seconds)
            if robot
            else _of_machine(results)
        )
    console.print(table(checks))
    if json is not None:
        json.parent.mkdir(parents=True, exist_ok=True)
        json.write_text(json_format.dumps({"checks": [asdict(c) for c in checks]}, indent=2) + "\n")
    if robot and checks[0].name == SILENT:
        return COULD_NOT_RUN
    return HELD if healthy(checks) else NOT_HELD


def _refuse(given: Mapping[str, object]) -> None:
    """Refuse what is for a robot, by its name, where it was given without --robot."""
    for name, value in given.items():
        if value is not None:
            raise typer.BadParameter("only with --robot", param_hint=name)


def _of_machine(results: Path) -> tuple[Check, ...]:
    from wm_bringup.host.doctor import diagnose
    from wm_bringup.host.machine import examine

    return diagnose(examine(results))


def _of_robot(name: str, interface: str, domain: int, seconds: float) -> tuple[Check, ...]:
    from wm_bringup.host.realtime import RECORDER_PRIORITY, raised
    from wm_bringup.robots.unitree.checkup import examine_robot, load_patient
    from wm_bringup.robots.unitree.heard import listen

    patient = load_patient(name)
    with raised(RECORDER_PRIORITY):  # where that is allowed: when states come is not up to us then
        link = reach(domain, interface)
        try:
            heard = listen(link, time.monotonic, seconds)
        finally:
            link.close()
    return examine_robot(heard, patient)


def reach(domain: int, interface: str) -> Link:
    """Join a robot's network; LinkError says why that cannot be."""
    from wm_bringup.robots.unitree.cyclone.link import open_link

    return open_link(domain, interface)
