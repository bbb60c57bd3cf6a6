"""The model card: what a trained policy is, how it was made, how well it walks, where it ends."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_card(path: Path, summary: Mapping[str, Any]) -> None:
    """Write the card of a judged run; ``summary`` as in the run's summary.json."""
    path.write_text("\n".join(card_lines(summary)) + "\n", encoding="utf-8")


def card_lines(s: Mapping[str, Any]) -> list[str]:
    """Lines of the card."""
    p = s["parameters"]
    command = "wm train --from-scratch" if s["from_scratch"] else "wm train"
    lines = [
        f"# {p['name']}: a walking policy for the legs of the robot {s['robot']}",
        "",
        f"{s['joints']} leg joints at {p['rate']:g} Hz from gyro, gravity, velocity command, joint",
        f"positions and speeds, last action, gait clock and {p['observation']['history']} frames",
        "of history. No base velocity, no feet sensors, no estimator beyond the IMU's orientation;",
        "leg kinematics inside the graph say how fast the base moves if either sole stands still.",
        "Waist and arms are held in the robot's default posture. Apache-2.0, as the rest of the",
        "repository.",
        "",
        "## How it was made",
        "",
        f"`{command} --seed {s['seed']}` of version {s['version']}, commit {s['git']}",
        f"{'(modified) ' if s['git_dirty'] else ''}on {s['machine']['processor']}, CPU only.",
        "",
        f"| stage | samples ({p['rate']:g} Hz) | CPU time |",
        "|---|---|---|",
        *(_stage(name, stage) for name, stage in s["stages"].items() if stage["cpu_seconds"]),
        f"| all | {s['samples']:,} | {_time(s['cpu_seconds'])} |",
        "",
        _data(s),
        "",
        "Randomised in training:",
        "",
        *(f"- {name}: {_plain(value)}" for name, value in p["randomisation"].items()),
        "",
        "## How well it walks",
        "",
        f"In PyBullet, which it never saw in reinforcement: **{_verdict(s)}**.",
        "",
        *bar_table(s["bar"]),
        "",
        "## Limits",
        "",
        f"- Commands are clamped to {_ranges(s['command'])}.",
        "- Flat ground. Nothing was trained for stairs, slopes, loads in the hands or a moving",
        "  upper body.",
        "- Judged in simulation only: no real robot has run it. In training, drives are ideal up",
        "  to their torque limits, arms are welded, and only the legs stop each other.",
        f"- Its gait clock turns {1.0 / p['gait']['stride']:.2f} times a second, which it may",
        f"  change by {p['gait']['cadence']:.0%} either way; it does not run.",
    ]
    return lines


def bar_table(bar: list[Mapping[str, Any]]) -> list[str]:
    """Markdown table of the bar."""
    lines = [
        "| what | found | allowed | met | n | falls | mean velocity x, y, yaw | cost of transport |"
        " target rate [rad] | torque rate [N·m/s] | swing apex [m] |"
        " estimate: worst velocity RMSE [m/s] | worst drift [%] | lost |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in bar:
        mean = row.get("mean_velocity")
        cells = [
            row["what"],
            _number(row["found"]),
            _number(row["allowed"]),
            _met(row["met"]),
            str(row["n"]),
            _falls(row),
            "-" if mean is None else ", ".join(f"{v:+.3f}" for v in mean),
            *(_number(row.get(k)) for k in ("cost_of_transport", "action_rate")),
            "-" if row.get("torque_rate") is None else f"{row['torque_rate']:.0f}",
            _number(row.get("apex")),
            *(_number(row.get(k)) for k in ("velocity_rmse", "drift_percent")),
            str(row.get("estimates_lost", "-")),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _met(met: bool | None) -> str:
    if met is None:
        return "not judged"
    return "yes" if met else "**no**"


def _falls(row: Mapping[str, Any]) -> str:
    if "interval" not in row:
        return str(row.get("falls", "-"))
    low, high = row["interval"]
    return f"{row['falls']} (95 %: {100 * low:.1f} to {100 * high:.1f} %)"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _stage(name: str, stage: Mapping[str, Any]) -> str:
    samples = f"{stage['samples']:,}" if "samples" in stage else "-"
    return f"| {name} | {samples} | {_time(stage['cpu_seconds'])} |"


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120.0 else f"{seconds / 60.0:.0f} min"


def _data(s: Mapping[str, Any]) -> str:
    if s["from_scratch"]:
        return "No demonstrations: reinforcement in MuJoCo from a random network and a gait clock."
    taught = s["stages"]["demonstrations"]["samples"]
    return (
        f"Data: {taught:,} examples of this repository's model-based controller, labelled while it "
        "or the student walked in PyBullet; then reinforcement in MuJoCo."
    )


def _verdict(s: Mapping[str, Any]) -> str:
    return "the bar is met" if s["met"] else "the bar is not met, see below"


def _plain(value: object) -> str:
    return " to ".join(f"{v:.3g}" for v in value) if isinstance(value, list) else f"{value:g}"


def _ranges(command: Mapping[str, Any]) -> str:
    parts = (("x", "linear_x", "m/s"), ("y", "linear_y", "m/s"), ("yaw", "angular_z", "rad/s"))
    return ", ".join(f"{name} {_plain(list(command[key]))} {unit}" for name, key, unit in parts)
