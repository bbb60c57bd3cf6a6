"""Time calls in CPU and wall time, and put the result beside a bound from the same run."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, ParamSpec, TypeVar

import numpy as np

from wm_bringup.cycle.latency import Percentiles, percentiles

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(slots=True)
class Stopwatch:
    """CPU time of this thread and wall time of many calls, in milliseconds."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call and take both times."""
        wall, cpu = time.perf_counter(), time.thread_time()
        result = function(*args, **kwargs)
        self.cpu.append(1e3 * (time.thread_time() - cpu))
        self.wall.append(1e3 * (time.perf_counter() - wall))
        return result

    def cpu_percentiles(self) -> Percentiles:
        """Tail of the CPU times [ms]."""
        return percentiles(np.array(self.cpu))

    def wall_percentiles(self) -> Percentiles:
        """Tail of the wall times [ms]."""
        return percentiles(np.array(self.wall))


@dataclass(frozen=True, slots=True)
class Bound:
    """A bare-library time for the same work: what remains if everything of ours cost nothing."""

    name: str
    p50: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """Percentiles in milliseconds of CPU time, of wall time, and the bound, if there is one."""

    name: str
    cpu: Percentiles
    wall: Percentiles | None
    bound: Bound | None

    def as_json(self) -> dict[str, Any]:
        """Keys p50, p95, p99, max, n (CPU, ms), wall, reference, ratio."""
        ratio = None
        if self.bound and self.bound.p50 > 0.0 and self.cpu.p50 is not None:
            ratio = self.cpu.p50 / self.bound.p50
        return {
            **_row(self.cpu),
            "unit": "ms",
            "wall": _row(self.wall) if self.wall else None,
            "reference": {"name": self.bound.name, "p50": self.bound.p50} if self.bound else None,
            "ratio": ratio,
        }


def measured(name: str, watch: Stopwatch, bound_name: str, bound: Stopwatch) -> Measurement:
    """Put a measurement beside its bound."""
    reference = bound.cpu_percentiles().p50
    return Measurement(
        name,
        watch.cpu_percentiles(),
        watch.wall_percentiles(),
        None if reference is None else Bound(bound_name, reference),
    )


def _row(p: Percentiles) -> dict[str, Any]:
    return {"p50": p.p50, "p95": p.p95, "p99": p.p99, "max": p.max, "n": p.n}


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep the garbage collector out, as the real-time process does."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def intercepted(module: ModuleType, name: str, replacement: Callable[..., Any]) -> Iterator[None]:
    """Replace the function ``module.name`` for a while.

    That is how a library call is timed in place, or its arguments are collected, without the code
    under test knowing.
    """
    original = getattr(module, name)
    setattr(module, name, replacement)
    try:
        yield
    finally:
        setattr(module, name, original)
