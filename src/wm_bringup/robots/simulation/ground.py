"""The ground as boxes with known height, the same for every simulator."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wm_bringup.scenarios.scenario import Ground
from wm_control.types import Array

FLAT_RADIUS = 0.5
"""Around the start the ground stays at height zero, so that every episode begins alike [m]."""

BUMP_LENGTH, BUMP_WIDTH, BUMP_BEHIND = 10.0, 4.0, 2.0
"""Extent of the tiled field: ahead and to both sides together, and behind the start [m]."""

YIELDING_TIME = 0.05
"""Damping of a compliant ground by its stiffness [s]."""

_THICKNESS = 1.0
_FAR = 50.0


@dataclass(frozen=True, slots=True)
class Box:
    """A static box: centre (3,), half extents (3,) [m] and pitch about the y axis [rad]."""

    center: tuple[float, float, float]
    half_extents: tuple[float, float, float]
    pitch: float = 0.0


class Terrain:
    """One drawn ground: its boxes for the simulator and its height for the evaluator.

    plane: height of the infinite plane below everything, None when there is none [m].
    """

    def __init__(self, ground: Ground, rng: np.random.Generator) -> None:
        """Draw tile heights from ``rng``; a flat ground and a ramp draw nothing."""
        self.ground = ground
        self.plane: float | None = 0.0
        self.boxes: tuple[Box, ...] = ()
        self._heights: Array = np.zeros((0, 0))
        if ground.bumps > 0.0:
            self.plane = -ground.bumps
            self._heights = self._draw(rng)
            self.boxes = tuple(self._tiles())
        elif ground.slope != 0.0:
            self.plane = None
            self.boxes = _ramp(ground.slope, ground.slope_start)

    def height(self, x: float, y: float) -> float:
        """Height of the ground at (x, y) [m]."""
        if self.boxes and self.plane is None:
            beyond = max(0.0, x - self.ground.slope_start)
            return math.tan(self.ground.slope) * beyond
        row = math.floor((x + BUMP_BEHIND) / self.ground.tile)
        column = math.floor((y + 0.5 * BUMP_WIDTH) / self.ground.tile)
        if 0 <= row < self._heights.shape[0] and 0 <= column < self._heights.shape[1]:
            return float(self._heights[row, column])
        return 0.0 if self.plane is None else self.plane

    def _draw(self, rng: np.random.Generator) -> Array:
        tile = self.ground.tile
        rows = math.ceil((BUMP_LENGTH + BUMP_BEHIND) / tile)
        columns = math.ceil(BUMP_WIDTH / tile)
        heights = rng.uniform(-self.ground.bumps, self.ground.bumps, (rows, columns))
        x = (np.arange(rows) * tile - BUMP_BEHIND)[:, None]
        y = (np.arange(columns) * tile - 0.5 * BUMP_WIDTH)[None, :]
        near_x = (x < FLAT_RADIUS) & (x + tile > -FLAT_RADIUS)
        near_y = (y < FLAT_RADIUS) & (y + tile > -FLAT_RADIUS)
        heights[near_x & near_y] = 0.0
        return heights

    def _tiles(self) -> list[Box]:
        half = 0.5 * self.ground.tile
        return [
            Box(
                (
                    row * self.ground.tile + half - BUMP_BEHIND,
                    column * self.ground.tile + half - 0.5 * BUMP_WIDTH,
                    float(height) - 0.5 * _THICKNESS,
                ),
                (half, half, 0.5 * _THICKNESS),
            )
            for (row, column), height in np.ndenumerate(self._heights)
        ]


def _ramp(slope: float, start: float) -> tuple[Box, Box]:
    """Return a flat box that ends at ``start`` and a tilted one whose top begins there."""
    half = 0.5 * _THICKNESS
    flat = Box((0.5 * (start - _FAR), 0.0, -half), (0.5 * (start + _FAR), _FAR, half))
    along = (math.cos(slope), math.sin(slope))
    center = (
        start + 0.5 * _FAR * along[0] + half * along[1],
        0.0,
        0.5 * _FAR * along[1] - half * along[0],
    )
    return flat, Box(center, (0.5 * _FAR, _FAR, half), -slope)
