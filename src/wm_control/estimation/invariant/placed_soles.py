"""What happens to the filter's belief when a sole is put down or lifted."""

from __future__ import annotations

from wm_control.estimation.invariant.ekf import (
    FOOT,
    FOOT_HEADING,
    FOOT_ROW,
    POSITION,
    FilterState,
)
from wm_control.types import Array


def forget(state: FilterState, row: int, variance: float) -> None:
    """Know one row of the error no better than by ``variance``, and by nothing else; in place."""
    state.covariance[row, :] = 0.0
    state.covariance[:, row] = 0.0
    state.covariance[row, row] = variance


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
