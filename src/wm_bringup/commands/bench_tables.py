"""Tables of what it costs to show and to record a robot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.table import Table

from wm_bringup.report.tables import number

if TYPE_CHECKING:
    from wm_bringup.bench.page import Pictures
    from wm_bringup.bench.viewers import Encoding
    from wm_bringup.bench.windows import Difference, Window

_FIGURES = {
    "misses": ("missed of 1000 periods", 1.0, 2),
    "p50": ("path p50, ms", 1.0, 3),
    "p99": ("path p99, ms", 1.0, 3),
    "cpu": ("its process, % of a core", 100.0, 1),
}
"""Of a window: what it is called, its factor and its decimals."""


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for k, heading in enumerate(headings):
        table.add_column(heading, justify="right" if k else "left")
    return table


def encoding_table(found: Sequence[Encoding]) -> Table:
    """One row per topic: size, CPU time of a message, share of a core."""
    table = _table("topic", "bytes", "us CPU p50", "p99", "n", "a second", "% of a core")
    for one in found:
        p50, p99 = (None if p is None else 1e3 * p for p in (one.cpu.p50, one.cpu.p99))
        table.add_row(
            one.topic,
            str(one.bytes),
            number(p50, 0),
            number(p99, 0),
            str(one.cpu.n),
            f"{one.rate:g}",
            number(100.0 * one.share, 2),
        )
    return table


def opening_line(seconds: Sequence[float]) -> str:
    """Say how long it took to open a bag."""
    return (
        f"wm view BAG, from its start to its address: median {np.median(seconds):.2f} s, "
        f"{min(seconds):.2f} to {max(seconds):.2f} s, n = {len(seconds)}"
    )


def pictures_table(found: Sequence[Pictures]) -> Table:
    """One row per number of browsers: CPU time of a picture, and of the page's process."""
    heads = ("ms CPU to make one", "p99", "n", "with sending it", "a second", "% of a core")
    table = _table("browsers", *heads)
    for one in found:
        table.add_row(
            str(one.browsers),
            number(one.drawn.p50, 1),
            number(one.drawn.p99, 1),
            str(one.drawn.n),
            number(one.all, 1),
            number(one.rate, 1),
            number(100.0 * one.share, 1),
        )
    return table


def windows_table(windows: Sequence[Window], beside: str) -> Table:
    """One row per window, in the order in which they were."""
    heads = (heading for heading, _, _ in _FIGURES.values())
    table = _table("round", beside, "periods", *heads, "MB received")
    for one in windows:
        cells = (
            number(factor * getattr(one, name), digits)
            for name, (_, factor, digits) in _FIGURES.items()
        )
        received = number(1e-6 * one.received, 1)
        table.add_row(str(one.round + 1), str(one.count), str(one.periods), *cells, received)
    return table


def differences_table(found: Sequence[Difference], beside: str, slow_motion: float) -> Table:
    """One row per comparison: what so many add, with its 95 % interval over rounds."""
    table = _table(f"{beside} less none", "figure", "mean", "95 %", "n", "")
    for one in found:
        heading, factor, digits = _FIGURES[one.figure]
        mean, low, high = (
            number(factor * value, digits) for value in (one.mean, one.low, one.high)
        )
        said = "" if one.figure == "cpu" else "noise" if one.is_noise else "worse"
        table.add_row(str(one.count), heading, mean, f"{low} to {high}", str(one.n), said)
    if slow_motion > 1.0:
        table.caption = (
            f"Slow motion by {slow_motion:g}: ms are the graph's, of which each is {slow_motion:g} "
            "of the machine's, and so much more of the machine is left beside it."
        )
    return table
