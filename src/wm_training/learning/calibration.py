"""Which command makes the policy walk as fast as it is asked to.

A policy without base velocity walks a little slower or faster than it is told: it trades speed
against effort. What it reaches is measured in MuJoCo on the nominal robot, axis by axis, and turned
round: asked -> told, piecewise linear through zero, a few nodes at the entrance of the network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wm_control.robot.description import RobotDescription
from wm_control.types import Array
from wm_training.learning.env import TrainingEnvironment
from wm_training.learning.parameters import TrainingParameters

Act = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Canonical observations (n, w) to the network's outputs (n, outputs)."""

GRID = (-1.0, -0.75, -0.5, -0.25, 0.25, 0.5, 0.75, 1.0)
"""Told commands, as shares of the trained range on either side."""

SETTLE, MEASURE = 5.0, 6.0
"""Time before and while reached velocity is averaged [s]."""

ROBOTS_EACH = 16


@dataclass(frozen=True, slots=True)
class AxisMap:
    """Asked to told velocity on one axis: linear between knots, of which one is (0, 0).

    asked, told: (k,) rising [m/s or rad/s]; beyond the ends nothing is asked.
    """

    asked: tuple[float, ...]
    told: tuple[float, ...]

    def __call__(self, asked: Array) -> Array:
        """Return what to tell for (n,) asked values."""
        return np.asarray(np.interp(asked, self.asked, self.told))

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest velocity that can be asked for."""
        return self.asked[0], self.asked[-1]

    def hinges(self) -> tuple[float, list[tuple[float, float]]]:
        """Slope of the first piece, and (knot, change of slope) of the others."""
        if len(self.asked) < 2:
            return 1.0, []
        slopes = np.diff(self.told) / np.diff(self.asked)
        inner = zip(self.asked[1:-1], np.diff(slopes).tolist(), strict=True)
        return float(slopes[0]), list(inner)


def nominal(parameters: TrainingParameters) -> TrainingParameters:
    """Parameters of a robot as described, on ground of medium friction, that nobody pushes."""
    delay = min(0.01, 1.0 / parameters.rate)
    changed = replace(
        parameters.randomisation,
        friction=(0.7, 0.7),
        trunk_mass=(0.0, 0.0),
        trunk_com=0.0,
        stiffness=(1.0, 1.0),
        damping=(1.0, 1.0),
        delay=(delay, delay),
        encoder_offset=0.0,
        gyro_bias=0.0,
        gravity_bias=0.0,
        kick=0.0,
        kick_turn=0.0,
    )
    return replace(parameters, randomisation=changed, episode=1000.0)


def calibrate(
    act: Act, description: RobotDescription, parameters: TrainingParameters, seed: int
) -> tuple[AxisMap, AxisMap, AxisMap]:
    """Measure forward, left and turning speed, and turn the relation round."""
    c = parameters.command
    told = [told_grid(bounds) for bounds in (c.forward, c.sideways, c.turning)]
    commands = [command for axis in range(3) for command in np.outer(told[axis], np.eye(3)[axis])]
    reached = measure(act, description, parameters, np.array(commands), seed)
    per_axis = [part[:, axis] for axis, part in enumerate(np.split(reached, 3))]
    forward = inverse(told[0], per_axis[0])
    left, turn = (
        inverse(told[axis], sideways_or_turning(bounds, per_axis[axis]))
        for axis, bounds in ((1, c.sideways), (2, c.turning))
    )
    return forward, left, turn


def sideways_or_turning(bounds: tuple[float, float], reached: Array) -> Array:
    """(k,) reached on one of these axes; both directions averaged where the same was told."""
    return symmetric(reached) if bounds[0] == -bounds[1] else reached


def symmetric(reached: Array) -> Array:
    """Mean of both directions, for the policy is symmetric; (k,) for rising told commands."""
    return 0.5 * (reached - reached[::-1])


def told_grid(bounds: tuple[float, float]) -> Array:
    """Return told commands on one axis, rising, without zero."""
    return np.array([share * (bounds[1] if share > 0.0 else -bounds[0]) for share in GRID])


def measure(
    act: Act,
    description: RobotDescription,
    parameters: TrainingParameters,
    commands: Array,
    seed: int,
) -> Array:
    """(k, 3) mean velocity of robots that are told (k, 3) commands for some seconds."""
    p = nominal(parameters)
    wanted = np.repeat(commands, ROBOTS_EACH, axis=0)
    env = TrainingEnvironment(description, p, len(wanted), seed)
    step = env.reset()
    strides: list[Array] = []
    for tick in range(round((SETTLE + MEASURE) * p.rate)):
        env.commands.hold(wanted)
        step = env.step(act(step.observation))
        if tick >= SETTLE * p.rate:
            strides.append(env.mean_velocity)
    mean = np.mean(strides, axis=0).reshape(len(commands), ROBOTS_EACH, 3)
    return np.asarray(np.median(mean, axis=1))


def inverse(told: Sequence[float] | Array, reached: Array) -> AxisMap:
    """Turn told -> reached round; where it does not rise by a tenth of what is told it is cut."""
    asked, given = [0.0], [0.0]
    for sign in (1.0, -1.0):
        for tell, reach in sorted(
            zip(told, reached.tolist(), strict=True), key=lambda p: abs(p[0])
        ):
            end = asked[-1] if sign > 0.0 else asked[0]
            if tell * sign <= 0.0 or not sign * (reach - end) > 0.1 * abs(tell) / len(told):
                continue
            at = len(asked) if sign > 0.0 else 0
            asked.insert(at, float(reach))
            given.insert(at, float(tell))
    return AxisMap(tuple(asked), tuple(given))
