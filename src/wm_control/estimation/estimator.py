"""The state estimator: one observation in, one belief out, in a fixed order.

    sensors -> orientation -> velocity prediction -> momentum observer -> contacts -> correction

Each stage is one file of this folder. Nothing here reads a clock; time is the observations' stamp.
Joint velocities are passed on as measured: with 0.05 rad/s of noise the best low-pass (150 Hz) is
6 % closer to the truth in a walk, which is not worth its millisecond of delay.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from wm_control.estimation.body import Body
from wm_control.estimation.contact import ContactFilter, WrenchSolver
from wm_control.estimation.covariance import Uncertainty
from wm_control.estimation.health import Health
from wm_control.estimation.leg_odometry import LegOdometry, carried, steadiness
from wm_control.estimation.momentum import MomentumObserver
from wm_control.estimation.orientation import (
    GRAVITY,
    OrientationFilter,
    heading_from_quaternion,
    up_from_quaternion,
)
from wm_control.estimation.parameters import EstimatorParameters
from wm_control.estimation.sensors import Readings, SensorGuard
from wm_control.estimation.stuck import GYRO, JOINTS
from wm_control.estimation.vector3 import (
    ZERO,
    Vector3,
    minus,
    plus,
    rotate,
    rotate_back,
    vector3,
    weighted,
)
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Estimate, Observation

STREAM = "observations"

_STANDING_SAY = 0.8
_STANDING_TIME = 0.1
"""The robot stands when the lesser sole's say, averaged over this time [s], exceeds this."""

_UNSUPPORTED_SAY = 0.2
"""The base coasts on the accelerometer alone when both soles together say less."""


class LegOdometryEstimator:
    """A ``types.Estimator``: IMU, joints and soles at rest; no foot sensor, no gait clock."""

    def __init__(self, description: RobotDescription, parameters: EstimatorParameters) -> None:
        """Build Pinocchio model and filters; nothing is believed before ``reset``."""
        self.description = description
        self.parameters = parameters
        self._imu_rotation = np.asarray(description.imu.rotation).tolist()
        self._imu_forward = rotate_back(self._imu_rotation, (1.0, 0.0, 0.0))
        self._legs = [
            np.array(description.groups[name], dtype=np.intp) for name in ("left_leg", "right_leg")
        ]
        self._body = Body(description)
        self._guard = SensorGuard(description, parameters.sensors)
        self._health = Health(parameters.sensors)
        self._orientation = OrientationFilter(parameters.orientation)
        imu_position = vector3(np.asarray(description.imu.position).tolist())
        self._odometry = LegOdometry(parameters.odometry, imu_position)
        self._momentum = MomentumObserver(self._body.size, parameters.contact.observer_bandwidth)
        self._wrenches = WrenchSolver(parameters.contact, np.concatenate(self._legs))
        self._contact = ContactFilter(parameters.contact)
        self._uncertainty = Uncertainty(parameters.covariance)
        self._start_over()

    def _start_over(self) -> None:
        self._guard.reset()
        self._health.reset()
        self._contact.reset()
        self._uncertainty.reset()
        self._gyro = ZERO
        self._heading_error = 0.0
        self._standing = 1.0
        self._slip = [ZERO, ZERO]
        self._last: Estimate | None = None

    def reset(self, observation: Observation) -> Estimate:
        """Start from rest with both soles on flat ground; see ``types.Estimator``.

        Unusable sensors give an unhealthy estimate; the next ``update`` then tries again.
        """
        self._start_over()
        readings = self._guard.check(observation, 0.0)
        up, gyro = self._up(readings), self._in_base(readings.gyro)
        if readings.faults or up is None or gyro is None:
            fault = next(iter(readings.faults.values()), "no vertical from the IMU")
            return self._unusable(observation, f"cannot start: {fault}")
        self._gyro = gyro
        self._orientation.reset(up)
        self._body.place(self._orientation.quaternion, readings.position)
        soles = self._body.soles
        middle = weighted(0.5, soles.position[0], 0.5, soles.position[1])
        places = [minus(sole, middle) for sole in soles.position]
        self._odometry.reset(minus(ZERO, middle), places, soles.heading)
        self._momentum.reset(self._body.external_force(readings.torque))
        wrench = self._wrenches.solve(self._momentum.residual, self._body.jacobians)
        self._last = self._assemble(observation, readings, ZERO, wrench)
        return self._last

    def update(self, observation: Observation) -> Estimate:
        """Take in the next observation; never raises.

        A repeated or reordered observation returns the last estimate. Whatever still goes wrong
        inside (a singular matrix, say) is reported as an unhealthy estimate: a control loop must be
        told, not killed.
        """
        if self._last is None:
            return self.reset(observation)
        try:
            if observation.sequence <= self._last.observation.sequence:
                return self._without_news(self._last)
            return self._advance(observation, self._last)
        except Exception as error:  # the promise of the protocol, see above
            return self._unusable(observation, f"{type(error).__name__}: {error}")

    def _advance(self, observation: Observation, last: Estimate) -> Estimate:
        faults: dict[str, str] = {}
        dt = self._interval(observation, last, faults)
        readings = self._guard.check(observation, dt)
        faults.update(readings.faults)
        self._return_from_outage(readings, faults)
        self._health.update(faults, dt)
        omega = self._turn(readings, dt)
        orientation, odometry = self._orientation, self._odometry
        force = self._specific_force(readings)
        velocity = odometry.predict(orientation.rows, omega, force, dt)
        self._body.move(
            odometry.position,
            orientation.quaternion,
            velocity,
            omega,
            readings.position,
            readings.velocity,
            dt,
        )
        residual = self._momentum.update(self._body.external_force(readings.torque), dt)
        wrench = self._wrenches.solve(residual, self._body.jacobians)
        self._correct(readings, wrench, dt)
        self._last = self._assemble(observation, readings, omega, wrench)
        return self._last

    # --- time -------------------------------------------------------------------------------

    def _interval(self, observation: Observation, last: Estimate, faults: dict[str, str]) -> float:
        """Seconds since the last observation; the nominal period where stamps make no sense."""
        sensors = self.parameters.sensors
        dt = observation.stamp - last.stamp
        if not (0.0 < dt < math.inf):
            faults[STREAM] = f"stamp goes from {last.stamp} to {observation.stamp} s"
            return sensors.nominal_period
        if dt > sensors.outage_limit:
            faults[STREAM] = f"no observation for {1e3 * dt:.0f} ms"
            return sensors.outage_limit * 1.01
        return dt

    def _without_news(self, last: Estimate) -> Estimate:
        """Stay with the last estimate, for as long as prediction may bridge a gap."""
        fault = f"no observation newer than number {last.observation.sequence}"
        self._health.update({STREAM: fault}, self.parameters.sensors.nominal_period)
        if self._health.healthy:
            return last
        return self._unusable(last.observation, self._health.cause)

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

    # --- IMU --------------------------------------------------------------------------------

    def _in_base(self, reading: Array | None) -> Vector3 | None:
        """Turn a reading (3,) in IMU axes into base axes."""
        return None if reading is None else rotate(self._imu_rotation, vector3(reading.tolist()))

    def _up(self, readings: Readings) -> Vector3 | None:
        """Vertical in base axes by the IMU's own orientation; None without it."""
        if readings.orientation is None:
            return None
        return rotate(self._imu_rotation, up_from_quaternion(readings.orientation.tolist()))

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
        weight = self._body.weight
        loads = [force / weight for force in wrench[:, 2].tolist()]
        keep = self.parameters.contact.speed_time / (self.parameters.contact.speed_time + dt)
        self._slip = [
            weighted(keep, old, 1.0 - keep, new)
            for old, new in zip(self._slip, soles.velocity, strict=True)
        ]
        speeds = [math.hypot(*slip) for slip in self._slip]
        heights = [sole[2] for sole in soles.position]
        probability = self._contact.update(loads, heights, speeds, dt)
        carries = [carried(*pair, odometry) for pair in zip(loads, probability, strict=True)]
        limit = self._odometry.patience.update(speeds, carries, dt)
        say = [c * steadiness(v, limit) for c, v in zip(carries, speeds, strict=True)]
        if readings.bad_joints is not None:
            blind = [bool(readings.bad_joints[leg].any()) for leg in self._legs]
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
            self._health.cause,
        )

    def _unusable(self, observation: Observation, cause: str) -> Estimate:
        """Whatever was believed last, marked as unusable."""
        if self._last is not None:
            return replace(self._last, healthy=False, cause=cause)
        n = len(self.description.joint_names)
        return Estimate(
            observation,
            np.zeros(3),
            np.array((0.0, 0.0, 0.0, 1.0)),
            np.zeros(3),
            np.zeros(3),
            np.zeros(n),
            np.zeros(n),
            np.zeros(2),
            np.zeros((2, 6)),
            self._uncertainty.pose,
            self._uncertainty.twist,
            False,
            cause,
        )
