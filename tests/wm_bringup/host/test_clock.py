"""The graph's clocks, at the machine's pace and slower."""

import os
import subprocess
import sys
import time

import pytest

from wm_bringup.host import clock
from wm_bringup.host.clock import SLOW_MOTION, Motion, motion_of
from wm_bringup.host.realtime import PeriodicDeadlines

SLOW = Motion(4.0, 100.0, 5000.0)


@pytest.fixture
def slow():
    with clock.slow_motion(3.0):
        yield


def test_slow_time_begins_at_the_machines_and_goes_on_slower():
    assert SLOW.monotonic(100.0) == 100.0
    assert SLOW.monotonic(108.0) == 102.0
    assert SLOW.machine(102.0) == 108.0
    assert SLOW.wall(5008.0) == 5002.0


def test_what_the_environment_says_is_read_back():
    assert motion_of({SLOW_MOTION: SLOW.text}) == SLOW
    assert motion_of({}) is None


def test_processes_that_are_started_have_the_same_time(slow):
    ask = "from wm_bringup.host import clock; print(clock.monotonic(), clock.wall())"
    before = clock.monotonic(), clock.wall()
    output = subprocess.check_output([sys.executable, "-c", ask], text=True)
    after = clock.monotonic(), clock.wall()
    for first, theirs, last in zip(before, map(float, output.split()), after, strict=True):
        assert first <= theirs <= last


def test_periods_take_longer_on_the_machines_clock(slow):
    deadlines = PeriodicDeadlines(0.01)
    began = time.perf_counter()
    starts = [deadlines.wait() for _ in range(5)]
    took = time.perf_counter() - began
    assert took >= 4 * 0.03
    scheduled = [start.scheduled for start in starts]
    assert scheduled[4] - scheduled[0] == pytest.approx(0.04)


def test_afterwards_time_goes_as_before():
    with clock.slow_motion(3.0):
        with clock.slow_motion(1.0):
            assert clock.factor() == 1.0
            assert SLOW_MOTION not in os.environ
        assert clock.factor() == 3.0
        assert motion_of(os.environ).factor == 3.0
    assert clock.factor() == 1.0
    assert SLOW_MOTION not in os.environ


def test_at_the_machines_pace_the_clocks_are_the_machines():
    assert clock.factor() == 1.0
    assert abs(clock.monotonic() - time.monotonic()) < 1.0
    assert clock.machine_time(5.0) == 5.0
    assert clock.wall_ns(7) == 7


@pytest.mark.parametrize("factor", [0.5, 50.0, float("nan")])
def test_time_is_neither_quickened_nor_stopped(factor):
    with pytest.raises(ValueError, match="slow motion by"), clock.slow_motion(factor):
        pass


def test_a_real_robot_has_no_slow_motion(slow):
    from wm_bringup.cycle import stack
    from wm_control.errors import ParameterError
    from wm_control.robot.description import load_robot

    with pytest.raises(ParameterError, match=r"slow_motion.*a robot has its own time"):
        stack.build_robot("unitree", "g1", load_robot("g1"), stack.World())


def test_what_goes_slowly_already_goes_on_as_it_does(slow):
    began = motion_of(os.environ)
    with clock.slow_motion(clock.factor()):
        assert motion_of(os.environ) == began
