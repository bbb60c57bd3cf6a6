"""``wm robot``: a robot file from a URDF, whether it makes a robot that walks, and what follows."""

from __future__ import annotations

import json as json_format
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wm_bringup.commands import HELD

if TYPE_CHECKING:
    from wm_control.robot.drafting.draft import RobotDraft

robot = typer.Typer(
    help="Draft, check and show the robot file of a humanoid.\n\nExample: wm robot check g1",
    no_args_is_help=True,
)

Json = Annotated[Path | None, typer.Option(metavar="FILE", help="Write the result.")]


@robot.command()
def draft(
    urdf: Annotated[
        str,
        typer.Argument(metavar="URDF", help="PATH, package://NAME/PATH or DISTRIBUTION:PATH."),
    ],
    output: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder to write; default: the name.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Of the robot; default: the URDF's.")] = None,
    json: Json = None,
) -> int:
    """Write a robot file from a URDF, and say what was taken, guessed and not to be told.

    Joints are sorted into legs, waist and arms by kinematics, soles and limbs are measured on the
    shapes. Every entry of the file says where it comes from. A URDF of no humanoid is refused.

    Example: wm robot draft robot.urdf --output my_robot
    """
    from wm_bringup.host.output import OutputError, check_file, check_folder
    from wm_bringup.report.robot import draft_table
    from wm_bringup.report.screen import make_console
    from wm_control.robot.drafting.draft import draft_robot
    from wm_control.robot.drafting.writing import robot_yaml
    from wm_control.robot.sources import ROBOT

    check_file(json, "--json")
    if output is not None:
        check_folder(output, "--output")
    drafted = draft_robot(urdf, output, name)
    folder = output or Path(drafted.name)
    file = folder / ROBOT
    if file.exists():
        raise OutputError(f"{file}: is there already; remove it or name another --output")
    check_folder(folder, "--output")
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(robot_yaml(drafted), encoding="utf-8")
    console = make_console()
    console.print(draft_table(drafted))
    console.print(f"{file} written; next: wm robot check {folder}", markup=False)
    _write(json, _facts(drafted, file))
    return HELD


def _facts(drafted: RobotDraft, file: Path) -> dict[str, Any]:
    return {
        "file": str(file),
        "name": drafted.name,
        "urdf": drafted.urdf,
        "groups": dict(drafted.groups),
        "notes": [asdict(note) for note in drafted.notes],
    }


def _write(json: Path | None, content: dict[str, Any]) -> None:
    if json is not None:
        json.parent.mkdir(parents=True, exist_ok=True)
        json.write_text(json_format.dumps(content, indent=2) + "\n", encoding="utf-8")
