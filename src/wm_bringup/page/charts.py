"""The page's figures, each from the part of the summary that it shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.projections.polar import PolarAxes
from matplotlib.ticker import EngFormatter, LogLocator

from wm_bringup.page.colours import BAD, GRID, INK, MUTED, PAPER, Look
from wm_bringup.page.drawing import drawing, plain_axes
from wm_bringup.page.numbers import is_share, p_text, scaled

Looks = Mapping[str, Look]
Told = Mapping[str, Any]
"""A part of the summary, as JSON has it."""

_ROW = 0.27
"""Height of one row of a chart [inches]."""

_LABEL = 26
"""Characters of a row's label."""


def estimates(figure: Told, looks: Looks, salt: str) -> str:
    """Draw one figure of every contestant, with its interval: rows in the summary's order."""
    names = [name for name in looks if name in figure["contestants"]]
    numbers = list(figure["contestants"].values())
    largest = max((abs(one["value"] or 0.0) for one in numbers), default=0.0)
    with drawing(0.55 + _ROW * max(len(names), 1), salt) as (page, done):
        axes = plain_axes(page)
        for row, name in enumerate(names):
            number = figure["contestants"][name]
            _estimate(axes, row, number, figure["unit"], largest, looks[name])
        _rows(axes, names)
        shares = any(is_share(one, figure["unit"]) for one in numbers)
        unit = "%" if shares else figure["unit"]
        if unit == "J":
            unit = scaled(largest, unit, share=False)[1]
        better = "more is better" if figure["more_is_better"] else "less is better"
        axes.set_xlabel(f"{unit + ', ' if unit else ''}{better}")
    return done[0]


def _estimate(axes: Axes, row: int, number: Told, unit: str, largest: float, look: Look) -> None:
    """Draw one contestant's number in the part of the unit in which the largest one is told."""
    share = is_share(number, unit)
    value, low, high = (
        scaled(number[key], unit, share=share, like=largest)[0] for key in ("value", "low", "high")
    )
    colour = look.colour.light
    if low is not None and high is not None:
        axes.plot([low, high], [row, row], color=colour, lw=2.2, solid_capstyle="round")
    if value is not None:
        axes.plot([value], [row], look.marker, color=colour, ms=6.5)
    else:
        axes.text(
            0.02, row, "none", color=MUTED.light, va="center", transform=axes.get_yaxis_transform()
        )


def _rows(axes: Axes, labels: Sequence[str]) -> None:
    axes.set_yticks(range(len(labels)), [shortened(label) for label in labels])
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    if axes.get_xscale() == "linear":
        axes.locator_params(axis="x", nbins=5)


def shortened(label: str, room: int = _LABEL) -> str:
    """Cut what would leave no room for the chart; the tables have it in full."""
    return label if len(label) <= room else f"{label[: room - 1]}\N{HORIZONTAL ELLIPSIS}"


def forest(differences: Sequence[Told], figure: Told, looks: Looks, salt: str) -> str:
    """Draw paired differences of one figure: filled where one is shown, hollow where none is.

    Rates are told as ratios, on a logarithmic axis about one; what has no end leaves the chart.
    """
    ratio = figure["unit"] == "1/h"
    share = any(is_share(one, figure["unit"]) for one in figure["contestants"].values())
    spans = [_span(one, ratio=ratio, factor=100.0 if share else 1.0) for one in differences]
    with drawing(0.6 + _ROW * len(differences), salt) as (page, done):
        axes = plain_axes(page)
        axes.axvline(1.0 if ratio else 0.0, color=INK.light, lw=1.0)
        if ratio:
            spans = _on_log_axis(axes, spans)
        for row, (one, span) in enumerate(zip(differences, spans, strict=True)):
            _difference(axes, row, one, span, looks)
        _rows(axes, [_pair(one["one"], one["other"]) for one in differences])
        unit = "points of %" if share else figure["unit"]
        told = "first : second" if ratio else f"first \N{MINUS SIGN} second, {unit}".rstrip(", ")
        axes.set_xlabel(told)
    return done[0]


Span = tuple[float, float, float]
"""Value, and both ends of its interval; NaN where there is none."""


def _span(one: Told, *, ratio: bool, factor: float) -> Span:
    """Read a difference; of a ratio with a lower end, what has no upper end is infinite.

    A ratio of which all is possible, for neither has an event, is none.
    """
    value, low, high = (
        math.nan if one[key] is None else factor * one[key] for key in ("value", "low", "high")
    )
    if ratio and (low > 0.0 or (low == 0.0 and not math.isnan(value))):
        value, high = (math.inf if math.isnan(x) else x for x in (value, high))
    return value, low, high


def _on_log_axis(axes: Axes, spans: Sequence[Span]) -> list[Span]:
    """Make the axis hold all ends that a logarithm has; the others go to its ends."""
    ends = [x for span in spans for x in span if 0.0 < x < math.inf] + [1.0]
    left, right = 0.5 * min(ends), 2.0 * max(ends)
    axes.set_xscale("log")
    axes.set_xlim(left, right)
    axes.xaxis.set_major_locator(LogLocator(numticks=5))
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    axes.minorticks_off()
    return [
        (min(max(value, left), right), min(max(low, left), right), min(max(high, left), right))
        for value, low, high in spans
    ]


def _difference(axes: Axes, row: int, one: Told, span: Span, looks: Looks) -> None:
    winner = looks.get(one["better"]) if one["shown"] else None
    colour = winner.colour.light if winner else MUTED.light
    value, low, high = span
    axes.plot([low, high], [row, row], color=colour, lw=2.0)
    fill = colour if one["shown"] else PAPER.light
    marker = "D" if one["headline"] else "o"
    axes.plot([value], [row], marker, mec=colour, mfc=fill, mew=1.6, ms=6.5, clip_on=False)
    p = one["p"] if one["p_holm"] is None else one["p_holm"]
    axes.text(
        1.03, row, p_text(p), transform=axes.get_yaxis_transform(), va="center",
        fontsize=7.5, color=MUTED.light,
    )  # fmt: skip


def _pair(one: str, other: str) -> str:
    """Both names in one label, each with half of the room."""
    return f"{shortened(one, _LABEL // 2)} vs {shortened(other, _LABEL // 2)}"


def half_survived(pushes: Told, looks: Looks, salt: str) -> str:
    """Draw by direction the impulse that half of the episodes survive, forward up."""
    with drawing(4.3, salt) as (page, done):
        axes = page.add_subplot(projection="polar")
        assert isinstance(axes, PolarAxes)
        _directions(axes)
        for name, look in looks.items():
            told = pushes["contestants"].get(name, ())
            known = [one for one in told if _reach(one) is not None]
            if not known:
                continue
            for one in known:
                _half(axes, one, look)
            around = [*known, known[0]] if len(known) > 2 else known
            angles = [math.radians(one["direction"]) for one in around]
            reaches = np.array([_reach(one) for one in around], dtype=float)
            axes.plot(angles, reaches, color=look.colour.light, ls=look.dash, label=name)
        axes.set_ylim(bottom=0.0)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.06), ncols=2)
    return done[0]


def _reach(one: Told) -> float | None:
    """Impulse to draw: where half survive, or the last that was tried before that."""
    found = (one[key] for key in ("half", "beyond", "below") if one[key] is not None)
    return next(found, None)


def _half(axes: PolarAxes, one: Told, look: Look) -> None:
    """One direction: interval and marker, hollow where the true value was not reached."""
    angle, colour, reach = math.radians(one["direction"]), look.colour.light, _reach(one)
    if one["low"] is not None and one["high"] is not None:
        axes.plot([angle, angle], [one["low"], one["high"]], color=colour, lw=1.1, alpha=0.6)
    fill = PAPER.light if one["half"] is None else colour
    axes.plot([angle], np.array([reach], dtype=float), look.marker, mec=colour, mfc=fill, ms=6)


def _directions(axes: PolarAxes) -> None:
    axes.patch.set_alpha(0.0)
    axes.set_theta_zero_location("N")
    words = ("forward", "", "left", "", "back", "", "right", "")
    axes.set_xticks(np.radians(np.arange(0.0, 360.0, 45.0)), words)
    axes.set_rlabel_position(22.5)
    axes.tick_params(axis="y", labelsize=7.5)
    axes.spines["polar"].set_color(GRID.light)


def survival(told: Sequence[Told], look: Look, largest: float, salt: str) -> str:
    """Draw the share that survived by direction and impulse: full colour is all, none is none."""
    impulses = sorted({row["impulse"] for one in told for row in one["rows"]})
    edges = _edges(impulses, largest)
    width = 2.0 * math.pi / max(8, len(told))
    with drawing(2.7, salt, 2.6) as (page, done):
        axes = page.add_subplot(projection="polar")
        assert isinstance(axes, PolarAxes)
        _directions(axes)
        axes.grid(visible=False)
        for one in told:
            for row in one["rows"]:
                low, high = edges[row["impulse"]]
                axes.bar(
                    math.radians(one["direction"]), high - low, 0.94 * width, low,
                    facecolor=look.colour.light, alpha=row["survived"] / row["n"], lw=0.0,
                )  # fmt: skip
                axes.bar(
                    math.radians(one["direction"]), high - low, 0.94 * width, low,
                    facecolor="none", edgecolor=GRID.light, lw=0.8,
                )  # fmt: skip
        axes.set_yticks(impulses)
        axes.set_ylim(0.0, largest)
    return done[0]


def _edges(impulses: Sequence[float], largest: float) -> dict[float, tuple[float, float]]:
    """Rings around impulses, meeting half way."""
    middles = [0.5 * (a + b) for a, b in pairwise(impulses)]
    first = max(0.0, impulses[0] - (middles[0] - impulses[0] if middles else impulses[0] * 0.5))
    ends = [first, *middles, largest]
    return dict(zip(impulses, pairwise(ends), strict=True))


def outer_ring(pushes: Told) -> float:
    """Radius that holds every impulse that was tried, for all charts alike [N·s]."""
    directions = (one for told in pushes["contestants"].values() for one in told)
    tried = sorted({float(row["impulse"]) for one in directions for row in one["rows"]})
    last = tried[-1]
    return last + (0.5 * (last - tried[-2]) if len(tried) > 1 else 0.25 * last)


def time_to_fall(told: Told, looks: Looks, salt: str) -> str:
    """Draw the share that is still up over time, all at the start, with its interval."""
    with drawing(3.1, salt) as (page, done):
        axes = plain_axes(page)
        for name, look in looks.items():
            curve = told["contestants"].get(name)
            if curve is None:
                continue
            share, low, high = (
                100.0 * np.array([1.0, *curve[key]], dtype=float)
                for key in ("share", "low", "high")
            )
            times, colour = [0.0, *curve["times"]], look.colour.light
            axes.step(times, share, where="post", color=colour, ls=look.dash, label=name)
            axes.fill_between(times, low, high, step="post", color=colour, alpha=0.12, lw=0.0)
        axes.set_xlabel("time since the start [s]")
        axes.set_ylabel("still up [%]")
        axes.set_xlim(left=0.0)
        axes.set_ylim(-2.0, 102.0)
        axes.legend(loc="lower left")
    return done[0]


def latency(told: Told, looks: Looks, salt: str) -> str:
    """Draw the share of control cycles that take longer than so long, and the deadline."""
    with drawing(3.1, salt) as (page, done):
        axes = plain_axes(page)
        for name, look in looks.items():
            if name not in told:
                continue
            quantiles = np.array(told[name]["quantiles"], dtype=float)
            later = 1.0 - quantiles[:, 0]
            kept = later > 0.0
            axes.step(
                quantiles[kept, 1], 100.0 * later[kept], where="post",
                color=look.colour.light, ls=look.dash, label=name,
            )  # fmt: skip
        for period in {one["period_ms"] for one in told.values()}:
            axes.axvline(period, color=BAD.light, lw=1.2)
            axes.text(
                period, 0.98, f" deadline {period:g} ms", color=BAD.light, va="top",
                transform=axes.get_xaxis_transform(), fontsize=8,
            )  # fmt: skip
        axes.axhline(0.1, color=MUTED.light, lw=0.8, ls=":")
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.minorticks_off()
        axes.set_xlabel("from measurement to command [ms]")
        axes.set_ylabel("control cycles that take longer [%]")
        axes.set_xlim(left=0.0)
        axes.legend(loc="lower left")
    return done[0]


def bars(values: Mapping[str, float | None], looks: Looks, label: str, salt: str) -> str:
    """Draw one counted number of every contestant; "not measured" where there is none."""
    names = [name for name in looks if name in values]
    with drawing(0.55 + _ROW * max(len(names), 1), salt) as (page, done):
        axes = plain_axes(page)
        for row, name in enumerate(names):
            value = values[name]
            if value is None:
                axes.text(
                    0.01, row, "not measured", color=MUTED.light, va="center",
                    transform=axes.get_yaxis_transform(),
                )  # fmt: skip
            else:
                axes.barh(row, value, 0.56, color=looks[name].colour.light)
        _rows(axes, names)
        axes.set_xlim(left=0.0)
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.set_xlabel(label)
    return done[0]
