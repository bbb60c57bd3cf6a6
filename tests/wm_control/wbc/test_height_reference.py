"""The height of the centre of mass is led without a jolt, and not up and down with every step."""

import pytest

from wm_control.wbc.height_reference import HeightReference, RecentReach

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


def reaches(*steps):
    """Longest reach at the end of each step of 0.35 s, of these reaches [m]."""
    recent, ends = RecentReach(), []
    for reach in steps:
        for _ in range(175):
            longest = recent.update(reach, 0.35, DT)
        ends.append(longest)
    return ends


def test_of_a_long_and_a_short_step_in_turn_the_long_one_counts():
    assert reaches(0.27, 0.13, 0.26, 0.13) == [0.27, 0.27, 0.26, 0.26]


def test_a_longer_step_counts_at_once_and_a_shorter_gait_after_a_step_and_a_quarter():
    assert reaches(0.2, 0.4, 0.2, 0.2) == [0.2, 0.4, 0.4, 0.2]
