"""A height that legs cannot make is not believed for half a second."""

from __future__ import annotations

import pytest

from wm_control.arbiter.believed_height import BelievedHeight

DT = 0.002


@pytest.fixture
def believed() -> BelievedHeight:
    return BelievedHeight()


def told(believed, heights, first=0.0):
    return [believed(first + DT * k, height) for k, height in enumerate(heights)]


def test_a_fall_is_believed_from_the_first_sample_to_the_last(believed):
    falling = [max(0.72 - 4.9 * (DT * k) ** 2, 0.1) for k in range(250)]
    assert told(believed, falling) == falling


@pytest.mark.parametrize("jump", [0.3, -0.3, 1e9])
def test_a_jump_is_held_off_for_half_a_second_and_then_believed(believed, jump):
    seen = told(believed, [0.72, *[0.72 + jump] * 300])
    assert seen[:251] == [0.72] * 251
    assert seen[251:] == [0.72 + jump] * 50


def test_what_jumps_back_is_believed_half_a_second_later(believed):
    seen = told(believed, [0.72] + [0.3] * 100 + [0.70] * 300)
    assert seen[:351] == [0.72] * 351
    assert seen[352:] == [0.70] * 49


def test_after_lost_samples_more_may_have_happened(believed):
    believed(0.0, 0.72)
    assert believed(0.03, 0.45) == 0.45


def test_a_clock_that_goes_back_holds_nothing_up_for_ever(believed):
    told(believed, [0.72, 0.3], first=100.0)
    assert believed(1.0, 0.5) == 0.5


def test_after_a_reset_the_next_one_is_believed(believed):
    told(believed, [0.72, 0.3])
    believed.reset()
    assert believed(0.004, 0.3) == 0.3
