"""Quaternions (x, y, z, w) as tuples of floats: for single rotations faster than arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from wm_control.types import Array

Quaternion = tuple[float, float, float, float]


def quaternion_product(a: Sequence[float], b: Sequence[float]) -> Quaternion:
    """Rotation b, then a: R(a b) = R(a) R(b)."""
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def quaternion_from_vector(x: float, y: float, z: float) -> Quaternion:
    """Rotation by the length of a vector [rad] about its direction (exponential map)."""
    angle = math.sqrt(x * x + y * y + z * z)
    scale = 0.5 if angle < 1e-9 else math.sin(0.5 * angle) / angle
    return (scale * x, scale * y, scale * z, math.cos(0.5 * angle))


def quaternion_from_rotation(rotation: Array) -> Quaternion:
    """Quaternion with w >= 0 of a rotation matrix (3, 3)."""
    trace = float(np.trace(rotation))
    if trace > -0.9:
        w = 0.5 * math.sqrt(1.0 + trace)
        skew = (rotation - rotation.T) / (4.0 * w)
        return (float(skew[2, 1]), float(skew[0, 2]), float(skew[1, 0]), w)
    values, vectors = np.linalg.eigh(0.5 * (rotation + rotation.T))
    axis = vectors[:, int(np.argmax(values))]
    skew = np.array(
        [
            rotation[2, 1] - rotation[1, 2],
            rotation[0, 2] - rotation[2, 0],
            rotation[1, 0] - rotation[0, 1],
        ]
    )
    sine = 0.5 * float(axis @ skew)
    angle = math.atan2(sine, 0.5 * (trace - 1.0))
    x, y, z = (angle * axis).tolist()
    qx, qy, qz, qw = quaternion_from_vector(x, y, z)
    return (qx, qy, qz, qw) if qw >= 0.0 else (-qx, -qy, -qz, -qw)


def rotation_from_quaternion(quaternion: Sequence[float]) -> Array:
    """Rotation matrix (3, 3) of a unit quaternion."""
    x, y, z, w = quaternion
    return np.array(
        (
            *(1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - z * w), 2.0 * (x * z + y * w)),
            *(2.0 * (x * y + z * w), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - x * w)),
            *(2.0 * (x * z - y * w), 2.0 * (y * z + x * w), 1.0 - 2.0 * (x * x + y * y)),
        )
    ).reshape(3, 3)
