"""Criteria of the state estimate beside the truth.

Errors are estimate minus truth. Position and heading cannot be observed, so paths are laid over
each other before they are compared: at their starts for drift, as well as possible (by heading and
translation, Umeyama 1991) for the absolute trajectory error.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import chi2

from wm_bringup.judging.criteria.criterion import Value, criterion
from wm_bringup.judging.criteria.effort import SHORTEST_PATH
from wm_bringup.record.geometry import end_error, path_length, rotations, to_base
from wm_bringup.record.run_record import FAULTS, TIME, Flags, RunRecord, TooShortError
from wm_bringup.record.strides import CONTACT_FORCE, yaw_of
from wm_control.types import LEFT, RIGHT, Array

SETTLE = 0.5
"""Time after the first look that is not judged, where a criterion says so [s]."""

RPE_TIME = 1.0
"""Length of path whose end is compared for the relative pose error [s]."""

SLIP_SPEED, SLIP_FORCE, SLIP_TICKS = 0.05, 50.0, 10
"""A true slip: a sole loaded by more [N] moves along the ground faster [m/s] for samples."""

SLIP_LATE = 50
"""Samples after which a slip counts as missed."""

CONFIDENCE = 0.95

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
    x, y, z = rms(_velocity_error(known(record))).tolist()
    return x, y, z


@criterion("m/s", "max")
def velocity_rmse(record: RunRecord) -> Value:
    """Length of the RMS error of the estimated velocity, over the whole run."""
    return float(np.linalg.norm(rms(_velocity_error(known(record)))))


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
    return float(rms(_height_error(settled(record))))


@criterion("rad", "rms")
def roll_error(record: RunRecord) -> Value:
    """RMS error of the estimated attitude about the world's x axis, after 0.5 s."""
    return float(rms(_tilt_error(settled(record)))[0])


@criterion("rad", "rms")
def pitch_error(record: RunRecord) -> Value:
    """RMS error of the estimated attitude about the world's y axis, after 0.5 s."""
    return float(rms(_tilt_error(settled(record)))[1])


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
    samples = round(RPE_TIME / _period(record))
    if len(record) <= samples:
        return None
    believed = displacement(record["estimated_position"], record["estimated_orientation"], samples)
    true = displacement(record["base_position"], record["base_orientation"], samples)
    return float(np.sqrt(np.mean(np.sum((believed - true) ** 2, axis=1))))


@criterion("", more_is_better=True)
def nees_velocity_share(record: RunRecord) -> Value:
    """Share of velocity errors, squared by their covariance, within the 95 % band."""
    return share_in_band(_nees_velocity(settled(record)), 3)


@criterion("", more_is_better=True)
def nees_tilt_share(record: RunRecord) -> Value:
    """Share of roll and pitch errors, squared by their covariance, within the 95 % band."""
    record = settled(record)
    squares = squared_by_covariance(_tilt_error(record), record["tilt_covariance"])
    return share_in_band(squares, 2)


@criterion("", more_is_better=True)
def nees_height_share(record: RunRecord) -> Value:
    """Share of height errors, squared by their variance, within the 95 % band."""
    record = settled(record)
    return share_in_band(_height_error(record) ** 2 / record["height_variance"], 1)


@criterion("")
def nees_velocity_mean(record: RunRecord) -> Value:
    """Mean of the velocity errors squared by their covariance; 3 is honest."""
    return float(np.mean(_nees_velocity(settled(record))))


@criterion("", "sum")
def diverged(record: RunRecord) -> Value:
    """Whether velocity errors are not finite, or beyond 0.5 m/s RMS over a second."""
    record = settled(record)
    return float(is_diverged(_velocity_error(record), _period(record)))


@criterion("", more_is_better=True)
def contact_f1(record: RunRecord) -> Value:
    """Harmonic mean of precision and recall of told contacts, over both feet and all samples."""
    record = known(record)
    true = record["normal_force"] > CONTACT_FORCE
    return f1_score(record["contact_probability"] > 0.5, true)


@criterion("")
def slips(record: RunRecord) -> Value:
    """How often a sole truly slips: loaded by 50 N and faster than 0.05 m/s for ten samples."""
    return float(len(_slips(known(record))))


@criterion("", more_is_better=True)
def slips_found_share(record: RunRecord) -> Value:
    """Share of the true slips that were told within fifty samples."""
    delays = _slips(known(record))
    found = [delay for delay in delays if math.isfinite(delay)]
    return len(found) / len(delays) if delays else None


@criterion("ms")
def slip_delay_ms(record: RunRecord) -> Value:
    """Median time from a true slip's onset to its being told, of those found."""
    record = known(record)
    found = [delay for delay in _slips(record) if math.isfinite(delay)]
    return 1e3 * _period(record) * float(np.median(found)) if found else None


@criterion("")
def slip_alarm_share(record: RunRecord) -> Value:
    """Share of a loaded sole's time in which a slip is told and none is within fifty samples."""
    record = known(record)
    return slip_alarms(record["sole_velocity"], record["normal_force"], record["slip_told"] > 0.5)


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
    return 1e3 * float(np.percentile(_settled_rows(record)["update_time"], 50))


@criterion("ms", "max")
def cpu_ms_p99(record: RunRecord) -> Value:
    """99th percentile of the CPU time of an update, after 0.5 s."""
    return 1e3 * float(np.percentile(_settled_rows(record)["update_time"], 99))


def known(record: RunRecord) -> RunRecord:
    """Return the looks at which the truth is known; TooShortError with fewer than two."""
    seen: Flags = np.asarray(np.isfinite(record["base_position"]).all(axis=1))
    if np.count_nonzero(seen) < 2:
        raise TooShortError("the truth is known at fewer than two times")
    return record if seen.all() else record.rows(seen)


def settled(record: RunRecord) -> RunRecord:
    """Return the looks at which the truth is known, from ``SETTLE`` after the first of them on."""
    return _settled_rows(known(record))


def _settled_rows(record: RunRecord) -> RunRecord:
    time = record[TIME]
    late: Flags = time - time[0] >= SETTLE
    if np.count_nonzero(late) < 2:
        raise TooShortError(f"the run is shorter than {SETTLE:g} s")
    return record.rows(late)


def _period(record: RunRecord) -> float:
    return float(np.median(np.diff(record[TIME])))


def _axis_error(record: RunRecord, axis: int) -> float:
    return float(rms(_velocity_error(settled(record)))[axis])


def _velocity_error(record: RunRecord) -> Array:
    """(k, 3) of the estimate, base axes [m/s]."""
    return record["estimated_velocity"] - to_base(
        record["base_velocity"], record["base_orientation"]
    )


def _height_error(record: RunRecord) -> Array:
    return (record["estimated_position"] - record["base_position"])[:, 2]


def _tilt_error(record: RunRecord) -> Array:
    """(k, 2) about the world's x and y axes [rad]."""
    believed, true = record["estimated_orientation"], record["base_orientation"]
    return rotation_error(rotations(believed), rotations(true))[:, :2]


def _nees_velocity(record: RunRecord) -> Array:
    return squared_by_covariance(_velocity_error(record), record["velocity_covariance"])


def _slips(record: RunRecord) -> list[float]:
    return slip_delays(record["sole_velocity"], record["normal_force"], record["slip_told"] > 0.5)


def _recoveries(record: RunRecord) -> list[float]:
    """For every fault that the robot met, how long its velocity was wrong after it [s]."""
    record = known(record)
    time = record[TIME]
    wrong = np.linalg.norm(_velocity_error(record), axis=1) > WRONG_VELOCITY
    seen = time[-1] - (BEFORE_FALL if record.facts.fall else 0.0)
    recoveries = []
    for end in record[FAULTS][record[FAULTS] < seen]:
        late = time[wrong & (time >= end - 0.03) & (time < end + RECOVERED)]
        recoveries.append(float(late[-1] - end) if late.size else 0.0)
    return recoveries


def rms(error: Array) -> Array:
    """Root of the mean square over time; per column."""
    mean: Array = np.sqrt(np.mean(error**2, axis=0))
    return mean


def rotation_error(belief: Array, truth: Array) -> Array:
    """(k, 3) rotation vectors of R_believed R_trueᵀ, world axes, for small errors [rad]."""
    error = belief @ truth.transpose(0, 2, 1)
    skew = 0.5 * (error - error.transpose(0, 2, 1))
    return np.stack((skew[:, 2, 1], skew[:, 0, 2], skew[:, 1, 0]), axis=1)


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
    for foot in (LEFT, RIGHT):
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
    for foot in (LEFT, RIGHT):
        near[:, foot] = np.convolve(sliding[:, foot].astype(float), window, "same") > 0.5
    quiet = (normal_force > SLIP_FORCE) & ~near
    told = float(np.count_nonzero(slipping & quiet))
    return told / max(float(np.count_nonzero(quiet)), 1.0)


def _sliding(sole_velocity: Array, normal_force: Array) -> Flags:
    """(k, 2) whether a loaded sole moves along the ground; sole velocity (k, 2, 3 or 6)."""
    fast = np.linalg.norm(sole_velocity[:, :, :2], axis=2) > SLIP_SPEED
    return np.asarray(fast & (normal_force > SLIP_FORCE), dtype=np.bool_)


def is_diverged(error: Array, period: float) -> bool:
    """Whether velocity errors (k, 3) are lost: not finite, or RMS over a second beyond a limit."""
    if not np.isfinite(error).all():
        return True
    window = max(round(DIVERGED_TIME / period), 1)
    sums = np.concatenate(((0.0,), np.cumsum(np.sum(error**2, axis=1))))
    if len(sums) <= window:
        return bool(np.sqrt(sums[-1] / max(len(error), 1)) > DIVERGED_SPEED)
    return bool(np.sqrt((sums[window:] - sums[:-window]).max() / window) > DIVERGED_SPEED)
