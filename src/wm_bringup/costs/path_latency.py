"""How long each control cycle of a walk takes, for tails, and where its time goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wm_bringup.bench.measure import undisturbed
from wm_bringup.cycle.loop import TickRecord
from wm_bringup.judging.episodes import WalkSetup, build
from wm_bringup.robots.simulated import simulate
from wm_control.constants import CONTROL_PERIOD
from wm_control.mpc.plan import WalkingPlan
from wm_control.robot.description import load_robot

SHARES = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995)
"""Of which the distribution is told; the longest cycle of all is its end."""


@dataclass(frozen=True, slots=True)
class TimedWalk:
    """CPU time of one walk.

    cycles: from measurement to decision of every cycle, in order [s]. stages_ms: mean of a cycle by
    stage, what works beside the loop among them.
    """

    cycles: Sequence[float]
    stages_ms: Mapping[str, float]


def timed_walk(setup: WalkSetup, seed: int = 0) -> TimedWalk:
    """Walk an episode and take its times.

    A cycle's is the path without its communication, which lock-step has none of; planners and
    networks work beside the loop, as in the graph, and are not on the path. Without garbage
    collection, as in the real-time process.
    """
    times: list[float] = []

    def watch(record: TickRecord, plan: WalkingPlan | None) -> None:
        del plan
        times.append(record.stamps.decided - record.stamps.start)

    description = load_robot(setup.robot)
    robot = simulate(description, setup.scenario, setup.engine)
    try:
        with undisturbed():
            stages = build(setup, description, robot, seed, watch).run(seed).stages
    finally:
        robot.close()
    return TimedWalk(times, stages.per_tick_ms(len(times)))


def latency_told(times: Sequence[float]) -> dict[str, Any]:
    """Tell a distribution as a report draws it: (share, milliseconds) of cycles that are faster."""
    milliseconds = 1e3 * np.asarray(times, dtype=float)
    values = np.quantile(milliseconds, (*SHARES, 1.0))
    return {
        "n": len(milliseconds),
        "period_ms": 1e3 * CONTROL_PERIOD,
        "quantiles": [list(pair) for pair in zip((*SHARES, 1.0), values.tolist(), strict=True)],
        "method": "CPU time from measurement to command, of each control cycle",
    }
