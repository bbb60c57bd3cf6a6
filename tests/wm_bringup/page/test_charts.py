"""What a figure on the page says in words and numbers."""

from __future__ import annotations

import math

import pytest

from wm_bringup.page import charts
from wm_bringup.page.charts import estimates
from wm_bringup.page.colours import SERIES, Look


def test_energies_of_all_contestants_are_drawn_in_one_part_of_a_joule_that_the_axis_names():
    small = {"value": 8e-4, "low": 7e-4, "high": 9e-4}
    large = {"value": 2e-3, "low": 1.8e-3, "high": 2.2e-3}
    figure = {"contestants": {"a": small, "b": large}, "unit": "J", "more_is_better": False}
    looks = {name: Look(colour, "o", "-") for name, colour in zip("ab", SERIES, strict=False)}
    drawn = estimates(figure, looks, "salt")
    assert "mJ, less is better" in drawn
    assert "800" not in drawn  # of a microjoule beside 2 of a millijoule


@pytest.mark.parametrize(
    ("told", "span"),
    [
        ((None, 0.0, None), (math.nan, 0.0, math.nan)),  # neither has an event
        ((None, 1.5, None), (math.inf, 1.5, math.inf)),  # the other has none
        ((0.8, 0.0, None), (0.8, 0.0, math.inf)),
        ((None, None, None), (math.nan, math.nan, math.nan)),
    ],
)
def test_a_ratio_without_an_upper_end_is_infinite_unless_nothing_is_known_of_it(told, span):
    found = charts._span(
        dict(zip(("value", "low", "high"), told, strict=True)), ratio=True, factor=1.0
    )
    assert found == pytest.approx(span, nan_ok=True)
