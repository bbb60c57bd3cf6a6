"""Judge the state estimators on runs of one's own and print them side by side.

    python tools/estimator_table.py results/demo/bag         a bag, with truth or without
    python tools/estimator_table.py walk.npz ...             what `wm walk --trace walk.npz` left

The shipped courses are suites: `wm suite estimator`. Writes results/estimator_table/summary.json
and table.md, which is printed. Exit code 0: judged; 2: could not run.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from wm_bringup.bags.reader import open_bag
from wm_bringup.host.provenance import provenance
from wm_bringup.judging.episode import plain
from wm_bringup.judging.estimators.replay import ESTIMATORS, judge_estimators
from wm_bringup.judging.estimators.table import estimator_table
from wm_bringup.judging.suite import Case, Suite
from wm_bringup.judging.verdict import rows_of
from wm_bringup.record.from_bag import from_bag
from wm_bringup.record.run_record import RunRecord
from wm_bringup.wire.topics import IMU, JOINT_STATES
from wm_control.errors import WmError


def read_run(path: Path) -> RunRecord:
    """Read a record or a bag; WmError names what lacks."""
    if path.suffix == ".npz":
        return RunRecord.load(path)
    return from_bag(open_bag(path), needs=(JOINT_STATES, IMU))


def judge(paths: list[Path], folder: Path) -> None:
    """Judge every run, print and write one table of all."""
    results = []
    for path in paths:
        results += judge_estimators("own", "mpc", read_run(path), tuple(ESTIMATORS))
        print(f"{path}: judged", flush=True)
    suite = Suite("own", cases=(Case("own"),), estimators=tuple(ESTIMATORS))
    rows = rows_of(suite, results)
    table = estimator_table("own runs", rows)
    print("\n" + table)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "table.md").write_text(table + "\n", encoding="utf-8")
    summary = {
        "files": [str(path) for path in paths],
        "rows": [row.as_json() for row in rows],
        "conditions": provenance(),
    }
    (folder / "summary.json").write_text(
        json.dumps(plain(summary), indent=2) + "\n", encoding="utf-8"
    )


def main() -> int:
    """Run; say what is wrong in one line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path, help="bags, or records (.npz)")
    parser.add_argument("--results", type=Path, default=Path("results/estimator_table"))
    given = parser.parse_args()
    try:
        judge(given.runs, given.results)
    except WmError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
