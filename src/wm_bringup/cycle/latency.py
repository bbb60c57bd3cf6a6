"""One latency sample per control cycle, and what can honestly be said about many of them.

Vocabulary (docs/interfaces.md): *communication* latency is from the measurement to its arrival in
the control process, *wait* from arrival to the start of the cycle, *node* latency from start to
end of the cycle's computation, *publish* from there until the command has left, and *path* latency
the whole way from measurement to command. All stamps come from one clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wm_control.types import Array, Status

SAMPLES_FOR_P99_9 = 2995
"""Below this many samples the largest one is no 95 % upper bound on p99.9: 1 - 0.999^n < 0.95."""

STAGES = ("estimator", "controller", "arbiter", "backend")
"""Stages of a cycle that carry their own times, in the order in which they run."""


@dataclass(frozen=True, slots=True)
class LatencySample:
    """When one control cycle measured, started, finished and sent; all times in [s].

    sequence: of the observation the cycle answered. controller: source of the command sent.
    t_sensor: measurement. t_received: its arrival in this process. t_start, t_end: of the
    computation. t_published: the command has left for the drives.
    deadline_missed: the command left after the end of its own control period.
    iterations: of all the solvers in this cycle. status: of the controller's result.
    estimator_time, controller_time, arbiter_time, backend_time: duration of each stage.
    skipped: control periods given up before this cycle, because the loop stood still.
    """

    sequence: int
    controller: str
    t_sensor: float
    t_received: float
    t_start: float
    t_end: float
    t_published: float
    deadline_missed: bool = False
    iterations: int = 0
    status: Status = Status.OK
    estimator_time: float = 0.0
    controller_time: float = 0.0
    arbiter_time: float = 0.0
    backend_time: float = 0.0
    skipped: int = 0

    @property
    def path(self) -> float:
        """Path latency: measurement to command sent [s]."""
        return self.t_published - self.t_sensor


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Tail of a distribution in the unit of its samples; never a mean.

    p99_9 is None when there are fewer than ``SAMPLES_FOR_P99_9`` samples to support it; the others
    are None without any sample.
    """

    p50: float | None
    p95: float | None
    p99: float | None
    p99_9: float | None
    max: float | None
    n: int


def percentiles(samples: Array) -> Percentiles:
    """Tail of (k,) samples; NaN samples are an error of the caller and give None throughout."""
    if samples.size == 0 or not np.isfinite(samples).all():
        return Percentiles(None, None, None, None, None, int(samples.size))
    p50, p95, p99, p99_9 = (float(v) for v in np.percentile(samples, (50.0, 95.0, 99.0, 99.9)))
    supported = p99_9 if samples.size >= SAMPLES_FOR_P99_9 else None
    return Percentiles(p50, p95, p99, supported, float(samples.max()), int(samples.size))


_ROW = np.dtype(
    [
        ("sequence", np.int64),
        ("controller", np.int16),
        ("status", np.int16),
        ("iterations", np.int32),
        ("deadline_missed", np.bool_),
        ("t_sensor", np.float64),
        ("t_received", np.float64),
        ("t_start", np.float64),
        ("t_end", np.float64),
        ("t_published", np.float64),
        *((f"{stage}_time", np.float64) for stage in STAGES),
    ]
)


class LatencyLog:
    """Preallocated ring of latency samples; ``append`` is the only call made in the loop.

    One thread appends; another may summarise at any time and sees all samples but perhaps the
    newest. When the ring is full the oldest samples go; counts keep covering the whole run.

    skipped: control periods that were given up; each is a miss without a sample.
    """

    def __init__(self, capacity: int = 1 << 17) -> None:
        """Reserve room for ``capacity`` cycles (the default holds 262 s at 500 Hz, 12 MB).

        It is written to once, so that the system gives it now and not while the robot walks.
        """
        self._rows = np.zeros(capacity, dtype=_ROW)
        self._rows.view(np.uint8).fill(0)
        self._names: dict[str, int] = {}
        self.n = 0
        self.misses = 0
        self.skipped = 0
        self.longest_miss_run = 0
        self.sequence_gaps = 0
        self._miss_run = 0
        self._last_sequence: int | None = None

    def append(self, sample: LatencySample) -> None:
        """Take in one cycle."""
        s = sample
        self._rows[self.n % len(self._rows)] = (
            s.sequence,
            self._names.setdefault(s.controller, len(self._names)),
            s.status,
            s.iterations,
            s.deadline_missed,
            s.t_sensor,
            s.t_received,
            s.t_start,
            s.t_end,
            s.t_published,
            s.estimator_time,
            s.controller_time,
            s.arbiter_time,
            s.backend_time,
        )
        self.n += 1
        if s.skipped:
            self._skip(s.skipped)
        self._count(s.sequence, s.deadline_missed)

    @property
    def miss_rate(self) -> float:
        """Share of the control periods that were missed."""
        periods = self.n + self.skipped
        return self.misses / periods if periods else 0.0

    def _skip(self, periods: int) -> None:
        self.skipped += periods
        self.misses += periods
        self._miss_run += periods
        self.longest_miss_run = max(self.longest_miss_run, self._miss_run)

    def _count(self, sequence: int, missed: bool) -> None:
        self._miss_run = self._miss_run + 1 if missed else 0
        self.misses += missed
        self.longest_miss_run = max(self.longest_miss_run, self._miss_run)
        if self._last_sequence is not None:
            self.sequence_gaps += max(0, sequence - self._last_sequence - 1)
        self._last_sequence = sequence

    def rows(self, last: int | None = None) -> NDArray[np.void]:
        """Copy of the newest ``last`` samples (default: all kept), oldest first, structured."""
        n, capacity = self.n, len(self._rows)
        count = min(n, capacity, n if last is None else last)
        return self._rows[np.arange(n - count, n) % capacity]

    def controller_names(self) -> tuple[str, ...]:
        """Names behind the integers of the ``controller`` column."""
        return tuple(self._names)

    def save(self, path: Path) -> None:
        """Write all kept samples to an ``.npz``: one array per column, and controller names.

        Beside them ``misses`` of ``periods``, which are those of the whole run.
        """
        rows = self.rows()
        columns: dict[str, Any] = {name: rows[name] for name in _ROW.names or ()}
        path.parent.mkdir(parents=True, exist_ok=True)
        columns |= {"misses": self.misses, "periods": self.n + self.skipped}
        np.savez_compressed(path, names=np.array(self.controller_names(), dtype=str), **columns)
