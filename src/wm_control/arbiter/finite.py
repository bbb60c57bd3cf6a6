"""Whether numbers are finite, fast enough for every array of every cycle."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.linalg.blas import ddot

from wm_control.types import Array, Command, Estimate


def finite(array: Array) -> bool:
    """Whether all of at least one entry are finite, by their sum of squares, which is one call.

    An entry beyond 1e154 counts as not finite, which no SI quantity of a robot reaches. BLAS itself
    says nothing of the overflow; numpy's ``dot`` would warn of it.
    """
    flat = array.ravel()
    return math.isfinite(ddot(flat, flat))


def arrays_of(command: Command) -> tuple[Array, ...]:
    """List the five (n,) parts of a command."""
    return (
        command.position,
        command.velocity,
        command.stiffness,
        command.damping,
        command.torque,
    )


def beliefs_of(estimate: Estimate) -> tuple[Array, ...]:
    """List the eight parts of an estimate that are about the robot, without its covariance."""
    return (
        estimate.base_position_in_world,
        estimate.base_orientation,
        estimate.base_velocity_in_base,
        estimate.base_angular_velocity_in_base,
        estimate.joint_position,
        estimate.joint_velocity,
        estimate.contact_probability,
        estimate.foot_wrench,
    )


def count_not_finite(arrays: Sequence[Array]) -> float:
    """Count the arrays that hold anything not finite; mostly none does, which one look tells."""
    if finite(np.concatenate(arrays, axis=None)):
        return 0.0
    return float(sum(not finite(array) for array in arrays))
