"""The robot's clock on this computer's: offsets, drift, transport, silence."""

import pytest

from wm_bringup.robots.clocks import FollowedClock, SteppedClock


def test_a_stepped_robots_time_is_that_of_the_periods():
    clock = SteppedClock()
    clock.begin(40.0)
    assert clock.measured(0.25, arrival=99.0) == 40.25
    assert clock.now(scheduled=40.5, seen=40.517) == 40.5


def test_the_fastest_transport_tells_the_offset():
    clock = FollowedClock()
    assert clock.measured(5.000, arrival=105.003) == pytest.approx(105.003)
    assert clock.measured(5.002, arrival=105.0021) == pytest.approx(105.0021)
    # 3 ms late, but the offset is known to be 100.0001 now
    assert clock.measured(5.004, arrival=105.007) == pytest.approx(105.0041)


def test_a_repeated_sample_teaches_nothing_so_a_silent_robot_grows_old():
    clock = FollowedClock()
    clock.measured(1.0, arrival=11.0)
    for k in range(1000):
        measured = clock.measured(1.0, arrival=11.0 + 0.002 * k)
    assert measured == pytest.approx(11.0)


def test_an_old_sample_out_of_order_teaches_nothing():
    clock = FollowedClock(window=2)
    for stamp, arrival in ((1.0, 11.0), (1.002, 11.002), (0.5, 11.003), (0.6, 11.004)):
        clock.measured(stamp, arrival)
    assert clock.measured(1.004, arrival=11.1) == pytest.approx(11.004)


@pytest.mark.parametrize("ppm", [-100.0, 100.0])
def test_drift_is_followed_within_a_tenth_of_a_millisecond(ppm):
    clock = FollowedClock()
    for k in range(100_000):
        true = 0.002 * k
        measured = clock.measured(true * (1.0 + 1e-6 * ppm), arrival=true)
    assert measured == pytest.approx(true, abs=1.1e-4)


def test_after_a_reset_the_robots_clock_may_show_any_time():
    clock = FollowedClock()
    clock.measured(500.0, arrival=10.0)
    clock.begin(11.0)
    assert clock.measured(0.0, arrival=11.0) == pytest.approx(11.0)
