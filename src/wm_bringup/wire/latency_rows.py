"""The rows of ``control/latency``: latency samples as numbers."""

from __future__ import annotations

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
