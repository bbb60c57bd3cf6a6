"""Latency samples on ``control/latency`` and their percentiles on /diagnostics."""

from __future__ import annotations

from rclpy.node import Node

from wm_bringup.latency import LatencyLog, LatencySample, LatencySummary, Percentiles
from wm_bringup.messages import MultiArrayEncoder
from wm_bringup.realtime import RealTimeReport
from wm_bringup.topics import LATENCY
from wm_control.nodes.diagnostics import Health, Level
from wm_control.nodes.qos import publisher

FIELDS = (
    "sequence",
    "status",
    "iterations",
    "deadline_missed",
    "t_sensor",
    "t_received",
    "t_start",
    "t_end",
    "t_published",
    "estimator_time",
    "controller_time",
    "arbiter_time",
    "backend_time",
)
"""Columns of a row on ``control/latency``, as in ``LatencySample``."""

BATCH = 50
"""Rows per message: ten messages a second instead of five hundred."""

WINDOW = 500
"""Samples the percentiles on /diagnostics describe: the last second."""

MISSES_ALLOWED = 0.01
"""Share of missed deadlines from which on the health is a warning."""


class LatencyFace:
    """Publishes what the cycles say about their own timing."""

    def __init__(self, node: Node) -> None:
        """Create the publisher on the ``robot`` node."""
        self._message = MultiArrayEncoder((("sample", BATCH), ("field", len(FIELDS))), 0)
        self._rows = self._message.floats.reshape(BATCH, len(FIELDS))
        self._publish = publisher(node, LATENCY)
        self._health = Health(node)
        self._count = 0

    def publish(self, sample: LatencySample) -> None:
        """Take in one sample; every fiftieth call publishes."""
        self._rows[self._count] = [float(getattr(sample, name)) for name in FIELDS]
        self._count += 1
        if self._count == BATCH:
            self._count = 0
            self._publish.publish(self._message.encode())

    def report(self, log: LatencyLog, realtime: RealTimeReport, skipped: int) -> None:
        """Publish the percentiles of the last second and the counts since the start."""
        summary = log.summary(WINDOW)
        level = Level.WARN if summary.miss_rate > MISSES_ALLOWED else Level.OK
        said = f"{summary.misses} of {summary.n} deadlines missed; {realtime}"
        self._health.publish("timing", level, said, _values(summary, skipped))


def _values(summary: LatencySummary, skipped: int) -> dict[str, object]:
    values: dict[str, object] = {
        "cycles": summary.n,
        "misses": summary.misses,
        "miss_rate": summary.miss_rate,
        "longest_run_of_misses": summary.longest_miss_run,
        "periods_given_up": skipped,
        "sequence_gaps": summary.sequence_gaps,
    }
    spans = {
        "path": summary.path_ms,
        "wait": summary.wait_ms,
        "node": summary.node_ms,
        **summary.stages_ms,
    }
    for name, span in spans.items():
        values |= _percentiles(name, span)
    return values


def _percentiles(name: str, span: Percentiles) -> dict[str, object]:
    return {
        f"{name}_ms.{key}": value if value is not None else "no samples"
        for key, value in (("p50", span.p50), ("p99", span.p99), ("max", span.max))
    }
