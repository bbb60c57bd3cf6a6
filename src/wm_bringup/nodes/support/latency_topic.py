"""Latency samples on ``control/latency`` and their percentiles on /diagnostics."""

from __future__ import annotations

import numpy as np
from rclpy.node import Node

from wm_bringup.cycle.latency import STAGES, LatencyLog, LatencySample
from wm_bringup.host.realtime import RealTimeReport
from wm_bringup.nodes.support.diagnostics import Health
from wm_bringup.nodes.support.qos import publisher
from wm_bringup.wire.latency_rows import BATCH, FIELDS
from wm_bringup.wire.messages import Level, MultiArrayEncoder
from wm_bringup.wire.topics import LATENCY
from wm_control.types import Array

SPANS = {
    "path": ("t_sensor", "t_published"),
    "wait": ("t_received", "t_start"),
    "node": ("t_start", "t_end"),
}
"""Latencies on /diagnostics, by their first and last stamp."""

WINDOW = 500
"""Samples the percentiles on /diagnostics describe: the last second."""

MISSES_ALLOWED = 0.01
"""Share of missed deadlines from which on the health is a warning."""


class LatencyPublisher:
    """Publishes what the cycles say about their own timing."""

    def __init__(self, node: Node) -> None:
        """Create the publisher on the ``robot`` node."""
        self._message = MultiArrayEncoder((("sample", BATCH), ("field", len(FIELDS))), 0)
        self._rows = self._message.floats.reshape(BATCH, len(FIELDS))
        self._publish = publisher(node, LATENCY)
        self._health = Health(node)
        self._count = 0
        self._skipped = 0

    def publish(self, sample: LatencySample) -> None:
        """Take in one sample; every fiftieth call publishes."""
        self._rows[self._count] = [float(getattr(sample, name)) for name in FIELDS]
        self._count += 1
        if self._count == BATCH:
            self._count = 0
            self._publish.publish(self._message.encode())

    def report(self, log: LatencyLog, realtime: RealTimeReport) -> None:
        """Publish the percentiles of the last second and the counts since the start."""
        level = Level.WARN if log.miss_rate > MISSES_ALLOWED else Level.OK
        stood_still = ""
        if log.skipped > self._skipped:
            level = Level.ERROR
            stood_still = f"stood still for {log.skipped - self._skipped} periods just now; "
            self._skipped = log.skipped
        values: dict[str, object] = {
            "cycles": log.n,
            "misses": log.misses,
            "miss_rate": log.miss_rate,
            "longest_run_of_misses": log.longest_miss_run,
            "periods_given_up": log.skipped,
            "sequence_gaps": log.sequence_gaps,
        }
        rows = log.rows(WINDOW)
        for name, (begin, end) in SPANS.items():
            values |= _tail(name, rows[end] - rows[begin])
        for stage in STAGES:
            values |= _tail(stage, rows[f"{stage}_time"])
        periods = log.n + log.skipped
        said = f"{stood_still}{log.misses} of {periods} deadlines missed; {realtime}"
        self._health.publish("timing", level, said, values)


def _tail(name: str, seconds: Array) -> dict[str, object]:
    """Median, 99th percentile and maximum in milliseconds, by sorting once.

    ``latency.percentiles`` says the same with care for small samples, but takes ten times as long,
    for which the next cycles' messages would have to wait.
    """
    if seconds.size == 0:
        return {}
    ordered = np.sort(1e3 * seconds)
    last = len(ordered) - 1
    return {
        f"{name}_ms.p50": float(ordered[last // 2]),
        f"{name}_ms.p99": float(ordered[round(0.99 * last)]),
        f"{name}_ms.max": float(ordered[last]),
    }
