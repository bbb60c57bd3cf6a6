"""What the page costs: opening a recording, and a picture of a robot that walks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wm_bringup.bags.stream import BagStream, topic_named
from wm_bringup.bench.browsers import browsers
from wm_bringup.bench.measure import Stopwatch
from wm_bringup.cycle.latency import Percentiles
from wm_bringup.judging.episodes import WalkSetup, run_episode
from wm_bringup.robots.simulated import EngineName
from wm_bringup.scenarios.scenario import Scenario, VelocitySegment
from wm_bringup.view.acting import in_loop
from wm_bringup.view.from_bag import NANO, BagRun
from wm_bringup.view.live import HEARD, LiveRun
from wm_bringup.view.page import RATE, Page, serve
from wm_bringup.wire.topics import Flow, Topic
from wm_control.drivers import HYBRID
from wm_control.errors import WmError

if TYPE_CHECKING:
    import viser

COUNTS = (0, 1, 3)
"""Browsers that look on."""

SERVED = "(Ctrl-C ends)"
"""Of the line with which a page's address is said."""

Heard = Sequence[tuple[Topic, bytes]]


class NotOpenedError(WmError):
    """``wm view`` did not come to serve its page."""


def open_often(bag: Path, count: int, before: str = "") -> list[float]:
    """Open a bag so often in processes of their own; how long each took [s].

    From the start of ``wm view`` until it says its address, imports included. before: command of a
    shell that is run each time, such as one that empties the system's page cache.
    """
    return [_opening(bag, before) for _ in range(count)]


def _opening(bag: Path, before: str) -> float:
    if before:
        subprocess.run(before, shell=True, check=True)
    command = [sys.executable, "-m", "wm_bringup.cli", "view", str(bag)]
    began = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    ) as process:
        assert process.stdout is not None
        said = next((line for line in process.stdout if SERVED in line), "")
        took = time.perf_counter() - began
        process.terminate()
    if not said:
        raise NotOpenedError(f"wm view {bag} ended before its page was there")
    return took


def record_bag(folder: Path, seconds: float, robot: str, engine: EngineName) -> Path:
    """Walk in lock-step with both drivers, and leave a bag of it."""
    scenario = Scenario("bench", duration=seconds, velocity=(VelocitySegment(0.5, 0.4),))
    run_episode(WalkSetup(scenario, HYBRID, robot=robot, engine=engine, bag=folder), 0)
    return folder


@dataclass(frozen=True, slots=True)
class Pictures:
    """What pictures of a live robot cost, drawn from the messages of a bag at their pace.

    drawn: CPU time of a picture where it is made, meshes, words and curves with it [ms]. all: mean
    CPU time of the page's process per picture, which sends it to the browsers as well [ms].
    """

    browsers: int
    rate: float
    drawn: Percentiles
    all: float

    @property
    def share(self) -> float:
        """Share of a core."""
        return 1e-3 * self.all * self.rate

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary."""
        return {**asdict(self), "share": self.share}


def bench_pictures(bag: Path, seconds: float) -> list[Pictures]:
    """Show so much of a bag as it would be shown live, to none and to several browsers."""
    server = serve("127.0.0.1", 0, "bench")
    try:
        shown = LiveRun(BagRun(bag).description)
        page = in_loop(server, lambda: Page(server, shown))
        found, clock = [], 0.0
        for count in COUNTS:
            heard = list(_heard(bag, seconds))
            with browsers(count, server.get_port()):
                draw = partial(_draw, page, shown)
                found.append(_show(server, draw, heard, count, clock))
            clock += len(heard) / RATE
        return found
    finally:
        server.stop()


def _show(
    server: viser.ViserServer,
    draw: Callable[[Heard, float], None],
    heard: Sequence[Heard],
    count: int,
    clock: float,
) -> Pictures:
    """Draw one picture of everything that was heard, at the pace of the page or as fast as goes."""
    watch, cpu, began = Stopwatch(), time.process_time(), time.perf_counter()
    for k, messages in enumerate(heard):
        in_loop(server, partial(watch.call, draw, messages, clock + k / RATE))
        time.sleep(max(began + (k + 1) / RATE - time.perf_counter(), 0.002))
    took = time.perf_counter() - began
    everything = 1e3 * (time.process_time() - cpu) / len(heard)
    return Pictures(count, len(heard) / took, watch.cpu_percentiles(), everything)


def _draw(page: Page, run: LiveRun, messages: Heard, clock: float) -> None:
    for topic, data in messages:
        run.see(topic, data, clock)
    page.show(run.tick(clock), clock)


def _heard(bag: Path, seconds: float) -> Iterator[Heard]:
    """Yield what a page hears from one picture to the next: events, and the newest of the rest."""
    stream = BagStream(bag)
    names = {topic_named(topic.name, stream.msgtypes): topic for topic in HEARD}
    names.pop("", None)
    first, pictures = None, 0
    events: list[tuple[Topic, bytes]] = []
    rest: dict[Topic, bytes] = {}
    for record in stream.records(*names):
        first = record.stamp if first is None else first
        while (record.stamp - first) * NANO >= (pictures + 1) / RATE:
            yield [*events, *rest.items()]
            events, rest, pictures = [], {}, pictures + 1
            if pictures >= seconds * RATE:
                return
        topic = names[record.topic]
        if topic.flow is Flow.EVENT:
            events.append((topic, record.data))
        else:
            rest[topic] = record.data
