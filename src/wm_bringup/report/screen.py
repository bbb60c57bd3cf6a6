"""The screen: figures in full whatever the terminal, and a bar that says how long is left."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

UNBROKEN = 1000
"""Width for tables and lines [columns]; a narrower terminal breaks them itself, and drops none."""


def make_console() -> Console:
    """Console for results: rich would squeeze them into the terminal and cut figures off.

    Nothing printed is taken for markup, here and by the next, but for the text of a status line:
    names, paths and messages have brackets of their own. Colours come as ``rich.text.Text``.
    """
    return Console(width=UNBROKEN, highlight=False, markup=False)


def make_screen() -> Console:
    """Console as wide as the terminal, for what is drawn over and disappears."""
    return Console(highlight=False, markup=False)


def progress_bar() -> Progress:
    """Bar with count, elapsed and remaining time; it disappears when done.

    Where output goes to a file there is none.
    """
    screen = make_screen()
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    )
