"""Plot of who drove when, and what it was about: pushes, faults, how the robot moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from wm_bringup.report.plots import BAD, COMMAND, DPI, PUSH, STRIDE
from wm_control.drivers import ARBITER, MPC, POLICY, SOURCES
from wm_control.types import Array

COLOURS: Mapping[str, str] = {MPC: STRIDE, POLICY: "#15803d", ARBITER: BAD}
BEFORE, AFTER = 0.5, 3.5
"""What is drawn large around an event [s]."""

MOST = 2
"""Events that are drawn large."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What the plot shows, times since the start [s].

    changes: (when, who drives from then on). end: of the run. time (k,), sideways (k,) [m/s] and
    tilt (k,) [rad]: true. pushes: (when, text). faults: (from, until, text); one without an end
    lasts until that of the run.
    """

    changes: Sequence[tuple[float, str]]
    end: float
    time: Array
    sideways: Array
    tilt: Array
    pushes: Sequence[tuple[float, str]]
    faults: Sequence[tuple[float, float, str]]

    @property
    def events(self) -> list[float]:
        """When something happened to the robot."""
        return sorted([at for at, _ in self.pushes] + [begin for begin, _, _ in self.faults])

    @property
    def stints(self) -> list[tuple[float, float, str]]:
        """From when until when who drove."""
        ends = [*self.changes, (self.end, "")]
        return [(begin, end, who) for (begin, who), (end, _) in pairwise(ends)]


def plot_drivers(timeline: Timeline, path: Path, title: str) -> None:
    """Draw the whole run in one column, and each of the first events large in another."""
    figure = Figure(figsize=(14.0, 7.0), layout="constrained")
    FigureCanvasAgg(figure)
    large = [(at - BEFORE, at + AFTER) for at in timeline.events[:MOST]]
    spans = [(0.0, timeline.end), *large]
    widths = [2.0, *[1.0] * len(large)]
    grid = figure.add_gridspec(3, len(spans), height_ratios=[1.2, 1, 1], width_ratios=widths)
    for column, span in enumerate(spans):
        rows = [figure.add_subplot(grid[row, column]) for row in range(3)]
        _plot_stints(rows[0], timeline, span)
        _plot_line(rows[1], timeline, timeline.sideways, span, "true velocity to the left [m/s]")
        _plot_line(rows[2], timeline, np.degrees(timeline.tilt), span, "true tilt [degrees]")
        rows[2].set_xlabel("time [s]")
        for axes in rows:
            mark_events(axes, timeline)
            axes.set_xlim(*span)
        if column == 0 and timeline.events:
            rows[1].legend(loc="upper left", fontsize=8)
    figure.suptitle(title)
    figure.savefig(path, dpi=DPI)


def _plot_stints(axes: Axes, timeline: Timeline, span: tuple[float, float]) -> None:
    """One lane for each who drove; the length of short stints beside them."""
    lanes = [who for who in SOURCES if any(who == other for _, _, other in timeline.stints)]
    for begin, end, who in timeline.stints:
        if end <= span[0] or begin >= span[1] or who not in lanes:
            continue
        lane = lanes.index(who)
        axes.broken_barh([(begin, end - begin)], (lane - 0.4, 0.8), color=COLOURS[who])
        if span[0] <= begin and end <= span[1]:
            said, middle = f"{end - begin:.2f} s", 0.5 * (begin + end)
            axes.text(middle, lane + 0.43, said, fontsize=8, ha="center", va="bottom")
    axes.set_yticks(range(len(lanes)), lanes)
    axes.set_ylim(-0.6, len(lanes) - 0.1)
    axes.set_title("who drives", fontsize=9)


def _plot_line(
    axes: Axes, timeline: Timeline, values: Array, span: tuple[float, float], name: str
) -> None:
    inside = (timeline.time >= span[0]) & (timeline.time <= span[1])
    axes.plot(timeline.time[inside], values[inside], color=STRIDE, lw=0.9)
    axes.set_title(name, fontsize=9)
    axes.grid(alpha=0.25)


def mark_events(axes: Axes, timeline: Timeline) -> None:
    """Draw a line where a push began, and shade faults while they lasted, to the run's end."""
    for number, (at, text) in enumerate(timeline.pushes):
        axes.axvline(at, color=PUSH, lw=1.2, ls="--", label=text if number == 0 else None)
    for begin, until, text in timeline.faults:
        end = max(begin, min(until, timeline.end))
        axes.axvspan(begin, end, color=COMMAND, alpha=0.2, label=text)
