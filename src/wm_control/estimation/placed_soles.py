"""What happens to the filter's belief when a sole is put down, lifted, or taken for granted."""

from __future__ import annotations

import numpy as np

from wm_control.estimation.invariant_ekf import (
    FOOT,
    FOOT_HEADING,
    FOOT_ROW,
    POSITION,
    POSITION_ROW,
    SIZE,
    FilterState,
)
from wm_control.types import Array


def forget(state: FilterState, row: int, variance: float) -> None:
    """Know one row of the error no better than by ``variance``, and by nothing else; in place."""
    state.covariance[row, :] = 0.0
    state.covariance[:, row] = 0.0
    state.covariance[row, row] = variance


def settle_place(state: FilterState, foot: int | None) -> Array:
    """Take a sole's horizontal place for granted from now on; return its variance (2, 2) [m²].

    What the filter learns later (a heading error, say) would otherwise move the whole path of the
    past, robot included, and odometry must not jump (REP-105). Horizontal position is a gauge: no
    measurement tells it, so nothing else is lost. With e = (r + φ x d)_xy, the error of the sole's
    place d itself, the error r of every place becomes r - e; heights stay, as the ground tells
    them. foot: None takes the IMU's own position instead, for a robot in the air.
    """
    at = POSITION if foot is None else FOOT[foot]
    x, y, z = state.vectors[POSITION_ROW if foot is None else FOOT_ROW[foot]].tolist()
    error = np.zeros((2, SIZE))
    error[0, 1], error[0, 2], error[1, 0], error[1, 2] = z, -y, -z, x
    error[0, at.start] = error[1, at.start + 1] = 1.0
    covariance, shift = state.covariance, np.eye(SIZE)
    for part in (POSITION, *FOOT):
        shift[part.start : part.start + 2] -= error
    variance: Array = error.dot(covariance).dot(error.T)
    covariance[:] = shift.dot(covariance).dot(shift.T)
    return variance


def remove_contact(state: FilterState, foot: int) -> None:
    """Forget where a sole stood: its place and heading are marginalised out of the belief."""
    covariance = state.covariance
    for part in (FOOT[foot], FOOT_HEADING[foot]):
        covariance[part, :] = 0.0
        covariance[:, part] = 0.0
    state.vectors[FOOT_ROW[foot]] = 0.0
    state.foot_heading[foot] = 0.0


def add_contact(state: FilterState, foot: int, place: Array, heading: float, noise: Array) -> None:
    """Put a sole down where forward kinematics sees it: the belief is augmented, in place.

    place: (3,) [m] and heading [rad] of the sole by kinematics at the present belief; noise: (4, 4)
    their covariance from the encoders, world axes. In right-invariant errors the new place's is
    ri = rp + noise, the new heading's φz + noise.
    """
    remove_contact(state, foot)
    covariance, at, turn = state.covariance, FOOT[foot], FOOT_HEADING[foot]
    covariance[at, :] = covariance[POSITION, :]
    covariance[turn, :] = covariance[2, :]
    covariance[:, at] = covariance[:, POSITION]
    covariance[:, turn] = covariance[:, 2]
    covariance[at, at] += noise[:3, :3]
    covariance[at, turn] += noise[:3, 3]
    covariance[turn, at] += noise[3, :3]
    covariance[turn, turn] += noise[3, 3]
    state.vectors[FOOT_ROW[foot]] = place
    state.foot_heading[foot] = heading
