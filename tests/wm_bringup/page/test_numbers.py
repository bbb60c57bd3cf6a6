"""Numbers are written alike everywhere."""

from __future__ import annotations

import math

import pytest

from wm_bringup.page.numbers import interval_text, n_text, p_text, plain, value_text

THIN = "\N{NARROW NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.012345, "0.0123"),
        (-1.5, "\N{MINUS SIGN}1.5"),
        (249385.5, f"249{THIN}386"),
        (100.0, "100"),
        (None, "\N{EN DASH}"),
        (math.nan, "\N{EN DASH}"),
        (math.inf, "\N{INFINITY}"),
    ],
)
def test_numbers_have_three_digits_and_groups(value, text):
    assert plain(value) == text


def test_a_share_is_told_in_percent_with_its_count():
    share = {"value": 186 / 208, "low": 0.845, "high": 0.929, "n": 208, "events": 186}
    told = (value_text(share, ""), interval_text(share, ""), n_text(share))
    assert told == (f"89.4{THIN}%", "[84.5, 92.9]", "186 of 208")


def test_a_rate_is_told_per_hour_with_its_events():
    rate = {"value": 25.25, "low": 16.0, "high": None, "n": 208, "events": 22}
    assert value_text(rate, "1/h") == f"25.2{THIN}/h"
    assert interval_text(rate, "1/h") == "[16, \N{EN DASH}]"
    assert n_text(rate, "1/h") == "22 in 208 episodes"


def test_small_energies_are_told_in_parts_of_a_joule():
    assert value_text({"value": 8.05e-7}, "J") == f"805{THIN}nJ"
    assert value_text({"value": 1.2e-3}, "J") == f"1.2{THIN}mJ"


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (1.05e-3, 0.95e-3, 1.15e-3, "[0.95, 1.15]"),
        (9.5e-7, 9.0e-7, 1.1e-6, "[900, 1\N{NARROW NO-BREAK SPACE}100]"),
        (0.0, 0.0, 1e-3, "[0, 0.001]"),
        (2e-6, None, 3e-6, "[\N{EN DASH}, 3]"),
    ],
)
def test_an_interval_of_energy_is_in_the_part_of_a_joule_of_its_value(value, low, high, text):
    assert interval_text({"value": value, "low": low, "high": high}, "J") == text


def test_what_holds_or_not_is_told_in_words():
    told = [value_text({"value": value}, "yes or no") for value in (1.0, 0.0, None)]
    assert told == ["yes", "no", "\N{EN DASH}"]


def test_what_is_counted_says_so_instead_of_a_number_of_samples():
    assert n_text({"value": 3.0, "method": "counted: ONNX operators"}) == "counted"
    assert n_text({"value": 3.0, "method": "measured: CPU time", "n": 4000}) == "n = 4000"


def test_tiny_probabilities_are_bounds():
    assert (p_text(1e-9), p_text(0.042)) == ("p < 0.001", "p = 0.042")
