"""``wm bench``: how long each part of the control path takes."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from wm_bringup.commands import HELD, NOT_HELD
from wm_bringup.commands.options import Engine, Result, Robot
from wm_control.configuration.share import DEFAULT_ROBOT


def bench(
    what: Annotated[
        Literal["all", "loop", "estimator", "mpc", "wbc", "sim", "policy"],
        typer.Argument(help="Which part."),
    ] = "all",
    seconds: Annotated[
        float, typer.Option(min=1.0, max=600.0, help="Length of the walk that is timed.")
    ] = 8.0,
    robot: Robot = DEFAULT_ROBOT,
    engine: Engine = "pybullet",
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Learned policy to time; our own unless given."),
    ] = None,
    json: Result = None,
) -> int:
    """Time the parts of the control path on a recorded walk, in CPU time.

    Each is printed beside its bound: the time that bare library calls need for the same work,
    measured in the same run. The ratio says what our own code costs.

    Example: wm bench wbc --json results/wbc.json
    """
    from functools import partial

    from wm_bringup.bench.policy import bench_policy
    from wm_bringup.bench.stages import BENCHES
    from wm_bringup.bench.walking import record_walk
    from wm_bringup.host.output import check_file
    from wm_bringup.host.provenance import provenance
    from wm_bringup.report.screen import make_console, make_screen
    from wm_bringup.report.tables import bench_table
    from wm_control.robot.description import load_robot
    from wm_policy.loading import load_policy
    from wm_policy.models import shipped_policy

    if policy is not None and what not in ("all", "policy"):
        raise typer.BadParameter(f"--policy means nothing for '{what}'")
    check_file(json, "--json")
    benches = dict(BENCHES)
    benches["policy"] = partial(bench_policy, file=policy or shipped_policy())
    if what in ("all", "policy"):
        load_policy(policy or shipped_policy(), load_robot(robot))  # refused before the walk
    results: dict[str, dict[str, Any]] = {}
    with make_screen().status("Walking, to have states to time on ...") as status:
        walk = record_walk(seconds, robot=robot, engine=engine)
        for name in benches if what == "all" else [what]:
            status.update(f"Timing {name} on {len(walk.ticks)} ticks ...")
            results |= {m.name: m.as_json() for m in benches[name](walk)}
    make_console().print(bench_table(results))
    if json is not None:
        json.parent.mkdir(parents=True, exist_ok=True)
        content = {**results, "conditions": {"seconds": seconds, "engine": engine, **provenance()}}
        json.write_text(json_format.dumps(content, indent=2) + "\n", encoding="utf-8")
    return HELD if results else NOT_HELD
