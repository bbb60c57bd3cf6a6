"""Draft the robot file of each URDF, check it, and walk the robot from the untouched draft.

    python tools/walk_drafts.py one.urdf two.urdf      a folder each in results/drafts
    python tools/walk_drafts.py --seeds 5 --speed 0.5 one.urdf

Forward, with estimated state, nominal noise and 8 ms delay, or slower where the legs' joints are
not fast enough. The table is written to standard output. Drafts that are there already are kept,
and so are walks of them with as many seeds. Exit code 1 when a robot fell or no robot file could be
drafted; a robot that `wm robot check` refuses is told with the reason.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

WM = str(Path(sys.executable).with_name("wm"))
SLOWER = 0.9
"""Share of the speed that the legs' joints allow."""

TITLES = ("robot", "mass", "leg", "joints", "doubted or refused", "m/s", "falls", "worst error x y")
CONDITIONS = ("--seconds", "12", "--noise", "nominal", "--delay", "0.008")


def main() -> int:
    """Try all robots; returns 1 when one fell or could not be drafted."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("urdfs", nargs="+", type=Path, metavar="URDF")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--speed", type=float, default=0.3, help="forward [m/s]")
    parser.add_argument("--output", type=Path, default=Path("results/drafts"))
    options = parser.parse_args()
    names = [f"{urdf.parent.parent.name}_{urdf.stem}" for urdf in options.urdfs]
    folders = dict(zip((options.output / name for name in names), options.urdfs, strict=True))
    if len(folders) < len(options.urdfs):
        parser.error(
            "two URDFs of the same name in folders of the same name: give one another --output"
        )
    rows, held = [], True
    for folder, urdf in folders.items():
        row, well = tried(urdf, folder, options.speed, options.seeds)
        rows.append(row)
        held = held and well
        print(" | ".join(row), file=sys.stderr)
    print(f"| {' | '.join(TITLES)} |\n|{'---|' * len(TITLES)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    return 0 if held else 1


def tried(urdf: Path, folder: Path, speed: float, seeds: int) -> tuple[tuple[str, ...], bool]:
    """Row of the table, and whether the robot was drafted and did not fall."""
    if not (folder / "robot.yaml").is_file():
        drafted = wm("robot", "draft", str(urdf), "--output", str(folder), "--name", folder.name)
        if drafted.returncode != 0:
            return (folder.name, "", "", "", drafted.stderr.strip(), "", "", ""), False
    checked = asked(folder / "check.json", "robot", "check", str(folder))
    size = checked["measures"] or {}
    told = [f for f in checked["findings"] if f["level"] in ("refused", "doubted")]
    described = (
        folder.name,
        f"{size.get('mass', 0.0):.1f} kg",
        f"{size.get('leg', 0.0):.2f} m",
        str((folder / "robot.yaml").read_text(encoding="utf-8").count("{group:")),
        "; ".join(f"{f['level']}: {f['subject']} {f['text']}" for f in told),
    )
    if not checked["ok"]:
        return (*described, "", "", ""), True
    speed = round(min(speed, SLOWER * size["forward"]), 2)
    walk = ("walk", "--robot", str(folder), "--velocity", str(speed), "0", "0")
    done = folder / f"walk_{speed:g}_{seeds}.json"
    walked = asked(done, *walk, "--seeds", str(seeds), *CONDITIONS)
    errors = [episode["stride_rms_error"] for episode in walked["episodes"]]
    worst = [max(error[axis] for error in errors) for axis in range(2)]
    falls = f"{walked['falls']} of {walked['n']}"
    return (*described, f"{speed:g}", falls, f"{worst[0]:.3f} {worst[1]:.3f}"), not walked["falls"]


def asked(file: Path, *arguments: str) -> dict[str, Any]:
    """Return what a command writes with --json; it is asked once of a robot file as it is."""
    changed = (file.parent / "robot.yaml").stat().st_mtime
    if not file.is_file() or file.stat().st_mtime < changed:
        file.unlink(missing_ok=True)
        done = wm(*arguments, "--json", str(file))
        if not file.is_file():
            raise SystemExit(f"wm {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
    answer: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return answer


def wm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of this project."""
    return subprocess.run((WM, *arguments), capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
