"""What counts as finite, and that asking never warns."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from wm_control.arbiter.finite import count_not_finite, finite


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize("size", [1, 3, 29])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e200, -1e308])
def test_one_entry_that_is_not_finite_or_beyond_all_use_is_found_wherever_it_is(size, bad):
    for k in range(size):
        values = np.ones(size)
        values[k] = bad
        assert not finite(values)


def test_what_a_robot_can_say_is_finite():
    assert finite(np.full(29, 1e9))
    assert finite(np.zeros((2, 6)))
    assert finite(np.full((29, 3), -4.0).T)  # not contiguous


def test_infinities_of_both_signs_do_not_cancel():
    assert not finite(np.array([np.inf, -np.inf]))


def test_arrays_are_counted_that_hold_anything_not_finite():
    good, bad = np.ones(3), np.array([1.0, np.nan, np.inf])
    assert count_not_finite([good, good]) == 0.0
    assert count_not_finite([bad, good, 1e200 * good]) == 2.0
