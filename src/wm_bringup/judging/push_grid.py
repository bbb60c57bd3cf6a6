"""The push grid: how hard a push is survived, by direction, at every phase of the stride.

One run per cell: the robot steps in place, is pushed for 0.1 s at its base when the stride
reaches the phase, and survives if it has been pushed and has not fallen five seconds later.
Impulses rise until no phase is survived any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wm_bringup.judging.episode import EpisodeResult
from wm_bringup.judging.episode_store import EpisodeStore
from wm_bringup.judging.markdown import markdown_table
from wm_bringup.judging.runner import do_runs, runs_of
from wm_bringup.judging.statistics import proportion_interval
from wm_bringup.judging.suite import Case, Grid, Suite

PUSH_TIME = 3.0
AFTER_PUSH = 5.0
LONGEST_STRIDE = 1.2
"""A phase comes round at least once in this time [s]."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One push: direction by name, impulse [N·s], phase in [0, 1)."""

    direction: str
    impulse: float
    phase: float

    @property
    def key(self) -> str:
        """Name of its case."""
        return f"{self.direction} {self.impulse:g} N·s phase {self.phase:g}"


def case_of(suite: Suite, cell: Cell) -> Case:
    """Scenario of one cell, after the pushes that the suite has for all."""
    x, y = Grid.DIRECTIONS[cell.direction]
    push = {
        "impulse": (cell.impulse * x, cell.impulse * y, 0.0),
        "at": PUSH_TIME,
        "duration": 0.1,
        "phase": cell.phase,
    }
    changes = {
        "duration": PUSH_TIME + LONGEST_STRIDE + AFTER_PUSH,
        "pushes": (*suite.scenario.get("pushes", ()), push),
    }
    return Case(cell.key, scenario=changes, step_in_place=True)


def cells(grid: Grid, direction: str, impulse: float) -> list[Cell]:
    """All phases of one impulse."""
    return [Cell(direction, impulse, k / grid.phases) for k in range(grid.phases)]


def run_grid(
    suite: Suite, store: EpisodeStore | None, jobs: int
) -> Iterator[tuple[Cell, EpisodeResult]]:
    """Yield every cell as it is known, from the store or run now; stops a direction at failure."""
    grid = suite.grid or Grid()
    still_open = list(grid.DIRECTIONS)
    for impulse in grid.impulses:
        row = {c.key: c for direction in still_open for c in cells(grid, direction, impulse)}
        cases = [case_of(suite, cell) for cell in row.values()]
        standing = set()
        for run, (result,) in do_runs(runs_of(suite, cases), store, jobs):
            cell = row[run.case]
            if survived(result):
                standing.add(cell.direction)
            yield cell, result
        still_open = [direction for direction in still_open if direction in standing]


def survived(result: EpisodeResult) -> bool:
    """Whether the robot was pushed and stayed up; one that was never pushed has shown nothing."""
    return not (result.fell or result.missed)


def summarise_grid(grid: Grid, results: Mapping[str, EpisodeResult]) -> dict[str, Any]:
    """Survivors per direction and impulse, and the largest impulse survived at all phases.

    results: by cell.
    """
    summary: dict[str, Any] = {}
    for direction in grid.DIRECTIONS:
        rows = [_row(grid, results, direction, impulse) for impulse in grid.impulses]
        tried = [row for row in rows if row["n"]]
        summary[direction] = {"rows": tried, "all_phases_survived_up_to": _all_survived(tried)}
    return summary


def _row(
    grid: Grid, results: Mapping[str, EpisodeResult], direction: str, impulse: float
) -> dict[str, Any]:
    known = [c for c in cells(grid, direction, impulse) if c.key in results]
    stood = sum(survived(results[c.key]) for c in known)
    return {
        "impulse": impulse,
        "survived": stood,
        "n": len(known),
        "interval": list(proportion_interval(stood, len(known), "wilson")),
        "fell_at_phases": [c.phase for c in known if results[c.key].fell],
    }


def _all_survived(rows: list[dict[str, Any]]) -> float:
    """Largest impulse below the first one at which some phase fell [N·s]."""
    best = 0.0
    for row in rows:
        if row["survived"] < row["n"]:
            break
        best = row["impulse"]
    return best


def grid_markdown(summary: Mapping[str, Any]) -> str:
    """Tabulate survivors of all phases in Markdown: a row per impulse, a column per direction."""
    found = {
        direction: {row["impulse"]: f"{row['survived']} of {row['n']}" for row in column["rows"]}
        for direction, column in summary.items()
    }
    rows = [
        (f"{impulse:g}", *(column.get(impulse, "-") for column in found.values()))
        for impulse in sorted({impulse for column in found.values() for impulse in column})
    ]
    best = (f"{column['all_phases_survived_up_to']:g}" for column in summary.values())
    return markdown_table(["impulse N·s", *summary], [*rows, ("all phases up to", *best)])
