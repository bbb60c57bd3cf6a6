"""What drives can realise: damping that stays stable in a drive that closes its loop at 1 kHz.

An explicit damping kd on an inertia I is stable while kd dt / I < 2 and free of ringing below 1. A
policy's damping is limited to half of that. Overdamped joints only become less overdamped: of
the policies we know, one has kd 10 at the wrists, whose 0.004 kg·m² allow 2.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pinocchio as pin

from wm_control.robot.description import RobotDescription
from wm_control.robot.model import BASE_DOF, RobotModel
from wm_control.types import Array

DRIVE_RATE: Final = 1000.0
"""Of the slowest drives in use, those of the simulators [Hz]."""

SHARE: Final = 0.5
"""Of the damping at which a step would take out all of a joint's speed."""


def largest_damping(robot: RobotDescription) -> Array:
    """(n,) largest damping of every joint [N·m·s/rad], in the default posture."""
    return SHARE * DRIVE_RATE * apparent_inertia(robot)


def apparent_inertia(robot: RobotDescription) -> Array:
    """(n,) inertia that a torque at one joint alone works against, the rest free [kg·m²]."""
    inverse = np.linalg.inv(mass_matrix(robot))
    return np.array(1.0 / np.diag(inverse)[BASE_DOF:])


def carried_inertia(robot: RobotDescription) -> Array:
    """(n,) inertia about every joint of all that it moves, the rest fixed [kg·m²]."""
    return np.array(np.diag(mass_matrix(robot))[BASE_DOF:])


def mass_matrix(robot: RobotDescription) -> Array:
    """(6 + n, 6 + n) joint-space inertia in the default posture, the base floating."""
    model = RobotModel(robot)
    q = pin.neutral(model.model)
    q[7:] = robot.default_position
    upper: Array = np.triu(pin.crba(model.model, model.data, q))
    full: Array = upper + np.triu(upper, 1).T
    return full
