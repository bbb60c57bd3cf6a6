"""Tables for the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from wm_bringup.judging.episode import EpisodeResult

_NONE = "-"


def number(value: float | None, digits: int = 3) -> str:
    """Write a number with ``digits`` decimals, or a dash."""
    return _NONE if value is None else f"{value:.{digits}f}"


def triple(values: Sequence[float] | None, digits: int = 3) -> str:
    """Three numbers side by side, or a dash."""
    return _NONE if values is None else "  ".join(f"{v: .{digits}f}" for v in values)


def episode_table(episodes: Sequence[EpisodeResult]) -> Table:
    """One row per episode in order of seeds."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in (
        "seed",
        "result",
        "seconds",
        "mean velocity x y yaw",
        "stride error x y yaw",
        "estimator error x y z",
        "drift %",
        "energy",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for e in sorted(episodes, key=lambda episode: episode.seed):
        table.add_row(
            str(e.seed),
            Text(f"fell: {e.notes['fall_cause']}", "red") if e.fell else Text("up", "green"),
            number(e.number("seconds"), 1),
            triple(e.axes("mean_velocity")),
            triple(e.axes("stride_rms_error")),
            triple(e.axes("estimator_velocity_rmse")),
            number(e.number("drift_percent"), 2),
            number(e.number("cost_of_transport"), 2),
        )
    return table


def walk_lines(summary: Mapping[str, Any]) -> list[str | Text]:
    """Say in a few lines what all episodes together show."""
    low, high = summary["falls_interval"]
    lines: list[str | Text] = [
        f"{summary['falls']} of {summary['n']} fell "
        f"(95 % interval of the rate {100 * low:.1f} to {100 * high:.1f} %, Clopper-Pearson)",
        f"stride error RMS x y yaw: {triple(summary['stride_rms_error'])} m/s, m/s, rad/s;  "
        f"estimator velocity RMSE x y z: {triple(summary['estimator_velocity_rmse'])} m/s",
    ]
    lines += [
        Text(f"seed {episode['seed']}: asked for, but did not happen: {what}", "red")
        for episode in summary["episodes"]
        for what in episode["missed"]
    ]
    speed = summary["speed"]
    stages = "  ".join(f"{name} {ms:.3f}" for name, ms in speed["cpu_per_tick_ms"].items())
    lines.append(f"CPU ms per 2 ms tick: {stages}  total {speed['cpu_per_tick_ms_total']:.3f}")
    lines.append(
        f"lock-step speed {speed['real_time_factor']:.2f} x real time (wall, median episode), "
        f"{speed['cpu_factor']:.2f} x per CPU second"
    )
    return lines


def grid_table(grid: Mapping[str, Mapping[str, Any]]) -> Table:
    """Survivors of all phases, one row per impulse and one column per direction."""
    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    table.add_column("impulse N·s", justify="right")
    found: dict[float, dict[str, Text]] = {}
    for direction, column in grid.items():
        table.add_column(direction, justify="right")
        for row in column["rows"]:
            text = f"{row['survived']} of {row['n']}"
            style = (
                "green" if row["survived"] == row["n"] else "yellow" if row["survived"] else "red"
            )
            found.setdefault(row["impulse"], {})[direction] = Text(text, style)
    for impulse in sorted(found):
        table.add_row(f"{impulse:g}", *(found[impulse].get(name, _NONE) for name in grid))
    table.add_section()
    best = (f"{column['all_phases_survived_up_to']:g}" for column in grid.values())
    table.add_row("all phases up to", *best)
    return table


def bench_table(results: Mapping[str, Mapping[str, Any]]) -> Table:
    """One row per measurement: percentiles of CPU time, and its bound from the same run."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("ms CPU", "p50", "p95", "p99", "max", "n", "bound", "p50", "ratio"):
        table.add_column(heading, justify="left" if heading in ("ms CPU", "bound") else "right")
    for name, row in results.items():
        reference = row.get("reference")
        table.add_row(
            name,
            *(number(row[key]) for key in ("p50", "p95", "p99", "max")),
            str(row["n"]),
            reference["name"] if reference else _NONE,
            number(reference["p50"]) if reference else _NONE,
            number(row.get("ratio"), 2),
        )
    return table


def exchange_table(exchanges: Mapping[str, Mapping[str, Any]]) -> Table:
    """One row per run of frames over the wire: round trips, what came, the CPU of both sides."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in (
        "round trip ms",
        "p50",
        "p99",
        "max",
        "sent",
        "there",
        "back",
        "wrong",
        "CPU %",
    ):
        table.add_column(heading, justify="left" if heading == "round trip ms" else "right")
    for name, row in exchanges.items():
        trip, ways = row["round_trip"], (row["states"], row["commands"])
        milliseconds = [
            None if trip[key] is None else 1e3 * trip[key] for key in ("p50", "p99", "max")
        ]
        table.add_row(
            name,
            *(number(value) for value in milliseconds),
            str(row["sent"]),
            *(str(way["received"]) for way in ways),
            str(sum(way["rejected"] + way["refused"] for way in ways)),
            ", ".join(number(100.0 * share, 1) for share in row["cpu_share"]),
        )
    return table
