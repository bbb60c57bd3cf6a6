"""``wm recoverability``: learn from branched simulations whether a driver will save the robot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from wm_bringup.commands import HELD
from wm_control.configuration.share import DEFAULT_ROBOT, ROBOT_HELP


def recoverability(
    episodes: Annotated[
        int, typer.Option(min=10, help="Pushed episodes, each with a branch per pair of drivers.")
    ] = 60,
    robot: Annotated[str, typer.Option(help=ROBOT_HELP)] = DEFAULT_ROBOT,
    engine: Annotated[Literal["pybullet", "mujoco"], typer.Option(help="Physics.")] = "mujoco",
    seed: Annotated[int, typer.Option(min=0, help="Of the networks' first weights.")] = 0,
    output: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Goes on with the branches that are there.")
    ] = Path("results/recoverability"),
) -> int:
    """Simulate what becomes of pushed robots under each driver, and learn to tell it beforehand.

    Interrupted, the same command goes on; it refuses the branches of other code or parameters.
    Leaves recoverability.yaml: a network for each driver, with its limit and how good it is on
    episodes that it never saw. Copied into the robot's folder it is used by every arbiter; at which
    risk a driver yields is said in arbiter.yaml (drivers: NAME: risk).

    Example: wm recoverability --episodes 60 --output results/recoverability
    """
    from wm_bringup.host.output import check_folder
    from wm_bringup.report.screen import make_console, progress_bar
    from wm_training.recoverability.branches import begin, branches_of, collect
    from wm_training.recoverability.export import learn, write

    check_folder(output, "--output")
    folder = begin(output, robot, engine)
    paths = []
    with progress_bar() as bar:
        task = bar.add_task("branches", total=episodes * len(branches_of(0)))
        for path in collect(folder, range(episodes), robot, engine):
            paths.append(path)
            bar.update(task, advance=1, description=path.stem)
    console = make_console()
    learned = learn(paths, robot, seed)
    path = write(learned, output)
    for line in learned.lines():
        console.print(line, markup=False)
    console.print(f"Written: {path}", markup=False)
    return HELD
