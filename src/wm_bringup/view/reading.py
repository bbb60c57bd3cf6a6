"""What messages of the graph say to a viewer, read alike from a bag and from a live graph."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from wm_bringup.view.timeline import Told
from wm_bringup.wire.cdr import MessageError
from wm_bringup.wire.latency_rows import FIELDS
from wm_bringup.wire.messages import (
    HealthStatus,
    decode_diagnostics,
    decode_multi_array,
)
from wm_bringup.wire.proposals import decode_proposal
from wm_bringup.wire.vectors import join_vector
from wm_control.types import Action, Array

FIGURES = ("capture_margin", "impulse", "base_height", "slide", "slope")
"""Of a decision, what is kept; risks of drivers besides."""

_SENSOR, _PUBLISHED, _MISSED = (
    FIELDS.index(name) for name in ("t_sensor", "t_published", "deadline_missed")
)


def read_decision(data: bytes, time: float) -> Told | None:
    """Read ``arbiter/decision``, told at ``time`` [s]; None for one that is none."""
    try:
        _, statuses = decode_diagnostics(data)
    except MessageError:
        return None
    return told_of(statuses, time)


def told_of(statuses: list[HealthStatus], time: float) -> Told | None:
    """Make a decision of its statuses; None where they are of something else."""
    if not statuses:
        return None
    whole, *others = statuses
    values = {key: str(value) for key, value in whole.values.items()}
    if values.get("action") not in Action.__members__:
        return None
    proposals = "arbiter: proposal of "
    causes = (one.message for one in others if not one.name.startswith(proposals))
    return Told(
        time,
        Action[values["action"]],
        values.get("source", ""),
        whole.message,
        values.get("armed") == "True",
        values.get("previous", ""),
        _number(values, "share", 1.0),
        tuple(causes),
        {
            name: _number(values, name)
            for name in values
            if name in FIGURES or name.startswith("risk_")
        },
    )


def _number(values: Mapping[str, str], name: str, default: float = float("nan")) -> float:
    with suppress(KeyError, ValueError):
        return float(values[name])
    return default


def read_targets(data: bytes, n: int) -> Array | None:
    """(n,) joint positions that a driver proposes [rad]; None where it proposes nothing."""
    try:
        command = decode_proposal(data, n).result.command
    except MessageError:
        return None
    if command is None or not np.isfinite(command.position).all():
        return None
    return command.position


@dataclass(frozen=True, slots=True)
class Latencies:
    """Of some fifty cycles: median and longest path [s], and how many deadlines were missed."""

    median: float
    longest: float
    missed: int


def read_latencies(data: bytes) -> Latencies | None:
    """Read ``control/latency``; None for one that is none."""
    try:
        rows = join_vector(*decode_multi_array(data)).reshape(-1, len(FIELDS))
    except (MessageError, ValueError):
        return None
    if not len(rows):
        return None
    path = rows[:, _PUBLISHED] - rows[:, _SENSOR]
    return Latencies(float(np.median(path)), float(path.max()), int(rows[:, _MISSED].sum()))
