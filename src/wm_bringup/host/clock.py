"""The clocks of the graph: the machine's own, or slower ones on a machine that cannot keep up.

In slow motion all processes of a graph see time pass slower by one factor: the simulated robot, the
loop, ages and timeouts alike, so that nothing is judged differently and a machine of a third of the
speed shows what a quick one does. A real robot has no slow motion; an emulated one on this machine
has.

The clocks may be slowed down until the graph's processes are started, which inherit it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

SLOW_MOTION: Final = "WM_SLOW_MOTION"
"""Environment variable ``FACTOR@MONOTONIC@WALL``: the machine's clocks [s] when it began."""


SLOWEST: Final = 20.0
"""Largest factor of slow motion."""


@dataclass(frozen=True, slots=True)
class Motion:
    """How the graph's clocks go.

    began_monotonic, began_wall: when they showed what the machine's did [s].
    """

    factor: float
    began_monotonic: float
    began_wall: float

    @property
    def text(self) -> str:
        """Value of the environment variable."""
        return f"{self.factor!r}@{self.began_monotonic!r}@{self.began_wall!r}"

    def monotonic(self, machine: float) -> float:
        """Graph's time at a time of the machine's ``time.monotonic`` [s]."""
        return self.began_monotonic + (machine - self.began_monotonic) / self.factor

    def machine(self, monotonic: float) -> float:
        """Time of the machine's ``time.monotonic`` at a graph's time [s]."""
        return self.began_monotonic + (monotonic - self.began_monotonic) * self.factor

    def wall(self, machine: float) -> float:
        """Graph's time of day at one of the machine's [s]."""
        return self.began_wall + (machine - self.began_wall) / self.factor


def motion_of(environment: Mapping[str, str]) -> Motion | None:
    """Read an environment; None for the machine's own time."""
    text = environment.get(SLOW_MOTION, "")
    if not text:
        return None
    factor, monotonic_began, wall_began = (float(part) for part in text.split("@"))
    return Motion(factor, monotonic_began, wall_began)


_motion = motion_of(os.environ)
_machine_monotonic, _machine_wall, _machine_sleep = time.monotonic, time.time, time.sleep


@contextmanager
def slow_motion(factor: float) -> Iterator[None]:
    """Slow motion here and in all processes that are started within; afterwards as before.

    factor: seconds of the machine per second of the graph, 1 for the machine's own time. ValueError
    for less, and for more than ``SLOWEST``.
    """
    if not 1.0 <= factor <= SLOWEST:
        raise ValueError(f"slow motion by {factor:g}, expected 1 to {SLOWEST:g}")
    before = _motion
    if factor == 1.0:
        _set(None)
    elif before is None or factor != before.factor:
        _set(Motion(factor, _machine_monotonic(), _machine_wall()))
    try:
        yield
    finally:
        _set(before)


def _set(motion: Motion | None) -> None:
    """Have this motion, and hand it on to processes."""
    global _motion
    _motion = motion
    if motion is None:
        os.environ.pop(SLOW_MOTION, None)
    else:
        os.environ[SLOW_MOTION] = motion.text


def factor() -> float:
    """Seconds of the machine per second of the graph."""
    return 1.0 if _motion is None else _motion.factor


def monotonic() -> float:
    """As ``time.monotonic`` [s]."""
    now = _machine_monotonic()
    return now if _motion is None else _motion.monotonic(now)


def monotonic_ns() -> int:
    """As ``time.monotonic_ns``."""
    return round(1e9 * monotonic())


def wall() -> float:
    """As ``time.time`` [s]."""
    now = _machine_wall()
    return now if _motion is None else _motion.wall(now)


def wall_ns(machine: int) -> int:
    """Graph's time of day at one of the machine's, in nanoseconds, as DDS stamps messages."""
    return machine if _motion is None else round(1e9 * _motion.wall(1e-9 * machine))


def sleep(seconds: float) -> None:
    """Sleep for so much of the graph's time [s]."""
    _machine_sleep(real(seconds))


def real(seconds: float) -> float:
    """How long the machine takes for seconds of the graph [s]."""
    return seconds * factor()


def machine_time(graph: float) -> float:
    """Time of ``time.monotonic`` at which the graph's is ``graph`` [s]."""
    return graph if _motion is None else _motion.machine(graph)
