"""The right-invariant extended Kalman filter: state, propagation, correction; nothing but algebra.

Hartley, Ghaffari, Eustice & Grizzle, "Contact-aided invariant extended Kalman filtering for robot
state estimation", IJRR 2020, in its world-centric form. On the group are the IMU's orientation R,
velocity v and position p and the places dL, dR where the soles stand; the error is right-invariant,

    X_believed = exp(ξ) X_true,    ξ = (φ, rv, rp, rL, rR),

so that yaw and position, which nothing can observe, stay apart from what can be. Beside it, with
ordinary errors (believed minus true), are the biases of gyro and accelerometer and four numbers
that let the filter use more than points of contact: the IMU's own tilt error and heading offset,
and the headings in which the soles were put down.

All vectors are in world axes unless a name says otherwise; φ in rad.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pinocchio as pin
from scipy.linalg.lapack import dposv

from wm_control.estimation.orientation import GRAVITY
from wm_control.types import Array

SIZE = 26
PHI, VELOCITY, POSITION = slice(0, 3), slice(3, 6), slice(6, 9)
FOOT = (slice(9, 12), slice(12, 15))
GYRO_BIAS, FORCE_BIAS = slice(15, 18), slice(18, 21)
IMU_TILT, IMU_HEADING = slice(21, 23), 23
FOOT_HEADING = (24, 25)
GROUP = 15
"""Rows of the error state; the first ``GROUP`` are those of the Lie group."""

_KNOWN = FORCE_BIAS.stop
"""Columns of Φ that are not the identity's: group and biases."""

_V, _P = 0, 1
FOOT_ROW = (2, 3)
"""Rows of ``FilterState.vectors``."""

_SAME_INTERVAL = 1e-7
"""Intervals that differ by less only differ by the rounding of stamps [s]."""

_GRAVITY_VECTOR = np.array((0.0, 0.0, -GRAVITY))


@dataclass(slots=True)
class FilterState:
    """What the filter believes; arrays are preallocated and written in place.

    group: (7, 3), the rows that a turn of the world turns: ``rotation`` transposed (3, 3), with
    rotation from base axes to world, and ``vectors`` (4, 3), v [m/s] and p [m] of the IMU and the
    places of left and right sole [m]; both are views of it. others: (11,), the rest of the error's
    order, with the views biases (2, 3) of gyro [rad/s] and accelerometer [m/s²] in base axes,
    imu_tilt (2,), rotation of the IMU's own attitude about base x and y [rad], and foot_heading
    (2,) of the placed soles [rad].
    covariance: (26, 26) of the error, ordered as the slices above.
    """

    group: Array = field(default_factory=lambda: np.vstack((np.eye(3), np.zeros((4, 3)))))
    others: Array = field(default_factory=lambda: np.zeros(SIZE - GROUP))
    covariance: Array = field(default_factory=lambda: np.zeros((SIZE, SIZE)))

    rotation: Array = field(init=False)
    vectors: Array = field(init=False)
    biases: Array = field(init=False)
    imu_tilt: Array = field(init=False)
    foot_heading: Array = field(init=False)

    def __post_init__(self) -> None:
        """Make the views."""
        self.rotation = self.group[:3].T
        self.vectors = self.group[3:]
        self.biases = self.others[:6].reshape(2, 3)
        self.imu_tilt = self.others[6:8]
        self.foot_heading = self.others[9:]

    @property
    def imu_heading(self) -> float:
        """The IMU's own heading minus ours [rad]."""
        return float(self.others[8])

    @imu_heading.setter
    def imu_heading(self, heading: float) -> None:
        self.others[8] = heading

    @property
    def velocity(self) -> Array:
        """(3,) of the IMU in world [m/s]."""
        velocity: Array = self.vectors[_V]
        return velocity

    @property
    def position(self) -> Array:
        """(3,) of the IMU in world [m]."""
        position: Array = self.vectors[_P]
        return position

    def copy(self) -> FilterState:
        """Return a copy that shares nothing."""
        return FilterState(
            self.group.copy(),
            self.others.copy(),
            self.covariance.copy(),
        )


def _lever_map() -> Array:
    """(90, 14): maps (1, dt/2, u, s, dL, dR) to the (15, 2, 3) input matrix of ``noise_input``.

    Block [:, 0] is (I, u^, s^, dL^, dR^), block [:, 1] is (0, I, dt/2 I, 0, 0).
    """
    levers = np.zeros((5, 3, 2, 3, 14))
    for axis in range(3):
        levers[0, axis, 0, axis, 0] = 1.0
        levers[1, axis, 1, axis, 0] = 1.0
        levers[2, axis, 1, axis, 1] = 1.0
    for block in range(4):
        for axis in range(3):
            cross = pin.skew(np.eye(3)[axis])
            levers[1 + block, :, 0, :, 2 + 3 * block + axis] = cross
    return levers.reshape(90, 14)


_LEVERS = _lever_map()


class Propagation:
    """One step of mean and covariance; the transition Φ of the last step stays readable."""

    def __init__(self) -> None:
        """Allocate."""
        self.transition: Array = np.eye(SIZE)
        self._moving = self.transition[:GROUP, :_KNOWN]
        self._input = self.transition[:GROUP, GROUP:_KNOWN]
        self._terms: Array = np.zeros(14)
        self._terms[0] = 1.0
        self._dt = 0.0

    def move(self, state: FilterState, omega: Array, force: Array, dt: float) -> Array:
        """Propagate the mean by dt in place; return Φ (26, 26) of the error over the same step.

        omega: (3,) mean angular velocity over dt [rad/s]; force: (3,) mean specific force [m/s²],
        in base axes at the end of the interval; biases not yet removed from either.

            R⁺ = R exp((ω - b) dt),  v⁺ = v + a dt,  p⁺ = p + v dt + a dt²/2,  a = R⁺ (f - b) + g

        With u = v + g dt, s = p + v dt + g dt²/2, and δω, δf the errors of the biases:

            φ⁺  = φ - R⁺ δω dt,                     rv⁺ = rv + g x φ dt - u^ R⁺ δω dt - R⁺ δf dt,
            rp⁺ = rp + rv dt + g x φ dt²/2 - s^ R⁺ δω dt - R⁺ δf dt²/2,   ri⁺ = ri - di^ R⁺ δω dt,

        which is exact to first order, up to the attitude's change within one sample.
        """
        if not (abs(dt - self._dt) <= _SAME_INTERVAL):
            self._new_interval(dt)
        rotation, vectors = state.rotation, state.vectors
        rotation[:] = rotation.dot(pin.exp3(dt * (omega - state.biases[0])))
        motion = vectors[:2]
        motion[:] = self._coast.dot(motion) + self._fall
        self._terms[2:] = vectors.reshape(12)
        levers = _LEVERS.dot(self._terms).reshape(30, 3).dot(-dt * rotation)
        self._input[:] = levers.reshape(GROUP, 6)
        felt = rotation.dot(force - state.biases[1])
        motion += self._push * felt
        return self.transition

    def _new_interval(self, dt: float) -> None:
        self._dt = dt
        self._coast = np.array(((1.0, 0.0), (dt, 1.0)))
        self._push = np.array(((dt,), (0.5 * dt * dt,)))
        self._fall = self._push * _GRAVITY_VECTOR
        self._terms[1] = 0.5 * dt
        gravity = pin.skew(_GRAVITY_VECTOR)
        self.transition[VELOCITY, PHI] = dt * gravity
        self.transition[POSITION, PHI] = 0.5 * dt * dt * gravity
        self.transition[POSITION, VELOCITY] = dt * np.eye(3)

    def spread(self, state: FilterState, input_variance: Array, drift_variance: Array) -> None:
        """P⁺ = Φ P Φᵀ + B diag(input) Bᵀ + diag(drift), with the last Φ; in place.

        input_variance: (6,) of one gyro and accelerometer sample; drift_variance: (26,) to add. B
        is the columns of Φ that biases enter by, as noise does. Only the group's
        rows move, and only by group and biases. ``dot`` is twice as fast as ``@`` on such matrices.
        """
        covariance, moving = state.covariance, self._moving
        ahead = moving.dot(covariance[:_KNOWN])
        cross = ahead[:, GROUP:]
        covariance[:GROUP, GROUP:] = cross
        covariance[GROUP:, :GROUP] = cross.T
        ahead[:, GROUP:_KNOWN] += self._input * input_variance
        covariance[:GROUP, :GROUP] = ahead[:, :_KNOWN].dot(moving.T)
        covariance.reshape(-1)[:: SIZE + 1] += drift_variance


def retract(state: FilterState, error: Array) -> None:
    """Take the error (26,) out of the mean, in place: X = exp(-ξ) X_believed, b = b_believed - δb.

    On the group: R ← E R and x ← E x - J rx for every vector, with E = exp(-φ) and J its left
    Jacobian, for which Jl(-φ) = Jr(φ).
    """
    phi = error[PHI]
    state.group[:] = state.group.dot(pin.exp3(phi))
    state.vectors -= error[3:GROUP].reshape(4, 3).dot(pin.Jexp3(phi).T)
    state.others -= error[GROUP:]


def innovation_covariance(state: FilterState, jacobian: Array, noise: Array) -> tuple[Array, Array]:
    """(26, k) P Hᵀ and (k, k) H P Hᵀ + noise of a measurement with Jacobian H (k, 26)."""
    seen = state.covariance.dot(jacobian.T)
    return seen, jacobian.dot(seen) + noise


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


def forget(state: FilterState, row: int, variance: float) -> None:
    """Know one row of the error no better than by ``variance``, and by nothing else; in place."""
    state.covariance[row, :] = 0.0
    state.covariance[:, row] = 0.0
    state.covariance[row, row] = variance


def settle_place(state: FilterState, foot: int | None) -> Array:
    """Take a sole's horizontal place for granted from now on; return its variance (2, 2) [m²].

    What the filter learns later (a heading error, say) would otherwise move the whole path of the
    past, robot included, and odometry must not jump (REP-105). Horizontal position is a gauge: no
    measurement tells it, so nothing else is lost. With e = (r + φ x d)_xy, the error of the sole's
    place d itself, the error r of every place becomes r - e; heights stay, as the ground tells
    them. foot: None takes the IMU's own position instead, for a robot in the air.
    """
    at = POSITION if foot is None else FOOT[foot]
    x, y, z = state.vectors[_P if foot is None else FOOT_ROW[foot]].tolist()
    error = np.zeros((2, SIZE))
    error[0, 1], error[0, 2], error[1, 0], error[1, 2] = z, -y, -z, x
    error[0, at.start] = error[1, at.start + 1] = 1.0
    covariance, shift = state.covariance, np.eye(SIZE)
    for part in (POSITION, *FOOT):
        shift[part.start : part.start + 2] -= error
    variance: Array = error.dot(covariance).dot(error.T)
    covariance[:] = shift.dot(covariance).dot(shift.T)
    return variance


def remove_contact(state: FilterState, foot: int) -> None:
    """Forget where a sole stood: its place and heading are marginalised out of the belief."""
    covariance = state.covariance
    for part in (FOOT[foot], FOOT_HEADING[foot]):
        covariance[part, :] = 0.0
        covariance[:, part] = 0.0
    state.vectors[FOOT_ROW[foot]] = 0.0
    state.foot_heading[foot] = 0.0


def add_contact(state: FilterState, foot: int, place: Array, heading: float, noise: Array) -> None:
    """Put a sole down where forward kinematics sees it: the belief is augmented, in place.

    place: (3,) [m] and heading [rad] of the sole by kinematics at the present belief; noise: (4, 4)
    their covariance from the encoders, world axes. In right-invariant errors the new place's is
    ri = rp + noise, the new heading's φz + noise.
    """
    remove_contact(state, foot)
    covariance, at, turn = state.covariance, FOOT[foot], FOOT_HEADING[foot]
    covariance[at, :] = covariance[POSITION, :]
    covariance[turn, :] = covariance[2, :]
    covariance[:, at] = covariance[:, POSITION]
    covariance[:, turn] = covariance[:, 2]
    covariance[at, at] += noise[:3, :3]
    covariance[at, turn] += noise[:3, 3]
    covariance[turn, at] += noise[3, :3]
    covariance[turn, turn] += noise[3, 3]
    state.vectors[FOOT_ROW[foot]] = place
    state.foot_heading[foot] = heading
