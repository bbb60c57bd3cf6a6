"""Velocity kicks: the base's velocity changes at once, as in the push tests of training.

A kick adds to the velocity of the floating base; in PyBullet, whose joints are reduced coordinates,
the whole robot then moves that much faster, stance foot included, whatever it weighs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wm_bringup.robots.pybullet.bullet import pybullet
from wm_bringup.robots.pybullet.robot import PyBulletRobot
from wm_bringup.scenarios.scenario import Scenario
from wm_control.robot.description import RobotDescription
from wm_control.types import Command, Observation


@dataclass(frozen=True, slots=True)
class Kick:
    """At ``at`` [s] the base gets ``size`` [m/s] in ``direction`` [rad], in the world."""

    at: float
    size: float
    direction: float


def every(period: float, size: float, duration: float, seed: int) -> tuple[Kick, ...]:
    """Kicks of one size every ``period`` [s] from then on, in directions drawn from ``seed``."""
    rng = np.random.default_rng(seed)
    times = np.arange(period, duration - 1e-9, period)
    return tuple(Kick(float(t), size, float(rng.uniform(-np.pi, np.pi))) for t in times)


class KickedRobot(PyBulletRobot):
    """A PyBullet robot whose base is kicked at given times."""

    def __init__(
        self, description: RobotDescription, scenario: Scenario, kicks: Sequence[Kick]
    ) -> None:
        """kicks: in order of time."""
        super().__init__(description, scenario)
        self._kicks, self._waiting = tuple(kicks), list(kicks)

    def reset(self, seed: int) -> Observation:
        """Start again; every kick is still to come."""
        self._waiting = list(self._kicks)
        return super().reset(seed)

    def step(self, command: Command | None, compute_time: float = 0.0) -> Observation:
        """Advance one control period, after the kick that is due."""
        while self._waiting and self._waiting[0].at <= self.time + 1e-9:
            self._kick(self._waiting.pop(0))
        return super().step(command, compute_time)

    def _kick(self, kick: Kick) -> None:
        engine = self._engine
        body, client = engine._robot, engine._client  # type: ignore[attr-defined]
        (x, y, z), turning = pybullet.getBaseVelocity(body, physicsClientId=client)
        x += kick.size * np.cos(kick.direction)
        y += kick.size * np.sin(kick.direction)
        pybullet.resetBaseVelocity(body, (x, y, z), turning, physicsClientId=client)
