"""Numbers over many runs, and their intervals, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from wm_bringup.judging.statistics import combined, figure, proportion_interval


def test_no_fall_in_twenty_bounds_the_rate_at_seventeen_percent():
    # Clopper-Pearson: 1 - 0.025^(1/20)
    assert proportion_interval(0, 20) == pytest.approx((0.0, 1 - 0.025 ** (1 / 20)))
    assert proportion_interval(0, 0) == (0.0, 1.0)


def test_rms_errors_are_their_rms_events_their_sum_tails_their_worst_the_rest_their_mean():
    assert figure([0.003, 0.001], "rms").value == pytest.approx(np.sqrt(5e-6))
    assert figure([0.9, 1.0], "mean").value == pytest.approx(0.95)
    assert figure([1.0, 0.0], "sum").value == 1.0
    assert figure([0.2, 0.3], "max").value == 0.3


def test_the_worst_run_is_the_largest_error_but_the_least_score():
    assert figure([0.003, 0.001], "rms").worst == 0.003
    assert figure([0.9, 1.0], "mean", more_is_better=True).worst == 0.9


def test_an_interval_holds_the_value_and_no_more_than_the_runs_span():
    one = figure([0.001 * (k % 3 + 1) for k in range(20)], "rms")
    assert 0.001 < one.low < one.value < one.high < 0.003
    assert one.n == 20


def test_a_number_that_some_runs_lack_is_that_of_the_others():
    one = figure([0.2, np.nan], "mean")
    assert (one.value, one.n) == (0.2, 1)
    assert figure([], "mean").n == 0


def test_numbers_by_axis_are_combined_by_axis():
    values = [(3.0, 0.0, 1.0), (4.0, 0.0, 2.0)]
    assert combined(values, "rms") == pytest.approx([np.sqrt(12.5), 0.0, np.sqrt(2.5)])
    assert combined(values, "max") == pytest.approx([4.0, 0.0, 2.0])
