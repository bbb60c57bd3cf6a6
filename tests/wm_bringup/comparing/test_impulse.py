"""The impulse at which half of the pushes are survived, by hand-worked numbers."""

from __future__ import annotations

import pytest

from wm_bringup.comparing.impulse import half_survived


def pushes(**survived):
    """Eight pushes of each impulse: ``j10=8`` says how many of those of 10 N·s were survived."""
    impulses = [float(name[1:]) for name in survived for _ in range(8)]
    up = [k < count for count in survived.values() for k in range(8)]
    return impulses, up


def test_what_is_symmetric_about_an_impulse_is_half_survived_there():
    found = half_survived(*pushes(j10=8, j20=6, j30=2, j40=0))
    assert found.value == pytest.approx(25.0, abs=1e-3)
    assert found.low == pytest.approx(50.0 - found.high, abs=1e-3)
    assert found.n == 32


def test_where_weak_ones_are_all_survived_and_strong_ones_none_the_answer_is_finite():
    found = half_survived(*pushes(j10=8, j20=0))
    assert found.value == pytest.approx(15.0, abs=1e-3)
    assert found.low is not None


def test_more_pushes_make_the_interval_narrower():
    few = half_survived(*pushes(j10=8, j20=6, j30=2, j40=0))
    impulses, up = pushes(j10=8, j20=6, j30=2, j40=0)
    many = half_survived(impulses * 4, up * 4)
    assert many.high - many.low == pytest.approx((few.high - few.low) / 2, rel=0.15)


def test_who_survives_all_is_said_to_be_beyond_what_was_tried():
    found = half_survived(*pushes(j10=8, j20=8))
    assert (found.value, found.beyond, found.below) == (None, 20.0, None)
    found = half_survived(*pushes(j10=8, j20=7))
    assert (found.value, found.beyond) == (None, 20.0)


def test_who_survives_none_is_said_to_be_below_what_was_tried():
    found = half_survived(*pushes(j10=0, j20=0))
    assert (found.value, found.beyond, found.below, found.n) == (None, None, 10.0, 16)


def test_of_one_impulse_only_its_side_is_said():
    assert half_survived(*pushes(j35=3)).below == 35.0
    assert half_survived(*pushes(j35=4)).beyond == 35.0
    assert half_survived([], []).n == 0


def test_who_falls_of_all_but_the_weakest_pushes_is_not_said_to_survive_the_strongest():
    found = half_survived([15.0] * 4 + [25.0, 35.0, 45.0, 55.0] * 4, [True] * 2 + [False] * 18)
    assert (found.value, found.beyond, found.below) == (None, None, None)
