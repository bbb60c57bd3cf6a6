"""One colour, marker and line style per contestant, the same in every figure, light and dark.

Colours are names of CSS variables on the page. In a figure each is drawn in its light value, which
is no other's, and turned into the variable afterwards. Markers and dashes say the same again, so
that nothing depends on telling colours apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Colour:
    """A CSS variable with its value on light and on dark ground."""

    name: str
    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class Look:
    """How a contestant is drawn."""

    colour: Colour
    marker: str
    dash: str | tuple[int, tuple[int, ...]]


SERIES = (
    Colour("c1", "#0b62c4", "#6cb2ff"),
    Colour("c2", "#b93a0a", "#ff9b6a"),
    Colour("c3", "#0f7b57", "#4fd1a5"),
    Colour("c4", "#7a35d6", "#c9a3ff"),
    Colour("c5", "#806500", "#e3c04c"),
    Colour("c6", "#0e7490", "#67d3e8"),
    Colour("c7", "#b5266d", "#ff8fc0"),
    Colour("c8", "#5b6470", "#aab4c0"),
)
"""At least 4.5 : 1 against the page's ground in both."""

INK = Colour("ink", "#1b1f24", "#e8eaed")
MUTED = Colour("muted", "#5f6772", "#a2abb6")
GRID = Colour("grid", "#dfe3e8", "#363c45")
BAD = Colour("bad", "#b91c1d", "#ff8a85")
PAPER = Colour("card", "#fdfdfc", "#1c2026")

ALL = (*SERIES, INK, MUTED, GRID, BAD, PAPER)

_MARKERS = "osD^vP*X"
_DASHES: tuple[str | tuple[int, tuple[int, ...]], ...] = (
    "-",
    (0, (6, 2)),
    (0, (1, 1)),
    (0, (5, 1, 1, 1)),
)


def looks_of(names: Sequence[str]) -> dict[str, Look]:
    """Give each contestant its look, by its place in the summary."""
    return {
        name: Look(
            SERIES[k % len(SERIES)],
            _MARKERS[k % len(_MARKERS)],
            _DASHES[(k // len(SERIES) + k) % len(_DASHES)],
        )
        for k, name in enumerate(names)
    }


def css(which: str) -> str:
    """Write the variables of one ground, ``light`` or ``dark``."""
    return " ".join(f"--{one.name}: {getattr(one, which)};" for one in ALL)
