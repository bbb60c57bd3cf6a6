"""Options that every command has that walks a suite's episodes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from wm_control.configuration.share import ROBOT_HELP

Source: TypeAlias = Annotated[
    str, typer.Argument(help="By name or YAML file.", metavar="NAME|FILE")
]
Seeds: TypeAlias = Annotated[
    int | None, typer.Option(min=1, help="Episodes of every case, instead of the suite's.")
]
Cases: TypeAlias = Annotated[
    list[str] | None, typer.Option(metavar="NAME", help="Only this one; may be repeated.")
]
Engine: TypeAlias = Annotated[Literal["pybullet", "mujoco"] | None, typer.Option(help="Physics.")]
Robot: TypeAlias = Annotated[str | None, typer.Option(help=ROBOT_HELP)]
Jobs: TypeAlias = Annotated[int, typer.Option(min=0, help="Processes; 0: one per core.")]
Resume: TypeAlias = Annotated[bool, typer.Option("--resume", help="Go on after an interruption.")]
Summary: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the summary here as well.")
]
