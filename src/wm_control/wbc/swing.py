"""Swing-foot reference: minimum jerk from where the reference is to where the plan wants it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wm_control.types import Array


def minimum_jerk(
    position: Array,
    velocity: Array,
    acceleration: Array,
    goal: Array,
    goal_velocity: Array,
    remaining: Array,
) -> Array:
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


@dataclass(slots=True)
class SwingReference:
    """Pose x, y, z, yaw of the swing sole with two derivatives, each (4,), in world."""

    position: Array
    velocity: Array
    acceleration: Array

    @classmethod
    def at(cls, pose: Array) -> SwingReference:
        """At rest on the ground."""
        return cls(np.array(pose, dtype=np.float64), np.zeros(4), np.zeros(4))

    def advance(
        self, target: Array, apex: float, elapsed: float, remaining: float, dt: float
    ) -> None:
        """Move one tick towards ``target`` (4,), over an apex [m], arriving in ``remaining`` [s].

        The foot reaches its apex at 45 % of the swing. Close to the end the horizontal goal is
        held for 20 ms before touchdown, so that the sole lands at rest; vertically the last 40 ms
        are a moving horizon, in which it settles some 2 mm above the goal: the load transfer, not
        an impact, closes the gap.
        """
        total = elapsed + remaining
        goal = np.array(target, dtype=np.float64)
        goal[3] = self.position[3] + np.arctan2(
            np.sin(goal[3] - self.position[3]), np.cos(goal[3] - self.position[3])
        )
        horizon = np.full(4, max(remaining - 0.02, 0.04))
        arrival = np.zeros(4)
        to_apex = 0.45 * total - elapsed
        if to_apex > 0.03:
            goal[2] += apex
            horizon[2] = to_apex
        else:
            horizon[2] = max(remaining, 0.04)
            arrival[2] = -0.1
        jerk = minimum_jerk(self.position, self.velocity, self.acceleration, goal, arrival, horizon)
        self.position = self.position + dt * (self.velocity + 0.5 * dt * self.acceleration)
        self.velocity = self.velocity + dt * (self.acceleration + 0.5 * dt * jerk)
        self.acceleration = self.acceleration + dt * jerk
