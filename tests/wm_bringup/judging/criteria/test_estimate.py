"""Criteria of the estimate, on motions worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from wm_bringup.judging.criteria import consistency, contacts, estimate
from wm_bringup.judging.criteria.errors import rotation_error
from wm_bringup.judging.criteria.estimate import is_diverged, trajectory_error
from wm_bringup.judging.criteria.table import measure
from wm_bringup.record.run_record import RunRecord


def turn(angle):
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array(((cos, -sin, 0.0), (sin, cos, 0.0), (0.0, 0.0, 1.0)))


def test_a_perfect_estimate_has_no_errors_and_is_too_cautious(record):
    for one in (
        *(estimate.velocity_error_x, estimate.velocity_error_y, estimate.velocity_error_z),
        *(estimate.height_error, estimate.roll_error, estimate.pitch_error),
        *(estimate.drift_percent, estimate.yaw_drift, estimate.ate, estimate.rpe),
        *(estimate.velocity_rmse, estimate.unhealthy_share, estimate.diverged),
    ):
        assert one(record) == pytest.approx(0.0, abs=1e-12), one.name
    assert contacts.contact_f1(record) == 1.0
    assert consistency.nees_velocity_share(record) == 0.0
    assert consistency.nees_tilt_share(record) == 0.0
    assert consistency.nees_height_share(record) == 0.0
    assert estimate.cpu_ms_p50(record) == pytest.approx(0.1)
    assert contacts.slips(record) == 0.0
    assert contacts.slips_found_share(record) is None


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
    nothing = record.with_columns(estimated_velocity=np.full((len(record), 3), np.nan))
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


def test_an_estimate_is_lost_when_its_velocity_is_wrong_for_a_second():
    error = np.zeros((2000, 3))
    error[500:750, 0] = 0.9  # half a second of 0.9 m/s: RMS over a second 0.64
    assert is_diverged(error, 0.002)
    error[600:] = 0.0  # 0.2 s: RMS over a second 0.40
    assert not is_diverged(error, 0.002)
    error[1000, 1] = np.nan
    assert is_diverged(error, 0.002)
