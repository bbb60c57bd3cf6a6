"""Judge the state estimators on the same recorded walks and print them side by side.

    python tools/estimator_table.py                         all courses, 20 seeds each
    python tools/estimator_table.py --courses mixed --seeds 3
    python tools/estimator_table.py --file walk.npz ...     recordings of your own

Recordings are kept in results/estimator/<course>_<seed>.npz and used again unless --fresh.
Writes results/estimator/summary.json; the tables printed are Markdown.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

from wm_bringup.estimator_recording import Recording, record
from wm_bringup.estimator_report import COURSES, judge_recording, markdown_table, over_seeds
from wm_bringup.parts import estimator_parameters
from wm_bringup.provenance import provenance
from wm_control.robot.description import load_robot

RESULTS = Path("results/estimator")


def recording_of(course: str, seed: int, fresh: bool) -> Path:
    """Path of one recorded episode, walking it first if need be."""
    path = RESULTS / f"{course}_{seed}.npz"
    if fresh or not path.is_file():
        record(COURSES[course], seed).save(path)
    return path


def judge(name: str, paths: list[Path]) -> dict[str, Any]:
    """Judge one course and print its table."""
    episodes: list[dict[str, Any]] = []
    for path in paths:
        recording = Recording.load(path)
        figures = judge_recording(recording, load_robot(recording.robot), estimator_parameters())
        episodes.append({"file": path.name, "seconds": len(recording) * 0.002, **figures})
        print(f"{path.name}: judged", flush=True)
    names = [key for key in episodes[0] if key not in ("file", "seconds")]
    results = {key: over_seeds([episode[key] for episode in episodes]) for key in names}
    print("\n" + markdown_table(name, len(episodes), results) + "\n", flush=True)
    return {"n": len(episodes), "results": results, "episodes": episodes}


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Replace numbers that are not finite by null."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def main() -> None:
    """Record what is missing, judge, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--courses", nargs="*", default=list(COURSES), choices=list(COURSES))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--fresh", action="store_true", help="walk again")
    parser.add_argument("--file", nargs="*", type=Path, help="judge these recordings instead")
    parser.add_argument("--json", type=Path, default=RESULTS / "summary.json")
    arguments = parser.parse_args()
    summary: dict[str, Any] = {}
    if arguments.file:
        summary["files"] = judge("files", arguments.file)
    else:
        seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
        for course in arguments.courses:
            paths = [recording_of(course, seed, arguments.fresh) for seed in seeds]
            summary[course] = judge(course, paths)
    summary["conditions"] = provenance()
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(plain(summary), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
