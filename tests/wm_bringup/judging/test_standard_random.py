"""The C++ standard's generator, against what a C++ program drew with it (g++ 12, libstdc++)."""

from __future__ import annotations

import pytest

from wm_bringup.judging.standard_random import StandardTwister, seed_words


def test_the_words_of_a_seed_sequence_are_those_of_the_standard_library():
    words = seed_words((1, 2), 624)  # std::seed_seq{1, 2}.generate(624 words)
    assert words[:3] == [3378067666, 981467558, 4282730456]
    assert words[-1] == 2704892288


@pytest.mark.parametrize(
    ("seeds", "first", "thousandth"),
    [
        ((0, 2), [3825457058, 706492411, 2134599173, 1489500560], 2490646601),
        ((1, 3), [1809848369, 2997353437, 511698448, 4158610213], 1624682730),
        ((127, 4), [1126346880, 3741318458, 1746886362, 155140534], 778518166),
    ],
)
def test_a_twister_draws_what_std_mt19937_draws(seeds, first, thousandth):
    words = StandardTwister(*seeds).words(1001).tolist()
    assert words[:4] == first
    assert words[1000] == thousandth


def test_numbers_are_the_upper_24_bits_of_a_word():
    # 3825457058 >> 8 = 14943191, of 2^24 = 16777216
    assert StandardTwister(0, 2).unit() == 14943191 / 16777216
    # -1 + 2 * 14943191 / 16777216
    assert StandardTwister(0, 2).between(-1.0, 1.0) == pytest.approx(0.781368, abs=1e-6)


def test_whole_numbers_are_the_word_over_the_span_of_one():
    # 2^32 // 29 = 148102320; 3539355048 // 148102320 = 23
    assert StandardTwister(0, 3).below(29) == 23
    # 2^32 // 2 = 2147483648; 3539355048 is above it
    assert StandardTwister(0, 3).below(2) == 1


def test_a_word_beyond_the_last_whole_span_is_drawn_again():
    twister = StandardTwister(0, 2)
    # a bound of 3 000 000 000 has a span of one: 3825457058 is beyond it, 706492411 is not
    assert twister.below(3_000_000_000) == 706492411
