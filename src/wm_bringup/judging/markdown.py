"""Tables in Markdown, for the screen and for files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown_table(heads: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """Tabulate rows of cells under their heads."""
    lines = [_line(heads), "|---" * len(heads) + "|"]
    return "\n".join([*lines, *map(_line, rows)])


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
