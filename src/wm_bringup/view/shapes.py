"""Triangles for a viewer: meshes thinned out to what a picture needs, and capsules without them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wm_control.robot.geometry import Capsule
from wm_control.types import Array

GRAIN = 0.005
"""Corners nearer to each other than about this become one [m]: what a screen cannot tell apart."""

_ROUND, _RINGS = 16, 4
"""Corners around a capsule, and rings of each of its caps."""

_STL_HEAD = 84
_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


class Triangles(NamedTuple):
    """Corners (k, 3) [m] and, of every triangle, three of them (m, 3)."""

    vertices: NDArray[np.float32]
    faces: NDArray[np.uint32]


def read_stl(path: Path) -> Triangles | None:
    """Read a binary STL file; None for another format, or where there is no such file."""
    if path.suffix.lower() != ".stl" or not path.is_file():
        return None
    data = path.read_bytes()
    count = int.from_bytes(data[_STL_HEAD - 4 : _STL_HEAD], "little")
    if len(data) != _STL_HEAD + count * _TRIANGLE.itemsize:
        return None
    corners = np.frombuffer(data, _TRIANGLE, offset=_STL_HEAD)["corners"].reshape(-1, 3)
    return Triangles(corners.copy(), np.arange(3 * count, dtype=np.uint32).reshape(-1, 3))


def thinned(triangles: Triangles, grain: float = GRAIN) -> Triangles:
    """Join the corners that lie in one cell of a grid, and drop triangles that vanish thereby."""
    cells = np.round(triangles.vertices / grain).astype(np.int64)
    key = (cells[:, 0] << 42) + (cells[:, 1] << 21) + cells[:, 2]
    _, first, place = np.unique(key, return_index=True, return_inverse=True)
    faces = place.reshape(-1)[triangles.faces]
    a, b, c = faces.T
    faces = faces[(a != b) & (b != c) & (a != c)]
    return Triangles(triangles.vertices[first], faces.astype(np.uint32))


def capsule(shape: Capsule) -> Triangles:
    """Round a limb off: a cylinder between its two points with half a sphere on each."""
    along = shape.end - shape.start
    length = float(np.linalg.norm(along))
    axis = along / length if length > 0.0 else np.array([0.0, 0.0, 1.0])
    aside = np.cross(axis, [1.0, 0.0, 0.0] if abs(axis[0]) < 0.9 else [0.0, 1.0, 0.0])
    aside /= np.linalg.norm(aside)
    across = np.cross(axis, aside)
    rings = [
        (end, sign * angle)
        for end, sign, angles in (
            (shape.start, -1.0, np.linspace(0.5 * np.pi, 0.0, _RINGS)),
            (shape.end, 1.0, np.linspace(0.0, 0.5 * np.pi, _RINGS)),
        )
        for angle in angles
    ]
    turn = np.linspace(0.0, 2.0 * np.pi, _ROUND, endpoint=False)
    circle = np.outer(np.cos(turn), aside) + np.outer(np.sin(turn), across)
    vertices = np.concatenate(
        [
            end + shape.radius * (np.cos(angle) * circle + np.sin(angle) * axis)
            for end, angle in rings
        ]
    )
    return Triangles(vertices.astype(np.float32), _tube(len(rings)))


def _tube(rings: int) -> NDArray[np.uint32]:
    """Triangles of a tube of rings, outside first."""
    ring, corner = (part.ravel() for part in np.mgrid[: rings - 1, :_ROUND])
    here, beside = _ROUND * ring + corner, _ROUND * ring + (corner + 1) % _ROUND
    lower = np.stack([here, beside, beside + _ROUND], axis=1)
    upper = np.stack([here, beside + _ROUND, here + _ROUND], axis=1)
    return np.concatenate([lower, upper]).astype(np.uint32)


def outline(corners: Array, height: float) -> Array:
    """Edges (k, 2, 3) of a polygon of corners (k, 2), at a height [m]."""
    lifted = np.column_stack([corners, np.full(len(corners), height)])
    return np.stack([lifted, np.roll(lifted, -1, axis=0)], axis=1)
