"""Pushes and kicks of the base, punches of joints: when and how hard, whatever the simulator."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from wm_bringup.robots.simulation.engine import JointForce
from wm_bringup.scenarios.scenario import Kick, Punch, Push
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


D = TypeVar("D", bound="Push | Kick | Punch")


class Schedule(Generic[D]):
    """Scripted disturbances, each of which comes once.

    started: when each began [s], by its place in the scenario.
    """

    def __init__(self, scripted: tuple[D, ...]) -> None:
        """Take those of a scenario."""
        self.scripted = scripted
        self.started: dict[int, float] = {}
        self._waiting = list(scripted)

    def reset(self) -> None:
        """Every scripted one is still to come; those that were added are forgotten."""
        self.started.clear()
        self._waiting = list(self.scripted)

    def add(self, one: D) -> None:
        """Let another one come, once, until reset."""
        self._waiting.append(one)

    def take(self, time: float, due: Callable[[D], bool]) -> list[D]:
        """Start those that wait, are due and whose time has come."""
        if len(self.started) == len(self._waiting):
            return []  # as in most steps of most episodes
        found = [
            k
            for k, one in enumerate(self._waiting)
            if k not in self.started and one.at <= time + 1e-9 and due(one)
        ]
        self.started.update(dict.fromkeys(found, time))
        return [self._waiting[k] for k in found]


class KickSchedule(Schedule[Kick]):
    """Scripted kicks."""

    def due(self, time: float) -> list[Kick]:
        """Kicks that come now; each is returned once."""
        return self.take(time, lambda _: True)


class PunchSchedule(Schedule[Punch]):
    """Scripted punches; ``acting`` are those of this moment."""

    def __init__(self, punches: tuple[Punch, ...]) -> None:
        """Take the punches of a scenario."""
        super().__init__(punches)
        self.acting: list[JointForce] = []
        self._ends: list[float] = []

    def reset(self) -> None:
        """Every one is still to come."""
        super().reset()
        self.acting, self._ends = [], []

    def update(self, time: float) -> None:
        """Begin and end what begins and ends in the control period that starts at ``time`` [s]."""
        begun = self.take(time, lambda _: True)
        if not (begun or self._ends):
            return
        self.acting += [JointForce(p.joint, np.array(p.force), p.axes) for p in begun]
        self._ends += [time + punch.duration for punch in begun]
        on = [time < end - 1e-9 for end in self._ends]
        self.acting = [one for one, still in zip(self.acting, on, strict=True) if still]
        self._ends = [end for end, still in zip(self._ends, on, strict=True) if still]


class PushSchedule(Schedule[Push]):
    """Scripted pushes: those with a time start by themselves, those with a phase wait for it."""

    def __init__(self, pushes: tuple[Push, ...]) -> None:
        """Take the pushes of a scenario."""
        super().__init__(pushes)
        self._phase: float | None = None

    def reset(self) -> None:
        """Every push is still to come."""
        super().reset()
        self._phase = None

    def due(self, time: float) -> list[Push]:
        """Pushes without a phase that start now; each is returned once."""
        return self.take(time, lambda push: push.phase is None)

    def due_at_phase(self, time: float, phase: float) -> list[Push]:
        """Pushes whose phase was passed since the last call; each is returned once."""
        before, self._phase = self._phase, phase
        if before is None:
            return []
        turned = (phase - before) % 1.0
        return self.take(
            time,
            lambda push: (
                push.phase is not None and 0.0 < (push.phase - before) % 1.0 <= turned < 0.5
            ),
        )
