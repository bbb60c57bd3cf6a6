"""Which runs a rehearsal consists of."""

from __future__ import annotations

import pytest

from wm_bringup.commands.rehearse import _todo
from wm_bringup.demo.course import Segment
from wm_bringup.rehearsal.plan import Mishap, Plan

BOTH = Mishap(name="mpc killed", kill="mpc", ends="walking", several=True)
ANY = Mishap(name="1 % wrong", ask={"commands": {"crc_errors": 0.01}}, ends="walking")


@pytest.mark.parametrize("driver", ["hybrid", "mpc+policy", "policy+mpc"])
def test_what_needs_another_driver_is_rehearsed_wherever_there_are_two(driver):
    names = [name for name, *_ in _todo([driver], 2, [BOTH, ANY], 1)]
    runs = [f"{driver}_0", f"{driver}_1"]
    assert names == [*runs, f"{driver}_mpc_killed_0", f"{driver}_1_percent_wrong_0"]


@pytest.mark.parametrize("driver", ["mpc", "policy"])
def test_one_driver_alone_is_spared_it(driver):
    names = [name for name, *_ in _todo([driver], 1, [BOTH, ANY], 1)]
    assert names == [f"{driver}_0", f"{driver}_1_percent_wrong_0"]


def test_a_mishap_comes_as_often_as_is_asked_with_a_seed_of_its_own():
    todo = [(name, mishap, seed) for name, _, mishap, seed in _todo(["mpc"], 0, [ANY], 3)]
    assert todo == [(f"mpc_1_percent_wrong_{seed}", ANY, seed) for seed in range(3)]


def test_a_long_run_is_not_the_short_one_that_is_there_already():
    names = [name for name, *_ in _todo(["mpc"], 1, [], 1, minutes=60.0)]
    assert names == ["mpc_60_min_0"]


def test_a_long_run_is_the_course_again_and_again():
    course = tuple(Segment(name=name, seconds=20.0) for name in ("there", "back"))
    plan = Plan(course=course, walking=course[0])
    assert plan.segments(None) == course
    assert plan.segments(None, minutes=2.0) == course * 3
    assert plan.segments(ANY, minutes=2.0) == (course[0], course[0])
