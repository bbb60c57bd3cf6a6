"""Three-vectors as tuples of floats: one fifth of numpy's time on such short arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence

Vector3 = tuple[float, float, float]
Rows = Sequence[Sequence[float]]
"""Rows of a (3, 3) rotation matrix."""

ZERO: Vector3 = (0.0, 0.0, 0.0)


def vector3(values: Sequence[float]) -> Vector3:
    """Make a vector of three numbers, e.g. of ``array.tolist()``."""
    x, y, z = values
    return x, y, z


def plus(a: Vector3, scale: float, b: Vector3) -> Vector3:
    """Return a + scale b."""
    return a[0] + scale * b[0], a[1] + scale * b[1], a[2] + scale * b[2]


def minus(a: Vector3, b: Vector3) -> Vector3:
    """Return a - b."""
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def weighted(s: float, a: Vector3, t: float, b: Vector3) -> Vector3:
    """Return s a + t b."""
    return s * a[0] + t * b[0], s * a[1] + t * b[1], s * a[2] + t * b[2]


def cross(a: Vector3, b: Vector3) -> Vector3:
    """Return a x b."""
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def rotate(rotation: Rows, v: Vector3) -> Vector3:
    """Return R v."""
    (a, b, c), (d, e, f), (g, h, i) = rotation
    x, y, z = v
    return a * x + b * y + c * z, d * x + e * y + f * z, g * x + h * y + i * z


def rotate_back(rotation: Rows, v: Vector3) -> Vector3:
    """Return Rᵀ v."""
    (a, b, c), (d, e, f), (g, h, i) = rotation
    x, y, z = v
    return a * x + d * y + g * z, b * x + e * y + h * z, c * x + f * y + i * z


def shortened(v: Vector3, longest: float) -> Vector3:
    """Return v, or v scaled to length ``longest`` when it is longer."""
    length = math.hypot(*v)
    if length <= longest:
        return v
    scale = longest / length
    return scale * v[0], scale * v[1], scale * v[2]
