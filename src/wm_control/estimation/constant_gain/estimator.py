"""The state estimator: one observation in, one belief out, in a fixed order.

    sensors -> orientation -> velocity prediction -> momentum observer -> contacts -> correction

Each stage is one file of this folder. Nothing here reads a clock; time is the observations' stamp.
Joint velocities are passed on as measured: with 0.05 rad/s of noise the best low-pass (150 Hz) is
6 % closer to the truth in a walk, which is not worth its millisecond of delay.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from wm_control.constants import GRAVITY
from wm_control.estimation.algebra.orientation import (
    OrientationFilter,
    heading_from_quaternion,
)
from wm_control.estimation.constant_gain.covariance import Uncertainty
from wm_control.estimation.constant_gain.leg_odometry import LegOdometry, carried, steadiness
from wm_control.estimation.guarded import STREAM, GuardedEstimator
from wm_control.estimation.parameters import EstimatorParameters
from wm_control.estimation.readings.sensors import Readings
from wm_control.estimation.readings.stuck import GYRO, JOINTS
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Estimate, Observation
from wm_control.vector3 import (
    ZERO,
    Rows,
    Vector3,
    minus,
    plus,
    rotate_back,
    vector3,
    weighted,
)

_STANDING_SAY = 0.8
_STANDING_TIME = 0.1
"""The robot stands when the lesser sole's say, averaged over this time [s], exceeds this."""

_SLIP_SHARE = 0.5
"""Only soles in contact slip."""

_UNSUPPORTED_SAY = 0.2
"""The base coasts on the accelerometer alone when both soles together say less."""


class LegOdometryEstimator(GuardedEstimator):
    """A ``types.Estimator``: IMU, joints and soles at rest; no foot sensor, no gait clock."""

    def __init__(self, description: RobotDescription, parameters: EstimatorParameters) -> None:
        """Build Pinocchio model and filters; nothing is believed before ``reset``."""
        super().__init__(description, parameters)
        self._imu_forward = rotate_back(self._imu_rotation, (1.0, 0.0, 0.0))
        self._orientation = OrientationFilter(parameters.orientation)
        imu_position = vector3(np.asarray(description.imu.position).tolist())
        self._odometry = LegOdometry(parameters.odometry, imu_position)
        self._uncertainty = Uncertainty(parameters.covariance)
        self._forget()

    def _forget(self) -> None:
        self._uncertainty.reset()
        self._gyro = ZERO
        self._heading_error = 0.0
        self._standing = 1.0

    def _begin(
        self, observation: Observation, readings: Readings, up: Vector3, gyro: Vector3
    ) -> Estimate:
        self._gyro = gyro
        self._orientation.reset(up)
        self._body.place(readings.position, self._base(ZERO, ZERO, ZERO))
        soles = self._body.soles
        middle = weighted(0.5, soles.position[0], 0.5, soles.position[1])
        places = [minus(sole, middle) for sole in soles.position]
        self._odometry.reset(minus(ZERO, middle), places, soles.heading)
        self._momentum.reset(self._body.external_force(readings.torque))
        wrench = self._wrenches.solve(self._momentum.residual, self._body.jacobians)
        return self._assemble(observation, readings, ZERO, wrench)

    def _base(self, position: Vector3, velocity: Vector3, omega: Vector3) -> Array:
        """(13,) the state of the base, as ``Body.move`` takes it."""
        orientation = self._orientation.quaternion.tolist()
        return np.array((*position, *orientation, *velocity, *omega))

    def _advance(self, observation: Observation, readings: Readings, dt: float) -> Estimate:
        omega = self._turn(readings, dt)
        orientation, odometry = self._orientation, self._odometry
        force = self._specific_force(readings)
        velocity = odometry.predict(orientation.rows, omega, force, dt)
        base = self._base(odometry.position, velocity, omega)
        self._body.move(base, readings.position, readings.velocity, dt)
        wrench = self._wrench(readings, dt)
        self._correct(readings, wrench, dt)
        return self._assemble(observation, readings, omega, wrench)

    def _return_from_outage(self, readings: Readings, faults: dict[str, str]) -> None:
        """Start afresh with what went stale while a sensor was out for too long."""
        health = self._health
        if health.overdue(GYRO) and GYRO not in faults:
            up = self._up(readings)
            if up is not None:
                self._orientation.set_tilt(up, self._orientation.heading)
        unseen = health.overdue(JOINTS) and JOINTS not in faults
        if STREAM in faults or health.overdue(STREAM) or unseen:
            self._odometry.forget_anchors()

    @property
    def figures(self) -> Mapping[str, float]:
        """Slip, and what the filters have learned."""
        return {
            "sole_speed_left_m_s": self._contact.speeds[0],
            "sole_speed_right_m_s": self._contact.speeds[1],
            "slip_limit_m_s": self._odometry.patience.limit,
            "gyro_bias_rad_s": math.hypot(*self._orientation.bias),
            "accelerometer_bias_m_s2": math.hypot(*self._odometry.acceleration_bias),
        }

    @property
    def _rotation(self) -> Rows:
        return self._orientation.rows

    @property
    def slipping(self) -> tuple[bool, bool]:
        """Loaded soles whose smoothed speed is beyond what is believed."""
        limit, contact = self._odometry.patience.limit, self._contact
        left, right = (
            speed > limit and share > _SLIP_SHARE
            for speed, share in zip(contact.speeds, contact.probability, strict=True)
        )
        return left, right

    # --- IMU --------------------------------------------------------------------------------

    def _turn(self, readings: Readings, dt: float) -> Vector3:
        """Advance the orientation; return the angular velocity in base axes [rad/s].

        A silent gyro is held for as long as prediction lasts, and taken as zero afterwards.
        """
        orientation, parameters = self._orientation, self.parameters.orientation
        gyro = self._in_base(readings.gyro)
        if gyro is not None:
            self._gyro = gyro
        elif self._health.overdue(GYRO):
            self._gyro = orientation.bias
        if readings.orientation is not None:
            imu_heading = heading_from_quaternion(readings.orientation.tolist(), self._imu_forward)
            orientation.watch_heading(imu_heading, dt)
        up, bandwidth = self._up(readings), orientation.tilt_bandwidth()
        felt = self._in_base(readings.specific_force) if up is None else None
        if felt is not None:
            up, bandwidth = orientation.accelerometer_up(felt), parameters.accelerometer_bandwidth
        return orientation.update(
            self._gyro,
            dt,
            up,
            bandwidth,
            self._heading_error,
            orientation.heading_bandwidth(standing=self._standing > _STANDING_SAY),
        )

    def _specific_force(self, readings: Readings) -> Vector3:
        """In base axes; without an accelerometer, that of a base that does not accelerate."""
        force = self._in_base(readings.specific_force)
        if force is not None:
            return force
        return plus(self._odometry.acceleration_bias, GRAVITY, self._orientation.up)

    # --- legs -------------------------------------------------------------------------------

    def _correct(self, readings: Readings, wrench: Array, dt: float) -> None:
        """Decide which soles stand, and pull the odometry towards them."""
        soles, odometry = self._body.soles, self.parameters.odometry
        probability = self._contact.update(wrench, soles, dt)
        loads, speeds = self._contact.loads, self._contact.speeds
        carries = [carried(*pair, odometry) for pair in zip(loads, probability, strict=True)]
        limit = self._odometry.patience.update(speeds, carries, dt)
        say = [c * steadiness(v, limit) for c, v in zip(carries, speeds, strict=True)]
        if readings.bad_joints is not None:
            blind = [bool(readings.bad_joints[chain].any()) for chain in self._chains]
            say = [0.0 if lost else s for s, lost in zip(say, blind, strict=True)]
        self._heading_error = self._odometry.correct(
            soles.position, soles.velocity, soles.heading, say, self._orientation.rows, dt
        )
        self._standing += (min(say) - self._standing) * dt / (_STANDING_TIME + dt)
        vx, vy, _ = self._odometry.imu_velocity
        self._uncertainty.update(sum(say) > _UNSUPPORTED_SAY, math.hypot(vx, vy), dt)

    # --- result -----------------------------------------------------------------------------

    def _assemble(
        self, observation: Observation, readings: Readings, omega: Vector3, wrench: Array
    ) -> Estimate:
        orientation, odometry = self._orientation, self._odometry
        return Estimate(
            observation,
            np.array(odometry.position),
            orientation.quaternion,
            np.array(odometry.velocity_in_base(orientation.rows, omega)),
            np.array(omega),
            readings.position,
            readings.velocity,
            np.array(self._contact.probability),
            wrench,
            self._uncertainty.pose,
            self._uncertainty.twist,
            self._health.healthy,
            self._cause,
        )
