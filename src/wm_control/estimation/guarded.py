"""What every estimator here shares: the guard before it, its health, and time.

An estimator adds two methods: how to begin at rest, and how to take in one believable observation.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from wm_control.constants import CONTROL_PERIOD
from wm_control.errors import RobotDescriptionError
from wm_control.estimation.algebra.orientation import up_from_quaternion
from wm_control.estimation.body.body import Body
from wm_control.estimation.body.contact import ContactDetector, WrenchSolver
from wm_control.estimation.body.momentum import MomentumObserver
from wm_control.estimation.health import Health
from wm_control.estimation.parameters import ContactParameters, EstimatorParameters
from wm_control.estimation.readings.effort import (
    BALANCE,
    EffortWatch,
    TorqueBalance,
    wrench_by_motion,
)
from wm_control.estimation.readings.legs_beside_imu import AXES, LegsBesideImu
from wm_control.estimation.readings.plausibility import (
    SPEEDS,
    TILT,
    TURN,
    UNITS,
    MeanForce,
    SpeedBesidePosition,
    TurnBesideAttitude,
    fault_at_rest,
    soles_fault_at_rest,
)
from wm_control.estimation.readings.sensors import Readings, SensorGuard
from wm_control.estimation.readings.stuck import GYRO, JOINTS
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Estimate, Observation
from wm_control.vector3 import Rows, Vector3, rotate, vector3

STREAM = "observations"

_NO_VELOCITY = "joints move while drives report no joint velocity"

_DECIDED = (TURN, AXES, BALANCE)
"""Faults that are evidence gathered over time: no need to wait whether they last."""

_UNSEEN = 4.0
"""Periods from one sample to the next over which a rate at both ends no longer tells the way."""

_UNKNOWN = np.diag((1.0,) * 6)


class GuardedEstimator(ABC):
    """A ``types.Estimator`` that keeps the protocol's promises; subclasses estimate."""

    def __init__(
        self,
        description: RobotDescription,
        parameters: EstimatorParameters,
        detector: Callable[[ContactParameters, float], ContactDetector] = ContactDetector,
    ) -> None:
        """Build Pinocchio model, guard and contact detection.

        detector: makes the contact detector of the parameters and the robot's weight [N].
        """
        self.description = description
        self.parameters = parameters
        self._imu_rotation = np.asarray(description.imu.rotation).tolist()
        self._legs = [
            np.array(description.groups[name], dtype=np.intp) for name in ("left_leg", "right_leg")
        ]
        if description.imu.link != description.base_link:
            raise RobotDescriptionError(
                f"robot '{description.name}': the IMU is on '{description.imu.link}', expected on "
                f"the base '{description.base_link}': make_estimator carries it there"
            )
        self._body = Body(description)
        self._chains = self._body.kinematics.chains
        self._guard = SensorGuard(description, parameters.sensors)
        self._health = Health(parameters.sensors)
        self._momentum = MomentumObserver(
            len(self._body.rows), parameters.contact.observer_bandwidth
        )
        self._wrenches = WrenchSolver(parameters.contact, len(self._body.rows))
        self._contact = detector(parameters.contact, self._body.weight)
        self._mean_force = MeanForce()
        self._turn_beside = TurnBesideAttitude(parameters.sensors)
        self._speeds = SpeedBesidePosition(description.joint_names, parameters.sensors)
        self._effort = EffortWatch(parameters.sensors)
        legs = [description.joint_names[k] for leg in self._legs for k in leg]
        self._balance = TorqueBalance(legs, self._body.weight, parameters.contact)
        self._axes = LegsBesideImu(description, self._body)
        self._checks = (
            self._mean_force,
            self._turn_beside,
            self._speeds,
            self._effort,
            self._balance,
            self._axes,
        )
        self._force_before: Vector3 | None = None
        self._last: Estimate | None = None

    def reset(self, observation: Observation) -> Estimate:
        """Start from rest with both soles on flat ground; see ``types.Estimator``.

        Unusable sensors give an unhealthy estimate; the next ``update`` then tries again.
        """
        self._guard.reset()
        self._health.reset()
        self._contact.reset()
        for check in self._checks:
            check.reset()
        self._force_before = None
        self._last = None
        self._forget()
        readings = self._guard.check(observation, 0.0)
        up, gyro = self._up(readings), self._in_base(readings.gyro)
        force = self._in_base(readings.specific_force)
        if readings.faults or up is None or gyro is None or force is None:
            fault = next(iter(readings.faults.values()), "no vertical from the IMU")
            return self._unusable(observation, f"cannot start: {fault}")
        self._body.place(readings.position)
        fault = fault_at_rest(force, gyro, up) or soles_fault_at_rest(self._body.soles, up)
        if fault:
            return self._unusable(observation, f"cannot start: {fault}")
        self._last = self._begin(observation, readings, up, gyro)
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
            faults: dict[str, str] = {}
            dt = self._interval(observation, self._last, faults)
            readings = self._guard.check(observation, dt)
            if readings.faults:
                faults.update(readings.faults)
            self._doubt_conventions(readings, dt, faults)
            if faults and not observation.joint_velocity.any():
                faults.update(dict.fromkeys(faults.keys() & {JOINTS, SPEEDS}, _NO_VELOCITY))
            if faults or self._health.ailing:
                self._return_from_outage(readings, faults)
                self._health.update(faults, dt)
                for fault in _DECIDED:
                    if fault in faults:
                        self._health.fail(faults[fault])
            self._last = self._advance(observation, readings, dt)
            return self._last
        except Exception as error:  # the promise of the protocol, see above
            return self._unusable(observation, f"{type(error).__name__}: {error}")

    @abstractmethod
    def _forget(self) -> None:
        """Drop every belief."""

    @abstractmethod
    def _begin(
        self, observation: Observation, readings: Readings, up: Vector3, gyro: Vector3
    ) -> Estimate:
        """Return the first estimate, at rest; up: vertical, gyro: reading, both in base axes."""

    @abstractmethod
    def _return_from_outage(self, readings: Readings, faults: dict[str, str]) -> None:
        """Start afresh with what went stale while a sensor was out for too long."""

    @abstractmethod
    def _advance(self, observation: Observation, readings: Readings, dt: float) -> Estimate:
        """Return the estimate dt after the last one."""

    @property
    @abstractmethod
    def figures(self) -> Mapping[str, float]:
        """What a diagnosis wants to know beyond the estimate, by name and unit; any moment."""

    @property
    def _attitude_off(self) -> float:
        """Tilt by which the IMU's last attitude was refused [rad]; 0: it was not."""
        return 0.0

    @property
    @abstractmethod
    def _rotation(self) -> Rows:
        """Rows of the believed rotation from base axes to world."""

    @property
    @abstractmethod
    def slipping(self) -> tuple[bool, bool]:
        """Whether left and right sole are taken to slip now."""

    # --- time -------------------------------------------------------------------------------

    def _interval(self, observation: Observation, last: Estimate, faults: dict[str, str]) -> float:
        """Seconds since the last observation; the nominal period where stamps make no sense.

        A stamp that jumps while the sequence goes on is the clock's jump: no sample was lost.
        """
        sensors = self.parameters.sensors
        dt = observation.stamp - last.stamp
        if not (0.0 < dt < math.inf):
            faults[STREAM] = f"stamp goes from {last.stamp} to {observation.stamp} s"
            return CONTROL_PERIOD
        if dt > sensors.outage_limit:
            if observation.sequence == last.observation.sequence + 1:
                faults[STREAM] = f"clock jumps by {dt:.3f} s from one sample to the next"
                return CONTROL_PERIOD
            faults[STREAM] = f"no observation for {1e3 * dt:.0f} ms"
            return sensors.outage_limit * 1.01
        return dt

    def _without_news(self, last: Estimate) -> Estimate:
        """Stay with the last estimate, for as long as prediction may bridge a gap."""
        fault = f"no observation newer than number {last.observation.sequence}"
        self._health.wait(STREAM, fault, CONTROL_PERIOD)
        if self._health.healthy:
            return last
        return self._unusable(last.observation, self._health.cause)

    def _doubt_conventions(self, readings: Readings, dt: float, faults: dict[str, str]) -> None:
        """Compare sensors that see the same motion; see plausibility.py.

        Legs are where the last sample put them, and so is the force beside them.
        """
        self._effort.update(readings.torque, dt)
        if self._balance.fault:
            faults[BALANCE] = self._balance.fault
        unseen = STREAM in faults or dt > _UNSEEN * CONTROL_PERIOD
        if unseen or readings.gyro is None or readings.orientation is None:
            self._turn_beside.reset()
        else:
            if fault := self._turn_beside.check(readings.orientation, readings.gyro, dt):
                faults[TURN] = fault
        if unseen or self._returns(JOINTS, faults) or self._returns(GYRO, faults):
            self._speeds.reset()  # nobody saw where the joints went meanwhile
        elif fault := self._speeds.check(readings.position, readings.velocity, dt):
            faults[SPEEDS] = fault
        if self._attitude_off > 0.0:
            faults[TILT] = f"attitude of the IMU is {self._attitude_off:.2g} rad off: its axes?"
        force = self._in_base(readings.specific_force)
        self._axes.update(self._force_before, self._contact.loads, dt)
        self._force_before = force
        if self._axes.fault:
            faults[AXES] = self._axes.fault
        if force is not None:
            load = sum(self._contact.loads)
            if fault := self._mean_force.check(force, self._rotation, load, dt):
                faults[UNITS] = fault

    def _returns(self, group: str, faults: Mapping[str, str]) -> bool:
        """Whether a group of sensors was out until now; with the IMU all may have stood still."""
        return self._health.outage(group) > 0.0 and group not in faults

    def _wrench(self, readings: Readings, dt: float) -> Array:
        """(2, 6) of the ground on both soles: by the drives' torques, or without them by motion."""
        residual = self._momentum.update(self._body.external_force(readings.torque), dt)
        if self._effort.silent:
            borne = self._body.weight * self._mean_force.share_borne
            self._balance.reset()
            return wrench_by_motion(self._body.soles, self._contact.speeds, borne)
        wrench = self._wrenches.solve(residual, self._body.jacobians)
        self._balance.update(wrench, self._body.jacobians, residual, dt)
        return wrench

    @property
    def _cause(self) -> str:
        """Why the estimate must not be used, or else what it does without."""
        return self._health.cause or self._effort.cause

    # --- readings -----------------------------------------------------------------------------

    def _in_base(self, reading: Array | None) -> Vector3 | None:
        """Turn a reading (3,) in IMU axes into base axes."""
        return None if reading is None else rotate(self._imu_rotation, vector3(reading.tolist()))

    def _up(self, readings: Readings) -> Vector3 | None:
        """Vertical in base axes by the IMU's own orientation; None without it."""
        if readings.orientation is None:
            return None
        return rotate(self._imu_rotation, up_from_quaternion(readings.orientation.tolist()))

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
            _UNKNOWN,
            _UNKNOWN,
            False,
            cause,
        )
