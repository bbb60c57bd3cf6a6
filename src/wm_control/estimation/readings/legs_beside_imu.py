"""The accelerometer's horizontal axes beside the legs: which is which, and which way it points.

While a sole stands, the legs tell how the velocity at the IMU changes. It is summed with a leak
beside what the accelerometer says, s_l and s_i, horizontally in base axes, and their second moments
are averaged:

    M = <s_i s_lᵀ>,    E = <|s_i|² + |s_l|²>

If the axes are what they are said to be, s_i = s_l but for noise. If they are exchanged or
reversed, s_i = H s_l with H one of seven other signed permutations, and the mean square
<|s_i - H s_l|²> = E - 2 tr(Hᵀ M) falls from large to small. Slips, knocks and turning soles part
the two as well, but no exchange of axes then brings them together.
"""

from __future__ import annotations

import math

import casadi as ca
import numpy as np

from wm_control.constants import GRAVITY
from wm_control.estimation.body.body import Body
from wm_control.estimation.body.sole_kinematics import BASE
from wm_control.kernel import Kernel, matrix_of
from wm_control.robot.description import RobotDescription
from wm_control.vector3 import Vector3

AXES = "accelerometer beside the legs"

_BORNE = 0.4
"""Share of the weight from which a sole stands firmly."""

_SETTLED = 0.05
"""Time after which a sole that bears it has come to rest [s]."""

_SMOOTHING = 0.01
"""Of velocities by the legs, and of the force beside them [s]."""

_MEMORY, _AVERAGE = 0.12, 0.15
"""Time in which sums fade, and over which their moments are averaged [s]."""

_SHOCK = 30.0
"""Specific force [m/s²] beyond which sums start anew: a knock, which the accelerometer may not have
seen whole."""

_SUMS, _MOMENTS = slice(8, 12), slice(12, 17)
"""Of the kernel's state; before them velocities by the legs (6) and the smoothed force (2)."""

_LEAST_GAIN, _MOST_LEFT = 2e-3, 0.25
"""By how much another choice of axes must bring the two together [m²/s²], and the share of their
difference that it may leave."""

_SOLE = 13
"""Numbers per sole in ``SoleKinematics.soles``."""

_SOLES = slice(BASE, BASE + 2 * _SOLE)
_REST = slice(_SOLES.stop, _SOLES.stop + 6)
"""Of the kernel's motion, after the base: soles; force, whether they stand, dt."""


_TURNED = ", as in an IMU turned by {} degrees about z"


def suspicion(xx: float, xy: float, yx: float, yy: float) -> str:
    """Which exchange or reversal of axes brings the two together best, by their moments M."""
    if abs(xx) + abs(yy) < abs(xy) + abs(yx):
        turned = xy * yx < 0.0
        also = " and reversed" if xy < 0.0 and not turned else ""
        return f"x and y seem exchanged{also}{_TURNED.format(90) if turned else ''}"
    if xx < 0.0 and yy < 0.0:
        return f"x and y seem reversed{_TURNED.format(180)}"
    return f"{'x' if xx < yy else 'y'} seems reversed"


class LegsBesideImu:
    """Doubts the accelerometer's horizontal axes while soles stand.

    fault: what is wrong with them, empty when nothing is.
    """

    def __init__(self, description: RobotDescription, body: Body) -> None:
        """Write down the sums of this robot's IMU and legs."""
        self._body = body.kinematics
        self._kernel = _kernel(description)
        self._motion, self._state = self._kernel.inputs.values()
        self._next, self._differences = self._kernel.outputs.values()
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._state[:] = 0.0
        self._firm = [0.0, 0.0]
        self.fault = ""

    def update(self, force: Vector3 | None, loads: list[float], dt: float) -> None:
        """Take in one sample, after the body moved. force: specific, base axes; None: not known."""
        if force is None or math.hypot(*force) > _SHOCK:
            self._firm = [0.0, 0.0]
            self._state[_SUMS] = 0.0
            self.fault = ""
            return
        (left, right), firm = loads, self._firm
        firm[0] = firm[0] + dt if left >= _BORNE else 0.0
        firm[1] = firm[1] + dt if right >= _BORNE else 0.0
        motion = self._motion
        motion[:BASE] = self._body.base
        motion[_SOLES] = self._body.soles
        motion[_REST] = (*force, firm[0] > _SETTLED, firm[1] > _SETTLED, dt)
        self._kernel.run()
        self._state[:] = self._next
        declared, best = self._differences.tolist()
        doubtful = best < _MOST_LEFT * declared and declared - best > _LEAST_GAIN
        self.fault = self._describe(declared, best) if doubtful else ""

    def _describe(self, declared: float, best: float) -> str:
        xx, yx, xy, yy, _ = self._next[_MOMENTS].tolist()
        apart, left = math.sqrt(declared), math.sqrt(max(best, 0.0))
        return (
            f"accelerometer's {suspicion(xx, xy, yx, yy)} (base axes): its velocity parts from "
            f"the legs' by {apart:.2g} m/s, otherwise by {left:.2g}"
        )


def _kernel(description: RobotDescription) -> Kernel:
    """Write down one step of the sums and of their moments."""
    motion = ca.SX.sym("motion", _REST.stop)
    base, soles = motion[:BASE], ca.reshape(motion[_SOLES], _SOLE, 2)
    force, stands, dt = motion[-6:-3], motion[-3:-1], motion[-1]
    state = ca.SX.sym("state", _MOMENTS.stop)
    by_legs, smooth = ca.reshape(state[:6], 3, 2), state[6:8]
    sums, moments = ca.reshape(state[_SUMS], 2, 2), state[_MOMENTS]

    rotation = matrix_of(base[3:7])
    up, omega = rotation[2, :].T, base[10:13]
    lever = ca.DM(np.asarray(description.imu.position))
    of_imu = rotation @ (base[7:10] + ca.cross(omega, lever))
    felt = force - GRAVITY * up

    new = dt / (_SMOOTHING + dt)
    seen = ca.horzcat(*(of_imu - soles[3:6, foot] for foot in range(2)))
    by_legs_now = by_legs + new * (seen - by_legs)
    smooth_now = smooth + new * (felt[:2] - smooth)
    share = stands / ca.fmax(stands[0] + stands[1], 1.0)
    any_stands = ca.fmax(stands[0], stands[1])
    added = ca.horzcat(
        (rotation.T @ ((by_legs_now - by_legs) @ share))[:2],
        any_stands * dt * smooth_now,
    )
    sums_now = (1.0 - dt / _MEMORY) * sums + added
    found = _moments(sums_now[:, 0], sums_now[:, 1])
    moments_now = moments + dt / _AVERAGE * (found - moments)
    return Kernel(
        "legs_beside_imu",
        {"motion": motion, "state": state},
        {
            "next": ca.vertcat(*map(ca.vec, (by_legs_now, smooth_now, sums_now, moments_now))),
            "differences": _differences(moments_now),
        },
    )


def _moments(legs: ca.SX, imu: ca.SX) -> ca.SX:
    """(5,) M column by column, and E, of one sample."""
    return ca.vertcat(ca.vec(imu @ legs.T), ca.sumsqr(imu) + ca.sumsqr(legs))


def _differences(moments: ca.SX) -> ca.SX:
    """(2,) mean squares between the two: with the axes as declared, and with the best choice."""
    xx, yx, xy, yy, energy = ca.vertsplit(moments)
    best = ca.fmax(ca.fabs(xx) + ca.fabs(yy), ca.fabs(xy) + ca.fabs(yx))
    return ca.vertcat(energy - 2.0 * (xx + yy), energy - 2.0 * best)
