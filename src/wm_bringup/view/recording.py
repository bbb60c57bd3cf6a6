"""A run that is over, as a viewer looks at it: any of its instants, who drove, curves over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from wm_bringup.view.scene import Footstep, Moment
from wm_bringup.view.timeline import Intervention, Stint, interventions
from wm_control.robot.description import RobotDescription
from wm_control.types import Array


@dataclass(frozen=True, slots=True)
class Curve:
    """Values (k,) over rising times (k,) [s] since the start."""

    time: Array
    value: Array

    def between(self, begin: float, end: float) -> Curve:
        """Return the part of it from ``begin`` to ``end`` [s]."""
        first, last = np.searchsorted(self.time, (begin, end))
        return Curve(self.time[first:last], self.value[first:last])


NO_CURVE = Curve(np.zeros(0), np.zeros(0))


class Run(Protocol):
    """A run that is watched, over or not. Times count from its start [s].

    live: it goes on, and the newest instant is all there is to see. seconds: how long it is.
    """

    description: RobotDescription
    live: bool

    @property
    def seconds(self) -> float:
        """How long it is, or has been so far [s]."""

    def moment(self, time: float) -> Moment | None:
        """Return what was known at ``time`` [s]; None before anything was."""

    def stints(self) -> tuple[Stint, ...]:
        """Who drove, under which action."""

    def curves(self) -> Mapping[str, Curve]:
        """Curves over time, by the names in ``charts_data.CHARTS``."""

    def footprints(self, until: float) -> Sequence[Footstep]:
        """Where the robot stepped until then [s]."""


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of a recording before it is played.

    title: for people. stretches: who drove. curves: by name. steps: where the robot stepped, when.
    """

    title: str
    stretches: tuple[Stint, ...]
    curves: Mapping[str, Curve] = field(default_factory=dict)
    steps: tuple[tuple[float, Footstep], ...] = ()

    @property
    def interventions(self) -> tuple[Intervention, ...]:
        """What there is to jump to."""
        return interventions(self.stretches)

    def footprints(self, until: float) -> Sequence[Footstep]:
        """Where the robot stepped until then [s]."""
        return [step for time, step in self.steps if time <= until]
