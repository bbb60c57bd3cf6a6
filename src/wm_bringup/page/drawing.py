"""From a matplotlib figure to SVG that stands inside the page and follows its colours."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from wm_bringup.page.colours import ALL, GRID, INK, MUTED

WIDTH = 4.4
"""Of a figure [inches]: its text has its true size in 420 pixels, the width of a phone."""

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text
    "text.parse_math": False,  # a name with dollars is no formula
    "font.size": 9.0,
    "text.color": INK.light,
    "axes.edgecolor": MUTED.light,
    "axes.labelcolor": INK.light,
    "axes.titlesize": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID.light,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED.light,
    "ytick.color": MUTED.light,
    "xtick.labelcolor": INK.light,
    "ytick.labelcolor": INK.light,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.6,
}


@contextmanager
def drawing(height: float, salt: str, width: float = WIDTH) -> Iterator[tuple[Figure, list[str]]]:
    """Yield a figure to draw into; afterwards the list holds its SVG.

    salt: makes the ids inside differ from those of other figures on the page.
    """
    with mpl.rc_context(_STYLE):
        mpl.rcParams["svg.hashsalt"] = salt
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        done: list[str] = []
        yield figure, done
        done.append(_inline(figure))


def plain_axes(figure: Figure) -> Axes:
    """One pair of axes on a transparent ground."""
    axes = figure.add_subplot()
    axes.patch.set_alpha(0.0)
    return axes


def _inline(figure: Figure) -> str:
    """SVG without its head and metadata, sized by the page, with variables for colours."""
    figure.patch.set_alpha(0.0)
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\s(xmlns:xlink|version)="[^"]*"', "", text, count=2)
    text = text.replace("xlink:href", "href")
    text = re.sub(r'(<svg[^>]*?) (?:width|height)="[^"]*"', r"\1", text)
    text = re.sub(r'(<svg[^>]*?) (?:width|height)="[^"]*"', r"\1", text)
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", text)
    for colour in ALL:
        text = text.replace(colour.light, f"var(--{colour.name})")
    return str(text)
