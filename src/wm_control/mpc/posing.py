"""From the gait, the template and the soles to the numbers of one footstep problem."""

from __future__ import annotations

from math import cos, exp, sin, sqrt

import numpy as np

from wm_control.gait.parameters import GaitParameters
from wm_control.gait.state import Gait
from wm_control.gait.transitions import Soles
from wm_control.mpc.footstep_problem import (
    CONSTRAINTS,
    COP,
    COP_NEXT,
    STEPS,
    TIME,
    TIME_NEXT,
    VARIABLES,
    Bounds,
)
from wm_control.mpc.parameters import FootstepMpcParameters
from wm_control.mpc.plan import predict_dcm
from wm_control.mpc.template import NominalGait, TemplateState
from wm_control.robot.model import RobotModel
from wm_control.types import LEFT, RIGHT, Array

_FREE = 1e3
"""A bound that never binds; QP solvers want it finite and moderate."""


def turn(yaw: float, vector: Array) -> Array:
    """Rotate a (2,) vector by ``yaw`` [rad]."""
    c, s = cos(yaw), sin(yaw)
    x, y = vector.tolist()
    return np.array([c * x - s * y, s * x + c * y])


class ProblemPoser:
    """Knows the robot's reach and the parameters' limits; holds no state of the gait."""

    def __init__(self, model: RobotModel, gait: GaitParameters, mpc: FootstepMpcParameters) -> None:
        """Read hips off ``model``, which the caller keeps fresh."""
        self._model, self._parameters, self._mpc = model, gait, mpc
        self._leg_length = mpc.reach_fraction * model.leg_length()
        self._cop = model.sole_area(*mpc.cop_margin_x, mpc.cop_margin_y)
        self._limits = self._variable_limits()
        self._row_limits = tuple(self._limits_of_rows(swing) for swing in (LEFT, RIGHT))

    def is_landing(self, gait: Gait, now: float) -> bool:
        """Too late to change when the foot lands; only where, as far as the swing can follow."""
        return gait.touch_down - now < self._mpc.delay + self._mpc.landing

    def inputs(
        self,
        gait: Gait,
        state: TemplateState,
        soles: Soles,
        nominal: NominalGait,
        velocity: Array,
        cop_offset: Array,
        now: float,
    ) -> Array:
        """Stack footstep_problem.INPUTS for the instant ``now`` plus the configured delay.

        velocity: (2,) asked for, in world. cop_offset: (2,) decided last, in world [m].
        """
        base, start = gait.support_pose[:2], now + self._mpc.delay
        elapsed = start - gait.step_start
        progress = min(elapsed / max(gait.double_support, 1e-3), 1.0)
        cop_now = gait.cop_start + progress * (base + cop_offset - gait.cop_start)
        decay = exp(-state.omega * self._mpc.delay)
        feet = np.array([foot[:2] for foot in nominal.feet])
        total = self._parameters.step_duration
        this = total if gait.lifts else self._parameters.shift_duration
        yaw_support, yaw_body = float(gait.support_pose[3]), nominal.feet[1][2]
        return np.concatenate(
            [
                predict_dcm(state.dcm, cop_now, state.omega, self._mpc.delay) - base,
                cop_now + decay * (state.convergent - cop_now) - base,
                cop_now - base,
                [max(gait.double_support - elapsed, 0.0)],
                [gait.step_start + this - start, total],
                (feet[1:] - feet[:-1]).ravel(),
                velocity,
                (np.array(nominal.dcm) - feet[1:]).ravel(),
                [cos(yaw_support), sin(yaw_support)],
                [cos(yaw_body), sin(yaw_body)],
                soles.poses[gait.swing, :2] - base,
                self._model.hip_position(gait.swing)[:2] - state.com,
                self._model.hip_position(gait.support)[:2] - state.com,
            ]
        )

    def bounds(self, gait: Gait, soles: Soles, now: float) -> Bounds:
        """Bounds of the variables and of footstep_problem.ROWS.

        During the first weight shift nothing swings: the "footstep" is where the foot stands.
        """
        lower, upper = (limits.copy() for limits in self._limits)
        lower[TIME], upper[TIME] = self._time_left(gait, now + self._mpc.delay)
        row_lower, row_upper = (limits.copy() for limits in self._row_limits[gait.swing])
        rise = float(self._model.hip_position(gait.support)[2] - gait.support_pose[2])
        rise -= self._parameters.can_sink(float(self._model.com[2] - gait.support_pose[2]))
        reach = sqrt(max(self._leg_length**2 - rise**2, 0.01))
        row_lower[6:10], row_upper[6:10] = -reach, reach
        if not gait.lifts:
            first_step = slice(STEPS.start, STEPS.start + 2)
            fixed = soles.poses[gait.swing, :2] - gait.support_pose[:2]
            lower[first_step] = upper[first_step] = fixed
            for rows in (slice(0, 2), slice(6, CONSTRAINTS)):
                row_lower[rows], row_upper[rows] = -_FREE, _FREE
        return Bounds(lower, upper, row_lower, row_upper)

    def _time_left(self, gait: Gait, start: float) -> tuple[float, float]:
        """Earliest and latest end of this step, counted from ``start`` [s]."""
        if self.is_landing(gait, start - self._mpc.delay):
            fixed = max(gait.touch_down - start, 0.0)
            return fixed, fixed
        shortest, longest = self._mpc.single_support if gait.lifts else (0.02, 0.6)
        lift = gait.step_start + gait.double_support
        earliest = max(lift + shortest - start, 0.0)
        return earliest, max(lift + longest - start, earliest)

    def _variable_limits(self) -> tuple[Array, Array]:
        """Bounds of the variables that are the same at all times: all but that of TIME."""
        lower, upper = np.full(VARIABLES, -_FREE), np.full(VARIABLES, _FREE)
        for first in (COP.start, COP_NEXT.start, COP_NEXT.start + 2):
            lower[first : first + 2] = self._cop.lower
            upper[first : first + 2] = self._cop.upper
        double = self._parameters.double_support
        lower[TIME_NEXT], upper[TIME_NEXT] = (t + double for t in self._mpc.single_support)
        return lower, upper

    def _limits_of_rows(self, swing: int) -> tuple[Array, Array]:
        """Bounds of footstep_problem.ROWS but for the reach, which depends on how high the hip is.

        Each foot lands on its own side of the other.
        """
        mpc = self._mpc
        lower, upper = np.empty(CONSTRAINTS), np.empty(CONSTRAINTS)
        near, far = mpc.step_y
        side = 1.0 if swing == LEFT else -1.0
        for k in range(3):
            rows = slice(2 * k, 2 * k + 2)
            ends = sorted((side * near, side * far))
            lower[rows] = (-mpc.step_x, ends[0])
            upper[rows] = (mpc.step_x, ends[1])
            side = -side
        lower[10:14], upper[10:14] = 0.0, _FREE
        return lower, upper
