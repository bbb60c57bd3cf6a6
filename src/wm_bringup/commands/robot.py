"""``wm robot``: a robot file from a URDF, whether it makes a robot that walks, and what follows."""

from __future__ import annotations

import json as json_format
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wm_bringup.commands import HELD, NOT_HELD
from wm_control.configuration.share import ROBOT_HELP
from wm_control.errors import ParameterError

if TYPE_CHECKING:
    from wm_control.derivation.inspection import Inspection
    from wm_control.robot.drafting.draft import RobotDraft

robot = typer.Typer(
    help="Draft, check and show the robot file of a humanoid.\n\nExample: wm robot check g1",
    no_args_is_help=True,
)

Source = Annotated[str, typer.Argument(metavar="FILE|NAME", help=ROBOT_HELP)]
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
    here = folder if folder.is_absolute() else f"./{folder}"
    console.print(f"{file} written; next: wm robot check {here}")
    _write(json, _facts(drafted, file))
    return HELD


@robot.command()
def check(
    source: Source,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw the standing robot.")
    ] = None,
    json: Json = None,
) -> int:
    """Say what of a robot is refused, doubted and assumed; exits with 1 when it may not walk.

    Example: wm robot check my_robot --picture standing.png
    """
    from wm_bringup.host.output import check_file
    from wm_bringup.report.robot import findings_table
    from wm_bringup.report.screen import make_console
    from wm_control.derivation.inspection import inspect

    check_file(picture, "--picture", ".png")
    check_file(json, "--json")
    found = _with_parameters(inspect(source), source)
    if found.findings:
        make_console().print(findings_table(found))
    drawn = _told(found, picture) if found.description is not None else None
    _write(json, _outcome(found, drawn))
    return NOT_HELD if found.refused or (picture is not None and drawn is None) else HELD


@robot.command()
def show(source: Source, json: Json = None) -> int:
    """Print every parameter that follows from a robot, its formula, and what its files override.

    Example: wm robot show talos
    """
    from wm_bringup.host.output import check_file
    from wm_bringup.report.robot import parameters_table
    from wm_bringup.report.screen import make_console
    from wm_control.derivation.showing import shown_parameters

    check_file(json, "--json")
    _load_parameters(source)  # what walking would refuse is not in force
    rows = shown_parameters(source)
    make_console().print(parameters_table(source, rows))
    _write(json, {"robot": source, "parameters": [asdict(row) for row in rows]})
    return HELD


def _with_parameters(found: Inspection, source: str) -> Inspection:
    """Add what keeps the robot's parameters from being loaded, which walking would stumble over."""
    from wm_control.derivation.feasibility import Finding

    if found.refused:
        return found
    try:
        _load_parameters(source)
    except ParameterError as error:
        refusal = Finding("refused", "parameters", str(error))
        return replace(found, findings=(*found.findings, refusal))
    return found


def _load_parameters(source: str) -> None:
    """Load all that a robot's folder says, as walking does; ParameterError where that refuses."""
    from wm_bringup.cycle import stack

    stack.model_based_parameters(source)
    stack.estimator_parameters(source)
    stack.safety_parameters(source)
    stack.recoverability(source)


def _told(found: Inspection, picture: Path | None) -> Path | None:
    """Say how big the robot is, and draw it if asked; returns the picture."""
    from wm_bringup.report.robot import size_line
    from wm_bringup.report.screen import make_console

    body, measures, console = found.description, found.measures, make_console()
    if body is None or measures is None:
        return None
    console.print(size_line(body.name, measures, len(body.joint_names)))
    if picture is not None:
        from wm_bringup.report.portrait import draw_portrait

        draw_portrait(body, measures.base_height, picture)
        console.print(f"{picture} drawn")
    return picture


def _outcome(found: Inspection, drawn: Path | None) -> dict[str, Any]:
    return {
        "file": str(found.file),
        "ok": not found.refused,
        "findings": [asdict(finding) for finding in found.findings],
        "measures": asdict(found.measures) if found.measures else None,
        "picture": str(drawn) if drawn else None,
    }


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
