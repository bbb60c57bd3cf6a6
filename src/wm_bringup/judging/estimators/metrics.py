"""What an estimate is worth beside the truth: pure functions of columns over time.

Errors are estimate minus truth. Position and heading cannot be observed, so paths are laid over
each other before they are compared: at their starts for drift, as well as possible (by heading and
translation, Umeyama 1991) for the absolute trajectory error.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from wm_bringup.judging.metrics import drift, path_length
from wm_bringup.record.strides import CONTACT_FORCE
from wm_control.types import Array

Flags = NDArray[np.bool_]

SETTLE = 0.5
"""Time after reset that is not judged [s]."""

RPE_TIME = 1.0
"""Length of path whose end is compared for the relative pose error [s]."""

SLIP_SPEED, SLIP_FORCE, SLIP_TICKS = 0.05, 50.0, 10
"""A true slip: a sole loaded by more [N] moves along the ground faster [m/s] for samples."""

SLIP_LATE = 50
"""Samples after which a slip counts as missed."""

CONFIDENCE = 0.95

DIVERGED_SPEED, DIVERGED_TIME = 0.5, 1.0
"""An estimate whose velocity error is this much [m/s] RMS over this time [s] is lost."""


@dataclass(frozen=True)
class Belief:
    """Columns of k estimates.

    position: (k, 3); rotation: (k, 3, 3); velocity: (k, 3) in base axes; contact, slipping: (k, 2);
    velocity_covariance: (k, 3, 3) base axes; tilt_covariance: (k, 2, 2) of roll and pitch in world
    axes; height_variance: (k,); cpu: (k,) of the update [s]; unhealthy: (k,).
    """

    position: Array
    rotation: Array
    velocity: Array
    contact: Array
    slipping: Array
    velocity_covariance: Array
    tilt_covariance: Array
    height_variance: Array
    cpu: Array
    unhealthy: Array


@dataclass(frozen=True)
class Truth:
    """Columns of k true states; position over the ground where the robot started.

    normal_force: (k, 2) [N]. sole_velocity: (k, 2, 3) of the sole's centre in world [m/s]. Both
    None where nobody saw the soles.
    """

    time: Array
    position: Array
    rotation: Array
    velocity: Array
    normal_force: Array | None = None
    sole_velocity: Array | None = None


def rms(error: Array) -> Array:
    """Root of the mean square over time; per column."""
    mean: Array = np.sqrt(np.mean(error**2, axis=0))
    return mean


def rotation_error(belief: Array, truth: Array) -> Array:
    """(k, 3) rotation vectors of R_believed R_trueᵀ, world axes, for small errors [rad]."""
    error = belief @ truth.transpose(0, 2, 1)
    skew = 0.5 * (error - error.transpose(0, 2, 1))
    return np.stack((skew[:, 2, 1], skew[:, 0, 2], skew[:, 1, 0]), axis=1)


def yaw_of(rotation: Array) -> Array:
    """(k,) heading of the x axes [rad]."""
    yaw: Array = np.unwrap(np.arctan2(rotation[:, 1, 0], rotation[:, 0, 0]))
    return yaw


def trajectory_error(belief: Array, truth: Array) -> float:
    """ATE: RMS distance of two paths (k, 3) after the best heading and translation [m]."""
    a, b = belief - belief.mean(axis=0), truth - truth.mean(axis=0)
    turn = math.atan2(
        float(np.sum(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])), float(np.sum(a[:, :2] * b[:, :2]))
    )
    cos, sin = math.cos(turn), math.sin(turn)
    turned = a @ np.array(((cos, sin, 0.0), (-sin, cos, 0.0), (0.0, 0.0, 1.0)))
    return float(np.sqrt(np.mean(np.sum((turned - b) ** 2, axis=1))))


def relative_error(belief: Belief, truth: Truth, samples: int) -> float:
    """RPE: RMS error of the displacement over ``samples``, seen from its beginning [m]."""
    if len(truth.time) <= samples:
        return math.nan

    def displacement(position: Array, rotation: Array) -> Array:
        moved: Array = np.einsum(
            "kji,kj->ki", rotation[:-samples], position[samples:] - position[:-samples]
        )
        return moved

    error = displacement(belief.position, belief.rotation) - displacement(
        truth.position, truth.rotation
    )
    return float(np.sqrt(np.mean(np.sum(error**2, axis=1))))


def squared_by_covariance(error: Array, covariance: Array) -> Array:
    """NEES (k,): eᵀ P⁻¹ e for (k, n) errors and (k, n, n) covariances."""
    scaled = np.linalg.solve(covariance, error[:, :, None])[:, :, 0]
    squares: Array = np.sum(error * scaled, axis=1)
    return squares


def share_in_band(squares: Array, degrees: int) -> float:
    """Share of squares between the 2.5 and 97.5 % quantiles of chi-square."""
    low, high = chi2.ppf((0.5 - 0.5 * CONFIDENCE, 0.5 + 0.5 * CONFIDENCE), degrees)
    return float(np.mean((squares >= low) & (squares <= high)))


def f1_score(told: Flags, true: Flags) -> float:
    """Harmonic mean of precision and recall over both feet and all samples."""
    hits, wrong = int(np.sum(told & true)), int(np.sum(told != true))
    return 2.0 * hits / max(2 * hits + wrong, 1)


def slip_delays(sole_velocity: Array, normal_force: Array, slipping: Flags) -> list[float]:
    """Count samples from every true slip's onset to its detection; infinite for a missed one."""
    sliding = _sliding(sole_velocity, normal_force)
    delays: list[float] = []
    for foot in (0, 1):
        edges = np.diff(np.concatenate(((0,), sliding[:, foot].astype(int), (0,))))
        for begin, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
            if end - begin >= SLIP_TICKS:
                told = np.flatnonzero(slipping[begin : begin + SLIP_LATE, foot])
                delays.append(float(told[0]) if len(told) else math.inf)
    return delays


def slip_alarms(sole_velocity: Array, normal_force: Array, slipping: Flags) -> float:
    """Share of a loaded sole's time for which a slip is told and none is within ``SLIP_LATE``."""
    sliding = _sliding(sole_velocity, normal_force)
    near = np.zeros_like(sliding)
    window = np.ones(2 * SLIP_LATE + 1)
    for foot in (0, 1):
        near[:, foot] = np.convolve(sliding[:, foot].astype(float), window, "same") > 0.5
    quiet = (normal_force > SLIP_FORCE) & ~near
    told = float(np.count_nonzero(slipping & quiet))
    return told / max(float(np.count_nonzero(quiet)), 1.0)


def _sliding(sole_velocity: Array, normal_force: Array) -> Flags:
    """(k, 2) whether a loaded sole moves along the ground."""
    fast = np.linalg.norm(sole_velocity[:, :, :2], axis=2) > SLIP_SPEED
    return np.asarray(fast & (normal_force > SLIP_FORCE), dtype=np.bool_)


def diverged(error: Array, period: float) -> bool:
    """Whether velocity errors (k, 3) are lost: not finite, or RMS over a second beyond a limit."""
    if not np.isfinite(error).all():
        return True
    window = max(round(DIVERGED_TIME / period), 1)
    sums = np.concatenate(((0.0,), np.cumsum(np.sum(error**2, axis=1))))
    if len(sums) <= window:
        return bool(np.sqrt(sums[-1] / max(len(error), 1)) > DIVERGED_SPEED)
    return bool(np.sqrt((sums[window:] - sums[:-window]).max() / window) > DIVERGED_SPEED)


def judge_estimate(belief: Belief, truth: Truth) -> Mapping[str, float]:
    """Every figure of the report, by name; SI units except where the name says otherwise."""
    figures = {**judge_motion(belief, truth), **judge_effort(belief, truth.time)}
    if truth.normal_force is not None and truth.sole_velocity is not None:
        figures |= judge_contact(belief, truth.normal_force, truth.sole_velocity, truth.time)
    return figures


def judge_motion(belief: Belief, truth: Truth) -> dict[str, float]:
    """Errors of motion and what the estimate claims about them; rows of both are the same times."""
    time = truth.time - truth.time[0]
    late, period = time >= SETTLE, float(np.median(np.diff(time)))
    error = rotation_error(belief.rotation, truth.rotation)
    velocity = (belief.velocity - truth.velocity)[late]
    height = (belief.position - truth.position)[late, 2]
    tilt = error[late, :2]
    distance = path_length(time, truth.position)
    off = drift(truth.position, yaw_of(truth.rotation), belief.position, yaw_of(belief.rotation))
    yaw = yaw_of(belief.rotation) - yaw_of(truth.rotation)
    nees_velocity = squared_by_covariance(velocity, belief.velocity_covariance[late])
    nees_tilt = squared_by_covariance(tilt, belief.tilt_covariance[late])
    nees_height = height**2 / belief.height_variance[late]
    vx, vy, vz = rms(velocity)
    roll, pitch = rms(tilt)
    return {
        "velocity_x": float(vx),
        "velocity_y": float(vy),
        "velocity_z": float(vz),
        "height": float(rms(height)),
        "roll": float(roll),
        "pitch": float(pitch),
        "distance": distance,
        "drift_percent": 100.0 * off / distance if distance > 1.0 else math.nan,
        "yaw_drift": float(abs(yaw[-1] - yaw[0])),
        "ate": trajectory_error(belief.position, truth.position),
        "rpe": relative_error(belief, truth, round(RPE_TIME / period)),
        "nees_velocity_share": share_in_band(nees_velocity, 3),
        "nees_tilt_share": share_in_band(nees_tilt, 2),
        "nees_height_share": share_in_band(nees_height, 1),
        "nees_velocity_mean": float(np.mean(nees_velocity)),
        "diverged": float(diverged(velocity, period)),
    }


def judge_contact(
    belief: Belief, normal_force: Array, sole_velocity: Array, time: Array
) -> dict[str, float]:
    """Contact and slips, told against true."""
    delays = slip_delays(sole_velocity, normal_force, belief.slipping > 0.5)
    found = [delay for delay in delays if math.isfinite(delay)]
    period_ms = 1e3 * float(np.median(np.diff(time)))
    return {
        "contact_f1": f1_score(belief.contact > 0.5, normal_force > CONTACT_FORCE),
        "slips": float(len(delays)),
        "slips_found_share": len(found) / len(delays) if delays else math.nan,
        "slip_delay_ms": period_ms * float(np.median(found)) if found else math.nan,
        "slip_alarm_share": slip_alarms(sole_velocity, normal_force, belief.slipping > 0.5),
    }


def judge_effort(belief: Belief, time: Array) -> dict[str, float]:
    """Tell what it took, and for how long nobody could use it; needs no truth."""
    late = time - time[0] >= SETTLE
    return {
        "unhealthy_share": float(np.mean(belief.unhealthy)),
        "cpu_ms_p50": 1e3 * float(np.percentile(belief.cpu[late], 50)),
        "cpu_ms_p99": 1e3 * float(np.percentile(belief.cpu[late], 99)),
    }


def at_rows(belief: Belief, rows: Flags) -> Belief:
    """Return the belief at some of its rows."""
    return Belief(**{f.name: getattr(belief, f.name)[rows] for f in fields(Belief)})
