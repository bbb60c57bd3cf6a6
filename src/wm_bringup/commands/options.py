"""Options that several commands have, said once: what they are called, take and mean."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from wm_control.configuration.share import ROBOT_HELP

EngineName: TypeAlias = Literal["pybullet", "mujoco"]

# of every command that moves a robot
Robot: TypeAlias = Annotated[str, typer.Option(help=ROBOT_HELP)]
Engine: TypeAlias = Annotated[EngineName, typer.Option(help="Physics.")]
Overlay: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Says what the policy's own file does not.")
]
Faults: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(metavar="TARGET:VERB[=VALUE]@T[+D]", help="See docs/faults.md; repeatable."),
]
Result: TypeAlias = Annotated[Path | None, typer.Option(metavar="FILE", help="Write the result.")]

# of what goes in real time
SlowMotion: TypeAlias = Annotated[
    float | None,
    typer.Option(
        min=1.0,
        max=20.0,
        metavar="FACTOR",
        help="All clocks slower by this; default: as this machine needs, 1 if it can.",
    ),
]

# of episodes that are run in several processes
Jobs: TypeAlias = Annotated[int, typer.Option(min=0, help="Processes; 0: one per core.")]
Resume: TypeAlias = Annotated[bool, typer.Option("--resume", help="Go on after an interruption.")]

# of a suite, where None is what the suite says
Source: TypeAlias = Annotated[
    str, typer.Argument(help="By name or YAML file.", metavar="NAME|FILE")
]
Seeds: TypeAlias = Annotated[
    int | None, typer.Option(min=1, help="Episodes of every case, instead of the suite's.")
]
Only: TypeAlias = Annotated[
    list[str] | None, typer.Option(metavar="NAME", help="Only this one; may be repeated.")
]
OtherEngine: TypeAlias = Annotated[EngineName | None, typer.Option(help="Physics.")]
OtherRobot: TypeAlias = Annotated[str | None, typer.Option(help=ROBOT_HELP)]
Summary: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the summary here as well.")
]

# of pages in the browser
ViewHost: TypeAlias = Annotated[
    str, typer.Option(help="Address of the page; another one opens it to the network.")
]
ViewPort: TypeAlias = Annotated[
    int, typer.Option(min=0, max=65535, help="Of the page, or the next one that is free.")
]
