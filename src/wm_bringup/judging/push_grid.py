"""The push grid: how hard a push is survived, by direction, at every phase of the stride.

One episode per cell: the robot steps in place, is pushed for 0.1 s at its base when the stride
reaches the phase, and survives if it has been pushed and has not fallen five seconds later.
Impulses rise until no phase is survived any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wm_bringup.judging.episode import Episode, proportion_interval
from wm_bringup.judging.episode_store import EpisodeStore
from wm_bringup.judging.episodes import WalkSetup, run_indexed
from wm_bringup.scenarios.scenario import Push

DIRECTIONS: Mapping[str, tuple[float, float]] = {
    "forward": (1.0, 0.0),
    "back": (-1.0, 0.0),
    "left": (0.0, 1.0),
    "right": (0.0, -1.0),
}
"""Unit vectors along heading and left."""

PHASES = 8
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
        """Name in the episode file."""
        return f"{self.direction} {self.impulse:g} N·s phase {self.phase:g}"


def cell_setup(base: WalkSetup, cell: Cell) -> WalkSetup:
    """Scenario of one cell."""
    x, y = DIRECTIONS[cell.direction]
    push = Push(
        impulse=(cell.impulse * x, cell.impulse * y, 0.0),
        at=PUSH_TIME,
        duration=0.1,
        phase=cell.phase,
    )
    scenario = replace(
        base.scenario,
        duration=PUSH_TIME + LONGEST_STRIDE + AFTER_PUSH,
        pushes=(*base.scenario.pushes, push),
    )
    return replace(base, scenario=scenario, step_in_place=True)


def cells(direction: str, impulse: float) -> list[Cell]:
    """All phases of one impulse."""
    return [Cell(direction, impulse, k / PHASES) for k in range(PHASES)]


def run_grid(
    base: WalkSetup,
    impulses: Sequence[float],
    directions: Sequence[str],
    store: EpisodeStore | None,
    jobs: int,
) -> Iterator[tuple[Cell, Episode]]:
    """Yield every cell as it is known, from the store or run now; stops a direction at failure."""
    episodes = dict(store.episodes) if store else {}
    still_open = list(directions)
    for impulse in impulses:
        row = [cell for direction in still_open for cell in cells(direction, impulse)]
        missing = [cell for cell in row if cell.key not in episodes]
        yield from ((cell, episodes[cell.key]) for cell in row if cell.key in episodes)
        work = [(cell_setup(base, cell), base.scenario.seed) for cell in missing]
        for index, episode in run_indexed(work, jobs):
            cell = missing[index]
            episodes[cell.key] = episode
            if store:
                store.add(cell.key, episode)
            yield cell, episode
        still_open = [d for d in still_open if _survived(episodes, d, impulse)]


def _survived(episodes: Mapping[str, Episode], direction: str, impulse: float) -> int:
    found = [episodes.get(cell.key) for cell in cells(direction, impulse)]
    return sum(episode is not None and survived(episode) for episode in found)


def survived(episode: Episode) -> bool:
    """Whether the robot was pushed and stayed up; one that was never pushed has shown nothing."""
    return not (episode.fell or episode.missed)


def summarise_grid(
    episodes: Mapping[str, Episode], impulses: Sequence[float], directions: Sequence[str]
) -> dict[str, Any]:
    """Survivors per direction and impulse, and the largest impulse survived at all phases."""
    result: dict[str, Any] = {}
    for direction in directions:
        rows = []
        for impulse in impulses:
            known = [c for c in cells(direction, impulse) if c.key in episodes]
            if not known:
                continue
            fallen = [c.phase for c in known if episodes[c.key].fell]
            stood = sum(survived(episodes[c.key]) for c in known)
            rows.append(
                {
                    "impulse": impulse,
                    "survived": stood,
                    "n": len(known),
                    "interval": list(proportion_interval(stood, len(known), "wilson")),
                    "fell_at_phases": fallen,
                }
            )
        result[direction] = {"rows": rows, "all_phases_survived_up_to": _all_survived(rows)}
    return result


def _all_survived(rows: Sequence[Mapping[str, Any]]) -> float:
    """Largest impulse below the first one at which some phase fell [N·s]."""
    best = 0.0
    for row in rows:
        if row["survived"] < row["n"]:
            break
        best = row["impulse"]
    return best
