"""What an emulated robot saw, as a table and as JSON."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from wm_bringup.emulator.process import Punctuality
from wm_bringup.emulator.requests import status
from wm_bringup.emulator.robot import EmulatedRobot


def summary(robot: EmulatedRobot, time: Punctuality) -> dict[str, Any]:
    """Everything that was counted, and what the scenario asked for and did not happen."""
    began = time.began
    return {
        **status(robot),
        "missed": [one.what for one in robot.simulation.happened if one.at is None],
        "periods_late": time.late,
        "periods_skipped": time.skipped,
        "lateness_ms": {
            "p50": 1e3 * began.percentile(0.5),
            "p99": 1e3 * began.percentile(0.99),
            "worst": 1e3 * began.worst,
        },
        "permissions": time.permissions,
    }


def table(figures: dict[str, Any]) -> Table:
    """Lay a summary out for a terminal."""
    result = Table("", "", box=None, pad_edge=False, show_header=False)
    for key, value in figures.items():
        result.add_row(key.replace("_", " "), _text(value))
    return result


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(part)}" for key, part in value.items()) or "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    return "none" if value is None or value == "" else str(value)
