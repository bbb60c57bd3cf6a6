"""Judge a policy by the bar, episode by episode."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from wm_training.exam.bar import (
    command_cases,
    kicked_cases,
    kicked_standing_cases,
    run_cases,
    verdict,
)
from wm_training.run_folder import TrainingRun


def judge(
    policy: Path,
    robot: str,
    run: TrainingRun | None,
    jobs: int,
    report: Callable[[str, float], None],
    *,
    kicks: int,
    seeds: int,
) -> dict[str, Any]:
    """Judge the policy in ``policy``; film strips go into its run's folder, if there is one.

    kicks: episodes under kicks; a fifth as many are added in which it stands.
    """
    film = None if run is None else run.folder / "film"
    cases = [
        *command_cases(policy, robot, seeds, film),
        *kicked_cases(policy, robot, kicks),
        *kicked_standing_cases(policy, robot, kicks // 5),
    ]
    outcomes = []
    for outcome in run_cases(cases, jobs):
        outcomes.append(outcome)
        fallen = sum(o.fell for o in outcomes)
        report(f"judging: {fallen} fell in {len(outcomes)}", len(outcomes) / len(cases))
    return verdict(outcomes)
