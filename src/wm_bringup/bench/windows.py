"""What something beside a graph costs it: windows of one run, with so many of it and with none.

Windows of all counts come in every round, each round begins with another count, and only windows of
the same round are compared: what else the machine does changes over minutes, and is then in both.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from wm_bringup.graph.processes import Graph, describe, graph_arguments
from wm_bringup.graph.runner import GraphRunner
from wm_bringup.host import clock
from wm_bringup.judging.statistics import bootstrap_interval
from wm_bringup.view.siblings import siblings
from wm_control.constants import CONTROL_PERIOD
from wm_control.errors import WmError
from wm_control.types import Array

START_UP = 60.0
"""A graph that has not come up by then does not [s]."""

UNDER_WAY = 5.0
"""From the start until the robot walks, on the graph's clock [s]."""

SETTLED = 3.0
"""From the moment something is there, or gone, until that says nothing any more [s]."""

FIGURES = ("misses", "p50", "p99", "cpu")
"""Of a window, what is compared."""


class GraphEndedError(WmError):
    """The graph ended while it was watched."""


class TooLongError(WmError):
    """The loop keeps fewer samples than there were cycles in all windows."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Something that is beside a graph, or is not.

    name: of it, in the plural. process: of the graph, whose CPU time is told. counts: how many of
    it there are in the windows of a round; 0 is one of them. graph: arguments of a graph that can
    have it. start: has so many of it until a block ends; what each has received [B] is known then.
    """

    name: str
    process: str
    counts: tuple[int, ...]
    graph: Mapping[str, object]
    start: Callable[[int], AbstractContextManager[list[int]]]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of the run with so many beside it. begin, end: ROS time, as samples have it [s].

    cpu: share of a core of the process in question. received: by each, since it came [B].
    """

    round: int
    count: int
    begin: float
    end: float
    cpu: float
    received: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """What the control loop did in a stretch.

    periods: that should have been in it. misses: per 1000 of them, late or given up. p50, p99: of
    the path, measurement to command [ms of the graph's clock]. cpu: share of a core of the process
    in question. received: by all [B].
    """

    round: int
    count: int
    periods: int
    misses: float
    p50: float
    p99: float
    cpu: float
    received: int


@dataclass(frozen=True, slots=True)
class Difference:
    """With so many less with none, over pairs of windows: mean and its 95 % interval."""

    count: int
    figure: str
    n: int
    mean: float
    low: float
    high: float

    @property
    def is_noise(self) -> bool:
        """Whether nothing is made worse that could not be chance; false of no cycles."""
        return self.low <= 0.0


def watch_graph(
    beside: Beside,
    slow_motion: float,
    rounds: int,
    seconds: float,
    say: Callable[[str], None],
) -> list[Window]:
    """Run a graph, and watch windows of so many seconds of the machine's time.

    GraphFailedError where it does not come up, GraphEndedError where it ends before all is seen,
    TooLongError where too much was asked for.
    """
    with tempfile.TemporaryDirectory(prefix="windows_") as folder:
        file = Path(folder) / "latency.npz"
        own = {"latency": str(file), "trips": ""}
        graph = describe(graph_arguments({**beside.graph, **own}))
        with clock.slow_motion(slow_motion), _running(graph, Path(folder) / "log") as runner:
            stretches = list(_stretches(runner, beside, rounds, seconds, say))
        samples = np.load(file)
        if samples["t_sensor"].min() > stretches[0].begin:
            raise TooLongError("the first windows' samples are gone: ask for fewer or shorter ones")
        return [window_of(stretch, samples) for stretch in stretches]


@contextmanager
def _running(graph: Graph, log: Path) -> Iterator[GraphRunner]:
    """Run the graph until the block ends, its lines in a file."""
    with log.open("w", encoding="utf-8") as lines:
        runner = GraphRunner(graph, lambda line: print(line, file=lines, flush=True))
        try:
            runner.bring_up(START_UP)
            _go_on(runner, clock.real(UNDER_WAY))
            yield runner
        finally:
            runner.stop()


def _go_on(runner: GraphRunner, seconds: float) -> None:
    """Let so much of the machine's time pass; GraphEndedError where it does not last."""
    if not runner.wait(seconds / clock.factor()):
        raise GraphEndedError("; ".join(str(ended) for ended in runner.exits))


def _stretches(
    runner: GraphRunner,
    beside: Beside,
    rounds: int,
    seconds: float,
    say: Callable[[str], None],
) -> Iterator[Stretch]:
    for k in range(rounds):
        first = k % len(beside.counts)
        for count in (*beside.counts[first:], *beside.counts[:first]):
            say(f"round {k + 1} of {rounds}, {count} {beside.name} ...")
            with beside.start(count) as received:
                _go_on(runner, SETTLED)
                begin, before = clock.wall(), _cpu_seconds(beside.process)
                _go_on(runner, seconds)
                end, after = clock.wall(), _cpu_seconds(beside.process)
            took = clock.real(end - begin)
            yield Stretch(k, count, begin, end, (after - before) / took, tuple(received))


def _cpu_seconds(name: str) -> float:
    """Processor time of a process of the graph so far [s]; 0 of one that is not there."""
    pid = siblings(psutil.Process().pid).get(name)
    with suppress(psutil.Error):
        times = psutil.Process(pid).cpu_times() if pid else None
        return float(times.user + times.system) if times else 0.0
    return 0.0


def window_of(stretch: Stretch, samples: Mapping[str, NDArray[Any]]) -> Window:
    """Look at the cycles that measured in a stretch; a period without one was given up."""
    inside = (samples["t_sensor"] >= stretch.begin) & (samples["t_sensor"] < stretch.end)
    periods = round((stretch.end - stretch.begin) / CONTROL_PERIOD)
    in_time = int((inside & ~samples["deadline_missed"]).sum())
    path: Array = 1e3 * (samples["t_published"] - samples["t_sensor"])[inside]
    p50, p99 = np.percentile(path, (50.0, 99.0)) if path.size else (np.nan, np.nan)
    return Window(
        stretch.round,
        stretch.count,
        periods,
        1e3 * max(periods - in_time, 0) / periods,
        float(p50),
        float(p99),
        stretch.cpu,
        sum(stretch.received),
    )


def differences(windows: Sequence[Window]) -> list[Difference]:
    """Compare windows with so many to that with none of the same round."""
    without = {window.round: window for window in windows if not window.count}
    found = []
    for count in sorted({window.count for window in windows} - {0}):
        those = [w for w in windows if w.count == count and w.round in without]
        for name in FIGURES:
            pairs = np.array([getattr(w, name) - getattr(without[w.round], name) for w in those])
            low, high = (
                bootstrap_interval((pairs,), np.mean) if len(pairs) > 1 else (-np.inf, np.inf)
            )
            found.append(Difference(count, name, len(pairs), float(pairs.mean()), low, high))
    return found


def as_json(windows: Sequence[Window]) -> dict[str, Any]:
    """Plain dictionaries of windows and of their differences."""
    return {
        "windows": [asdict(window) for window in windows],
        "differences": [{**asdict(d), "is_noise": d.is_noise} for d in differences(windows)],
    }
