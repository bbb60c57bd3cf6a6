"""Pushes and kicks of the base: when they come and how hard, independent of the simulator."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wm_bringup.scenarios.scenario import Kick, Push
from wm_control.types import Array


@dataclass(frozen=True, slots=True)
class ActivePush:
    """A force (3,) in world axes [N] that acts on the base until physics step ``last``."""

    force: Array
    last: int


def force_of(impulse: Array, duration: float, heading: float, dt: float) -> tuple[Array, int]:
    """Constant world force (3,) [N] and number of physics steps that give exactly this impulse.

    impulse: (3,) along heading, left, up [N·s]. The duration is rounded to whole steps of ``dt``.
    """
    steps = max(1, round(duration / dt))
    cos, sin = math.cos(heading), math.sin(heading)
    forward, left, up = impulse
    world = np.array([cos * forward - sin * left, sin * forward + cos * left, up])
    return world / (steps * dt), steps


class PushSchedule:
    """Scripted pushes: those with a time start by themselves, those with a phase wait for it."""

    def __init__(self, pushes: tuple[Push, ...]) -> None:
        """Take the pushes of a scenario.

        ``started`` holds when each began [s], by its place among them.
        """
        self._all = pushes
        self._waiting: list[int] = []
        self.started: dict[int, float] = {}
        self._phase: float | None = None
        self.reset()

    def reset(self) -> None:
        """Every push is still to come."""
        self._waiting = list(range(len(self._all)))
        self.started.clear()
        self._phase = None

    def due(self, time: float) -> list[Push]:
        """Pushes without a phase that start now; each is returned once."""
        return self._take(time, lambda push: push.phase is None)

    def due_at_phase(self, time: float, phase: float) -> list[Push]:
        """Pushes whose phase was passed since the last call; each is returned once."""
        before, self._phase = self._phase, phase
        if before is None:
            return []
        turned = (phase - before) % 1.0
        return self._take(
            time,
            lambda push: (
                push.phase is not None and 0.0 < (push.phase - before) % 1.0 <= turned < 0.5
            ),
        )

    def _take(self, time: float, due: Callable[[Push], bool]) -> list[Push]:
        """Start the waiting pushes that are due and whose time has come."""
        found = [k for k in self._waiting if self._all[k].at <= time + 1e-9 and due(self._all[k])]
        for index in found:
            self._waiting.remove(index)
            self.started[index] = time
        return [self._all[index] for index in found]


class KickSchedule:
    """Scripted kicks, in order of time. ``started`` holds when each came [s], by its place."""

    def __init__(self, kicks: tuple[Kick, ...]) -> None:
        """Take the kicks of a scenario."""
        self._all = kicks
        self.started: dict[int, float] = {}

    def reset(self) -> None:
        """Every kick is still to come."""
        self.started.clear()

    def due(self, time: float) -> list[Kick]:
        """Kicks that come now; each is returned once."""
        waiting = (k for k in range(len(self._all)) if k not in self.started)
        found = [k for k in waiting if self._all[k].at <= time + 1e-9]
        self.started.update(dict.fromkeys(found, time))
        return [self._all[k] for k in found]
