"""The run itself: start the graph, arm, drive the course, stop it; nothing is judged here."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from wm_bringup.demo.course import DemoCourse
from wm_bringup.demo.errors import DemoError
from wm_bringup.graph.processes import Graph
from wm_bringup.graph.runner import GraphRunner
from wm_bringup.host import clock
from wm_bringup.wire.topics import ARM

if TYPE_CHECKING:
    from wm_bringup.nodes.operator import LiveView, Operator

PATIENCE = 40.0
"""From the start of the processes until the robot is armed [s]."""

PREFERRED = 10.0
"""How long the driver that is wanted most is waited for, before another one begins [s]."""

SLOWEST = 4.0
FELL = "the robot fell"
AFTER_FALL = 1.0
COMMAND_PERIOD = 0.05


@dataclass(frozen=True, slots=True)
class LiveRun:
    """What is known of a run when it is over.

    started: begin of the course in ROS time [ns]. seconds: how long it was driven, on the robot's
    clock [s].
    ended_early: why the course was broken off, or empty. nodes: on the graph while driving.
    processes: name, pid, cpu_percent of one core, memory_mb. failures: processes that ended badly.
    """

    started: int
    seconds: float
    ended_early: str
    nodes: list[str]
    processes: list[dict[str, Any]]
    failures: list[str]


Show = Callable[[float, "LiveView"], None]
"""Shows progress: seconds since the start of the course, and the operator's view."""


def drive(
    graph: Graph,
    course: DemoCourse,
    log: Path,
    show: Show,
    stopped: Callable[[], bool] = lambda: False,
) -> LiveRun:
    """Start the graph, drive the course, stop the graph. DemoError when it never came to drive."""
    from wm_bringup.nodes.operator import Operator

    os.environ.update(graph.environment)
    with log.open("w", encoding="utf-8", buffering=1) as lines:
        runner = GraphRunner(graph, lambda line: print(line, file=lines))
        operator = Operator(graph.namespace)
        try:
            runner.start()
            _arm(operator, runner, log, stopped)
            run = _drive(operator, runner, course, show, stopped)
        finally:
            operator.close()
            runner.stop()
    failures = [str(ended) for ended in runner.exits if ended.failed]
    return LiveRun(*run, failures)


def _arm(operator: Operator, runner: GraphRunner, log: Path, stopped: Callable[[], bool]) -> None:
    """Ask until the robot is armed; DemoError says what was missing when patience ends."""
    begin, refusal = clock.monotonic(), "nothing has answered"
    while clock.monotonic() < begin + PATIENCE:
        operator.spin(0.1)
        runner.poll()
        if stopped():
            raise KeyboardInterrupt
        if runner.over:
            said = "; ".join(str(ended) for ended in runner.exits)
            raise DemoError(f"the graph ended before the robot was armed: {said}\n{_last(log)}")
        if operator.view.time > 0.0:
            return
        waits = operator.view.waits and clock.monotonic() < begin + PREFERRED
        if operator.view.alive and not waits:
            refusal = operator.call(ARM) or refusal
    raise DemoError(f"the robot could not be armed within {PATIENCE:g} s: {refusal}\n{_last(log)}")


def _last(log: Path, count: int = 3) -> str:
    """Return the last lines of the log, which say more."""
    return "\n".join([f"{log} ends with:", *log.read_text(encoding="utf-8").splitlines()[-count:]])


def _drive(
    operator: Operator,
    runner: GraphRunner,
    course: DemoCourse,
    show: Show,
    stopped: Callable[[], bool],
) -> tuple[int, float, str, list[str], list[dict[str, Any]]]:
    """Drive on the robot's own clock, which began when it was let go: pushes are on it as well."""
    view, usage = operator.view, ProcessUsage(runner.running)
    started = round(1e9 * (view.released or clock.wall()))
    give_up = clock.monotonic() + SLOWEST * course.seconds
    end, reason, names = course.seconds, "", set(operator.nodes())
    while view.time < end:
        operator.command(course.at(view.time).velocity)
        show(view.time, view)
        operator.spin(COMMAND_PERIOD)
        runner.poll()
        reason = reason or _why_stop(operator, runner, stopped, give_up)
        if reason == FELL:
            end = min(end, view.time + AFTER_FALL)
        elif reason:
            break
    names.update(operator.nodes())
    return started, min(view.time, course.seconds), reason, sorted(names), usage.rows()


def _why_stop(
    operator: Operator, runner: GraphRunner, stopped: Callable[[], bool], give_up: float
) -> str:
    if stopped():
        return "interrupted"
    if runner.over:
        return "; ".join(str(ended) for ended in runner.exits)
    if clock.monotonic() > give_up:
        return f"given up: {SLOWEST:g} times slower than real time"
    return FELL if operator.view.fallen else ""


def with_children(processes: Mapping[str, int]) -> dict[str, psutil.Process]:
    """Find the processes, and those that they have started, by the name of their module."""
    found: dict[str, psutil.Process] = {}
    for name, pid in processes.items():
        found[name] = psutil.Process(pid)
        for child in found[name].children(recursive=True):
            with suppress(psutil.Error):
                command = child.cmdline()
                module = command[command.index("-m") + 1] if "-m" in command else child.name()
                found[module.rpartition(".")[2]] = child
    return found


class ProcessUsage:
    """Processor time and memory of processes and their children, from the begin of a run."""

    def __init__(self, processes: Mapping[str, int]) -> None:
        """Take the first reading."""
        self._begin = clock.monotonic()
        self._processes = with_children(processes)
        self._before = {name: self._cpu(name) for name in self._processes}

    def rows(self) -> list[dict[str, Any]]:
        """One row per process that is still there."""
        elapsed = max(clock.real(clock.monotonic() - self._begin), 1e-6)
        rows = []
        for name, process in self._processes.items():
            with suppress(psutil.Error):
                used = self._cpu(name) - self._before[name]
                rows.append(
                    {
                        "name": name,
                        "pid": process.pid,
                        "cpu_percent": round(100.0 * used / elapsed, 1),
                        "memory_mb": round(process.memory_info().rss / 2**20, 1),
                    }
                )
        return rows

    def _cpu(self, name: str) -> float:
        try:
            times = self._processes[name].cpu_times()
        except psutil.Error:
            return 0.0
        return float(times.user + times.system)
