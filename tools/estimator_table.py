"""Judge the state estimators on the same recorded walks and print them side by side.

    python tools/estimator_table.py                          20 mixed courses, 100 rough ones
    python tools/estimator_table.py --courses mixed --seeds 3
    python tools/estimator_table.py --policies FOLDER --seeds 4
    python tools/estimator_table.py --bag results/demo/bag   a bag, with truth or without
    python tools/estimator_table.py --file walk.npz ...      recordings of your own

Recordings are kept in results/estimator/<course>_<seed>.npz, judgements beside them as .json; both
are used again, so that an interrupted run goes on, unless --fresh (walk again) or --judge (judge
again). All courses take an hour on one core and leave 1 GB of recordings, which may be deleted.
Writes results/estimator/<course>.json and .md, the table that is printed. Exit code 0: all
limits hold; 1: one does not; 2: could not run.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from wm_bringup.cycle.stack import estimator_parameters
from wm_bringup.host.provenance import provenance
from wm_bringup.judging.estimators.bag import read_recording
from wm_bringup.judging.estimators.courses import (
    COURSES,
    FIRST,
    JUDGED,
    POLICY,
    Course,
    policies_in,
)
from wm_bringup.judging.estimators.recording import Recording, record
from wm_bringup.judging.estimators.report import judge_recording
from wm_bringup.judging.estimators.summary import broken_limits, markdown_table, over_seeds
from wm_control.errors import WmError
from wm_control.robot.description import load_robot

SEEDS: Mapping[str, int] = {"mixed": 20, "loaded": 20, "ramp": 4, "rough": 100}
POLICY_SEEDS = 4


class Table:
    """One run of this tool: where its results are, and whether all limits held."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """Take over the command line."""
        self._results: Path = arguments.results
        self._fresh, self._judge = bool(arguments.fresh), bool(arguments.judge)
        self.held = True

    def course(self, name: str, course: Course, seeds: range, policy: Path | None = None) -> None:
        """Walk what is missing, judge it, print and write."""
        episodes = []
        for seed in seeds:
            path = self._results / f"{name}_{seed}.npz"
            walk = partial(self._walked, path, course, seed, policy)
            episodes.append(self._judged(path.with_suffix(".json"), walk))
        self._write(name, episodes, course.limits)

    def _walked(self, path: Path, course: Course, seed: int, policy: Path | None) -> Recording:
        if self._fresh or not path.is_file():
            walk = record(course.scenario(seed), seed, course.walked_on, policy)
            part = path.with_suffix(".part")
            walk.save(part)
            part.rename(path)
        return Recording.load(path)

    def _judged(self, path: Path, load: Callable[[], Recording]) -> dict[str, Any]:
        """Figures of one recording; from the file when it has been judged before."""
        if path.is_file() and not (self._fresh or self._judge):
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return found
        recording = load()
        figures = judge_recording(
            recording, load_robot(recording.robot), estimator_parameters(recording.robot)
        )
        stamps = recording["stamp"]
        judged = {
            "file": path.stem,
            "seconds": float(stamps[-1] - stamps[0]),
            "fall": recording.fall,
            "figures": figures,
        }
        self._save(path, judged)
        print(f"{path.stem}: judged", flush=True)
        return judged

    def files(self, name: str, paths: list[Path], load: Callable[[Path], Recording]) -> None:
        """Judge recordings or bags of one's own; no limits."""
        episodes = []
        for path in paths:
            judged = self._results / f"{name}_{path.stem}.json"
            judged.unlink(missing_ok=True)
            episodes.append(self._judged(judged, partial(load, path)))
        self._write(name, episodes, {})

    def _write(
        self, name: str, episodes: list[dict[str, Any]], limits: Mapping[str, float]
    ) -> None:
        contestants = episodes[0]["figures"]
        results = {
            who: over_seeds([without_null(e["figures"][who]) for e in episodes])
            for who in contestants
        }
        broken = broken_limits(results[JUDGED], limits)
        seconds = sum(e["seconds"] for e in episodes)
        table = markdown_table(name, len(episodes), results, limits)
        table += f"\n\n{seconds:.0f} s in all; " + ("; ".join(broken) or "all limits hold") + "\n"
        print("\n" + table, flush=True)
        (self._results / f"{name}.md").write_text(table, encoding="utf-8")
        self.held = self.held and not broken
        summary = {
            "n": len(episodes),
            "seconds": seconds,
            "limits": dict(limits),
            "broken": broken,
            "results": {who: {k: asdict(f) for k, f in r.items()} for who, r in results.items()},
            "episodes": episodes,
            "conditions": provenance(),
        }
        self._save(self._results / f"{name}.json", summary)

    def _save(self, path: Path, content: Mapping[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(plain(content), indent=2) + "\n", encoding="utf-8")


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Replace numbers that are not finite by null."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def without_null(figures: Mapping[str, float | None]) -> dict[str, float]:
    """Undo ``plain``."""
    return {k: math.nan if v is None else v for k, v in figures.items()}


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--courses", nargs="*", choices=list(COURSES), help="mixed and rough")
    parser.add_argument("--policies", type=Path, help="folder of public policies, to walk them")
    parser.add_argument("--bag", nargs="*", type=Path, default=[], help="judge these bags")
    parser.add_argument("--file", nargs="*", type=Path, default=[], help="judge these recordings")
    parser.add_argument("--seeds", type=int, help="episodes per course")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--walked-on", choices=[FIRST, JUDGED], help="instead of the course's own")
    parser.add_argument("--fresh", action="store_true", help="walk again")
    parser.add_argument("--judge", action="store_true", help="judge again")
    parser.add_argument("--results", type=Path, default=Path("results/estimator"))
    return parser.parse_args()


def run(given: argparse.Namespace) -> bool:
    """Do what was asked for; whether all limits held."""
    table = Table(given)

    def seeds(default: int) -> range:
        return range(given.first_seed, given.first_seed + (given.seeds or default))

    if given.bag:
        table.files("bag", given.bag, read_recording)
    if given.file:
        table.files("file", given.file, Recording.load)
    if given.policies:
        for policy in policies_in(given.policies):
            table.course(f"policy_{policy.parent.name}", POLICY, seeds(POLICY_SEEDS), policy)
    named = given.courses
    if named is None and not (given.bag or given.file or given.policies):
        named = ["mixed", "rough"]
    for name in named or ():
        course, title = COURSES[name], name
        if given.walked_on:
            course = replace(course, walked_on=given.walked_on)
            title += f"_on_{given.walked_on}"
        table.course(title, course, seeds(SEEDS[name]))
    return table.held


def main() -> int:
    """Run; say what is wrong in one line."""
    try:
        return 0 if run(arguments()) else 1
    except WmError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
