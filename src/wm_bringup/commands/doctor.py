"""``wm doctor``: say what this machine has, lacks, and how to get it."""

from __future__ import annotations

import json as json_format
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from wm_bringup.commands import HELD, NOT_HELD

NARROWEST = 100
"""Columns of the table: in fewer, folded, nobody can read it."""


def doctor(
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the checks to this file.")
    ] = None,
    results: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder that results are written to.")
    ] = Path("results"),
) -> int:
    """Say what this machine has, lacks, and how to get it.

    Exits with 1 when something is missing without which nothing runs.

    Example: wm doctor --json results/doctor.json
    """
    from rich.console import Console

    from wm_bringup.host.doctor import diagnose, healthy, table
    from wm_bringup.host.machine import examine
    from wm_bringup.host.output import check_file

    check_file(json, "--json")
    console = Console()
    console.width = max(console.width, NARROWEST)
    with console.status("Looking at this machine ..."):
        checks = diagnose(examine(results))
    console.print(table(checks))
    if json is not None:
        json.parent.mkdir(parents=True, exist_ok=True)
        json.write_text(json_format.dumps({"checks": [asdict(c) for c in checks]}, indent=2) + "\n")
    return HELD if healthy(checks) else NOT_HELD
