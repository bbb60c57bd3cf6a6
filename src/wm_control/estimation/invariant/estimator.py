"""The state estimator around the invariant EKF: one observation in, one belief out.

    sensors -> IMU propagation -> momentum observer -> contacts -> soles -> IMU attitude, ground

Soles correct at every sample. The IMU's own attitude, which is looked at in every sample, and the
ground, whose errors are the same throughout a step, correct every few samples in turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from wm_control.constants import GRAVITY
from wm_control.estimation.algebra.orientation import level_rotation
from wm_control.estimation.body.contact import ContactDetector
from wm_control.estimation.guarded import STREAM, GuardedEstimator
from wm_control.estimation.invariant import ekf as ekf
from wm_control.estimation.invariant.base_state import BaseState
from wm_control.estimation.invariant.covariance import initial_variance, steady_drift
from wm_control.estimation.invariant.doubt import (
    Slide,
    VelocityDoubt,
    doubt_attitude,
    doubt_velocity,
    take_back_velocity,
)
from wm_control.estimation.invariant.ground_correction import GroundCorrection
from wm_control.estimation.invariant.imu_attitude import ImuAttitude
from wm_control.estimation.invariant.placed_soles import remove_contact
from wm_control.estimation.invariant.probation import ForceSurprise, Probation, Verdict
from wm_control.estimation.invariant.published_covariance import PublishedCovariance
from wm_control.estimation.invariant.sole_correction import SoleCorrection
from wm_control.estimation.invariant.stance import Stance
from wm_control.estimation.invariant.zero_errors import ZeroErrors
from wm_control.estimation.parameters import ContactParameters, EstimatorParameters
from wm_control.estimation.readings.sensors import Readings
from wm_control.estimation.readings.stuck import GYRO, JOINTS
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Estimate, Observation
from wm_control.vector3 import Rows, Vector3

_HELD_GYRO, _HELD_FORCE = 0.5, 2.0
"""Doubt in a rate [rad/s] or specific force [m/s²] that is not measured."""

_UNSEEN_TURN = 1.0
"""Rate by which the base may have turned otherwise than believed while the gyro was out [rad/s]."""

_LEAST_EXCESS, _IMPACT_JOLT = 0.1, 20.0
"""Share of its full scale by which a sample beyond it may be wrong at least, as after a jolt of the
legs' joints by so much: 26 by impacts of feet, at most 11 by knocks of 20 N·s in 4 ms [rad/s]."""

_TIDY_EVERY = 64
_PUBLISH_EVERY = 5

_GROUND_AT = 8
"""Sample of ``ground_period``: neither IMU attitude nor published covariance has its turn."""

_CALIBRATED = 0.5
"""Share of its deviation at reset below which a gyro bias counts as found."""


class InvariantEkfEstimator(GuardedEstimator):
    """A ``types.Estimator`` with a covariance of its own; no foot sensor, no gait clock."""

    def __init__(
        self,
        description: RobotDescription,
        parameters: EstimatorParameters,
        detector: Callable[[ContactParameters, float], ContactDetector] = ContactDetector,
    ) -> None:
        """Build models and buffers; nothing is believed before ``reset``."""
        super().__init__(description, _with_fast_contact(parameters), detector)
        self._imu_to_base = np.asarray(description.imu.rotation, dtype=np.float64)
        imu_place = np.asarray(description.imu.position, dtype=np.float64)
        p = parameters.invariant_ekf
        self._base = BaseState(imu_place)
        self._propagation = ekf.Propagation()
        self._stance = Stance(p)
        self._doubt = VelocityDoubt(p)
        self._surprise = ForceSurprise(p)
        self._probation = Probation()
        self._soles = SoleCorrection(p, self._body)
        self._zeros = ZeroErrors(p, self._body)
        self._ground = GroundCorrection(p, self._body)
        self._attitude = ImuAttitude(p, self._imu_to_base)
        self._published = PublishedCovariance(imu_place, p.gyro)
        squares = self._imu_to_base**2
        self._imu_squares = np.kron(np.eye(2), squares)
        self._input_variance = np.repeat((p.gyro**2, p.accelerometer**2), 3)
        self._steady_drift = steady_drift(p)
        self._drift = np.zeros(ekf.SIZE)
        self._forget()

    def _forget(self) -> None:
        self.state = ekf.FilterState()
        for part in (
            self._stance,
            self._doubt,
            self._surprise,
            self._probation,
            self._soles,
            self._zeros,
            self._ground,
            self._attitude,
            self._published,
        ):
            part.reset()
        self._ticks = 0
        self._heading_age = 0.0
        self._doubted = False

    @property
    def _attitude_off(self) -> float:
        return self._attitude.off

    @property
    def _rotation(self) -> Rows:
        rows: Rows = self.state.rotation.tolist()
        return rows

    @property
    def slipping(self) -> tuple[bool, bool]:
        """Standing soles that an innovation gave away, or that are seen to turn on the ground."""
        return self._stance.slipping

    @property
    def slips(self) -> tuple[int, int]:
        """Slip events of left and right sole since reset."""
        left, right = self._stance.slips
        return left, right

    @property
    def figures(self) -> Mapping[str, float]:
        """Innovations, gates, slips, biases, ground."""
        gyro_bias, force_bias = np.linalg.norm(self.state.biases, axis=1).tolist()
        return {
            "innovation_left": self._soles.innovation[0],
            "innovation_right": self._soles.innovation[1],
            "gate_rate": self._soles.gated / max(self._soles.looked, 1),
            "slips_left": float(self._stance.slips[0]),
            "slips_right": float(self._stance.slips[1]),
            "gyro_bias_rad_s": gyro_bias,
            "accelerometer_bias_m_s2": force_bias,
            "calibrated": float(self.calibrated),
            "ground_roughness_m": math.sqrt(self._ground.roughness),
        }

    @property
    def calibrated(self) -> bool:
        """Whether the gyro's biases are known clearly better than at reset; a rest does it."""
        variances = self.state.covariance.diagonal()[ekf.GYRO_BIAS]
        limit = _CALIBRATED * self.parameters.invariant_ekf.gyro_bias_start
        return bool((variances < limit**2).all())

    # --- start ------------------------------------------------------------------------------

    def _begin(
        self, observation: Observation, readings: Readings, up: Vector3, gyro: Vector3
    ) -> Estimate:
        assert readings.orientation is not None
        state, p = self.state, self.parameters.invariant_ekf
        self._gyro, self._force = np.array(gyro), GRAVITY * np.array(up)
        state.rotation[:] = level_rotation(up)
        state.covariance[:] = np.diag(initial_variance(p))
        self._attitude.find_heading(state, readings.orientation)
        self._attitude.gather(state, readings.orientation)
        self._attitude.correct(state)
        self._place_at_rest(readings.position)
        if p.flat_ground:
            for foot in (0, 1):
                self._ground.level(state, foot)
            self._place_at_rest(readings.position)
        left, right = self._body.soles.position
        state.position[:] -= 0.5 * (np.array(left) + np.array(right))
        self._place_at_rest(readings.position)
        for foot in (0, 1):
            self._put_down(foot)
        self._momentum.reset(self._body.external_force(readings.torque))
        wrench = self._wrenches.solve(self._momentum.residual, self._body.jacobians)
        self._published.refresh(state)
        return self._assemble(observation, readings, wrench)

    def _place_at_rest(self, joint_position: Array) -> None:
        """Put the body where the filter believes it is, at rest."""
        self._body.place(joint_position, self._base.of(self.state, self.state.biases[0]))

    def _return_from_outage(self, readings: Readings, faults: dict[str, str]) -> None:
        """Put the soles down anew when nobody saw where they, or the base, went."""
        health = self._health
        unseen = health.overdue(JOINTS) and JOINTS not in faults
        unturned = health.overdue(GYRO) and GYRO not in faults
        if STREAM in faults or health.overdue(STREAM) or unseen or unturned:
            self._lift(0)
            self._lift(1)
        if unturned:
            doubt_attitude(self.state, _UNSEEN_TURN, health.outage(GYRO))
            self._doubt.begin()

    # --- one sample -------------------------------------------------------------------------

    def _advance(self, observation: Observation, readings: Readings, dt: float) -> Estimate:
        self._propagate(readings, dt)
        body, state = self._body, self.state
        predicted = state.velocity.copy()
        body.move(self._base.of(state, self._gyro), readings.position, readings.velocity, dt)
        wrench = self._wrench(readings, dt)
        self._contact.update(wrench, body.soles, dt)
        for foot, stands in self._stance.changes(self._shares(readings), body.soles, dt):
            if stands:
                self._put_down(foot)
            else:
                self._lift(foot)
        if not self._judge(dt):
            self._soles.correct(state, self._stance, self._doubt, dt)
        self._correct_slowly(readings)
        if self._doubt.active:
            self._doubt.corrected(state.velocity - predicted)
        self._tell_doubt()
        return self._assemble(observation, readings, wrench)

    def _judge(self, dt: float) -> bool:
        """Take back a velocity that soles show to be wrong; whether their say has to wait."""
        state, probation, soles = self.state, self._probation, self._body.soles
        verdict = probation.hear(soles, state.vectors[2:], self._stance, dt)
        if verdict is not Verdict.NONE:
            wrong = float(np.linalg.norm(probation.velocity))
            if verdict is Verdict.BAD:
                state.velocity[:] -= probation.velocity
                state.position[:] -= probation.position
                doubt_velocity(state, 0.2 * wrong, dt)
            elif verdict is Verdict.OPEN:
                doubt_velocity(state, wrong, dt)
                self._doubt.begin()
            probation.reset()
            return True
        slide = self._doubt.watch(soles, self._stance, dt)
        if slide is None:
            return probation.pending
        self._take_back_velocity(slide)
        return True

    def _tell_doubt(self) -> None:
        """Publish at once by what the velocity may be wrong, and when it no longer may."""
        probation = self._probation
        wrong_by = probation.velocity if probation.pending else self._doubt.suspected
        if wrong_by is not None or self._doubt.active or self._doubted:
            self._published.refresh(self.state, wrong_by)
        self._doubted = wrong_by is not None

    def _take_back_velocity(self, slide: Slide) -> None:
        """Believe the soles, and that they have stood all along, rather than the velocity."""
        for foot in (0, 1):
            if self._stance.standing[foot]:
                self._stance.stands_again(foot)
                self._soles.put_down(self.state, foot)
                self._zeros.put_down(foot)
        take_back_velocity(self.state, slide)

    def _propagate(self, readings: Readings, dt: float) -> None:
        """Advance by the IMU; what is silent is held, with its bias-free value in doubt."""
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
        turned = self._gyro - before
        if readings.missed is not None:
            variance = variance + self._imu_squares.dot(
                self._excess(readings, readings.missed) ** 2
            )
        surprise = self._surprise.of(self._force, turned)
        self._propagation.move(state, before, self._gyro, self._force, dt)
        if surprise is not None and readings.missed is None:
            self._probation.suspect(dt * state.rotation.dot(surprise))
        np.multiply(self._steady_drift, dt, out=self._drift)
        self._stance.add_drift(self._drift, self._soles.creep, dt)
        if self._doubt.active:
            self._drift[ekf.VELOCITY] += dt * self.parameters.invariant_ekf.doubt_drift**2
        self._propagation.spread(state, variance, self._drift)
        self._heading_age += dt
        self._ticks += 1
        if self._ticks % _TIDY_EVERY == 0:
            ekf.tidy(state)

    def _excess(self, readings: Readings, missed: Array) -> Array:
        """(6,) by how much a sample beyond the range may be wrong; doubts the velocity.

        An impact on the feet jolts the legs and is over within the sample: little of it is missed.
        What leaves them alone is a bad sample, or a knock at the body of any size.
        """
        jolt = self._body.legs_jolt(readings.velocity)
        share = max(1.0 - jolt / _IMPACT_JOLT, _LEAST_EXCESS)
        if share > _LEAST_EXCESS:
            self._doubt.begin()
        return share * missed

    # --- soles ------------------------------------------------------------------------------

    def _shares(self, readings: Readings) -> list[float]:
        """Load times probability of each sole; none of a leg whose encoders are not believed."""
        contact = self._contact
        (left, right), (p_left, p_right) = contact.loads, contact.probability
        shares = [left * p_left, right * p_right]
        if readings.bad_joints is not None:
            for foot in (0, 1):
                if readings.bad_joints[self._chains[foot]].any():
                    shares[foot] = 0.0
        return shares

    def _lift(self, foot: int) -> None:
        self._stance.lift(foot)
        self._zeros.lift(foot)
        remove_contact(self.state, foot)

    def _put_down(self, foot: int) -> None:
        self._stance.put_down(foot)
        self._soles.put_down(self.state, foot)
        self._zeros.put_down(foot)

    def _correct_slowly(self, readings: Readings) -> None:
        """Every few samples the IMU's own attitude; in between, level and height of soles."""
        p = self.parameters.invariant_ekf
        if self._ticks % _PUBLISH_EVERY == 1:
            left, right = self._stance.firmness
            foot = int(right > left)
            self._published.settle(self.state, foot if self._stance.standing[foot] else None)
            self._published.refresh(self.state)
        if readings.orientation is not None:
            self._attitude.gather(self.state, readings.orientation)
        if self._ticks % p.attitude_period == 0:
            ekf.drift_imu_heading(self.state, self._heading_age)
            self._heading_age = 0.0
            self._zeros.look(self.state, self._stance, self._attitude.apart(self.state))
            self._attitude.correct(self.state)
        if p.flat_ground and self._ticks % p.ground_period == _GROUND_AT % p.ground_period:
            self._ground.correct(self.state, self._stance)

    # --- result -----------------------------------------------------------------------------

    def _assemble(self, observation: Observation, readings: Readings, wrench: Array) -> Estimate:
        base = self._base.of(self.state, self._gyro)
        return Estimate(
            observation,
            base[:3],
            base[3:7],
            base[7:10],
            base[10:],
            readings.position,
            readings.velocity,
            np.array(self._contact.probability),
            wrench,
            self._published.pose,
            self._published.twist,
            self._health.healthy,
            self._cause,
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
