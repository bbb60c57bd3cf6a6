"""The state estimator: one observation in, one belief out, in a fixed order.

    sensors -> orientation -> velocity prediction -> momentum observer -> contacts -> correction

Each arrow is one file of this folder. Nothing here reads a clock; time is the observations' stamp.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pinocchio as pin

from wm_control.estimation.contact import ContactFilter, WrenchSolver
from wm_control.estimation.covariance import Uncertainty
from wm_control.estimation.health import Health
from wm_control.estimation.leg_odometry import LegOdometry, carried, steadiness
from wm_control.estimation.momentum import MomentumObserver
from wm_control.estimation.orientation import GRAVITY, OrientationFilter, up_from_quaternion
from wm_control.estimation.parameters import EstimatorParameters
from wm_control.estimation.sensors import Readings, SensorGuard
from wm_control.estimation.stuck import GYRO, JOINTS
from wm_control.robot.description import RobotDescription
from wm_control.robot.model import BASE_DOF, RobotModel
from wm_control.types import Array, Estimate, Observation

STREAM = "observations"
_WORLD_ALIGNED = pin.ReferenceFrame.LOCAL_WORLD_ALIGNED
_STANDING_SAY = 0.8
_STANDING_TIME = 0.1
"""The robot stands when the lesser sole's say, averaged over this time [s], exceeds this."""

_UNSUPPORTED_SAY = 0.2
"""The base coasts on the accelerometer alone when both soles together say less."""


@dataclass(slots=True)
class Soles:
    """Both soles by forward kinematics at the predicted base state, world axes.

    position: (2, 3) [m]. velocity: (2, 3) [m/s]. heading: of the soles' x axes [rad].
    """

    position: Array
    velocity: Array
    heading: list[float]


class LegOdometryEstimator:
    """A ``types.Estimator``: IMU, joints and soles at rest; no foot sensor, no gait clock."""

    def __init__(self, description: RobotDescription, parameters: EstimatorParameters) -> None:
        """Build Pinocchio model and filters; RobotDescriptionError comes from the description."""
        self.description = description
        self.parameters = parameters
        self._robot = RobotModel(description)
        self._imu_rotation: Array = np.ascontiguousarray(description.imu.rotation, dtype=np.float64)
        legs = [BASE_DOF + np.array(description.groups[name]) for name in ("left_leg", "right_leg")]
        self._legs = [leg - BASE_DOF for leg in legs]
        self._guard = SensorGuard(description, parameters.sensors)
        self._health = Health(parameters.sensors)
        self._orientation = OrientationFilter(parameters.orientation)
        self._odometry = LegOdometry(parameters.odometry, description.imu.position)
        self._momentum = MomentumObserver(self._robot.nv, parameters.contact.observer_bandwidth)
        self._wrenches = WrenchSolver(parameters.contact, np.concatenate(self._legs))
        self._contact = ContactFilter(parameters.contact)
        self._uncertainty = Uncertainty(parameters.covariance)
        self._acceleration: Array = np.zeros(self._robot.nv)
        self._jacobians: Array = np.zeros((12, self._robot.nv))
        self._soles = Soles(np.zeros((2, 3)), np.zeros((2, 3)), [0.0, 0.0])
        self._last: Estimate | None = None
        self._start_over()

    def _start_over(self) -> None:
        self._guard.reset()
        self._health.reset()
        self._contact.reset()
        self._uncertainty.reset()
        self._gyro: Array = np.zeros(3)
        self._heading_error = 0.0
        self._standing = 1.0
        self._slip: Array = np.zeros((2, 3))
        self._last = None

    def reset(self, observation: Observation) -> Estimate:
        """Start from rest with both soles on flat ground; see ``types.Estimator``.

        Unusable sensors give an unhealthy estimate; the next ``update`` then tries again.
        """
        self._start_over()
        readings = self._guard.check(observation, 0.0)
        up = self._up(readings)
        if readings.faults or up is None:
            fault = next(iter(readings.faults.values()), "no vertical from the IMU")
            return self._unusable(observation, f"cannot start: {fault}")
        assert readings.gyro is not None
        self._gyro = self._imu_rotation @ readings.gyro
        self._orientation.reset(up)
        self._robot.v[:] = 0.0
        self._odometry.position = np.zeros(3)
        self._move_model(readings, np.zeros(3), np.zeros(3), 0.0)
        position = -self._soles.position.mean(axis=0)
        self._soles.position += position
        self._odometry.reset(position, self._soles.position, self._soles.heading)
        self._momentum.reset(self._external_force(readings))
        wrench = self._wrenches.solve(self._momentum.residual, self._jacobians)
        self._last = self._assemble(observation, readings, np.zeros(3), wrench)
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
                return self._without_news(observation)
            return self._advance(observation)
        except Exception as error:  # the promise of the protocol, see above
            return self._unusable(observation, f"{type(error).__name__}: {error}")

    def _advance(self, observation: Observation) -> Estimate:
        faults: dict[str, str] = {}
        dt = self._interval(observation, faults)
        readings = self._guard.check(observation, dt)
        faults.update(readings.faults)
        self._return_from_outage(readings, faults)
        self._health.update(faults, dt)
        omega = self._turn(readings, dt)
        force = self._specific_force(readings)
        velocity = self._odometry.predict(self._orientation.rotation, omega, force, dt)
        self._move_model(readings, velocity, omega, dt)
        residual = self._momentum.update(self._external_force(readings), dt)
        wrench = self._wrenches.solve(residual, self._jacobians)
        self._correct(readings, wrench, dt)
        self._last = self._assemble(observation, readings, omega, wrench)
        return self._last

    # --- time -------------------------------------------------------------------------------

    def _interval(self, observation: Observation, faults: dict[str, str]) -> float:
        """Seconds since the last observation; the nominal period where stamps make no sense."""
        assert self._last is not None
        sensors = self.parameters.sensors
        dt = observation.stamp - self._last.stamp
        if not (0.0 < dt < math.inf):
            faults[STREAM] = f"stamp goes from {self._last.stamp} to {observation.stamp} s"
            return sensors.nominal_period
        if dt > sensors.outage_limit:
            faults[STREAM] = f"no observation for {1e3 * dt:.0f} ms"
            return sensors.outage_limit * 1.01
        return dt

    def _without_news(self, observation: Observation) -> Estimate:
        """Stay with the last estimate, for as long as prediction may bridge a gap."""
        assert self._last is not None
        last = self._last
        fault = f"no observation newer than number {last.observation.sequence}"
        self._health.update({STREAM: fault}, self.parameters.sensors.nominal_period)
        if self._health.healthy:
            return last
        return self._unusable(last.observation, self._health.cause)

    # --- sensors ----------------------------------------------------------------------------

    def _return_from_outage(self, readings: Readings, faults: dict[str, str]) -> None:
        """Start afresh with what went stale while a sensor was out for too long."""
        if self._health.overdue(GYRO) and GYRO not in faults:
            up = self._up(readings)
            if up is not None:
                self._orientation.set_tilt(up, self._orientation.heading)
        if self._stale(faults):
            self._contact.reset()
            self._odometry.say = [0.0, 0.0]

    def _stale(self, faults: dict[str, str]) -> bool:
        """Whether the anchors belong to a past that nobody saw."""
        if STREAM in faults:
            return True
        return self._health.overdue(STREAM) or (
            self._health.overdue(JOINTS) and JOINTS not in faults
        )

    def _up(self, readings: Readings) -> Array | None:
        """(3,) vertical in base axes by the IMU's own orientation; None without it."""
        if readings.orientation is None:
            return None
        return self._imu_rotation @ up_from_quaternion(readings.orientation)

    def _turn(self, readings: Readings, dt: float) -> Array:
        """Advance the orientation; return the angular velocity (3,) in base axes [rad/s].

        A silent gyro is held for as long as prediction lasts, and taken as zero afterwards.
        """
        if readings.gyro is not None:
            self._gyro = self._imu_rotation @ readings.gyro
        elif self._health.overdue(GYRO):
            self._gyro = self._orientation.bias
        orientation = self._orientation
        up, bandwidth = self._up(readings), orientation.tilt_bandwidth()
        if up is None and readings.specific_force is not None:
            up = orientation.accelerometer_up(self._imu_rotation @ readings.specific_force)
            bandwidth = self.parameters.orientation.accelerometer_bandwidth
        standing = self._standing > _STANDING_SAY
        return orientation.update(
            self._gyro,
            dt,
            up,
            bandwidth,
            self._heading_error,
            orientation.heading_bandwidth(standing),
        )

    def _specific_force(self, readings: Readings) -> Array:
        """(3,) base axes; without an accelerometer, that of a base that does not accelerate."""
        if readings.specific_force is not None:
            force: Array = self._imu_rotation @ readings.specific_force
            return force
        at_rest: Array = GRAVITY * self._orientation.rotation[2]
        return at_rest + self._odometry.acceleration_bias

    # --- model ------------------------------------------------------------------------------

    def _move_model(self, readings: Readings, velocity: Array, omega: Array, dt: float) -> None:
        """Put the model into the predicted state; refresh acceleration, Jacobians and soles.

        velocity, omega: (3,) of the base in base axes. dt: since the last state; 0 means at rest.
        """
        robot, model, data = self._robot, self._robot.model, self._robot.data
        q, v, before = robot.q, robot.v, robot.v.copy()
        q[:3] = self._odometry.position
        q[3:7] = self._orientation.quaternion
        q[7:] = readings.position
        v[:3] = velocity
        v[3:6] = omega
        v[6:] = readings.velocity if dt > 0.0 else 0.0
        self._acceleration = (v - before) / dt if dt > 0.0 else np.zeros(robot.nv)
        pin.computeJointJacobians(model, data, q)
        soles, jacobians = self._soles, self._jacobians
        for foot, frame in enumerate(robot.sole_ids):
            placement = pin.updateFramePlacement(model, data, frame)
            soles.position[foot] = placement.translation
            x_axis = placement.rotation[:, 0].tolist()
            soles.heading[foot] = math.atan2(x_axis[1], x_axis[0])
            jacobians[6 * foot : 6 * foot + 6] = pin.getFrameJacobian(
                model, data, frame, _WORLD_ALIGNED
            )
        soles.velocity = (jacobians @ v).reshape(2, 6)[:, :3]

    def _external_force(self, readings: Readings) -> Array:
        """(nv,) what inverse dynamics needs beyond the drives' torques: raw contact force."""
        robot = self._robot
        force: Array = pin.rnea(robot.model, robot.data, robot.q, robot.v, self._acceleration)
        force[BASE_DOF:] -= readings.torque
        return force

    # --- correction -------------------------------------------------------------------------

    def _correct(self, readings: Readings, wrench: Array, dt: float) -> None:
        """Decide which soles stand, and pull the odometry towards them."""
        soles = self._soles
        loads = (wrench[:, 2] / self._robot.weight).tolist()
        smoothing = dt / (self.parameters.contact.speed_time + dt)
        self._slip = self._slip + smoothing * (soles.velocity - self._slip)
        speeds = [math.hypot(*velocity) for velocity in self._slip.tolist()]
        heights = soles.position[:, 2].tolist()
        probability = self._contact.update(loads, heights, speeds, dt)
        odometry = self.parameters.odometry
        carries = [carried(*pair, odometry) for pair in zip(loads, probability, strict=True)]
        limit = self._odometry.patience.update(speeds, carries, dt)
        say = [c * steadiness(v, limit) for c, v in zip(carries, speeds, strict=True)]
        if readings.bad_joints is not None:
            for foot, leg in enumerate(self._legs):
                if readings.bad_joints[leg].any():
                    say[foot] = 0.0
        self._heading_error = self._odometry.correct(
            soles.position, soles.velocity, soles.heading, say, self._orientation.rotation, dt
        )
        self._standing += (min(say) - self._standing) * dt / (_STANDING_TIME + dt)
        self._uncertainty.update(sum(say) > _UNSUPPORTED_SAY, dt)

    # --- result -----------------------------------------------------------------------------

    def _assemble(
        self, observation: Observation, readings: Readings, omega: Array, wrench: Array
    ) -> Estimate:
        orientation, odometry = self._orientation, self._odometry
        return Estimate(
            observation,
            odometry.position.copy(),
            orientation.quaternion,
            odometry.velocity_in_base(orientation.rotation, omega),
            omega,
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
