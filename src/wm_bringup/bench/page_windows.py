"""What browsers on the page cost a graph that runs: windows of one run, with and without them.

Windows of all counts come in every round, each round begins with another count, and only windows of
the same round are compared: what else the machine does changes over minutes, and is then in both.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from wm_bringup.bench.browsers import browsers
from wm_bringup.bench.page_client import Received
from wm_bringup.graph.processes import VIEW_PORT, Graph, describe, graph_arguments
from wm_bringup.graph.runner import GraphRunner
from wm_bringup.host import clock
from wm_bringup.host.ports import free_port
from wm_bringup.judging.statistics import bootstrap_interval
from wm_bringup.view.siblings import siblings
from wm_control.constants import CONTROL_PERIOD
from wm_control.errors import WmError
from wm_control.types import Array

COUNTS = (0, 1, 3)
"""Browsers of the windows of a round."""

START_UP = 60.0
"""A graph that has not come up by then does not [s]."""

UNDER_WAY = 5.0
"""From the start until the robot walks, on the graph's clock [s]."""

SETTLED = 3.0
"""From the moment a browser is there, or gone, until that says nothing any more [s]."""

FIGURES = ("misses", "p50", "p99", "view_cpu")
"""Of a window, what is compared."""


class GraphEndedError(WmError):
    """The graph ended while it was watched."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of the run with so many browsers. begin, end: ROS time, as samples have it [s].

    cpu: shares of a core by process. received: by each browser, of the page, with its coming.
    """

    round: int
    browsers: int
    begin: float
    end: float
    cpu: Mapping[str, float]
    received: tuple[Received, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """What the control loop did in a stretch.

    periods: that should have been in it. misses: per 1000 of them, late or given up. p50, p99: of
    the path, measurement to command [ms of the graph's clock]. view_cpu: share of a core of the
    page's process.
    """

    round: int
    browsers: int
    periods: int
    misses: float
    p50: float
    p99: float
    view_cpu: float
    received: int


@dataclass(frozen=True, slots=True)
class Difference:
    """With browsers less without, over pairs of windows: mean and its 95 % interval."""

    browsers: int
    figure: str
    n: int
    mean: float
    low: float
    high: float

    @property
    def is_noise(self) -> bool:
        """Whether the browsers make nothing worse that could not be chance; false of no cycles."""
        return self.low <= 0.0


def watch_graph(
    given: Mapping[str, object],
    slow_motion: float,
    rounds: int,
    seconds: float,
    say: Callable[[str], None],
) -> list[Window]:
    """Run a graph with its page, and watch windows of so many seconds of the machine's time.

    given: arguments of the graph. GraphEndedError where it ends before all is seen.
    """
    with tempfile.TemporaryDirectory(prefix="page_windows_") as folder:
        file = Path(folder) / "latency.npz"
        port = free_port("127.0.0.1", VIEW_PORT)
        own = {"view": True, "view_port": port, "latency": str(file), "trips": ""}
        graph = describe(graph_arguments({**given, **own}))
        with clock.slow_motion(slow_motion), _running(graph, Path(folder) / "log") as runner:
            stretches = list(_stretches(runner, port, rounds, seconds, say))
        samples = np.load(file)
        return [window_of(stretch, samples) for stretch in stretches]


@contextmanager
def _running(graph: Graph, log: Path) -> Iterator[GraphRunner]:
    """Run the graph until the block ends, its lines in a file."""
    with log.open("w", encoding="utf-8") as lines:
        runner = GraphRunner(graph, lambda line: print(line, file=lines, flush=True))
        try:
            runner.start()
            runner.wait(START_UP, lambda: runner.up)
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
    port: int,
    rounds: int,
    seconds: float,
    say: Callable[[str], None],
) -> Iterator[Stretch]:
    for k in range(rounds):
        first = k % len(COUNTS)
        for count in (*COUNTS[first:], *COUNTS[:first]):
            say(f"round {k + 1} of {rounds}, {count} browsers ...")
            with browsers(count, port) as received:
                _go_on(runner, SETTLED)
                begin, before = clock.wall(), _cpu_seconds(runner)
                _go_on(runner, seconds)
                end, after = clock.wall(), _cpu_seconds(runner)
            took = clock.real(end - begin)
            cpu = {name: (after[name] - before[name]) / took for name in before if name in after}
            yield Stretch(k, count, begin, end, cpu, tuple(received))


def _cpu_seconds(runner: GraphRunner) -> dict[str, float]:
    """Processor time of every process of the graph so far, by name [s]."""
    found = {}
    for name, pid in siblings(psutil.Process().pid).items():
        with suppress(psutil.Error):
            times = psutil.Process(pid).cpu_times()
            found[name] = float(times.user + times.system)
    return found


def window_of(stretch: Stretch, samples: Mapping[str, NDArray[Any]]) -> Window:
    """Look at the cycles that measured in a stretch; a period without one was given up."""
    inside = (samples["t_sensor"] >= stretch.begin) & (samples["t_sensor"] < stretch.end)
    periods = round((stretch.end - stretch.begin) / CONTROL_PERIOD)
    in_time = int((inside & ~samples["deadline_missed"]).sum())
    path: Array = 1e3 * (samples["t_published"] - samples["t_sensor"])[inside]
    p50, p99 = np.percentile(path, (50.0, 99.0)) if path.size else (np.nan, np.nan)
    return Window(
        stretch.round,
        stretch.browsers,
        periods,
        1e3 * max(periods - in_time, 0) / periods,
        float(p50),
        float(p99),
        stretch.cpu.get("view", float("nan")),
        sum(one.bytes for one in stretch.received),
    )


def differences(windows: Sequence[Window]) -> list[Difference]:
    """Compare windows with browsers to that without of the same round."""
    without = {window.round: window for window in windows if not window.browsers}
    found = []
    for count in sorted({window.browsers for window in windows} - {0}):
        those = [w for w in windows if w.browsers == count and w.round in without]
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
