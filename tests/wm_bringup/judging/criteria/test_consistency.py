"""Errors beside their covariance, drawn as the covariance says."""

from __future__ import annotations

import numpy as np
import pytest

from wm_bringup.judging.criteria.consistency import share_in_band, squared_by_covariance


def test_honest_errors_are_inside_the_band_95_times_in_100():
    random = np.random.default_rng(1)
    root = np.array(((2.0, 0.0, 0.0), (1.0, 0.5, 0.0), (0.0, 0.3, 1.0)))
    errors = random.normal(size=(20000, 3)) @ root.T
    squares = squared_by_covariance(errors, np.tile(root @ root.T, (20000, 1, 1)))
    assert squares.mean() == pytest.approx(3.0, abs=0.1)
    assert share_in_band(squares, 3) == pytest.approx(0.95, abs=0.01)
    assert share_in_band(100.0 * squares, 3) < 0.1
