"""Which frames are believed, and what time they are of."""

import pytest

from wm_bringup.robots.unitree.ticks import TickClock


def told(clock, *ticks, start=100.0, period=0.002):
    """Times of frames that arrive every 2 ms."""
    return [clock.time(tick, start + k * period) for k, tick in enumerate(ticks)]


def test_time_is_the_tick_in_seconds():
    assert told(TickClock(), 5000, 5002, 5004) == pytest.approx([5.0, 5.002, 5.004])


def test_lost_frames_leave_a_gap():
    assert told(TickClock(), 5000, 5010) == pytest.approx([5.0, 5.010])


def test_a_frame_that_is_older_or_comes_twice_is_passed_over():
    clock = TickClock()
    assert told(clock, 5000, 5004, 5002, 5004, 5006) == pytest.approx(
        [5.0, 5.004, None, None, 5.006]
    )
    assert (clock.refused, clock.steps) == (2, 0)


@pytest.mark.parametrize("to", [1000, 900_000])
def test_a_clock_that_was_set_is_believed_at_its_third_tick_and_time_goes_on(to):
    clock = TickClock()
    times = told(clock, 5000, 5002, to, to + 2, to + 4, to + 6)
    assert times[2:4] == [None, None]
    assert times[4:] == pytest.approx([5.008, 5.010])
    assert (clock.refused, clock.steps) == (2, 1)


def test_old_frames_that_are_sent_again_now_and_then_do_not_set_the_clock():
    clock = TickClock()
    for k in range(100):
        assert clock.time(5000 + 2 * k, 100.0 + 0.002 * k) is not None
        assert clock.time(3000 + 2 * k, 100.0 + 0.002 * k) is None
    assert clock.steps == 0


def test_the_tick_begins_again_after_49_days():
    assert told(TickClock(), 2**32 - 2, 0, 2) == pytest.approx(
        [4294967.294, 4294967.296, 4294967.298]
    )


def test_a_robot_that_was_silent_for_long_goes_on_where_its_tick_is():
    clock = TickClock()
    assert clock.time(5000, 100.0) == 5.0
    assert clock.time(15000, 110.0) == pytest.approx(15.0)
    assert clock.steps == 0


def test_frames_that_were_seen_before_are_known_again_and_set_no_clock():
    clock = TickClock()
    for k in range(500):
        assert clock.time(5000 + 2 * k, 100.0 + 0.002 * k, mark=k) is not None
    for k in range(200, 400):
        assert clock.time(5000 + 2 * k, 101.0 + 0.002 * k, mark=k) is None
    assert (clock.steps, clock.refused) == (0, 200)
    new = [clock.time(5000 + 2 * k, 102.0 + 0.002 * k, mark=1000 + k) for k in range(4)]
    assert new[:2] == [None, None]
    assert None not in new[2:]
    assert clock.steps == 1
