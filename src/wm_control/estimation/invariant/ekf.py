"""The right-invariant extended Kalman filter: state, propagation, correction; nothing but algebra.

Hartley, Ghaffari, Eustice & Grizzle, "Contact-aided invariant extended Kalman filtering for robot
state estimation", IJRR 2020, in its world-centric form. On the group are the IMU's orientation R,
velocity v and position p and the places dL, dR where the soles stand; the error is right-invariant,

    X_believed = exp(ξ) X_true,    ξ = (φ, rv, rp, rL, rR),

so that yaw and position, which nothing can observe, stay apart from what can be. Beside it, with
ordinary errors (believed minus true), are the biases of gyro and accelerometer and six numbers
that let the filter use more than points of contact: the IMU's own tilt error, its heading offset
and the rate of that, and the headings in which the soles were put down.

All vectors are in world axes unless a name says otherwise; φ in rad.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import casadi as ca
import numpy as np
import pinocchio as pin
from scipy.linalg.lapack import dposv

from wm_control.constants import GRAVITY
from wm_control.kernel import Kernel, exponential
from wm_control.types import Array

SIZE = 27
PHI, VELOCITY, POSITION = slice(0, 3), slice(3, 6), slice(6, 9)
FOOT = (slice(9, 12), slice(12, 15))
GYRO_BIAS, FORCE_BIAS = slice(15, 18), slice(18, 21)
IMU_TILT, IMU_HEADING = slice(21, 23), 23
FOOT_HEADING = (24, 25)
IMU_HEADING_RATE = 26
GROUP = 15
"""Rows of the error state; the first ``GROUP`` are those of the Lie group."""

_KNOWN = FORCE_BIAS.stop
"""Columns of Φ that are not the identity's: group and biases."""

MEAN = 33
"""Numbers of the mean; the first ``_OTHERS`` are the group's."""

_OTHERS = 21

VELOCITY_ROW, POSITION_ROW = 0, 1
FOOT_ROW = (2, 3)
"""Rows of ``FilterState.vectors``."""

_SAME_INTERVAL = 1e-7
"""Intervals that differ by less only differ by the rounding of stamps [s]."""

_GRAVITY_VECTOR = np.array((0.0, 0.0, -GRAVITY))


@dataclass(slots=True)
class FilterState:
    """What the filter believes; arrays are preallocated and written in place.

    mean: (33,), of which all others but the covariance are views. group: (7, 3), the rows that a
    turn of the world turns: ``rotation`` transposed (3, 3), with rotation from base axes to world,
    and ``vectors`` (4, 3), v [m/s] and p [m] of the IMU and the places of left and right sole [m].
    others: (12,), the rest of the error's order, with biases (2, 3) of gyro [rad/s] and
    accelerometer [m/s²] in base axes, imu_tilt (2,), rotation of the IMU's own attitude about base
    x and y [rad], imu_heading, its heading minus ours [rad], foot_heading (2,) of the placed soles
    [rad], and the rate of imu_heading [rad/s].
    covariance: (27, 27) of the error, ordered as the slices above; parts of it that propagation
    works on are views too.
    """

    mean: Array = field(default_factory=lambda: np.append(np.eye(3), np.zeros(MEAN - 9)))
    covariance: Array = field(default_factory=lambda: np.zeros((SIZE, SIZE)))

    group: Array = field(init=False)
    others: Array = field(init=False)
    rotation: Array = field(init=False)
    vectors: Array = field(init=False)
    biases: Array = field(init=False)
    imu_tilt: Array = field(init=False)
    foot_heading: Array = field(init=False)
    variances: Array = field(init=False)
    of_known: Array = field(init=False)
    of_group: Array = field(init=False)
    group_to_rest: Array = field(init=False)
    rest_to_group: Array = field(init=False)

    def __post_init__(self) -> None:
        """Make the views."""
        self.group = self.mean[:_OTHERS].reshape(7, 3)
        self.others = self.mean[_OTHERS:]
        self.rotation = self.group[:3].T
        self.vectors = self.group[3:]
        self.biases = self.others[:6].reshape(2, 3)
        self.imu_tilt = self.others[6:8]
        self.foot_heading = self.others[9:11]
        covariance = self.covariance
        self.variances = covariance.reshape(-1)[:: SIZE + 1]
        self.of_known = covariance[:_KNOWN]
        self.of_group = covariance[:GROUP, :GROUP]
        self.group_to_rest = covariance[:GROUP, GROUP:]
        self.rest_to_group = covariance[GROUP:, :GROUP].T

    @property
    def imu_heading(self) -> float:
        """The IMU's own heading minus ours [rad]."""
        return float(self.others[8])

    @imu_heading.setter
    def imu_heading(self, heading: float) -> None:
        self.others[8] = heading

    @property
    def imu_heading_rate(self) -> float:
        """Rate of ``imu_heading`` [rad/s]."""
        return float(self.others[11])

    @property
    def velocity(self) -> Array:
        """(3,) of the IMU in world [m/s]."""
        velocity: Array = self.vectors[VELOCITY_ROW]
        return velocity

    @property
    def position(self) -> Array:
        """(3,) of the IMU in world [m]."""
        position: Array = self.vectors[POSITION_ROW]
        return position

    def copy(self) -> FilterState:
        """Return a copy that shares nothing."""
        return FilterState(self.mean.copy(), self.covariance.copy())


class Propagation:
    """One step of mean and covariance; the transition Φ of the last step stays readable."""

    def __init__(self) -> None:
        """Compile the motion and allocate."""
        self._kernel = _motion()
        self._mean, self._imu = self._kernel.inputs["mean"], self._kernel.inputs["imu"]
        self._group, self._entered, self._sampling = self._kernel.outputs.values()
        self._moving: Array = np.eye(GROUP, _KNOWN)
        self._input = self._moving[:, GROUP:]
        self._ahead: Array = np.zeros((GROUP, SIZE))
        self._ahead_rest, self._ahead_known = self._ahead[:, GROUP:], self._ahead[:, :_KNOWN]
        self._ahead_biases = self._ahead[:, GROUP:_KNOWN]
        self._dt = 0.0

    @property
    def transition(self) -> Array:
        """(27, 27) Φ of the last step."""
        transition = np.eye(SIZE)
        transition[:GROUP, :_KNOWN] = self._moving
        return transition

    def move(self, state: FilterState, before: Array, gyro: Array, force: Array, dt: float) -> None:
        """Propagate the mean by dt in place, and remember Φ of the error over the same step.

        before, gyro: (3,) angular velocity at its begin and end [rad/s]; force: (3,) mean specific
        force [m/s²], in base axes at the end of the interval; biases not yet removed from any. ω is
        the mean of both rates.

            R⁺ = R exp((ω - b) dt),  v⁺ = v + a dt,  p⁺ = p + v dt + a dt²/2,  a = R⁺ (f - b) + g

        With u = v + g dt, s = p + v dt + g dt²/2, and δω, δf the errors of the biases:

            φ⁺  = φ - R⁺ δω dt,                     rv⁺ = rv + g x φ dt - u^ R⁺ δω dt - R⁺ δf dt,
            rp⁺ = rp + rv dt + g x φ dt²/2 - s^ R⁺ δω dt - R⁺ δf dt²/2,   ri⁺ = ri - di^ R⁺ δω dt,

        which is exact to first order, up to the attitude's change within one sample.
        """
        if not (abs(dt - self._dt) <= _SAME_INTERVAL):
            self._new_interval(dt)
        self._mean[:] = state.mean
        self._imu[:3] = before
        self._imu[3:6] = gyro
        self._imu[6:9] = force
        self._imu[9] = dt
        self._kernel.run()
        state.mean[:_OTHERS] = self._group
        self._input[:] = self._entered

    def _new_interval(self, dt: float) -> None:
        self._dt = dt
        gravity = pin.skew(_GRAVITY_VECTOR)
        self._moving[VELOCITY, PHI] = dt * gravity
        self._moving[POSITION, PHI] = 0.5 * dt * dt * gravity
        self._moving[POSITION, VELOCITY] = dt * np.eye(3)

    def spread(self, state: FilterState, input_variance: Array, drift_variance: Array) -> None:
        """P⁺ = Φ P Φᵀ + B diag(input) Bᵀ + diag(drift), with the last Φ; in place.

        input_variance: (6,) of one gyro and accelerometer sample; drift_variance: (27,) to add. B
        is the columns of Φ that biases enter by, as noise does. Only the group's
        rows move, and only by group and biases. ``dot`` is twice as fast as ``@`` on such matrices.

        A gyro is read at an instant and does not tell when within the interval the rate changed by
        Δω: at a moment that is evenly distributed, after which the mean rate lies evenly within
        Δω/2 of (ω0 + ω1)/2. That adds Δω²/12 to the gyro's variance.
        """
        variance = self._sampling + input_variance
        np.dot(self._moving, state.of_known, out=self._ahead)
        state.group_to_rest[:] = self._ahead_rest
        state.rest_to_group[:] = self._ahead_rest
        np.add(self._ahead_biases, self._input * variance, out=self._ahead_biases)
        state.of_group[:] = self._ahead_known.dot(self._moving.T)
        np.add(state.variances, drift_variance, out=state.variances)


def drift_imu_heading(state: FilterState, dt: float) -> None:
    """Let the IMU's heading offset go on at its rate for dt [s], its doubt with it; in place.

    Nothing else depends on it: several periods at once, before somebody looks at it, will do.
    """
    state.imu_heading += dt * state.imu_heading_rate
    covariance = state.covariance
    covariance[IMU_HEADING] += dt * covariance[IMU_HEADING_RATE]
    covariance[:, IMU_HEADING] += dt * covariance[:, IMU_HEADING_RATE]


def _motion() -> Kernel:
    """Write down ``Propagation.move``: the new group (21,), the columns B (15, 6) of Φ, Δω²/12."""
    mean, imu = ca.SX.sym("mean", MEAN), ca.SX.sym("imu", 10)
    rows = ca.reshape(mean[:_OTHERS], 3, 7)
    before, gyro, force, dt = imu[:3], imu[3:6], imu[6:9] - mean[24:27], imu[9]
    omega = 0.5 * (before + gyro) - mean[21:24]
    rotation = rows[:, :3] @ exponential(dt * omega)
    velocity, position, left, right = (rows[:, 3 + k] for k in range(4))
    fall = ca.DM(_GRAVITY_VECTOR)
    coasted = velocity + dt * fall
    moved = position + dt * velocity + 0.5 * dt**2 * fall
    felt = rotation @ force
    after = (coasted + dt * felt, moved + 0.5 * dt**2 * felt, left, right)
    turn = -dt * rotation
    by_gyro = (turn, *(ca.skew(x) @ turn for x in (coasted, moved, left, right)))
    by_force = (ca.SX(3, 3), turn, 0.5 * dt * turn, ca.SX(6, 3))
    return Kernel(
        "motion",
        {"mean": mean, "imu": imu},
        {
            "group": ca.vertcat(ca.vec(rotation), *after),
            "input": ca.horzcat(ca.vertcat(*by_gyro), ca.vertcat(*by_force)),
            "sampling": ca.vertcat((gyro - before) ** 2 / 12.0, ca.SX(3, 1)),
        },
    )


def retract(state: FilterState, error: Array) -> None:
    """Take the error (27,) out of the mean, in place: X = exp(-ξ) X_believed, b = b_believed - δb.

    On the group: R ← E R and x ← E x - J rx for every vector, with E = exp(-φ) and J its left
    Jacobian, for which Jl(-φ) = Jr(φ).
    """
    phi = error[PHI]
    state.group[:] = state.group.dot(pin.exp3(phi))
    state.vectors -= error[3:GROUP].reshape(4, 3).dot(pin.Jexp3(phi).T)
    state.others -= error[GROUP:]


def innovation_covariance(state: FilterState, jacobian: Array, noise: Array) -> tuple[Array, Array]:
    """(27, k) P Hᵀ and (k, k) H P Hᵀ + noise of a measurement with Jacobian H (k, 27)."""
    seen = state.covariance.dot(jacobian.T)
    spread = jacobian.dot(seen)
    spread += noise
    return seen, spread


def apply(state: FilterState, innovation: Array, seen: Array, spread: Array) -> None:
    """One Kalman correction, in place. ValueError when ``spread`` is not positive definite.

    innovation: (k,) prediction minus measurement, = H ξ + noise; seen, spread: as
    ``innovation_covariance`` returns them.
    """
    _, gain, info = dposv(spread, seen.T)
    if info != 0:
        raise ValueError(f"innovation covariance not positive definite (dposv: {info})")
    state.covariance -= seen.dot(gain)
    retract(state, innovation.dot(gain))


def correct(state: FilterState, innovation: Array, jacobian: Array, noise: Array) -> None:
    """One Kalman correction without a gate, in place; noise: (k, k)."""
    apply(state, innovation, *innovation_covariance(state, jacobian, noise))


def tidy(state: FilterState) -> None:
    """Remove what rounding leaves in place: asymmetry of P, a rotation that is not quite one."""
    covariance = state.covariance
    covariance += covariance.T.copy()
    covariance *= 0.5
    state.rotation[:] = pin.Quaternion(state.rotation).normalized().matrix()
