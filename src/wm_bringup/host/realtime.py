"""Be on time on an ordinary Linux: absolute deadlines, FIFO scheduling, memory that stays.

What the machine permits is used, and what it does not permit is said (``RealTimeReport``); nothing
here is needed for a correct run, only for a punctual one.
"""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from wm_bringup.host import clock as graph_clock

CONTROL_PRIORITY = 60
"""SCHED_FIFO priority of the control loop."""

SERVICE_PRIORITY = 40
"""Of the ROS side of control: above everything ordinary; planners wait for its estimates."""

PLANNER_PRIORITY = 30
"""Of a planner's process: a late plan is worse than a late log file."""

RECORDER_PRIORITY = 20
"""Of what takes messages for the bag: below all control, above everything ordinary."""

SWITCH_INTERVAL = 1e-4
"""How long one thread of a process may keep the interpreter's lock once another wants it [s]."""

_MCL_CURRENT_FUTURE_ON_FAULT = 7
_PR_SET_TIMERSLACK = 29
_CLOCK_MONOTONIC = 1
_TIMER_ABSTIME = 1


@dataclass(frozen=True, slots=True)
class RealTimeReport:
    """What was obtained; ``lacking`` says in words what was not, and how to get it."""

    fifo: bool
    memory_locked: bool
    lacking: tuple[str, ...]

    def __str__(self) -> str:
        """One line for people."""
        fifo = "SCHED_FIFO" if self.fifo else "ordinary scheduling"
        memory = "memory locked" if self.memory_locked else "memory not locked"
        return "; ".join((fifo, memory, *self.lacking))


def prepare_process() -> RealTimeReport:
    """Lock memory, stop garbage collection, make the interpreter switch threads quickly.

    Call when everything is built and imported, before the threads start.
    """
    gc.collect()
    gc.freeze()
    gc.disable()
    sys.setswitchinterval(SWITCH_INTERVAL)
    lacking = []
    fifo = may_use_fifo()
    if not fifo:
        lacking.append("SCHED_FIFO needs root or an 'rtprio' entry in /etc/security/limits.conf")
    locked = _lock_memory()
    if not locked:
        lacking.append("locking memory needs root or 'memlock unlimited' in the same file")
    return RealTimeReport(fifo, locked, tuple(lacking))


def may_use_fifo() -> bool:
    """Whether this process may raise a thread to CONTROL_PRIORITY; tries and goes back."""
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(CONTROL_PRIORITY))
        os.sched_setscheduler(0, *before)
    except OSError:
        return False
    return True


def raise_thread(priority: int) -> bool:
    """Raise the calling thread, if permitted, and make its sleeps exact; False if refused."""
    _libc().prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except OSError:
        return False
    return True


@contextmanager
def raised(priority: int | None) -> Iterator[None]:
    """Raise the calling thread for a while; threads begun meanwhile stay raised.

    So DDS's threads come to be raised without the rest of start-up taking a core from others.
    """
    if priority is None or not raise_thread(priority):
        yield
        return
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def _lock_memory() -> bool:
    """Keep every page once touched; not tried where a limit would fail later allocations."""
    soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if os.geteuid() != 0 and soft != resource.RLIM_INFINITY:
        return False
    return bool(_libc().mlockall(_MCL_CURRENT_FUTURE_ON_FAULT) == 0)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


def absolute_sleep() -> Callable[[float], None]:
    """Return a function that sleeps until a time of the graph's monotonic clock [s]."""
    sleep = _libc().clock_nanosleep
    target = _Timespec()
    pointer = ctypes.byref(target)

    def sleep_until(deadline: float) -> None:
        machine = graph_clock.machine_time(deadline)
        target.seconds = int(machine)
        target.nanoseconds = int(1e9 * (machine - int(machine)))
        sleep(_CLOCK_MONOTONIC, _TIMER_ABSTIME, pointer, None)

    return sleep_until


@dataclass(frozen=True, slots=True)
class PeriodStart:
    """One period: when it should have begun and when it did [s] (``clock.monotonic``).

    skipped: periods given up before this one because the process had been stopped for too long.
    """

    scheduled: float
    began: float
    skipped: int = 0

    @property
    def lateness(self) -> float:
        """How late it began [s]."""
        return self.began - self.scheduled


class PeriodicDeadlines:
    """Absolute deadlines: a late period does not delay the next, which catches up.

    After falling behind by more than ``patience`` periods it gives the missed ones up, since
    catching up would mean a burst of stale cycles.
    """

    def __init__(
        self,
        period: float,
        *,
        patience: int = 25,
        clock: Callable[[], float] = graph_clock.monotonic,
        sleep_until: Callable[[float], None] | None = None,
    ) -> None:
        """Begin with the first ``wait``. clock and sleep_until are replaced in tests."""
        self.period = period
        self._patience = patience
        self._clock = clock
        self._sleep_until = sleep_until or absolute_sleep()
        self._next: float | None = None

    def shift(self, by: float) -> None:
        """Let the periods that come begin later [s]; they keep their length."""
        if self._next is not None:
            self._next += by

    def wait(self) -> PeriodStart:
        """Sleep until the next period begins."""
        if self._next is None:
            self._next = self._clock()
        self._sleep_until(self._next)
        began = self._clock()
        behind = int((began - self._next) / self.period)
        skipped = behind if behind > self._patience else 0
        scheduled = self._next + skipped * self.period
        self._next = scheduled + self.period
        return PeriodStart(scheduled, began, skipped)
