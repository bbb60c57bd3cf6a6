"""The height of the centre of mass is led without a jolt."""

import pytest

from wm_control.wbc.height_reference import HeightReference

DT = 0.002


def test_it_begins_where_the_centre_of_mass_is_at_rest():
    reference = HeightReference()
    assert reference.follow(0.6, 0.6, DT) == 0.6
    assert (reference.rate, reference.acceleration) == (0.0, 0.0)


def test_it_arrives_in_half_a_second_without_overshoot_and_never_asks_for_more_than_a_third_of_g():
    reference = HeightReference()
    heights = [reference.follow(0.60, 0.66, DT)]
    hardest = 0.0
    for _ in range(300):
        heights.append(reference.follow(0.60, 0.0, DT))
        hardest = max(hardest, abs(reference.acceleration))
    assert hardest <= 3.0
    assert heights[250] == pytest.approx(0.60, abs=0.003)
    assert min(heights) > 0.599
    assert heights == sorted(heights, reverse=True)


def test_reset_begins_anew():
    reference = HeightReference()
    for _ in range(20):
        reference.follow(0.60, 0.66, DT)
    reference.reset()
    assert reference.follow(0.7, 0.7, DT) == 0.7
