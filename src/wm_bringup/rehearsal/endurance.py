"""What grows while a robot is driven for long: memory, open files and what a run writes, the path.

Slopes are Theil and Sen's (scipy.stats.theilslopes), which a few looks that are out of line do not
move. What a process takes at first, before all it needs is loaded, is left out. Hours are those of
the robot's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from math import isfinite, nan
from pathlib import Path
from typing import Any

import psutil
from scipy.stats import theilslopes

from wm_bringup.host import clock

PERIOD = 5.0
"""From look to look, on the clock of the robot [s]."""

SETTLING = 0.2
"""Share of the run that is left out at its begin, and not less than ``SETTLED``."""

SETTLED = 60.0 / 3600.0
"""[h]"""

FEWEST = 10
"""Looks below which nothing is said of growth."""

MIB = 2.0**20


@dataclass(frozen=True, slots=True)
class Look:
    """What was found at one instant.

    at: since the first look [h]. values: by name, of which ``ALLOWED`` knows the units.
    """

    at: float
    values: Mapping[str, float]


ALLOWED = {
    "memory": ("MiB", 10.0),
    "open files": ("", 5.0),
    "folder": ("MiB", 10.0),
    "path": ("ms", 0.1),
}
"""Unit, and growth per hour beyond which a run does not hold, by the first words of a name."""


class Looks:
    """Looks at processes, at the folder they write to and at what the loop says of its timing."""

    def __init__(
        self,
        processes: Mapping[str, psutil.Process],
        folder: Path,
        path: Callable[[], tuple[float, float]],
    ) -> None:
        """Begin. path: median and 99th percentile of the last second [ms]."""
        self._processes, self._folder, self._path = processes, folder, path
        self._begin = self._due = clock.monotonic()
        self.kept: list[Look] = []

    def look(self) -> bool:
        """Look, if it is time; whether it was."""
        now = clock.monotonic()
        if now < self._due:
            return False
        self._due = now + PERIOD
        median, tail = self._path()
        values = {"path p50": median, "path p99": tail, "folder": _size(self._folder) / MIB}
        for name, process in self._processes.items():
            with suppress(psutil.Error):
                values[f"memory of {name}"] = process.memory_info().rss / MIB
                values[f"open files of {name}"] = float(process.num_fds())
        self.kept.append(Look((now - self._begin) / 3600.0, values))
        return True


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


@dataclass(frozen=True, slots=True)
class Growth:
    """How one value grew.

    first, last: medians of the first and the last tenth. slope, low, high: per hour, with its 95 %
    interval.
    """

    name: str
    unit: str
    first: float
    last: float
    slope: float
    low: float
    high: float

    @property
    def too_much(self) -> bool:
        """More than allowed is shown, not only possible."""
        return self.low > _allowed(self.name)[1]

    def __str__(self) -> str:
        """Say it."""
        span = f"{self.low:.3g} to {self.high:.3g}"
        return f"{self.name} grew by {self.slope:.3g} {self.unit}/h ({span})"


def _allowed(name: str) -> tuple[str, float]:
    return next(said for words, said in ALLOWED.items() if name.startswith(words))


def growth(looks: Sequence[Look]) -> tuple[Growth, ...]:
    """Return how all that was looked at grew; nothing when there were too few looks."""
    if not looks:
        return ()
    begin = max(SETTLING * looks[-1].at, SETTLED)
    kept = [one for one in looks if one.at >= begin]
    found = []
    for name in dict.fromkeys(name for one in kept for name in one.values):
        pairs = [(one.at, one.values[name]) for one in kept if isfinite(one.values.get(name, nan))]
        if len(pairs) < FEWEST:
            continue
        times, values = zip(*pairs, strict=True)
        slope, _, low, high = theilslopes(values, times)
        tenth = max(len(values) // 10, 1)
        first, last = (sorted(part)[tenth // 2] for part in (values[:tenth], values[-tenth:]))
        numbers = (float(x) for x in (first, last, slope, low, high))
        found.append(Growth(name, _allowed(name)[0], *numbers))
    return tuple(found)


def told(looks: Sequence[Look]) -> dict[str, Any]:
    """Return what a summary says of a long run; empty without looks."""
    if not looks:
        return {}
    return {"minutes": 60.0 * looks[-1].at, "growth": [asdict(one) for one in growth(looks)]}
