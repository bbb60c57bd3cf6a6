"""Swing-foot reference: minimum jerk from where the reference is to where the plan wants it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import casadi as ca
import numpy as np

from wm_control.kernel import Kernel
from wm_control.types import Array

Numbers = TypeVar("Numbers", Array, ca.SX)


def minimum_jerk(
    position: Numbers,
    velocity: Numbers,
    acceleration: Numbers,
    goal: Numbers,
    goal_velocity: Numbers,
    remaining: Numbers,
) -> Numbers:
    """Jerk at the start of the quintic that arrives after ``remaining`` with zero acceleration.

    Any shape. Re-evaluated at every tick it follows a moving goal without a jump in acceleration
    (Flash and Hogan 1985; the coefficients are those of the boundary-value problem at t = 0).
    """
    t = remaining
    return (
        60.0 * (goal - position) / t**3
        - (36.0 * velocity + 24.0 * goal_velocity) / t**2
        - 9.0 * acceleration / t
    )


class SwingReference:
    """Pose x, y, z, yaw of the swing sole with two derivatives, each (4,), in world.

    The arrays are written in place.
    """

    def __init__(self) -> None:
        """At rest at the origin."""
        self.position, self.velocity, self.acceleration = np.zeros(4), np.zeros(4), np.zeros(4)
        self.kernel = _advance(self.numbers)
        self._target, self._timing = self.kernel.inputs["target"], self.kernel.inputs["timing"]
        self._next = tuple(self.kernel.outputs.values())

    @property
    def numbers(self) -> Mapping[str, Array]:
        """All of it by name."""
        return {
            "swing_position": self.position,
            "swing_velocity": self.velocity,
            "swing_acceleration": self.acceleration,
        }

    def begin(self, pose: Array, velocity: Array | float = 0.0) -> None:
        """Start at a pose (4,), at rest on the ground or with a velocity (4,)."""
        self.position[:] = pose
        self.velocity[:] = velocity
        self.acceleration[:] = 0.0

    def advance(
        self, target: Array, apex: float, elapsed: float, remaining: float, dt: float
    ) -> None:
        """Move one tick towards ``target`` (4,), over an apex [m], arriving in ``remaining`` [s].

        The foot reaches its apex at 45 % of the swing. Close to the end the horizontal goal is
        held for 20 ms before touchdown, so that the sole lands at rest; vertically the last 40 ms
        are a moving horizon, in which it settles some 2 mm above the goal: the load transfer, not
        an impact, closes the gap.
        """
        self._target[:] = target
        self._timing[:] = apex, elapsed, remaining, dt
        self.kernel.run()
        self.position[:], self.velocity[:], self.acceleration[:] = self._next


def _advance(state: Mapping[str, Array]) -> Kernel:
    """Write down ``SwingReference.advance``; state: read in place."""
    symbols = {name: ca.SX.sym(name, 4) for name in (*state, "target", "timing")}
    position, velocity, acceleration, target, timing = symbols.values()
    apex, elapsed, remaining, dt = ca.vertsplit(timing)
    to_apex = 0.45 * (elapsed + remaining) - elapsed
    rising = to_apex > 0.03
    turn = target[3] - position[3]
    goal = ca.vertcat(
        target[:2],
        target[2] + ca.if_else(rising, apex, 0.0),
        position[3] + ca.atan2(ca.sin(turn), ca.cos(turn)),
    )
    level = ca.fmax(remaining - 0.02, 0.04)
    height = ca.if_else(rising, to_apex, ca.fmax(remaining, 0.04))
    horizon = ca.vertcat(level, level, height, level)
    arrival = ca.vertcat(0.0, 0.0, ca.if_else(rising, 0.0, -0.1), 0.0)
    jerk = minimum_jerk(position, velocity, acceleration, goal, arrival, horizon)
    moved = {
        "position": position + dt * (velocity + 0.5 * dt * acceleration),
        "velocity": velocity + dt * (acceleration + 0.5 * dt * jerk),
        "acceleration": acceleration + dt * jerk,
    }
    return Kernel("swing", symbols, moved, state)
