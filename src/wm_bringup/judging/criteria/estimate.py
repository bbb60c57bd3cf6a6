"""Criteria of the state estimate beside the truth.

Position and heading cannot be observed, so paths are laid over each other before they are compared:
at their starts for drift, as well as possible (by heading and translation, Umeyama 1991) for the
absolute trajectory error.
"""

from __future__ import annotations

import math

import numpy as np

from wm_bringup.judging.criteria.criterion import Value, criterion
from wm_bringup.judging.criteria.effort import SHORTEST_PATH
from wm_bringup.judging.criteria.errors import (
    height_errors,
    known,
    late_rows,
    period_of,
    rms,
    settled,
    tilt_error,
    velocity_error,
)
from wm_bringup.record.geometry import end_error, path_length, rotations
from wm_bringup.record.run_record import FAULTS, TIME, RunRecord
from wm_bringup.record.strides import yaw_of
from wm_control.types import Array

RPE_TIME = 1.0
"""Length of path whose end is compared for the relative pose error [s]."""

DIVERGED_SPEED, DIVERGED_TIME = 0.5, 1.0
"""An estimate whose velocity error is this much [m/s] RMS over this time [s] is lost."""

WRONG_VELOCITY, RECOVERED, BEFORE_FALL = 0.05, 1.4, 1.5
"""A velocity off by more is wrong [m/s]; a fault has no say later than that, nor what a fall did so
long before its end [s]."""

LOST_VELOCITY, LOST_DRIFT = 0.1, 5.0
"""On an estimate whose velocity is off by more [m/s RMS], or its path by more [%], nobody walks."""


@criterion("m/s", "rms")
def estimator_velocity_rmse(record: RunRecord) -> Value:
    """RMS error of the estimated velocity along base x, y, z, over the whole run."""
    x, y, z = rms(velocity_error(known(record))).tolist()
    return x, y, z


@criterion("m/s", "max")
def velocity_rmse(record: RunRecord) -> Value:
    """Length of the RMS error of the estimated velocity, over the whole run."""
    return float(np.linalg.norm(rms(velocity_error(known(record)))))


@criterion("% of the distance", "mean")
def drift_percent(record: RunRecord) -> Value:
    """Distance between the ends of estimated and true path laid over each other at the start."""
    record = known(record)
    time, true, yaw = record[TIME], record["base_position"], yaw_of(record["base_orientation"])
    walked = path_length(time, true)
    if not walked >= SHORTEST_PATH:
        return None
    believed = record["estimated_position"], yaw_of(record["estimated_orientation"])
    return 100.0 * end_error(true, yaw, *believed) / walked


@criterion("", "sum")
def estimate_lost(record: RunRecord) -> Value:
    """Whether the velocity was off by more than 0.1 m/s RMS, or the path by more than 5 %."""
    drift, velocity = drift_percent(record), velocity_rmse(record)
    assert isinstance(velocity, float)
    drifted = isinstance(drift, float) and not (drift <= LOST_DRIFT)
    return drifted or not (velocity <= LOST_VELOCITY)


@criterion("m/s", "rms")
def velocity_error_x(record: RunRecord) -> Value:
    """RMS error of the estimated velocity along base x, after 0.5 s."""
    return _axis_error(record, 0)


@criterion("m/s", "rms")
def velocity_error_y(record: RunRecord) -> Value:
    """RMS error of the estimated velocity along base y, after 0.5 s."""
    return _axis_error(record, 1)


@criterion("m/s", "rms")
def velocity_error_z(record: RunRecord) -> Value:
    """RMS error of the estimated velocity along base z, after 0.5 s."""
    return _axis_error(record, 2)


@criterion("m/s", "rms")
def velocity_apart(record: RunRecord) -> Value:
    """RMS distance of the estimated velocity from another estimate's; needs no truth."""
    apart = (record["estimated_velocity"] - record["reference_velocity"]) ** 2
    return float(np.sqrt(apart.sum(axis=1).mean()))


@criterion("m", "rms")
def height_error(record: RunRecord) -> Value:
    """RMS error of the estimated height of the base, after 0.5 s."""
    return float(rms(height_errors(settled(record))))


@criterion("rad", "rms")
def roll_error(record: RunRecord) -> Value:
    """RMS error of the estimated attitude about the world's x axis, after 0.5 s."""
    return float(rms(tilt_error(settled(record)))[0])


@criterion("rad", "rms")
def pitch_error(record: RunRecord) -> Value:
    """RMS error of the estimated attitude about the world's y axis, after 0.5 s."""
    return float(rms(tilt_error(settled(record)))[1])


@criterion("rad")
def yaw_drift(record: RunRecord) -> Value:
    """Change of the heading's error from beginning to end."""
    record = known(record)
    error = yaw_of(record["estimated_orientation"]) - yaw_of(record["base_orientation"])
    return float(abs(error[-1] - error[0]))


@criterion("m", "rms")
def ate(record: RunRecord) -> Value:
    """Absolute trajectory error: RMS distance of the paths after the best heading and shift."""
    record = known(record)
    return trajectory_error(record["estimated_position"], record["base_position"])


@criterion("m", "rms")
def rpe(record: RunRecord) -> Value:
    """Relative pose error: RMS error of the displacement over 1 s, seen from its beginning."""
    record = known(record)
    samples = round(RPE_TIME / period_of(record))
    if len(record) <= samples:
        return None
    believed = displacement(record["estimated_position"], record["estimated_orientation"], samples)
    true = displacement(record["base_position"], record["base_orientation"], samples)
    return float(np.sqrt(np.mean(np.sum((believed - true) ** 2, axis=1))))


@criterion("", "sum")
def diverged(record: RunRecord) -> Value:
    """Whether velocity errors are not finite, or beyond 0.5 m/s RMS over a second."""
    record = settled(record)
    return float(is_diverged(velocity_error(record), period_of(record)))


@criterion("", "sum")
def faults_met(record: RunRecord) -> Value:
    """How many scripted faults of the sensors were over in time to see what follows."""
    return len(_recoveries(record))


@criterion("s", "max")
def fault_recovery(record: RunRecord) -> Value:
    """Longest time after a fault at which the velocity was last off by more than 0.05 m/s."""
    return max(_recoveries(record), default=None)


@criterion("", "max")
def unhealthy_share(record: RunRecord) -> Value:
    """Share of updates whose estimate must not be used."""
    return float(np.mean(record["unhealthy"]))


@criterion("ms")
def cpu_ms_p50(record: RunRecord) -> Value:
    """Median CPU time of an update, after 0.5 s."""
    return 1e3 * float(np.percentile(late_rows(record)["update_time"], 50))


@criterion("ms", "max")
def cpu_ms_p99(record: RunRecord) -> Value:
    """99th percentile of the CPU time of an update, after 0.5 s."""
    return 1e3 * float(np.percentile(late_rows(record)["update_time"], 99))


def _axis_error(record: RunRecord, axis: int) -> float:
    return float(rms(velocity_error(settled(record)))[axis])


def _recoveries(record: RunRecord) -> list[float]:
    """For every fault that the robot met, how long its velocity was wrong after it [s]."""
    record = known(record)
    time = record[TIME]
    wrong = np.linalg.norm(velocity_error(record), axis=1) > WRONG_VELOCITY
    seen = time[-1] - (BEFORE_FALL if record.facts.fall else 0.0)
    recoveries = []
    for end in record[FAULTS][record[FAULTS] < seen]:
        late = time[wrong & (time >= end - 0.03) & (time < end + RECOVERED)]
        recoveries.append(float(late[-1] - end) if late.size else 0.0)
    return recoveries


def trajectory_error(belief: Array, truth: Array) -> float:
    """ATE: RMS distance of two paths (k, 3) after the best heading and translation [m]."""
    a, b = belief - belief.mean(axis=0), truth - truth.mean(axis=0)
    turn = math.atan2(
        float(np.sum(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])), float(np.sum(a[:, :2] * b[:, :2]))
    )
    cos, sin = math.cos(turn), math.sin(turn)
    turned = a @ np.array(((cos, sin, 0.0), (-sin, cos, 0.0), (0.0, 0.0, 1.0)))
    return float(np.sqrt(np.mean(np.sum((turned - b) ** 2, axis=1))))


def displacement(position: Array, orientation: Array, samples: int) -> Array:
    """(k - samples, 3) motion over so many samples, in the base's axes at its beginning [m]."""
    moved: Array = np.einsum(
        "kji,kj->ki", rotations(orientation)[:-samples], position[samples:] - position[:-samples]
    )
    return moved


def is_diverged(error: Array, period: float) -> bool:
    """Whether velocity errors (k, 3) are lost: not finite, or RMS over a second beyond a limit."""
    if not np.isfinite(error).all():
        return True
    window = max(round(DIVERGED_TIME / period), 1)
    sums = np.concatenate(((0.0,), np.cumsum(np.sum(error**2, axis=1))))
    if len(sums) <= window:
        return bool(np.sqrt(sums[-1] / max(len(error), 1)) > DIVERGED_SPEED)
    return bool(np.sqrt((sums[window:] - sums[:-window]).max() / window) > DIVERGED_SPEED)
