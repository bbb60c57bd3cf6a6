"""Geometry of columns: turned vectors, paths without the sway of the steps."""

from __future__ import annotations

import numpy as np

from wm_control.types import Array

PATH_PERIOD = 0.8
"""Distance is the length of the path through positions this far apart: no sway in it [s]."""


def to_base(vector: Array, orientation: Array) -> Array:
    """(k, 3) world vectors in base axes, for quaternions xyzw (k, 4)."""
    return _turned(vector, -orientation[:, :3], orientation[:, 3:])


def to_world(vector: Array, orientation: Array) -> Array:
    """(k, 3) base vectors in world axes, for quaternions xyzw (k, 4)."""
    return _turned(vector, orientation[:, :3], orientation[:, 3:])


def _turned(vector: Array, axis: Array, w: Array) -> Array:
    cross = 2.0 * np.cross(axis, vector)
    turned: Array = vector + w * cross + np.cross(axis, cross)
    return turned


def rotations(orientation: Array) -> Array:
    """(k, 3, 3) of unit quaternions xyzw (k, 4)."""
    x, y, z, w = orientation.T
    rows = (
        (1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - z * w), 2.0 * (x * z + y * w)),
        (2.0 * (x * y + z * w), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - x * w)),
        (2.0 * (x * z - y * w), 2.0 * (y * z + x * w), 1.0 - 2.0 * (x * x + y * y)),
    )
    return np.moveaxis(np.array(rows), 2, 0)


def path_length(time: Array, position: Array) -> float:
    """Horizontal length of the path through (k, 3) positions, without the sway of the steps [m]."""
    count = max(1, round((time[-1] - time[0]) / PATH_PERIOD))
    index = np.linspace(0, len(time) - 1, count + 1).astype(int)
    return float(np.linalg.norm(np.diff(position[index, :2], axis=0), axis=1).sum())


def end_error(true_position: Array, true_yaw: Array, position: Array, yaw: Array) -> float:
    """Distance between the ends of two paths laid over each other at their starts [m]."""
    return float(np.linalg.norm(_from_start(true_position, true_yaw) - _from_start(position, yaw)))


def _from_start(position: Array, yaw: Array) -> Array:
    """(2,) last position seen from the first, along and across the first heading [m]."""
    dx, dy = position[-1, :2] - position[0, :2]
    cos, sin = np.cos(yaw[0]), np.sin(yaw[0])
    return np.array([cos * dx + sin * dy, cos * dy - sin * dx])
