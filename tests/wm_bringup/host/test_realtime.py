from __future__ import annotations

import gc
import sys
import time

import pytest

from wm_bringup.host import realtime
from wm_bringup.host.realtime import PeriodicDeadlines


class Time:
    """A clock that stands still but for sleeping and for ``work``."""

    def __init__(self) -> None:
        self.now = 100.0

    def clock(self) -> float:
        return self.now

    def sleep_until(self, deadline: float) -> None:
        self.now = max(self.now, deadline)

    def work(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def world():
    return Time()


def cadence_in(world, **more):
    return PeriodicDeadlines(0.002, clock=world.clock, sleep_until=world.sleep_until, **more)


def test_periods_begin_at_absolute_times_however_long_the_work_took(world):
    deadlines = cadence_in(world)
    begins = []
    for work in (0.0001, 0.0019, 0.0010, 0.0):
        begins.append(deadlines.wait().began)
        world.work(work)
    assert begins == pytest.approx([100.0, 100.002, 100.004, 100.006])


def test_a_late_period_is_caught_up_without_moving_the_schedule(world):
    deadlines = cadence_in(world)
    deadlines.wait()
    world.work(0.005)
    beats = [deadlines.wait() for _ in range(4)]
    assert [b.scheduled for b in beats] == pytest.approx([100.002, 100.004, 100.006, 100.008])
    assert [b.lateness for b in beats] == pytest.approx([0.003, 0.001, 0.0, 0.0])
    assert not any(b.skipped for b in beats)


def test_after_a_long_stop_the_missed_periods_are_given_up_and_counted(world):
    deadlines = cadence_in(world, patience=10)
    deadlines.wait()
    world.work(0.0415)
    beat = deadlines.wait()
    assert beat.skipped == 19
    assert beat.scheduled == pytest.approx(100.040)
    assert deadlines.wait().scheduled == pytest.approx(100.042)


def test_the_real_sleep_never_wakes_too_early():
    sleep_until = realtime.absolute_sleep()
    for delay in (0.0, 0.0005, 0.002):
        deadline = time.monotonic() + delay
        sleep_until(deadline)
        assert time.monotonic() >= deadline - 1e-6


def test_a_deadline_in_the_past_returns_at_once():
    before = time.monotonic()
    realtime.absolute_sleep()(before - 3600.0)
    assert time.monotonic() - before < 60.0


def test_what_cannot_be_had_is_said_with_the_way_to_get_it(monkeypatch):
    def refuse(*_):
        raise PermissionError("not permitted")

    interval = sys.getswitchinterval()
    monkeypatch.setattr(realtime.os, "sched_setscheduler", refuse)
    monkeypatch.setattr(realtime.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(realtime.resource, "getrlimit", lambda _: (8 << 20, 8 << 20))
    try:
        report = realtime.prepare_process()
    finally:
        gc.enable()
        gc.unfreeze()
        sys.setswitchinterval(interval)
    assert not report.fifo
    assert not report.memory_locked
    assert "limits.conf" in str(report)
    assert not realtime.raise_thread(10)
