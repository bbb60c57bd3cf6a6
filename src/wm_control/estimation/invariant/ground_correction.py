"""Flat ground as a measurement: firm soles lie level and at z = 0, used every few samples.

The encoders' part of the error is white; what the floor adds stays the same for as long as the sole
stands there, so that many uses within a step say no more of it than one. What the innovations show
beyond both is learned as the ground's own roughness.
"""

from __future__ import annotations

import math

import numpy as np

from wm_control.estimation.body.body import Body
from wm_control.estimation.invariant import ekf as ekf
from wm_control.estimation.invariant.measurements import flatness_jacobian, ground_jacobian
from wm_control.estimation.invariant.parameters import InvariantEkfParameters
from wm_control.estimation.invariant.stance import Stance
from wm_control.robot.model import BASE_DOF

_STEP_SAMPLES = 16.0
"""Uses of the ground within one step, whose errors by the floor are one and the same: white noise
of this many times their variance says as much in the end."""

_TILT_ROWS = ((4, 3), (10, 9))
_TILT_SIGNS = np.array(((1.0,), (-1.0,)))
"""Of the soles' Jacobians, left and right: turning moves an upright normal by (ω_y, -ω_x)."""


class GroundCorrection:
    """Level and height of firm soles.

    roughness: learned variance of the ground's height [m²]. unevenness: of its tilt [rad²].
    """

    def __init__(self, parameters: InvariantEkfParameters, body: Body) -> None:
        """Know nothing of the ground."""
        self.parameters = parameters
        self._body = body
        left, right = (len(leg) for leg in body.kinematics.legs)
        self._columns = (
            slice(BASE_DOF, BASE_DOF + left),
            slice(BASE_DOF + left, BASE_DOF + left + right),
        )
        self.reset()

    def reset(self) -> None:
        """Know nothing of the ground."""
        self.roughness, self.unevenness = 0.0, 0.0

    def correct(self, state: ekf.FilterState, stance: Stance) -> None:
        """Use both firm soles; one that does not lie level is not at z = 0 with its middle."""
        for foot in (0, 1):
            if stance.firm(foot) and self.level(state, foot):
                self.rest(state, foot)

    def level(self, state: ekf.FilterState, foot: int) -> bool:
        """Correct tilt by a sole that lies level; one that is tilted further does not: False."""
        p = self.parameters
        normal = np.array(self._body.soles.normal[foot])
        x, y, _ = normal.tolist()
        if not (math.hypot(x, y) <= p.ground_tilt_gate):
            return False
        leg = _TILT_SIGNS * self._body.jacobians[_TILT_ROWS[foot], self._columns[foot]]
        noise = p.encoder**2 * leg.dot(leg.T)
        seen, spread = ekf.innovation_covariance(state, flatness_jacobian(normal), noise)
        spread += p.ground_tilt**2 * np.eye(2)
        expected = 0.5 * float(spread[0, 0] + spread[1, 1])
        self.unevenness = self._learned(self.unevenness, 0.5 * (x * x + y * y) - expected)
        more = (_STEP_SAMPLES - 1.0) * p.ground_tilt**2 + _STEP_SAMPLES * self.unevenness
        ekf.apply(state, normal[:2], seen, spread + more * np.eye(2))
        return True

    def rest(self, state: ekf.FilterState, foot: int) -> None:
        """Correct height by a sole at z = 0; one beyond the gate teaches roughness only."""
        p = self.parameters
        place = state.vectors[ekf.FOOT_ROW[foot]]
        height = float(place[2])
        floor = np.full((1, 1), p.ground_height**2)
        seen, spread = ekf.innovation_covariance(state, ground_jacobian(place, foot), floor)
        unexplained = height * height - float(spread[0, 0])
        self.roughness = self._learned(self.roughness, unexplained)
        spread += (_STEP_SAMPLES - 1.0) * p.ground_height**2 + _STEP_SAMPLES * self.roughness
        if height * height <= p.ground_gate * spread[0, 0]:
            ekf.apply(state, place[2:].copy(), seen, spread)

    def _learned(self, variance: float, unexplained: float) -> float:
        """Return a learned variance after one more use; 0 while nothing is unexplained."""
        share = self.parameters.roughness_share
        return max(variance + (unexplained - variance) * share, 0.0)
