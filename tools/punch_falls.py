"""Tell which punches of a suite fell each contestant: how hard they were, and at which limbs.

    wm suite teleop90 --policies FOLDER ...
    python tools/punch_falls.py results/teleop90

Reads the summary in that folder, also of a suite that was interrupted. A fall counts for the
last punch before it. The table is written to standard output. Exit code 0: told; 2: could not run.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from wm_bringup.judging.markdown import markdown_table
from wm_bringup.judging.statistics import count_of
from wm_bringup.judging.suite import Suite
from wm_control.configuration.parameters import load_parameters
from wm_control.errors import WmError
from wm_control.robot.description import load_robot

FORCES = ((0.0, 200.0), (200.0, 300.0), (300.0, 400.0), (400.0, math.inf))
"""Classes of a punch's force [N]."""

LIMBS = {"arm": "at arms", "waist": "at the waist", "leg": "at legs"}
"""Limbs that punches of the two hardest classes are told for, by the end of the joint's group."""

HARD = 300.0
"""Punches that are told limb by limb are at least as hard [N]."""

Key = tuple[str, str]
"""Contestant and column."""


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="of a suite's results")
    folder = parser.parse_args().folder
    summary = folder / "summary.json"
    try:
        told = json.loads(summary.read_text(encoding="utf-8"))
        suite, episodes = (
            load_parameters(Suite, told["suite"], origin=str(summary)),
            told["episodes"],
        )
    except (WmError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    except (ValueError, LookupError, TypeError):
        print(f"{summary}: must be the summary of a suite, with its episodes", file=sys.stderr)
        return 2
    if not any(_columns(suite, one) for one in episodes):
        print(f"{folder}: nobody met a punch", file=sys.stderr)
        return 2
    print(table(suite, episodes))
    return 0


def table(suite: Suite, episodes: list[dict[str, Any]]) -> str:
    """Tabulate falls per punch in Markdown: a row per case and contestant."""
    met: dict[str, Counter[Key]] = {case.name: Counter() for case in suite.cases}
    fatal: dict[str, Counter[Key]] = {case.name: Counter() for case in suite.cases}
    for one in episodes:
        columns = _columns(suite, one)
        who = one["contestant"]
        met[one["case"]].update((who, column) for told in columns for column in told)
        if one["fell"] and columns:
            fatal[one["case"]].update((who, column) for column in columns[-1])
    heads = [_force_title(*bounds) for bounds in FORCES]
    heads += [f"{where}, from {HARD:.0f} N" for where in LIMBS.values()]
    rows = [
        (case, who, *(count_of(fatal[case][who, head], met[case][who, head]) for head in heads))
        for case in met
        for who in dict.fromkeys(one["contestant"] for one in episodes if one["case"] == case)
    ]
    return markdown_table(("case", "contestant", *heads), rows)


def _columns(suite: Suite, episode: dict[str, Any]) -> list[tuple[str, ...]]:
    """List the columns that each punch counts for which the robot met, in order of time."""
    case = next(case for case in suite.cases if case.name == episode["case"])
    groups = _groups(suite.robot_of(case))
    scenario = suite.scenario_of(case, episode["seed"])
    found = []
    for punch in sorted(scenario.punches, key=lambda punch: punch.at):
        if punch.at > episode["seconds"]:
            break
        force = math.hypot(*punch.force)
        told = [_force_title(low, high) for low, high in FORCES if low <= force < high]
        if force >= HARD:
            ends = (end for end in LIMBS if groups[punch.joint].endswith(end))
            told += [f"{LIMBS[end]}, from {HARD:.0f} N" for end in ends]
        found.append(tuple(told))
    return found


@cache
def _groups(robot: str) -> dict[str, str]:
    """Group of each joint of a robot."""
    description = load_robot(robot)
    return {
        description.joint_names[index]: group
        for group, indices in description.groups.items()
        for index in indices
    }


def _force_title(low: float, high: float) -> str:
    return f"from {low:.0f} N" if math.isinf(high) else f"{low:.0f} to {high:.0f} N"


if __name__ == "__main__":
    sys.exit(main())
