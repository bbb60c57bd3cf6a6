"""The state estimator around the invariant EKF: one observation in, one belief out.

    sensors -> IMU propagation -> momentum observer -> contacts -> soles -> IMU attitude, ground

Soles correct at every sample; the IMU's own attitude and the ground, which are not white and say
little per sample, every few samples in turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pinocchio as pin
from numpy.typing import NDArray

from wm_control.estimation import invariant_ekf as ekf
from wm_control.estimation.contact import ContactDetector
from wm_control.estimation.guarded import STREAM, GuardedEstimator
from wm_control.estimation.invariant_covariance import (
    initial_variance,
    over_the_path,
    pose_and_twist,
    steady_drift,
)
from wm_control.estimation.measurements import (
    attitude_innovation,
    attitude_jacobian,
    flatness_jacobian,
    ground_jacobian,
    sole_jacobian,
)
from wm_control.estimation.orientation import GRAVITY, level_rotation, wrapped
from wm_control.estimation.parameters import ContactParameters, EstimatorParameters
from wm_control.estimation.sensors import Readings
from wm_control.estimation.stuck import GYRO, JOINTS
from wm_control.estimation.vector3 import ZERO, Vector3, vector3, weighted
from wm_control.robot.description import RobotDescription
from wm_control.robot.model import BASE_DOF
from wm_control.types import Array, Estimate, Observation

Indices = NDArray[np.intp]

_FEET: tuple[tuple[int, ...], ...] = ((), (0,), (1,), (0, 1))
"""Standing feet by bit mask."""

_STEP_SAMPLES = 16.0
"""Uses of the ground within one step, whose height errors are one and the same."""

_HELD_GYRO, _HELD_FORCE = 0.5, 2.0
"""Doubt in a rate [rad/s] or specific force [m/s²] that is not measured."""

_AT_REST = 0.8

_TIDY_EVERY = 64
_COVARIANCE_EVERY = 5
_REST_TIME = 0.1
_HEADING_JUMP = 0.1
"""A jump of the IMU's own heading that no drift makes [rad]."""


class InvariantEkfEstimator(GuardedEstimator):
    """A ``types.Estimator`` with a covariance of its own; no foot sensor, no gait clock.

    slips: (2,) count of slip events since reset. innovation: squared innovation over its variance
    of left and right sole at the last sample, 3 expected.
    """

    def __init__(
        self,
        description: RobotDescription,
        parameters: EstimatorParameters,
        detector: Callable[[ContactParameters, float], ContactDetector] = ContactDetector,
    ) -> None:
        """Build models and buffers; nothing is believed before ``reset``."""
        super().__init__(description, _with_fast_contact(parameters), detector)
        self._imu_to_base = np.asarray(description.imu.rotation, dtype=np.float64)
        self._imu_place = np.asarray(description.imu.position, dtype=np.float64)
        self._arm = pin.skew(self._imu_place)
        self._propagation = ekf.Propagation()
        p = parameters.invariant_ekf
        self._sole_jacobians = [sole_jacobian(feet) for feet in _FEET]
        self._sole_floor = np.diag((p.sole**2, p.sole**2, p.sole**2, p.encoder**2))
        self._encoder_variance = p.encoder**2
        self._input_variance = np.repeat((p.gyro**2, p.accelerometer**2), 3)
        self._steady_drift = steady_drift(p)
        self._place_columns = _leg_columns(self._legs, self._body.size, (0, 1, 2, 5))
        self._tilt_columns = _leg_columns(self._legs, self._body.size, (4, 3))
        self._forget()

    def _forget(self) -> None:
        self.state = ekf.FilterState()
        self.slips = [0, 0]
        self.innovation = [0.0, 0.0]
        self._standing = [False, False]
        self._slipping = [0.0, 0.0]
        self._rest = 1.0
        self._ticks = 0
        self._walked = np.zeros((2, 2))
        self._roughness = 0.0
        self._drift = np.zeros(ekf.SIZE)
        self._firmness = [1.0, 1.0]
        self._turn = [ZERO, ZERO]

    @property
    def slipping(self) -> tuple[bool, bool]:
        """Standing soles that an innovation gave away, or that are seen to turn on the ground."""
        limit = self.parameters.invariant_ekf.slip_turn
        left, right = (
            stands and (time > 0.0 or abs(turn[2]) > limit)
            for stands, time, turn in zip(self._standing, self._slipping, self._turn, strict=True)
        )
        return left, right

    # --- start ------------------------------------------------------------------------------

    def _begin(
        self, observation: Observation, readings: Readings, up: Vector3, gyro: Vector3
    ) -> Estimate:
        assert readings.orientation is not None
        state, p = self.state, self.parameters.invariant_ekf
        self._gyro, self._force = np.array(gyro), GRAVITY * np.array(up)
        state.rotation[:] = level_rotation(up)
        state.covariance[:] = np.diag(initial_variance(p))
        state.imu_heading = self._imu_heading(readings.orientation)
        self._correct_attitude(readings.orientation)
        self._place_at_rest(readings.position)
        if p.flat_ground:
            for foot in (0, 1):
                self._level(foot)
            self._place_at_rest(readings.position)
        left, right = self._body.soles.position
        middle = 0.5 * (np.array(left) + np.array(right))
        state.position[:] = -middle
        self._place_at_rest(readings.position)
        for foot in (0, 1):
            self._put_down(foot)
        self._momentum.reset(self._body.external_force(readings.torque))
        wrench = self._wrenches.solve(self._momentum.residual, self._body.jacobians)
        self._show_covariance()
        return self._assemble(observation, readings, np.zeros(3), wrench)

    def _place_at_rest(self, joint_position: Array) -> None:
        """Put the body where the filter believes it is, at rest."""
        state = self.state
        base = vector3((state.position - state.rotation @ self._imu_place).tolist())
        self._body.place(_quaternion(state.rotation), joint_position, base)
        self._noise = self._kinematic_noise()

    def _return_from_outage(self, readings: Readings, faults: dict[str, str]) -> None:
        """Put the soles down anew when nobody saw where they went."""
        health = self._health
        unseen = health.overdue(JOINTS) and JOINTS not in faults
        if STREAM in faults or health.overdue(STREAM) or unseen:
            self._lift(0)
            self._lift(1)

    # --- one sample -------------------------------------------------------------------------

    def _advance(self, observation: Observation, readings: Readings, dt: float) -> Estimate:
        omega = self._propagate(readings, dt)
        state = self.state
        velocity = state.velocity.dot(state.rotation) + self._arm.dot(omega)
        base = state.position - state.rotation.dot(self._imu_place)
        self._body.move(
            base,
            _quaternion(state.rotation),
            velocity,
            omega,
            readings.position,
            readings.velocity,
            dt,
        )
        residual = self._momentum.update(self._body.external_force(readings.torque), dt)
        wrench = self._wrenches.solve(residual, self._body.jacobians)
        self._contact.update(wrench, self._body.soles, dt)
        self._noise = self._kinematic_noise()
        self._stand(readings, dt)
        self._correct_soles(dt)
        self._correct_slowly(readings)
        return self._assemble(observation, readings, omega, wrench)

    def _propagate(self, readings: Readings, dt: float) -> Array:
        """Advance by the IMU; return the bias-free angular velocity in base axes (3,) [rad/s].

        A silent gyro or accelerometer is held, with its bias-free value in doubt.
        """
        state = self.state
        gyro, force = readings.gyro, readings.specific_force
        variance = self._input_variance
        if gyro is None or force is None:
            variance = variance.copy()
            variance[:3] += 0.0 if gyro is not None else _HELD_GYRO**2
            variance[3:] += 0.0 if force is not None else _HELD_FORCE**2
        before = self._gyro
        if gyro is not None:
            self._gyro = self._imu_to_base.dot(gyro)
        elif self._health.overdue(GYRO):
            self._gyro = state.biases[0].copy()
        if force is not None:
            self._force = self._imu_to_base.dot(force)
        else:
            self._force = state.biases[1] + GRAVITY * state.rotation[2]
        self._propagation.move(state, 0.5 * (before + self._gyro), self._force, dt)
        self._propagation.spread(state, variance, self._drift_over(dt))
        self._ticks += 1
        if self._ticks % _TIDY_EVERY == 0:
            ekf.tidy(state)
        omega: Array = self._gyro - state.biases[0]
        return omega

    def _drift_over(self, dt: float) -> Array:
        """(26,) variances that soles and biases gain in dt."""
        p, drift = self.parameters.invariant_ekf, self._drift
        np.multiply(self._steady_drift, dt, out=drift)
        steady_turn = p.rest_drift if self._rest > _AT_REST else p.turn_drift
        for foot in (0, 1):
            loose, (x, y, z) = 1.0 - self._firmness[foot], self._turn[foot]
            rocking = max(math.sqrt(x * x + y * y + z * z) - p.rocking_allowance, 0.0)
            turning = max(abs(z) - p.rocking_allowance, 0.0)
            place = (
                p.stance_drift**2 + (loose * p.unload_drift) ** 2 + (p.rocking_drift * rocking) ** 2
            )
            if self._slipping[foot] > 0.0:
                place += p.slip_drift**2
                self._slipping[foot] -= dt
            turn = steady_turn**2 + (loose * p.unload_turn) ** 2 + (p.turning_drift * turning) ** 2
            drift[ekf.FOOT[foot]] = dt * place
            drift[ekf.FOOT_HEADING[foot]] = dt * turn
        return drift

    # --- soles ------------------------------------------------------------------------------

    def _kinematic_noise(self) -> Array:
        """(2, 4, 4) covariance of the soles' places and headings by the encoders, world axes."""
        legs = self._body.jacobians.take(self._place_columns)
        noise: Array = (legs @ legs.transpose(0, 2, 1)) * self._encoder_variance
        return noise

    def _tilt_noise(self, foot: int) -> Array:
        """(2, 2) covariance of the x and y of a sole's normal by the encoders, world axes."""
        legs = self._body.jacobians.take(self._tilt_columns[foot])
        noise: Array = (legs @ legs.T) * self._encoder_variance
        return noise

    def _stand(self, readings: Readings, dt: float) -> None:
        """Lift and put down the filter's soles as contact tells, with hysteresis."""
        p, contact = self.parameters.invariant_ekf, self._contact
        keep = p.rocking_time / (p.rocking_time + dt)
        for foot in (0, 1):
            self._turn[foot] = weighted(
                keep, self._turn[foot], 1.0 - keep, self._body.soles.turn[foot]
            )
            share = contact.loads[foot] * contact.probability[foot]
            if readings.bad_joints is not None and readings.bad_joints[self._legs[foot]].any():
                share = 0.0
            self._firmness[foot] = min(max(share / p.full_load, 0.0), 1.0)
            if self._standing[foot] and share < p.remove_load:
                self._lift(foot)
            elif not self._standing[foot] and share > p.add_load:
                self._put_down(foot)
        self._rest += (min(self._firmness) - self._rest) * dt / (_REST_TIME + dt)

    def _lift(self, foot: int) -> None:
        self._standing[foot] = False
        self._slipping[foot] = 0.0
        ekf.remove_contact(self.state, foot)

    def _put_down(self, foot: int) -> None:
        soles = self._body.soles
        self._standing[foot] = True
        place = np.array(soles.position[foot])
        ekf.add_contact(self.state, foot, place, soles.heading[foot], self._noise[foot])

    def _correct_soles(self, dt: float) -> None:
        """Standing soles have not moved; one that has all the same is told by its innovation."""
        feet = _FEET[self._standing[0] + 2 * self._standing[1]]
        if not feet:
            self.innovation = [0.0, 0.0]
            return
        state, soles = self.state, self._body.soles
        jacobian = self._sole_jacobians[self._standing[0] + 2 * self._standing[1]]
        z, noise = np.zeros(4 * len(feet)), np.zeros((4 * len(feet),) * 2)
        places, headings = state.vectors.tolist(), state.foot_heading.tolist()
        for row, foot in enumerate(feet):
            (x, y, height), d = soles.position[foot], places[ekf.FOOT_ROW[foot]]
            turned = wrapped(soles.heading[foot] - headings[foot])
            at = slice(4 * row, 4 * row + 4)
            z[at] = x - d[0], y - d[1], height - d[2], turned
            np.add(self._noise[foot], self._sole_floor, out=noise[at, at])
        seen, spread = ekf.innovation_covariance(state, jacobian, noise)
        if self._gate(feet, z, spread):
            seen, spread = ekf.innovation_covariance(state, jacobian, noise)
        ekf.apply(state, z, seen, spread)

    def _gate(self, feet: tuple[int, ...], z: Array, spread: Array) -> bool:
        """Tell slips; widen the place of a slipping sole until its innovation is no surprise."""
        gate, slipped = self.parameters.invariant_ekf.slip_gate, False
        values, variances = z.tolist(), spread.diagonal().tolist()
        for row, foot in enumerate(feet):
            x, y, height, _ = values[4 * row : 4 * row + 4]
            vx, vy, vz, _ = variances[4 * row : 4 * row + 4]
            square = x * x / vx + y * y / vy + height * height / vz
            self.innovation[foot] = square
            if not (square <= gate):
                slipped = True
                self.slips[foot] += self._slipping[foot] <= 0.0
                self._slipping[foot] = self.parameters.invariant_ekf.slip_time
                part = z[4 * row : 4 * row + 3]
                self._widen(ekf.FOOT[foot], float(part @ part) / gate)
        return slipped

    def _widen(self, part: slice, variance: float) -> None:
        self.state.covariance[part, part] += variance * np.eye(3)

    # --- IMU attitude and ground --------------------------------------------------------------

    def _correct_slowly(self, readings: Readings) -> None:
        """Every few samples the IMU's own attitude; half-way between, level and height of soles."""
        p = self.parameters.invariant_ekf
        turn = self._ticks % p.slow_period
        if self._ticks % _COVARIANCE_EVERY == 1:
            self._settle()
            self._show_covariance()
        if turn == 0 and readings.orientation is not None:
            self._correct_attitude(readings.orientation)
        elif p.flat_ground and turn == p.slow_period // 2:
            for foot in (0, 1):
                if self._standing[foot] and self._firmness[foot] >= 1.0:
                    self._level(foot)
                    self._rest_on_ground(foot)

    def _settle(self) -> None:
        """Hold the world at the firmer sole, so that odometry goes on from where it is."""
        left, right = self._firmness
        foot = int(right > left)
        standing = self._standing[foot]
        self._walked += ekf.settle_place(self.state, foot if standing else None)

    def _attitude(self, orientation: Array) -> Array:
        """(3, 3) base axes to the IMU's own world."""
        attitude: Array = pin.Quaternion(orientation).matrix() @ self._imu_to_base.T
        return attitude

    def _imu_heading(self, orientation: Array) -> float:
        """Heading of the IMU's own attitude relative to ours [rad]."""
        turn = self._attitude(orientation) @ self.state.rotation.T
        return math.atan2(turn[1, 0] - turn[0, 1], turn[0, 0] + turn[1, 1])

    def _correct_attitude(self, orientation: Array) -> None:
        state, p = self.state, self.parameters.invariant_ekf
        z = attitude_innovation(state, self._attitude(orientation))
        if not (abs(z[2]) <= _HEADING_JUMP):
            state.imu_heading = self._imu_heading(orientation)
            ekf.forget(state, ekf.IMU_HEADING, _HEADING_JUMP**2)
            z = attitude_innovation(state, self._attitude(orientation))
        noise = p.imu_orientation**2 * np.eye(3)
        ekf.correct(state, z, attitude_jacobian(state), noise)

    def _level(self, foot: int) -> None:
        p = self.parameters.invariant_ekf
        normal = np.array(self._body.soles.normal[foot])
        if not (math.hypot(normal[0], normal[1]) <= p.ground_tilt_gate):
            return
        noise = self._tilt_noise(foot) + p.ground_tilt**2 * np.eye(2)
        ekf.correct(self.state, normal[:2], flatness_jacobian(normal), noise)

    def _rest_on_ground(self, foot: int) -> None:
        state, p = self.state, self.parameters.invariant_ekf
        place = state.vectors[ekf.FOOT_ROW[foot]]
        jacobian, height = ground_jacobian(place, foot), float(place[2])
        doubt = p.ground_height**2 + _STEP_SAMPLES * self._roughness
        seen, spread = ekf.innovation_covariance(state, jacobian, np.full((1, 1), doubt))
        known = float(spread[0, 0]) - doubt
        unexplained = max(height * height - known - p.ground_height**2, 0.0)
        self._roughness += (unexplained - self._roughness) * p.roughness_share
        if height * height <= p.ground_gate * spread[0, 0]:
            ekf.apply(state, place[2:].copy(), seen, spread)

    # --- result -----------------------------------------------------------------------------

    def _show_covariance(self) -> None:
        """Refresh what ``Estimate`` tells of the covariance; every 10 ms, as it changes slowly."""
        gyro = self.parameters.invariant_ekf.gyro
        pose, self._twist = pose_and_twist(self.state, self._imu_place, gyro)
        self._pose = over_the_path(pose, self.state.position, self._walked)

    def _assemble(
        self, observation: Observation, readings: Readings, omega: Array, wrench: Array
    ) -> Estimate:
        state = self.state
        rotation = state.rotation
        return Estimate(
            observation,
            state.position - rotation.dot(self._imu_place),
            _quaternion(rotation),
            state.velocity.dot(rotation) + self._arm.dot(omega),
            omega,
            readings.position,
            readings.velocity,
            np.array(self._contact.probability),
            wrench,
            self._pose,
            self._twist,
            self._health.healthy,
            self._health.cause,
        )


def _with_fast_contact(parameters: EstimatorParameters) -> EstimatorParameters:
    """Contact by this filter's own times: it forgives a wrong contact, but not a late one."""
    p = parameters.invariant_ekf
    contact = replace(
        parameters.contact,
        observer_bandwidth=p.observer_bandwidth,
        rise_time=p.contact_time,
        fall_time=p.contact_time,
    )
    return replace(parameters, contact=contact)


def _quaternion(rotation: Array) -> Array:
    """(4,) xyzw."""
    coefficients: Array = pin.Quaternion(rotation).coeffs()
    return coefficients


def _leg_columns(legs: list[Indices], size: int, rows: tuple[int, ...]) -> Indices:
    """(2, r, l) flat indices into the (12, size) Jacobian: of a sole's rows its own leg's part."""
    columns = [
        [(6 * foot + row) * size + BASE_DOF + leg for row in rows] for foot, leg in enumerate(legs)
    ]
    return np.array(columns)
