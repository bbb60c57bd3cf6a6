"""Figures of the estimator report, on motions worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from wm_bringup.judging.estimators.metrics import (
    Belief,
    Truth,
    at_rows,
    diverged,
    f1_score,
    judge_estimate,
    rotation_error,
    share_in_band,
    slip_alarms,
    slip_delays,
    squared_by_covariance,
    trajectory_error,
)

SAMPLES = 2001


def turn(angle):
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array(((cos, -sin, 0.0), (sin, cos, 0.0), (0.0, 0.0, 1.0)))


@pytest.fixture
def truth():
    """4 s straight ahead at 1 m/s, left sole loaded, right sole in the air."""
    time = 0.002 * np.arange(SAMPLES)
    position = np.stack((time, 0 * time, 0 * time + 0.7), axis=1)
    return Truth(
        time,
        position,
        np.tile(np.eye(3), (SAMPLES, 1, 1)),
        np.tile((1.0, 0.0, 0.0), (SAMPLES, 1)),
        np.tile((300.0, 0.0), (SAMPLES, 1)),
        np.zeros((SAMPLES, 2, 3)),
    )


@pytest.fixture
def belief(truth):
    """The truth itself, with 1 cm/s and 10 mrad of claimed error."""
    return Belief(
        truth.position.copy(),
        truth.rotation.copy(),
        truth.velocity.copy(),
        np.tile((0.9, 0.1), (SAMPLES, 1)),
        np.zeros((SAMPLES, 2)),
        np.tile(1e-4 * np.eye(3), (SAMPLES, 1, 1)),
        np.tile(1e-4 * np.eye(2), (SAMPLES, 1, 1)),
        np.full(SAMPLES, 1e-4),
        np.full(SAMPLES, 1e-4),
        np.zeros(SAMPLES),
    )


def test_a_perfect_estimate_has_no_errors_and_is_too_cautious(belief, truth):
    figures = judge_estimate(belief, truth)
    for name in ("velocity_x", "height", "roll", "drift_percent", "yaw_drift", "ate", "rpe"):
        assert figures[name] == pytest.approx(0.0, abs=1e-12)
    assert figures["contact_f1"] == 1.0
    assert figures["nees_velocity_share"] == 0.0
    assert figures["cpu_ms_p50"] == pytest.approx(0.1)


def test_a_constant_speed_error_is_drift_of_the_distance(belief, truth):
    scaled = replace(belief, position=belief.position * (1.02, 1.0, 1.0))
    figures = judge_estimate(scaled, truth)
    assert figures["drift_percent"] == pytest.approx(2.0)
    assert figures["rpe"] == pytest.approx(0.02)  # 2 % of the metre walked in a second
    # a ramp from -4 to 4 cm about its middle: 0.08 / sqrt(12)
    assert figures["ate"] == pytest.approx(0.08 / np.sqrt(12.0), rel=1e-3)


def test_a_turned_and_shifted_path_has_no_absolute_error(truth):
    moved = truth.position @ turn(0.7).T + (3.0, -2.0, 0.5)
    assert trajectory_error(moved, truth.position) == pytest.approx(0.0, abs=1e-12)


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


def test_slips_are_timed_from_their_onset(truth):
    velocity = truth.sole_velocity.copy()
    velocity[100:140, 0, 0] = 0.2  # found 5 samples late
    velocity[600:640, 0, 1] = 0.2  # missed
    velocity[900:905, 0, 1] = 0.2  # too short to count
    velocity[1000:1200, 1, 0] = 1.0  # in the air
    slipping = np.zeros((SAMPLES, 2), dtype=bool)
    slipping[105:150, 0] = True
    # alarms within 50 samples of a slip are no false ones: 100 to 140 excuses 50 to 190, and so on
    assert slip_alarms(velocity, truth.normal_force, slipping) == 0.0
    slipping[300:320] = True
    quiet = SAMPLES - 140 - 140 - 105
    assert slip_alarms(velocity, truth.normal_force, slipping) == pytest.approx(20 / quiet)
    slipping[300:320] = False
    assert slip_delays(velocity, truth.normal_force, slipping) == [5.0, np.inf]


def test_without_soles_in_the_truth_there_are_no_figures_of_contact(belief, truth):
    figures = judge_estimate(belief, replace(truth, normal_force=None, sole_velocity=None))
    assert "contact_f1" not in figures
    assert figures["velocity_x"] == 0.0


def test_an_estimate_is_lost_when_its_velocity_is_wrong_for_a_second():
    error = np.zeros((2000, 3))
    error[500:750, 0] = 0.9  # half a second of 0.9 m/s: RMS over a second 0.64
    assert diverged(error, 0.002)
    error[600:] = 0.0  # 0.2 s: RMS over a second 0.40
    assert not diverged(error, 0.002)
    error[1000, 1] = np.nan
    assert diverged(error, 0.002)


def test_some_rows_of_a_belief_are_a_belief(belief, truth):
    rows = np.zeros(SAMPLES, dtype=bool)
    rows[::10] = True
    some = at_rows(belief, rows)
    assert len(some.position) == 201
    np.testing.assert_array_equal(some.cpu, belief.cpu[::10])
