"""What the filter's measurements are functions of: innovations and their Jacobians.

Every innovation is prediction minus measurement and obeys z = H ξ + noise, with the error ξ of
invariant_ekf.py. Rows that are the same for every state are made once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pinocchio as pin

from wm_control.estimation.invariant.ekf import (
    FOOT,
    FOOT_HEADING,
    IMU_HEADING,
    IMU_TILT,
    PHI,
    POSITION,
    SIZE,
    FilterState,
)
from wm_control.types import Array


def sole_jacobian(feet: Sequence[int]) -> Array:
    """H (4 k, 27) of the soles' places and headings; the same for every state.

    z = (x_sole - d, yaw_sole - θ), where x_sole, yaw_sole follow from the believed base and the
    measured joints: (rp - rd, φz - δθ).
    """
    jacobian = np.zeros((4 * len(feet), SIZE))
    for row, foot in enumerate(feet):
        place = slice(4 * row, 4 * row + 3)
        jacobian[place, POSITION] = np.eye(3)
        jacobian[place, FOOT[foot]] = -np.eye(3)
        jacobian[4 * row + 3, 2] = 1.0
        jacobian[4 * row + 3, FOOT_HEADING[foot]] = -1.0
    return jacobian


def ground_jacobian(place: Array, foot: int) -> Array:
    """H (1, 27) of "the sole's place is at z = 0": z = d_z = (rd + φ x d)_z.

    place: (3,) d.
    """
    jacobian = np.zeros((1, SIZE))
    jacobian[0, 0], jacobian[0, 1] = place[1], -place[0]
    jacobian[0, FOOT[foot].start + 2] = 1.0
    return jacobian


def flatness_jacobian(normal: Array) -> Array:
    """H (2, 27) of "the sole lies level": z = (n_x, n_y), moved by φ x n.

    normal: (3,) z axis of the sole in world, by kinematics at the present belief.
    """
    jacobian = np.zeros((2, SIZE))
    jacobian[:, PHI] = -pin.skew(normal)[:2]
    return jacobian


def attitude_jacobian(state: FilterState) -> Array:
    """H (3, 27) of the IMU's own attitude (imu_attitude.py), for small innovations.

    z = φ + e_z δψ + R (δm, 0).
    """
    jacobian = np.zeros((3, SIZE))
    jacobian[:, PHI] = np.eye(3)
    jacobian[2, IMU_HEADING] = 1.0
    jacobian[:, IMU_TILT] = state.rotation[:, :2]
    return jacobian
