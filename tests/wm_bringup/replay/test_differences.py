"""What counts as the same, and how a difference is named."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from wm_bringup.replay.compared import fits_any
from wm_bringup.replay.differences import EXACT, Tolerances, differences


@dataclass(frozen=True)
class Pair:
    first: object
    second: object


def found(mine, other, within=EXACT, joints=()):
    return [str(one) for one in differences(mine, other, "x", within, joints)]


@pytest.mark.parametrize("value", [1.5, math.nan, math.inf, True, "word", None, (1, (2.0,))])
def test_a_value_is_the_same_as_itself_and_so_is_no_number(value):
    assert found(Pair(value, np.array([math.nan])), Pair(value, np.array([math.nan]))) == []


def test_the_last_bit_counts_and_so_does_the_sign_of_zero():
    assert found(1.0, math.nextafter(1.0, 2.0)) == ["x: 1.0 and 1.0000000000000002"]
    assert found(0.0, -0.0) == ["x: 0.0 and -0.0"]
    assert found(np.array([0.0]), np.array([-0.0])) == ["x[0]: 0.0 and -0.0"]


def test_a_field_is_named_down_to_the_joint():
    mine, other = Pair(1, np.array([1.0, 2.0])), Pair(1, np.array([1.0, 2.5]))
    assert found(mine, other, joints=("hip", "knee")) == ["x.second[knee]: 2.0 and 2.5"]


def test_the_first_of_several_is_that_of_the_field_that_comes_first():
    assert found(Pair(1, 2), Pair(3, 4))[0] == "x.first: 1 and 3"


def test_what_one_side_lacks_is_a_difference():
    assert found({"a": 1}, {"a": 1, "b": 2}) == ["x.b: nothing and 2"]
    assert found((1,), ()) == ["x[0]: 1 and nothing"]
    assert found(None, 1.0) == ["x: None and 1.0"]


def test_a_tolerance_holds_for_the_fields_that_its_pattern_fits_the_longest_first():
    within = Tolerances({"x.*": 0.1, "x.second": 1.0})
    assert found(Pair(1.0, 1.0), Pair(1.05, 2.0), within) == []
    assert found(Pair(1.0, 1.0), Pair(1.2, 2.1), within) == [
        "x.first: 1.0 and 1.2",
        "x.second: 1.0 and 2.1",
    ]


def test_no_tolerance_lets_a_number_pass_for_none():
    within = Tolerances({"x": 10.0})
    assert found(1.0, math.nan, within) == ["x: 1.0 and nan"]
    assert found(1.0, math.inf, within) == ["x: 1.0 and inf"]


def test_measured_times_differ_unless_they_are_asked_for():
    assert found({"solve_time": 1.0}, {"solve_time": 2.0}, Tolerances()) == []
    assert found({"solve_time": 1.0}, {"solve_time": 2.0}) == ["x.solve_time: 1.0 and 2.0"]


def test_a_bound_for_all_lets_a_closer_one_for_a_part_hold():
    within = Tolerances({"x.*": math.inf, "x.second.*": 0.1})
    mine, other = Pair(1.0, {"a": 1.0}), Pair(9.0, {"a": 1.2})
    assert found(mine, other, within) == ["x.second.a: 1.0 and 1.2"]
    anything = Tolerances({"x.*": math.inf})
    assert found(Pair(1.0, np.zeros(2)), Pair("word", np.ones(3)), anything) == []


def test_an_array_that_one_side_lacks_is_a_difference():
    assert found(None, np.zeros(2)) == ["x: None and an array (2,)"]
    assert found((np.zeros(2),), ()) == ["x[0]: an array (2,) and nothing"]
    assert found(1.0, np.ones(1)) == ["x: 1.0 and an array (1,)"]


@pytest.mark.parametrize(
    "pattern",
    ["*", "estimate.*", "*.solve_time", "results.mpc.command.position", "results.*.figures.phase"],
)
def test_a_pattern_that_fits_a_field_of_a_cycle_is_taken(pattern):
    assert fits_any(pattern)


@pytest.mark.parametrize(
    "pattern", ["stamps.*", "latency.*", "estimate", "estimate.speed", "truth.stamp[0]", "results"]
)
def test_a_pattern_that_fits_no_field_of_a_cycle_is_told(pattern):
    assert not fits_any(pattern)
