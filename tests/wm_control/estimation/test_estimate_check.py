"""Estimates that came by message and cannot be of this robot."""

from dataclasses import replace

import numpy as np
import pytest

from wm_control.estimation.estimate_check import INSIST, EstimateGuard


@pytest.fixture
def guard(g1, standing):
    guard = EstimateGuard(g1)
    assert guard.refusal(at(standing, 100.0)) is None
    return guard


def at(estimate, stamp, **changes):
    observation = replace(estimate.observation, stamp=stamp)
    return replace(estimate, observation=observation, **changes)


def test_estimates_a_period_apart_repeated_or_late_are_used(guard, standing):
    for stamp in (100.002, 100.004, 100.004, 100.002, 103.0):
        assert guard.refusal(at(standing, stamp)) is None


@pytest.mark.parametrize("stamp", [1e12, -1e12, np.nan, np.inf, 200.0])
def test_times_that_cannot_be_are_refused(guard, standing, stamp):
    assert "time" in guard.refusal(at(standing, stamp)).what
    assert guard.refusal(at(standing, 100.002)) is None


def test_whoever_was_not_listening_believes_a_later_time_that_goes_on(guard, standing):
    answers = [guard.refusal(at(standing, 200.0 + 0.002 * k)) for k in range(INSIST + 2)]
    assert all(answers[:INSIST])
    assert answers[INSIST:] == [None, None]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("base_position_in_world", np.full(3, 1e9), "distance"),
        ("base_position_in_world", np.full(3, np.nan), "distance"),
        ("base_orientation", np.zeros(4), "quaternion"),
        ("base_orientation", np.full(4, np.nan), "quaternion"),
        ("base_velocity_in_base", np.array([50.0, 0.0, 0.0]), "speed"),
        ("base_angular_velocity_in_base", np.array([0.0, 1e3, 0.0]), "angular"),
        ("joint_position", np.full(29, 10.0), "joint"),
        ("joint_position", np.full(29, np.nan), "joint"),
        ("joint_velocity", np.full(29, 1e4), "joint speed"),
    ],
)
def test_a_body_that_cannot_be_is_refused_and_named(guard, standing, field, value, said):
    assert said in guard.refusal(at(standing, 100.002, **{field: value})).what
