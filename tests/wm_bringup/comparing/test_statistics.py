"""Intervals and tests of comparisons, by hand-worked numbers."""

from __future__ import annotations

import math

import pytest

from wm_bringup.comparing import statistics


def flags(both, first, second, none):
    one = [True] * (both + first) + [False] * (second + none)
    other = [True] * both + [False] * first + [True] * second + [False] * none
    return one, other


def test_a_share_has_wilsons_interval():
    # (8 + z²/2) / (10 + z²) is the middle: (8 + 1.9207) / 13.8415 = 0.7167
    found = statistics.share([True] * 8 + [False] * 2)
    assert found.value == 0.8
    assert (found.low + found.high) / 2 == pytest.approx(0.7167, abs=1e-4)


def test_the_difference_of_paired_shares_is_newcombes():
    # 32 and 22 of 50: Wilson 0.5014 to 0.7586 and 0.3116 to 0.5769;
    # phi = (20·16 - 12·2 - 25) / sqrt(32·18·22·28) = 271 / 595.66 = 0.4550;
    # below: sqrt(0.1386² - 2·0.4550·0.1386·0.1369 + 0.1369²) = 0.1438
    found = statistics.paired_shares(*flags(20, 12, 2, 16))
    assert found.value == pytest.approx(0.2)
    assert found.low == pytest.approx(0.2 - 0.1438, abs=2e-4)
    assert found.high == pytest.approx(0.3292, abs=2e-4)
    # McNemar: 2 or fewer of 14 by coin, both ways: 2 (1 + 14 + 91) / 2^14
    assert found.p == pytest.approx(212 / 16384)


def test_equal_pairs_have_no_difference_but_an_interval_that_is_not_empty():
    found = statistics.paired_shares([True] * 10, [True] * 10)
    assert (found.value, found.p) == (0.0, 1.0)
    assert found.low < -0.2
    assert found.high > 0.2


def test_the_other_way_round_a_difference_changes_its_sign():
    one, other = flags(20, 12, 2, 16)
    there, back = statistics.paired_shares(one, other), statistics.paired_shares(other, one)
    assert (back.value, back.low, back.high) == pytest.approx(
        (-there.value, -there.high, -there.low)
    )
    assert back.p == there.p


def test_an_interquartile_mean_forgets_the_lowest_and_the_highest_quarter():
    found = statistics.score([[100.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]])
    assert found.value == (3.0 + 4.0 + 5.0 + 6.0) / 4
    assert found.low < found.value < found.high


def test_one_bad_case_of_many_counts_for_what_it_is_and_is_not_trimmed_away():
    good, bad = [0.01] * 8, [0.5] * 8
    assert statistics.score([good] * 6 + [bad]).value == pytest.approx((6 * 0.01 + 0.5) / 7)
    apart = [list(zip(good, good, strict=True))] * 6 + [list(zip(bad, [0.02] * 8, strict=True))]
    found = statistics.paired_scores(apart)
    assert found.value == pytest.approx(0.48 / 7)
    assert found.p < 0.02  # all heads or all tails: 2 of 2^8


def test_nothing_is_shown_where_the_middle_and_the_whole_disagree_who_is_larger():
    rare = [[(0.10, 0.11)] * 36 + [(1.0, 0.0)] * 4]  # mostly less, now and then far more
    found = statistics.paired_scores(rare)
    assert (found.value < 0.0, found.p) == (True, 1.0)
    assert statistics.paired_scores([[(0.0, 0.0)] * 30 + [(1.0, 0.0)] * 10]).p == 1.0


def test_where_all_are_the_same_the_bootstrap_says_nothing():
    assert math.isnan(statistics.score([[2.0, 2.0, 2.0]]).low)
    assert statistics.paired_scores([[(1.0, 1.0), (2.0, 2.0)]]).p == 1.0


def test_pairs_that_all_differ_alike_are_told_apart_though_they_overlap():
    found = statistics.paired_scores([[(float(k), k - 1.0) for k in range(20)]])
    assert found.value == pytest.approx(1.0)
    assert found.low == pytest.approx(1.0)
    assert found.p < 0.01


def test_a_few_pairs_are_told_apart_no_better_than_by_coin():
    # of four pairs that all differ one way, all heads or all tails are 2 of 16
    found = statistics.paired_scores([[(1.0, 0.0)] * 4])
    assert found.p == pytest.approx(2 / 16, abs=0.02)


def test_equal_numbers_give_equal_intervals_bit_for_bit():
    numbers = [0.1 * k**2 for k in range(30)]
    pairs = list(zip(numbers, numbers[::-1], strict=True))
    assert statistics.score([numbers]) == statistics.score([numbers])
    assert statistics.paired_scores([pairs]) == statistics.paired_scores([pairs])


def test_no_fall_in_an_hour_bounds_the_rate_at_three_point_seven():
    found = statistics.per_hour([0, 0], [0.5, 0.5])
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(-math.log(0.025))
    assert statistics.per_hour([1, 1, 1, 0], [0.5] * 4).value == 1.5


def test_events_that_come_together_say_less_than_as_many_that_come_alone():
    together = statistics.per_hour([12] + [0] * 11, [1.0] * 12)
    alone = statistics.per_hour([1] * 12, [1.0] * 12)
    assert together.value == alone.value == 1.0
    assert together.high - together.low > 2.0 * (alone.high - alone.low)


def test_rates_are_compared_pair_by_pair():
    # 3 and 9 events, never in the same pair: 3 or fewer of 12 by coin, 2 (1 + 12 + 66 + 220) / 2^12
    events = [(1, 0)] * 3 + [(0, 1)] * 9 + [(0, 0)] * 20
    found = statistics.rate_ratio(events, [(1.0, 1.0)] * 32)
    assert found.value == pytest.approx(1 / 3)
    assert found.p == pytest.approx(598 / 4096, abs=0.01)
    assert found.low < 1 / 3 < found.high
    # falls that both have tell nobody apart, and make the ratio surer
    shared = statistics.rate_ratio([(1, 1)] * 20 + events, [(1.0, 1.0)] * 52)
    assert shared.p == pytest.approx(found.p, abs=0.01)
    assert shared.value == pytest.approx(23 / 29)
    # twice the time, twice the events: no difference
    assert statistics.rate_ratio([(2, 1)] * 3, [(2.0, 1.0)] * 3).value == pytest.approx(1.0)


def test_all_events_of_one_pair_do_not_tell_two_apart():
    assert statistics.rate_ratio([(12, 0), (0, 0)], [(1.0, 1.0)] * 2).p > 0.9


def test_without_events_nothing_is_said_of_a_ratio_of_rates():
    none = statistics.rate_ratio([(0, 0)], [(1.0, 1.0)])
    assert math.isnan(none.value)
    assert none.p == 1.0
    only = statistics.rate_ratio([(1, 0)] * 5, [(1.0, 1.0)] * 5)
    assert only.value == math.inf
    assert 0.5 < only.low < math.inf  # exact: 0.025^(1/5) of the events at least are the one's


def test_a_ratio_of_shares_lies_within_its_interval():
    found = statistics.share_ratio([True] * 8 + [False] * 2, [True] * 10)
    assert found.value == 0.8
    assert found.low < 0.8 < found.high <= 1.0
    assert math.isnan(statistics.share_ratio([True], [False, False]).low)
    assert statistics.share_ratio([True, False], [True]).value == 0.5
    assert math.isnan(statistics.share_ratio([True, False], [True]).low)


def test_holm_multiplies_the_smallest_by_all_and_never_falls():
    assert statistics.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert statistics.holm([0.6, 0.9]) == [1.0, 1.0]
    assert statistics.holm([]) == []


def test_who_is_up_at_the_end_has_not_fallen_by_then():
    curve = statistics.time_to_fall([1.0, 2.0, 3.0, 3.0], [True, True, False, False])
    assert curve.times == (1.0, 2.0, 3.0)
    assert curve.share == (0.75, 0.5, 0.5)
    assert all(low <= at <= high for low, at, high in
               zip(curve.low, curve.share, curve.high, strict=True))  # fmt: skip


def test_where_nobody_falls_the_curve_stays_at_one():
    curve = statistics.time_to_fall([3.0, 3.0], [False, False])
    assert (curve.times, curve.share) == ((3.0,), (1.0,))


def test_where_all_have_fallen_the_upper_limit_does_not_jump_to_one():
    curve = statistics.time_to_fall([1.0, 2.0, 3.0, 3.0], [True] * 4)
    assert curve.share[-1] == 0.0
    assert curve.high[-1] == curve.high[-2] < 1.0
