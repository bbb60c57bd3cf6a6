"""The contact wrench cone of a rectangular sole.

Stéphane Caron, Quang-Cuong Pham and Yoshihiko Nakamura, "Stability of surface contacts for humanoid
robots: closed-form formulae of the contact wrench cone for rectangular support areas", ICRA 2015.
Without its eight yaw-torque rows the optimiser asks for a yaw torque that only exists on paper, the
foot spins about a corner and the robot falls.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from wm_control.types import Array


def contact_wrench_cone(half_length: float, half_width: float, friction: float) -> Array:
    """(16, 6) rows C with C w <= 0 for every wrench w the ground can give the sole.

    w = (force, torque) about the sole's centre, in sole axes. Friction is the linearised (inner
    box) Coulomb coefficient per axis. Rows: friction (4), centre of pressure (4), yaw torque (8):
    with X, Y the half sizes,  |fx| <= mu fz, |fy| <= mu fz, |tx| <= Y fz, |ty| <= X fz and
    t_min <= tz <= t_max,  t_min = -mu (X + Y) fz + |Y fx - mu tx| + |X fy - mu ty|,
                           t_max = +mu (X + Y) fz - |Y fx + mu tx| - |X fy + mu ty|.
    """
    x, y, mu = half_length, half_width, friction
    rows: list[tuple[float, ...]] = [
        (1, 0, -mu, 0, 0, 0),
        (-1, 0, -mu, 0, 0, 0),
        (0, 1, -mu, 0, 0, 0),
        (0, -1, -mu, 0, 0, 0),
        (0, 0, -y, 1, 0, 0),
        (0, 0, -y, -1, 0, 0),
        (0, 0, -x, 0, 1, 0),
        (0, 0, -x, 0, -1, 0),
    ]
    for a, b in product((1.0, -1.0), repeat=2):
        rows.append((a * y, b * x, -mu * (x + y), -a * mu, -b * mu, -1.0))
        rows.append((a * y, b * x, -mu * (x + y), a * mu, b * mu, 1.0))
    return np.array(rows, dtype=np.float64)
