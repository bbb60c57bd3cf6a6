"""What corrects the filter every few samples: the IMU's own attitude, and flat ground.

Neither is white, and neither says much per sample; they take turns so that no sample costs much.
"""

from __future__ import annotations

import math

import numpy as np
import pinocchio as pin

from wm_control.estimation import invariant_ekf as ekf
from wm_control.estimation.body import Body
from wm_control.estimation.invariant_parameters import InvariantEkfParameters
from wm_control.estimation.measurements import (
    attitude_innovation,
    attitude_jacobian,
    flatness_jacobian,
    ground_jacobian,
)
from wm_control.estimation.placed_soles import forget
from wm_control.estimation.stance import Stance
from wm_control.robot.model import BASE_DOF
from wm_control.types import Array

_STEP_SAMPLES = 16.0
"""Uses of the ground within one step, whose height errors are one and the same."""

_HEADING_JUMP = 0.1
"""A jump of the IMU's own heading that no drift makes [rad]."""

_TILT_ROWS = ((4, 3), (10, 9))
"""Of the soles' Jacobians: what moves x and y of the normal, left and right."""


class SlowCorrections:
    """IMU attitude, level and height of firm soles.

    roughness: learned variance of the ground's height [m²].
    """

    def __init__(self, parameters: InvariantEkfParameters, body: Body, imu_to_base: Array) -> None:
        """imu_to_base: (3, 3) IMU axes to base axes."""
        self.parameters = parameters
        self._body = body
        self._base_to_imu = imu_to_base.T
        left, right = (len(leg) for leg in body.kinematics.legs)
        self._columns = (
            slice(BASE_DOF, BASE_DOF + left),
            slice(BASE_DOF + left, BASE_DOF + left + right),
        )
        self.roughness = 0.0

    def reset(self) -> None:
        """Know nothing of the ground."""
        self.roughness = 0.0

    # --- IMU attitude -------------------------------------------------------------------------

    def imu_heading(self, state: ekf.FilterState, orientation: Array) -> float:
        """Heading of the IMU's own attitude (4,) relative to ours [rad]."""
        turn = self._attitude(orientation) @ state.rotation.T
        return math.atan2(turn[1, 0] - turn[0, 1], turn[0, 0] + turn[1, 1])

    def correct_attitude(self, state: ekf.FilterState, orientation: Array) -> None:
        """Correct by the IMU's own attitude (4,); a jump of its heading is learned anew."""
        measured = self._attitude(orientation)
        z = attitude_innovation(state, measured)
        if not (abs(z[2]) <= _HEADING_JUMP):
            state.imu_heading = self.imu_heading(state, orientation)
            forget(state, ekf.IMU_HEADING, _HEADING_JUMP**2)
            z = attitude_innovation(state, measured)
        noise = self.parameters.imu_orientation**2 * np.eye(3)
        ekf.correct(state, z, attitude_jacobian(state), noise)

    def _attitude(self, orientation: Array) -> Array:
        """(3, 3) base axes to the IMU's own world."""
        attitude: Array = pin.Quaternion(orientation).matrix().dot(self._base_to_imu)
        return attitude

    # --- ground -------------------------------------------------------------------------------

    def correct_ground(self, state: ekf.FilterState, stance: Stance) -> None:
        """Firm soles lie level and at z = 0, if the ground is flat there."""
        for foot in (0, 1):
            if stance.standing[foot] and stance.firmness[foot] >= 1.0:
                self.level(state, foot)
                self._rest_on_ground(state, foot)

    def level(self, state: ekf.FilterState, foot: int) -> None:
        """Correct tilt by a sole that lies level; one that is tilted further does not."""
        p = self.parameters
        normal = np.array(self._body.soles.normal[foot])
        if not (math.hypot(normal[0], normal[1]) <= p.ground_tilt_gate):
            return
        leg = self._body.jacobians[_TILT_ROWS[foot], self._columns[foot]]
        noise = p.encoder**2 * leg.dot(leg.T) + p.ground_tilt**2 * np.eye(2)
        ekf.correct(state, normal[:2], flatness_jacobian(normal), noise)

    def _rest_on_ground(self, state: ekf.FilterState, foot: int) -> None:
        p = self.parameters
        place = state.vectors[ekf.FOOT_ROW[foot]]
        jacobian, height = ground_jacobian(place, foot), float(place[2])
        doubt = p.ground_height**2 + _STEP_SAMPLES * self.roughness
        seen, spread = ekf.innovation_covariance(state, jacobian, np.full((1, 1), doubt))
        known = float(spread[0, 0]) - doubt
        unexplained = max(height * height - known - p.ground_height**2, 0.0)
        self.roughness += (unexplained - self.roughness) * p.roughness_share
        if height * height <= p.ground_gate * spread[0, 0]:
            ekf.apply(state, place[2:].copy(), seen, spread)
