"""Where the sole of a foot is: the lowest slab of the foot's shapes, and a rectangle inside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from wm_control.robot.drafting.shapes import moved
from wm_control.robot.drafting.skeleton import Skeleton
from wm_control.robot.posture import LATERAL
from wm_control.robot.rotations import rpy_from_rotation
from wm_control.types import Array

SLAB = 0.010
"""What is so near to the lowest point of a foot is its sole [m]."""

STEEPEST = np.cos(np.radians(50.0))
"""A sole's normal may lean so far with all joints at zero (cosine)."""

LARGER = 1.3
"""A leaning face of the foot is its sole if so many times the level slab's area."""

MOST_FACES = 400
"""Directions that are tried as a sole's normal."""

GUESS_LENGTH, GUESS_WIDTH, GUESS_DEPTH = 0.11, 0.045, 0.08
"""Half length and half width of a sole, and the ankle's height, in lengths of the leg."""


@dataclass(frozen=True, slots=True)
class SoleDraft:
    """A sole in its foot's body: position (3,) [m], rpy (3,) [rad], half sizes [m].

    behind, ahead: from the ankle's pitch joint to the ends of the slab, along x [m]; NaN where
    nothing was measured. lean: of the sole out of the level, joints at zero [rad].
    """

    position: Array
    rpy: Array
    half_length: float
    half_width: float
    behind: float
    ahead: float
    lean: float

    @property
    def measured(self) -> bool:
        """Whether it was read from shapes."""
        return bool(np.isfinite(self.ahead))


def measure_sole(skeleton: Skeleton, leg: Sequence[str], balls: Array) -> SoleDraft | None:
    """Sole of a leg's foot by its shapes, (n, 4) centre and radius in its frame; None: no area."""
    foot = leg[-1]
    pose = skeleton.poses[foot]
    placed = moved(balls, pose.rotation, np.zeros(3))
    axes = _sole_axes(placed)
    local = moved(placed, axes.T, np.zeros(3))
    slab = _slab(local)
    if _area(slab) <= 0.0:
        return None
    lower, upper = slab.min(axis=0), slab.max(axis=0)
    center = 0.5 * (lower + upper)
    half = _inner_rectangle(slab - center, 0.5 * (upper - lower))
    ankle = [body for body in leg if abs(skeleton.axis(body)[1]) > LATERAL][-1:] or [foot]
    past = float(skeleton.position(foot)[0] - skeleton.position(ankle[0])[0])
    in_base = axes @ np.array([*center, _lowest(local)])
    return SoleDraft(
        position=pose.rotation.T @ in_base,
        rpy=rpy_from_rotation(pose.rotation.T @ axes),
        half_length=float(half[0]),
        half_width=float(half[1]),
        behind=float(lower[0]) + past,
        ahead=float(upper[0]) + past,
        lean=float(np.arccos(min(1.0, axes[2, 2]))),
    )


def guess_sole(skeleton: Skeleton, leg: Sequence[str], leg_length: float) -> SoleDraft:
    """Sole of a foot without shapes: level at zero, and as large as those of other robots."""
    rotation = skeleton.poses[leg[-1]].rotation
    down = np.array([0.3 * GUESS_LENGTH * leg_length, 0.0, -GUESS_DEPTH * leg_length])
    return SoleDraft(
        position=rotation.T @ down,
        rpy=rpy_from_rotation(rotation.T),
        half_length=GUESS_LENGTH * leg_length,
        half_width=GUESS_WIDTH * leg_length,
        behind=np.nan,
        ahead=np.nan,
        lean=0.0,
    )


def leg_length(skeleton: Skeleton, leg: Sequence[str]) -> float:
    """Length of thigh and shin: of all steps between the joints of a leg [m]."""
    points = [skeleton.position(body) for body in leg]
    steps = pairwise(points)
    return float(sum(np.linalg.norm(b - a) for a, b in steps))


def _sole_axes(balls: Array) -> Array:
    """Axes (3, 3) of the sole in the base: z up, x to the front; level unless a face is larger."""
    level = np.eye(3)
    best, area = level, LARGER * _area(_slab(balls))
    for normal in _downward_normals(balls[:, :3]):
        axes = _axes_of(-normal)
        found = _area(_slab(moved(balls, axes.T, np.zeros(3))))
        if found > area:
            best, area = axes, found
    return best


def _axes_of(up: Array) -> Array:
    y = np.cross(up, [1.0, 0.0, 0.0])
    y /= np.linalg.norm(y)
    return np.column_stack((np.cross(y, up), y, up))


def _downward_normals(points: Array) -> list[Array]:
    """Outward normals of the hull's faces that look down, each direction once."""
    try:
        hull = ConvexHull(points)
    except (QhullError, ValueError):
        return []
    normals = hull.equations[:, :3]
    down = normals[normals[:, 2] < -STEEPEST]
    directions: Array = np.unique(np.round(down, 2), axis=0)
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    return list(directions / lengths)[:MOST_FACES]


def _lowest(balls: Array) -> float:
    return float((balls[:, 2] - balls[:, 3]).min())


def _slab(balls: Array) -> Array:
    """x, y (k, 2) of the centres of what comes within SLAB of the lowest."""
    if not len(balls):
        return balls[:, :2]
    low = balls[:, 2] - balls[:, 3] < _lowest(balls) + SLAB
    return balls[low][:, :2]


def _hull(points: Array) -> Array | None:
    """Edges (k, 3) of the hull of points (n, 2): n·x + d <= 0 inside; None when they span none."""
    if len(points) < 3 or np.ptp(points, axis=0).min() < 1e-4:
        return None
    try:
        equations: Array = ConvexHull(points).equations
    except (QhullError, ValueError):
        return None
    return equations


def _area(points: Array) -> float:
    return float(np.prod(np.ptp(points, axis=0))) if _hull(points) is not None else 0.0


def _inner_rectangle(points: Array, half: Array) -> Array:
    """Half sizes (2,) of the largest rectangle about the origin inside the hull of the points."""
    edges = _hull(points)
    if edges is None:
        return half
    best = 0.5 * half
    for x in np.linspace(0.5, 1.0, 51) * half[0]:
        room = -edges[:, 2] + 1e-4 - np.abs(edges[:, 0]) * x
        across = np.abs(edges[:, 1])
        y = min(half[1], float(np.min(room[across > 1e-9] / across[across > 1e-9])))
        if np.all(room >= across * y - 1e-9) and x * y > best[0] * best[1]:
            best = np.array([x, y])
    return np.asarray(best)
