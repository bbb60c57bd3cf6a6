"""A core for the control loop, which everybody else of the graph leaves to it.

Where a loop wanders between cores its caches are cold, and a thread that is about to be woken waits
for one that the scheduler put in its way. The graph's processes are told in their environment who
keeps to what.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from wm_bringup.host.realtime import may_use_fifo
from wm_control.errors import ParameterError

AUTO, NONE = "auto", "none"

_LOOP, _OTHERS = "WM_LOOP_CORE", "WM_OTHER_CORES"


@dataclass(frozen=True, slots=True)
class Cores:
    """loop: the core of the control loop. others: those of everybody else, at least one."""

    loop: int
    others: tuple[int, ...]

    @property
    def environment(self) -> dict[str, str]:
        """What tells it to the processes of a graph."""
        return {_LOOP: str(self.loop), _OTHERS: ",".join(map(str, self.others))}


def divided(asked: str = AUTO, available: Iterable[int] | None = None) -> Cores | None:
    """Divide the cores that this process may use; None: nobody is bound to any.

    asked: ``auto``, ``none`` or a number. auto: the last one is the loop's, if there are several
    and it may run under SCHED_FIFO; else it would share it with whoever is there and not be first.
    ParameterError for a number that cannot be.
    """
    cores = sorted(os.sched_getaffinity(0) if available is None else available)
    if asked == NONE or (asked == AUTO and (len(cores) < 2 or not may_use_fifo())):
        return None
    loop = cores[-1] if asked == AUTO else _number(asked)
    others = tuple(core for core in cores if core != loop)
    if not others:
        raise ParameterError("loop_core", asked, "leaves no core for anybody else")
    return Cores(loop, others)


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) >= (os.cpu_count() or 1):
        allowed = f"must be {AUTO}, {NONE} or a core from 0 to {(os.cpu_count() or 1) - 1}"
        raise ParameterError("loop_core", text, allowed)
    return int(text)


def told(environment: Mapping[str, str] | None = None) -> Cores | None:
    """Who has which core in the graph that this process is part of; None: nobody said so."""
    given = os.environ if environment is None else environment
    if not given.get(_LOOP) or not given.get(_OTHERS):
        return None
    return Cores(int(given[_LOOP]), tuple(int(core) for core in given[_OTHERS].split(",")))


def take(cores: Cores | None) -> None:
    """Keep this thread, and those that it begins, to the loop's core."""
    if cores is not None:
        _keep_to({cores.loop})


def leave(cores: Cores | None) -> None:
    """Keep this thread, and those that it begins, off the loop's core."""
    if cores is not None:
        _keep_to(cores.others)


@contextmanager
def kept_off(cores: Cores | None) -> Iterator[None]:
    """Like ``leave``, for a while; threads begun meanwhile keep off for good."""
    before = os.sched_getaffinity(0)
    leave(cores)
    try:
        yield
    finally:
        _keep_to(before)


def share(cores: Cores | None) -> None:
    """Like ``leave``, but what the loop leaves of its core is used where there is but one other.

    For what works in long pieces, at a lower priority: planners.
    """
    if cores is not None:
        both = len(cores.others) < 2
        _keep_to({*cores.others, cores.loop} if both else cores.others)


def _keep_to(cores: Collection[int]) -> None:
    try:
        os.sched_setaffinity(0, cores)
    except OSError as error:
        text = ",".join(map(str, cores))
        raise ParameterError("loop_core", text, f"cannot be used: {error.strerror}") from error
