"""Curves that follow, drawn with viser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from wm_bringup.view.charts_data import CHARTS, WINDOW, Chart, window
from wm_bringup.view.recording import Curve

if TYPE_CHECKING:
    import viser

_HEIGHT = 120
_COLOURS = ("#0b62c4", "#b93a0a")


class Charts:
    """Charts in a panel of the page."""

    def __init__(self, gui: viser.GuiApi) -> None:
        """Put them where the panel is now."""
        self._handles = [(chart, _add(gui, chart)) for chart in CHARTS]

    def show(self, curves: Mapping[str, Curve], now: float) -> None:
        """Draw the window that ends now; a chart without any curve is not shown."""
        for chart, handle in self._handles:
            handle.visible = any(name in curves for name, _ in chart.curves)
            if handle.visible:
                handle.data = window(chart, curves, now)


def _add(gui: viser.GuiApi, chart: Chart) -> viser.GuiUplotHandle:
    empty = np.linspace(-WINDOW, 0.0, 2)
    series: list[dict[str, object]] = [{"label": "s"}]
    series += [
        {"label": label, "stroke": colour, "width": 2}
        for (_, label), colour in zip(chart.curves, _COLOURS, strict=False)
    ]
    scales: dict[str, object] = {"x": {"time": False}}
    if chart.lowest is not None and chart.highest is not None:
        scales["y"] = {"range": (chart.lowest, chart.highest)}
    return gui.add_uplot(
        (empty, *(np.full(2, np.nan) for _ in chart.curves)),
        tuple(series),
        title=chart.title,
        scales=scales,
        height=_HEIGHT,
        legend={"show": len(chart.curves) > 1, "live": False},
    )
