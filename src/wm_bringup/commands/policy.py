"""``wm policy``: whether a learned policy may start, and what is known of it."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wm_bringup.commands import HELD, NOT_HELD
from wm_control.configuration.share import DEFAULT_ROBOT, ROBOT_HELP

if TYPE_CHECKING:
    from wm_policy.loading import Examination

policy = typer.Typer(
    help="Check, describe and pin a learned policy.\n\nExample: wm policy check policy.onnx",
    no_args_is_help=True,
)

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="ONNX file, its metadata, an overlay, or a folder.")
]
OverlayFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Says what the policy's own file does not.")
]
RobotName = Annotated[str, typer.Option(help=ROBOT_HELP)]
Json = Annotated[Path | None, typer.Option(metavar="FILE", help="Write the result.")]


@policy.command()
def check(
    file: File, overlay: OverlayFile = None, robot: RobotName = DEFAULT_ROBOT, json: Json = None
) -> int:
    """Say whether a policy may start; exits with 1 and names every problem when it may not.

    Example: wm policy check policy.onnx --json results/check.json
    """
    from wm_bringup.report.policy import verdict_lines
    from wm_bringup.report.screen import make_console

    examination = _examine(file, overlay, robot)
    console = make_console()
    for line in verdict_lines(examination):
        console.print(line, soft_wrap=True)
    _write(json, _facts(examination))
    return HELD if examination.ok else NOT_HELD


@policy.command()
def info(
    file: File, overlay: OverlayFile = None, robot: RobotName = DEFAULT_ROBOT, json: Json = None
) -> int:
    """Describe a policy: files, rate, observation term by term, action, gains, held joints.

    Example: wm policy info policies/my_policy
    """
    from wm_bringup.report.policy import policy_tables, verdict_lines
    from wm_bringup.report.screen import make_console
    from wm_control.robot.description import load_robot
    from wm_policy.schema import plain

    examination = _examine(file, overlay, robot)
    console = make_console()
    for table in policy_tables(examination, load_robot(robot)):
        console.print(table)
    for line in verdict_lines(examination):
        console.print(line, soft_wrap=True)
    manifest = plain(examination.manifest) if examination.manifest else None
    _write(json, {**_facts(examination), "manifest": manifest})
    return HELD if examination.ok else NOT_HELD


@policy.command()
def pin(file: File, overlay: OverlayFile = None, robot: RobotName = DEFAULT_ROBOT) -> int:
    """Print the golden answers of a policy that walks well, to be put into its manifest or overlay.

    From then on it only starts when it gives the same answers.

    Example: wm policy pin policy.onnx
    """
    from wm_bringup.report.policy import pinned_yaml
    from wm_control.robot.description import load_robot
    from wm_policy.loading import load_policy

    description = load_robot(robot)
    print(pinned_yaml(load_policy(file, description, overlay), description), end="")
    return HELD


def _examine(file: Path, overlay: Path | None, robot: str) -> Examination:
    """Examine; raises where there is nothing to examine."""
    from wm_control.robot.description import load_robot
    from wm_policy.errors import PolicyFileError
    from wm_policy.loading import examine

    examination = examine(file, load_robot(robot), overlay)
    for problem in examination.problems:
        absent = not file.exists() or (overlay is not None and not overlay.exists())
        if isinstance(problem, PolicyFileError) and absent:
            raise problem
    return examination


def _facts(examination: Examination) -> dict[str, Any]:
    network, source, manifest = examination.network, examination.source, examination.manifest
    return {
        "ok": examination.ok,
        "family": manifest.family if manifest else source.family if source else None,
        "sha256": network.sha256 if network else None,
        "problems": [str(problem) for problem in examination.problems],
        "inputs": {t.name: list(t.shape) for t in network.inputs.values()} if network else {},
        "outputs": {t.name: list(t.shape) for t in network.outputs.values()} if network else {},
        "rate_hz": manifest.rate if manifest else None,
        "robots": [name for of in manifest.robot for name in of.names] if manifest else None,
        "weights_sha256": network.weights_sha256 if network else None,
        "metadata": str(source.file) if source else None,
        "overlay": str(source.overlay.file) if source and source.overlay.applies else None,
    }


def _write(json: Path | None, content: dict[str, Any]) -> None:
    if json is not None:
        json.parent.mkdir(parents=True, exist_ok=True)
        json.write_text(json_format.dumps(content, indent=2) + "\n", encoding="utf-8")
