"""Figures over episodes, and who is better by how much, on numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from wm_bringup.judging.estimators.courses import COURSES, FIRST, JUDGED, holds
from wm_bringup.judging.estimators.summary import broken_limits, gain, markdown_table, over_seeds

SEEDS = [
    {"velocity_x": 0.003, "contact_f1": 0.9, "diverged": 1.0, "cpu_ms_p99": 0.2},
    {"velocity_x": 0.001, "contact_f1": 1.0, "diverged": 0.0, "cpu_ms_p99": 0.3},
]


def test_rms_errors_are_their_rms_events_their_sum_tails_their_worst_the_rest_their_mean():
    together = over_seeds(SEEDS)
    assert together["velocity_x"].value == pytest.approx(np.sqrt(5e-6))
    assert together["contact_f1"].value == pytest.approx(0.95)
    assert together["diverged"].value == 1.0
    assert together["cpu_ms_p99"].value == 0.3


def test_the_worst_episode_is_the_largest_error_but_the_least_score():
    together = over_seeds(SEEDS)
    assert together["velocity_x"].worst == 0.003
    assert together["contact_f1"].worst == 0.9


def test_an_interval_holds_the_value_and_no_more_than_the_episodes_span():
    seeds = [{"velocity_x": 0.001 * (k % 3 + 1)} for k in range(20)]
    figure = over_seeds(seeds)["velocity_x"]
    assert 0.001 < figure.low < figure.value < figure.high < 0.003
    assert figure.n == 20


def test_a_figure_that_some_episodes_lack_is_that_of_the_others():
    together = over_seeds([{"drift_percent": 0.2}, {"drift_percent": np.nan}, {}])
    assert together["drift_percent"].value == 0.2
    assert together["drift_percent"].n == 1


@pytest.mark.parametrize(
    ("name", "first", "second", "expected"),
    [
        ("velocity_x", 0.004, 0.002, 2.0),
        ("contact_f1", 0.96, 0.99, 4.0),  # 4 % wrong against 1 %
        ("nees_tilt_share", 0.75, 0.90, 4.0),  # 20 % off the 95 % of honest errors against 5 %
    ],
)
def test_better_is_by_how_much_smaller_the_shortfall_is(name, first, second, expected):
    assert gain(name, first, second) == pytest.approx(expected)


def test_a_limit_is_kept_from_the_right_side_and_never_by_nan():
    assert holds("velocity_x", 0.05, 0.05)
    assert not holds("velocity_x", 0.051, 0.05)
    assert holds("contact_f1", 0.98, 0.97)
    assert not holds("contact_f1", 0.96, 0.97)
    assert not holds("velocity_x", np.nan, 0.05)


def test_a_broken_limit_is_named_with_value_and_limit():
    limits = COURSES["rough"].limits
    figures = over_seeds([{name: 0.0 for name in limits} | {"velocity_y": 0.2}])
    assert broken_limits(figures, limits) == ["velocity_y is 0.2, limit 0.1"]


def test_the_table_shows_limit_interval_worst_and_gain():
    results = {
        FIRST: over_seeds([{"velocity_x": 0.004}]),
        JUDGED: over_seeds([{"velocity_x": 0.002}]),
    }
    table = markdown_table("mixed", 1, results, {"velocity_x": 0.05})
    assert "| velocity RMSE x [mm/s] | 50 | 2 | 2 | 4 | 2.00 |" in table


def test_the_rough_course_is_all_at_once_and_another_for_every_seed():
    first, second = (COURSES["rough"].scenario(seed) for seed in (0, 1))
    assert (first.ground.friction, first.ground.bumps, first.payload.mass) == (0.3, 0.02, 5.0)
    assert first.noise == "nominal"
    times = [push.at for push in first.pushes]
    assert times == [4.0, 8.0]
    for push in (*first.pushes, *second.pushes):
        assert np.linalg.norm(push.impulse) == pytest.approx(15.0)
    assert first.pushes[0].impulse != second.pushes[0].impulse
    assert first.pushes[0].at != second.pushes[0].at


def test_the_mixed_course_asks_for_what_the_limits_are_meant_for():
    scenario = COURSES["mixed"].scenario(3)
    assert scenario.duration == 60.0
    assert max(segment.x for segment in scenario.velocity) == 1.0
    assert {segment.yaw > 0.0 for segment in scenario.velocity} == {True, False}
    assert scenario.ground.friction == 0.6
