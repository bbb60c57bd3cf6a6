"""Rotations between the forms that URDF files and our dataclasses use."""

from __future__ import annotations

import numpy as np

from wm_control.types import Array


def rotation_from_rpy(rpy: Array) -> Array:
    """Rotation matrix (3, 3) of fixed-axis roll, pitch, yaw [rad]: Rz(yaw) Ry(pitch) Rx(roll)."""
    (sr, sp, sy), (cr, cp, cy) = np.sin(rpy), np.cos(rpy)
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )


def rpy_from_rotation(rotation: Array) -> Array:
    """Roll, pitch, yaw (3,) [rad] of a rotation matrix; at pitch +-90 degrees yaw is taken as 0."""
    horizontal = np.hypot(rotation[0, 0], rotation[1, 0])
    pitch = np.arctan2(-rotation[2, 0], horizontal)
    if horizontal < 1e-9:
        return np.array([np.arctan2(-rotation[1, 2], rotation[1, 1]), pitch, 0.0])
    roll = np.arctan2(rotation[2, 1], rotation[2, 2])
    return np.array([roll, pitch, np.arctan2(rotation[1, 0], rotation[0, 0])])


def rotation_about(axis: Array, angle: float) -> Array:
    """Rotation matrix (3, 3) by ``angle`` [rad] about a unit ``axis`` (Rodrigues' formula)."""
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    rotation: Array = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross
    return rotation


def rotation_z_to(direction: Array) -> Array:
    """Return some rotation (3, 3) that turns the z axis into a unit ``direction``."""
    other = np.eye(3)[int(np.argmin(np.abs(direction)))]
    x = np.cross(other, direction)
    x /= np.linalg.norm(x)
    return np.column_stack((x, np.cross(direction, x), direction))
