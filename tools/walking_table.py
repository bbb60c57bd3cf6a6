"""Run the walking table of the README: every row is a ``wm walk`` command with its limits.

    make table                     all rows, 20 seeds of 20 s each; goes on where it was interrupted
    make table ARGS="--seeds 4"    fewer seeds

Each row leaves results/walking/<name>.json. The table printed at the end is Markdown; the exit code
is 1 when a row does not hold.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RESULTS = Path("results/walking")
NOMINAL = ("--state", "estimated", "--noise", "nominal", "--delay", "0.008", "--friction", "0.6")
LOADED = ("--state", "estimated", "--noise", "nominal", "--delay", "0.010", "--friction", "0.4")


@dataclass(frozen=True)
class Row:
    """One line of the table. limits: RMS error of stride-averaged x, y [m/s] and yaw [rad/s]."""

    name: str
    text: str
    velocity: tuple[float, float, float]
    limits: tuple[float, float, float]
    options: tuple[str, ...] = NOMINAL
    falls: int = 0

    def command(self, seeds: int, jobs: int) -> list[str]:
        """Return the command that reproduces it."""
        return [
            *("wm", "walk", "--velocity", *(f"{v:g}" for v in self.velocity)),
            *("--seconds", "20", "--seeds", str(seeds), "--jobs", str(jobs)),
            *self.options,
            *("--resume", "--json", str(RESULTS / f"{self.name}.json")),
        ]


ROWS = (
    Row("stand", "standing", (0.0, 0.0, 0.0), (0.03, 0.03, 0.03)),
    Row("forward_03", "0.3 m/s", (0.3, 0.0, 0.0), (0.03, 0.03, 0.03)),
    Row("forward_05", "0.5 m/s", (0.5, 0.0, 0.0), (0.03, 0.03, 0.03)),
    Row("forward_08", "0.8 m/s", (0.8, 0.0, 0.0), (0.03, 0.03, 0.03)),
    Row("forward_10", "1.0 m/s", (1.0, 0.0, 0.0), (0.06, 0.06, 0.06), falls=1),
    Row("back_03", "-0.3 m/s", (-0.3, 0.0, 0.0), (0.03, 0.03, 0.03)),
    Row("side_02", "sideways 0.2 m/s", (0.0, 0.2, 0.0), (0.05, 0.05, 0.03)),
    Row("turn_05", "turning 0.5 rad/s", (0.0, 0.0, 0.5), (0.03, 0.03, 0.03)),
    Row("arc", "0.5 m/s, 0.3 rad/s", (0.5, 0.0, 0.3), (0.05, 0.05, 0.03)),
    Row(
        "loaded_05",
        "0.5 m/s, +5 kg unknown, friction 0.4, delay 10 ms",
        (0.5, 0.0, 0.0),
        (0.05, 0.05, 0.05),
        (*LOADED, "--payload", "5"),
    ),
)


def largest_error(report: dict[str, Any]) -> list[float]:
    """RMS over the episodes, by axis; infinite when none lasted long enough."""
    errors = [e["stride_rms_error"] for e in report["episodes"] if e["stride_rms_error"]]
    if not errors:
        return [float("inf")] * 3
    squares = (sum(e[axis] ** 2 for e in errors) / len(errors) for axis in range(3))
    return [square**0.5 for square in squares]


def judge(row: Row, report: dict[str, Any]) -> tuple[bool, str]:
    """Whether the row holds, and its line of the table."""
    rms = largest_error(report)
    worst = [
        max(
            (e["stride_rms_error"][axis] for e in report["episodes"] if e["stride_rms_error"]),
            default=float("inf"),
        )
        for axis in range(3)
    ]
    held = report["falls"] <= row.falls and all(
        error <= limit for error, limit in zip(worst, row.limits, strict=True)
    )
    low, high = report["falls_interval"]
    means = [e["mean_velocity"] for e in report["episodes"] if e["mean_velocity"]]
    reached = " ".join(f"{sum(m[a] for m in means) / max(len(means), 1):.3f}" for a in range(3))
    cells = [
        row.text,
        f"{report['falls']} of {report['n']} ({100 * low:.0f}-{100 * high:.0f} %)",
        reached,
        " ".join(f"{value:.3f}" for value in rms),
        " ".join(f"{value:.3f}" for value in worst),
        "yes" if held else "NO",
    ]
    return held, "| " + " | ".join(cells) + " |"


def main() -> int:
    """Run what is missing, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=0, help="processes; 0: one per core")
    parser.add_argument("--only", nargs="*", help="names of rows")
    arguments = parser.parse_args()
    RESULTS.mkdir(parents=True, exist_ok=True)
    lines = [
        "| command | falls (95 %) | mean x y yaw | RMS error x y yaw | worst episode | holds |",
        "|---|---|---|---|---|---|",
    ]
    good = True
    for row in ROWS:
        if arguments.only and row.name not in arguments.only:
            continue
        command = row.command(arguments.seeds, arguments.jobs)
        print("$", " ".join(command), flush=True)
        code = subprocess.run(
            [sys.executable, "-m", "wm_bringup.cli", *command[1:]], check=False
        ).returncode
        if code > 1:
            return code
        report = json.loads((RESULTS / f"{row.name}.json").read_text(encoding="utf-8"))
        held, line = judge(row, report)
        good, lines = good and held, [*lines, line]
    print("\n".join(lines))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
