"""Plots for files: command against motion, and latency against the deadline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from wm_bringup.record.strides import heading_velocity, yaw_of
from wm_control.types import Array

COMMAND, STRIDE, RAW, PUSH, BAD = "#c2410c", "#1d4ed8", "#93b4e8", "#b91c1c", "#dc2626"
SIZE = (12.0, 9.0)
DPI = 110


@dataclass(frozen=True, slots=True)
class Motion:
    """What the motion plot shows; k samples.

    windows: index pairs of whole strides. labels: (start [s], text) of the course's segments.
    pushes: (time [s], text).
    """

    time: Array
    velocity: Array
    orientation: Array
    position: Array
    command: Array
    windows: Sequence[tuple[int, int]]
    labels: Sequence[tuple[float, str]]
    pushes: Sequence[tuple[float, str]]


def plot_motion(motion: Motion, path: Path, title: str) -> None:
    """Velocity by axis (command, per stride, instantaneous) and the path seen from above."""
    figure = Figure(figsize=SIZE, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(3, 3)
    yaw = yaw_of(motion.orientation)
    along = heading_velocity(motion.velocity, yaw)
    rate = np.gradient(yaw, motion.time)
    names = ("forward [m/s]", "left [m/s]", "turning [rad/s]")
    first = None
    for row, (name, raw) in enumerate(zip(names, (*along.T, rate), strict=True)):
        axes = figure.add_subplot(grid[row, :2], sharex=first)
        first = first or axes
        _plot_velocity(axes, motion, raw, motion.command[:, row], yaw if row == 2 else None)
        axes.set_ylabel(name)
    assert first is not None
    figure.legend(*first.get_legend_handles_labels(), loc="outside lower left", ncols=3, fontsize=9)
    for start, text in motion.labels:
        first.text(start, 1.02, f" {text}", transform=first.get_xaxis_transform(), fontsize=8)
    axes.set_xlabel("time [s]")
    _plot_path(figure.add_subplot(grid[:2, 2]), motion)
    _plot_height(figure.add_subplot(grid[2, 2], sharex=first), motion)
    figure.suptitle(title)
    figure.savefig(path, dpi=DPI)


def _plot_velocity(
    axes: Axes, motion: Motion, raw: Array, command: Array, yaw: Array | None
) -> None:
    """One axis; the turn rate of a stride is its turn over its time, the others are means."""
    time = motion.time
    axes.plot(time, raw, color=RAW, lw=0.7, label="true, instantaneous")
    axes.plot(time, command, color=COMMAND, lw=1.6, drawstyle="steps-post", label="commanded")
    for k, (i, j) in enumerate(motion.windows):
        mean = raw[i:j].mean() if yaw is None else (yaw[j] - yaw[i]) / (time[j] - time[i])
        label = "true, mean of each stride" if k == 0 else None
        axes.plot([time[i], time[j]], [mean, mean], color=STRIDE, lw=2.2, label=label)
    for start, _ in motion.labels:
        axes.axvline(start, color="0.85", lw=0.8, zorder=0)
    for moment, _ in motion.pushes:
        axes.axvline(moment, color=PUSH, lw=1.0, ls="--")
    low = min(command.min(), np.percentile(raw, 1)) - 0.1
    high = max(command.max(), np.percentile(raw, 99)) + 0.1
    axes.set_ylim(low, high)
    axes.grid(alpha=0.25)


def _plot_path(axes: Axes, motion: Motion) -> None:
    x, y = motion.position[:, 0], motion.position[:, 1]
    axes.plot(x, y, color=STRIDE, lw=1.4)
    for start, text in motion.labels:
        index = min(int(np.searchsorted(motion.time, start)), len(x) - 1)
        if index and np.hypot(x[index] - x[0], y[index] - y[0]) < 0.1:
            continue  # still where it started
        axes.plot(x[index], y[index], "o", ms=3, color="0.3")
        axes.annotate(
            text, (x[index], y[index]), fontsize=7, xytext=(3, 3), textcoords="offset points"
        )
    for moment, text in motion.pushes:
        index = min(int(np.searchsorted(motion.time, moment)), len(x) - 1)
        axes.plot(x[index], y[index], "x", color=PUSH, label=text)
    if motion.pushes:
        axes.legend(fontsize=8)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_title("path of the pelvis, from above", fontsize=9)
    axes.set_xlabel("x [m]")
    axes.set_ylabel("y [m]")
    axes.grid(alpha=0.25)


def _plot_height(axes: Axes, motion: Motion) -> None:
    axes.plot(motion.time, motion.position[:, 2], color=STRIDE, lw=0.9)
    for moment, _ in motion.pushes:
        axes.axvline(moment, color=PUSH, lw=1.0, ls="--")
    axes.set_title("height of the pelvis [m]", fontsize=9)
    axes.set_xlabel("time [s]")
    axes.grid(alpha=0.25)


def plot_latency(
    time: Array,
    path_ms: Array,
    missed: Array,
    stages_ms: Mapping[str, Array],
    period_ms: float,
    path: Path,
    title: str,
) -> None:
    """Path latency of every cycle, its distribution with the deadline, and the stages."""
    figure = Figure(figsize=SIZE, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(2, 2)
    _plot_cycles(figure.add_subplot(grid[0, :]), time, path_ms, missed.astype(bool), period_ms)
    _plot_exceedance(figure.add_subplot(grid[1, 0]), path_ms, period_ms)
    _plot_stages(figure.add_subplot(grid[1, 1]), stages_ms)
    figure.suptitle(title)
    figure.savefig(path, dpi=DPI)


def _plot_cycles(axes: Axes, time: Array, path_ms: Array, missed: Array, period_ms: float) -> None:
    axes.plot(time, path_ms, ",", color=STRIDE, alpha=0.6)
    axes.plot(
        time[missed],
        path_ms[missed],
        "x",
        color=BAD,
        ms=5,
        label=f"{missed.sum()} missed (command and simulation step together)",
    )
    axes.axhline(period_ms, color=COMMAND, lw=1.2, label="deadline")
    axes.set_yscale("log")
    axes.set_xlabel("time [s]")
    axes.set_ylabel("measurement to command sent [ms]")
    axes.legend(loc="upper right", fontsize=8)
    axes.grid(alpha=0.25, which="both")


def _plot_exceedance(axes: Axes, path_ms: Array, period_ms: float) -> None:
    """Share of cycles that took longer than the time on the x axis."""
    ordered = np.sort(path_ms)
    share = 1.0 - np.arange(len(ordered)) / len(ordered)
    axes.step(ordered, share, color=STRIDE, where="post")
    axes.axvline(period_ms, color=COMMAND, lw=1.2)
    for percentile in (50.0, 99.0, 99.9):
        value = float(np.percentile(path_ms, percentile))
        level = 1.0 - percentile / 100.0
        axes.plot(value, level, "o", ms=4, color="0.2")
        axes.annotate(
            f"p{percentile:g} {value:.2f} ms",
            (value, level),
            fontsize=8,
            xytext=(6, 2),
            textcoords="offset points",
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("latency [ms]")
    axes.set_ylabel("share of cycles slower than this")
    axes.grid(alpha=0.25, which="both")


def _plot_stages(axes: Axes, stages_ms: Mapping[str, Array]) -> None:
    names = list(stages_ms)
    for percentile, color in ((99.0, RAW), (50.0, STRIDE)):
        values = [float(np.percentile(stages_ms[name], percentile)) for name in names]
        bars = axes.barh(names, values, color=color, label=f"p{percentile:g}")
        axes.bar_label(bars, fmt="%.2f", fontsize=8, padding=2)
    axes.invert_yaxis()
    axes.set_xlabel("time per stage [ms]")
    axes.legend(fontsize=8)
