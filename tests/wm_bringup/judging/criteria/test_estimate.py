"""Figures of the estimator report, on motions worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from wm_bringup.judging.criteria import estimate
from wm_bringup.judging.criteria.estimate import (
    f1_score,
    is_diverged,
    rotation_error,
    share_in_band,
    slip_alarms,
    slip_delays,
    squared_by_covariance,
    trajectory_error,
)
from wm_bringup.judging.criteria.table import measure
from wm_bringup.record.run_record import RunRecord

SAMPLES = 2001
LEVEL = (0.0, 0.0, 0.0, 1.0)


def turn(angle):
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array(((cos, -sin, 0.0), (sin, cos, 0.0), (0.0, 0.0, 1.0)))


@pytest.fixture
def record():
    """4 s ahead at 1 m/s, left sole loaded; believed as it is, with 1 cm/s and 10 mrad claimed."""
    time = 0.002 * np.arange(SAMPLES)
    position = np.stack((time, 0 * time, 0 * time + 0.7), axis=1)
    velocity, level = np.tile((1.0, 0.0, 0.0), (SAMPLES, 1)), np.tile(LEVEL, (SAMPLES, 1))
    return RunRecord(
        {
            "time": time,
            "base_position": position,
            "base_orientation": level,
            "base_velocity": velocity,
            "normal_force": np.tile((300.0, 0.0), (SAMPLES, 1)),
            "sole_velocity": np.zeros((SAMPLES, 2, 6)),
            "estimated_position": position.copy(),
            "estimated_orientation": level.copy(),
            "estimated_velocity": velocity.copy(),
            "contact_probability": np.tile((0.9, 0.1), (SAMPLES, 1)),
            "slip_told": np.zeros((SAMPLES, 2)),
            "velocity_covariance": np.tile(1e-4 * np.eye(3), (SAMPLES, 1, 1)),
            "tilt_covariance": np.tile(1e-4 * np.eye(2), (SAMPLES, 1, 1)),
            "height_variance": np.full(SAMPLES, 1e-4),
            "update_time": np.full(SAMPLES, 1e-4),
            "unhealthy": np.zeros(SAMPLES),
        }
    )


def test_a_perfect_estimate_has_no_errors_and_is_too_cautious(record):
    for one in (
        *(estimate.velocity_error_x, estimate.velocity_error_y, estimate.velocity_error_z),
        *(estimate.height_error, estimate.roll_error, estimate.pitch_error),
        *(estimate.drift_percent, estimate.yaw_drift, estimate.ate, estimate.rpe),
        *(estimate.velocity_rmse, estimate.unhealthy_share, estimate.diverged),
    ):
        assert one(record) == pytest.approx(0.0, abs=1e-12), one.name
    assert estimate.contact_f1(record) == 1.0
    assert estimate.nees_velocity_share(record) == 0.0
    assert estimate.nees_tilt_share(record) == 0.0
    assert estimate.nees_height_share(record) == 0.0
    assert estimate.cpu_ms_p50(record) == pytest.approx(0.1)
    assert estimate.slips(record) == 0.0
    assert estimate.slips_found_share(record) is None


def test_a_constant_speed_error_is_drift_of_the_distance(record):
    scaled = record.with_columns(
        estimated_position=record["base_position"] * (1.02, 1.0, 1.0),
        estimated_velocity=record["base_velocity"] * (1.02, 1.0, 1.0),
    )
    assert estimate.drift_percent(scaled) == pytest.approx(2.0)
    assert estimate.rpe(scaled) == pytest.approx(0.02)  # 2 % of the metre walked in a second
    # a ramp from -4 to 4 cm about its middle: 0.08 / sqrt(12)
    assert estimate.ate(scaled) == pytest.approx(0.08 / np.sqrt(12.0), rel=1e-3)
    assert estimate.estimator_velocity_rmse(scaled) == pytest.approx((0.02, 0.0, 0.0))


@pytest.mark.parametrize(
    ("scale", "bias", "lost"),
    [(1.0, 0.0, False), (1.04, 0.09, False), (1.06, 0.0, True), (1.0, 0.11, True)],
)
def test_an_estimate_is_lost_beyond_a_tenth_of_a_metre_per_second_or_five_percent(
    record, scale, bias, lost
):
    off = record.with_columns(
        estimated_position=record["base_position"] * (scale, 1.0, 1.0),
        estimated_velocity=record["base_velocity"] + (bias, 0.0, 0.0),
    )
    assert estimate.estimate_lost(off) is lost


def test_what_is_not_a_number_is_lost(record):
    nothing = record.with_columns(estimated_velocity=np.full((SAMPLES, 3), np.nan))
    assert estimate.estimate_lost(nothing) is True


def test_how_far_two_estimates_are_apart_needs_no_truth(record):
    other = record["estimated_velocity"] + (0.03, 0.04, 0.0)
    columns = {"time": record["time"], "estimated_velocity": other}
    apart = RunRecord({**columns, "reference_velocity": record["estimated_velocity"]})
    assert estimate.velocity_apart(apart) == pytest.approx(0.05)


def test_recovery_is_how_long_after_a_fault_the_velocity_was_last_wrong(record):
    velocity = record["estimated_velocity"].copy()
    velocity[500:540, 0] += 0.06  # 1.000 to 1.078 s
    velocity[1500:1600, 0] += 0.04  # not wrong enough
    ends = np.array([0.999, 2.999, np.inf])
    bad = record.with_columns(estimated_velocity=velocity, fault_end_time=ends)
    assert estimate.fault_recovery(bad) == pytest.approx(0.079)
    assert estimate.faults_met(bad) == 2
    fallen = bad.with_facts(fall="base tilt")  # at 4 s: what comes later than 2.5 s is the fall
    assert estimate.faults_met(fallen) == 1
    assert "fault_recovery" not in measure(record)


def test_rows_at_which_nobody_saw_the_truth_do_not_count(record):
    position, velocity = record["base_position"].copy(), record["estimated_velocity"].copy()
    position[1::10], velocity[1::10] = np.nan, 9.0
    seen = record.with_columns(base_position=position, estimated_velocity=velocity)
    assert estimate.velocity_error_x(seen) == 0.0


def test_a_turned_and_shifted_path_has_no_absolute_error(record):
    path = record["base_position"]
    moved = path @ turn(0.7).T + (3.0, -2.0, 0.5)
    assert trajectory_error(moved, path) == pytest.approx(0.0, abs=1e-12)


def test_rotation_errors_are_told_in_world_axes():
    roll = np.array([[[1.0, 0.0, 0.0], [0.0, 1.0, -0.01], [0.0, 0.01, 1.0]]])
    heading = turn(np.pi / 2)[None]
    np.testing.assert_allclose(rotation_error(roll @ heading, heading), [[0.01, 0.0, 0.0]])


def test_honest_errors_are_inside_the_band_95_times_in_100():
    random = np.random.default_rng(1)
    root = np.array(((2.0, 0.0, 0.0), (1.0, 0.5, 0.0), (0.0, 0.3, 1.0)))
    errors = random.normal(size=(20000, 3)) @ root.T
    squares = squared_by_covariance(errors, np.tile(root @ root.T, (20000, 1, 1)))
    assert squares.mean() == pytest.approx(3.0, abs=0.1)
    assert share_in_band(squares, 3) == pytest.approx(0.95, abs=0.01)
    assert share_in_band(100.0 * squares, 3) < 0.1


def test_f1_counts_misses_and_false_alarms_alike():
    true = np.array([[True, False]] * 8 + [[True, True]] * 2)
    told = true.copy()
    told[0, 0], told[1, 1] = False, True  # 12 true contacts: one missed, one invented
    assert f1_score(told, true) == pytest.approx(2 * 11 / (2 * 11 + 2))


def test_slips_are_timed_from_their_onset(record):
    velocity, force = record["sole_velocity"].copy(), record["normal_force"]
    velocity[100:140, 0, 0] = 0.2  # found 5 samples late
    velocity[600:640, 0, 1] = 0.2  # missed
    velocity[900:905, 0, 1] = 0.2  # too short to count
    velocity[1000:1200, 1, 0] = 1.0  # in the air
    slipping = np.zeros((SAMPLES, 2), dtype=bool)
    slipping[105:150, 0] = True
    # alarms within 50 samples of a slip are no false ones: 100 to 140 excuses 50 to 190, and so on
    assert slip_alarms(velocity, force, slipping) == 0.0
    slipping[300:320] = True
    quiet = SAMPLES - 140 - 140 - 105
    assert slip_alarms(velocity, force, slipping) == pytest.approx(20 / quiet)
    slipping[300:320] = False
    assert slip_delays(velocity, force, slipping) == [5.0, np.inf]


def test_without_soles_in_the_truth_there_are_no_figures_of_contact(record):
    columns = {
        n: c for n, c in record.columns.items() if n not in ("normal_force", "sole_velocity")
    }
    figures = measure(RunRecord(columns))
    assert "contact_f1" not in figures
    assert figures["velocity_error_x"].value == 0.0


def test_an_estimate_is_lost_when_its_velocity_is_wrong_for_a_second():
    error = np.zeros((2000, 3))
    error[500:750, 0] = 0.9  # half a second of 0.9 m/s: RMS over a second 0.64
    assert is_diverged(error, 0.002)
    error[600:] = 0.0  # 0.2 s: RMS over a second 0.40
    assert not is_diverged(error, 0.002)
    error[1000, 1] = np.nan
    assert is_diverged(error, 0.002)
