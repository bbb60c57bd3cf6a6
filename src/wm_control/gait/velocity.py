"""The velocity that is asked of the gait, slewed towards what the operator asks for."""

from __future__ import annotations

from math import isfinite

import numpy as np

from wm_control.gait.parameters import GaitParameters
from wm_control.types import Array, VelocityCommand


def slew(now: Array, command: VelocityCommand, gait: GaitParameters, dt: float) -> Array:
    """Move the (3,) command straight towards a new one; a non-finite one counts as zero.

    All axes share the way, so that the curve asked for stays and whatever convex set holds both
    ends holds all between; the axis that needs longest at its rate sets the pace. dt: [s].
    """
    target = np.array([command.linear_x, command.linear_y, command.angular_z])
    if not all(isfinite(value) for value in target):
        target = np.zeros(3)
    rate = np.array([gait.linear_slew, gait.linear_slew, gait.angular_slew])
    change: Array = target - now
    needed = float((np.abs(change) / rate).max())
    return now + change * (1.0 if needed <= dt else dt / needed)
