"""All that is counted, logged and timed of a comparison's contestants, by facet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wm_bringup.costs.efficiency import counted, measured_path, measured_time
from wm_bringup.costs.fact import Fact, Facts
from wm_bringup.costs.making import made
from wm_bringup.costs.network_work import UncountedOperatorError
from wm_bringup.costs.path_latency import latency_told, timed_walk
from wm_bringup.judging.episodes import WalkSetup
from wm_bringup.scenarios.scenario import Scenario, VelocitySegment

COMPUTE, SCALABILITY = "compute", "scalability"
"""Names of the facets."""

TIMED_WALK = Scenario(
    name="timed",
    duration=3.0,
    velocity=(VelocitySegment(0.5, 0.6), VelocitySegment(1.75, 0.6, 0.0, 0.3)),
    noise="nominal",
    delay=0.008,
)
"""Straight on and turning."""

TIMED_SEEDS = range(3)
"""Walks: 4,500 control cycles are enough for their 99.9th percentile."""


def facts_of(
    setups: Mapping[str, WalkSetup], bars_met: Mapping[str, bool] | None = None
) -> dict[str, dict[str, Facts]]:
    """Count and look up, by facet and contestant; equal files and code give equal facts.

    setups: any run of each contestant. bars_met: as in ``made``.
    """
    return {
        COMPUTE: {name: _counted(setup) for name, setup in setups.items()},
        SCALABILITY: {
            name: made(setup.controller, setup.robot, setup.policy, setup.overlay, bars_met)
            for name, setup in setups.items()
        },
    }


def _counted(setup: WalkSetup) -> Facts:
    """Count a contestant; a network with an unknown operator has no number, and says why."""
    try:
        return counted(setup.controller, setup.robot, setup.policy, setup.overlay)
    except UncountedOperatorError as error:
        what = "Operations per control step."
        return {"flop_per_control_step": Fact(None, "FLOP", what, f"not counted: {error}")}


def timed(setups: Mapping[str, WalkSetup]) -> tuple[dict[str, Facts], dict[str, dict[str, Any]]]:
    """Walk three times each: facts of CPU time, and the path's distribution, by contestant.

    With the safety layer, whatever the setup says. Measured on this computer, so for
    ``timings.json``; some six CPU seconds each.
    """
    facts: dict[str, Facts] = {}
    distributions: dict[str, dict[str, Any]] = {}
    for name, setup in setups.items():
        walked = replace(
            setup, scenario=TIMED_WALK, engine="mujoco", step_in_place=False, safety_layer=True
        )
        walks = [timed_walk(walked, seed) for seed in TIMED_SEEDS]
        times = [time for one in walks for time in one.cycles]
        facts[name] = {**measured_time([one.stages_ms for one in walks]), **measured_path(times)}
        distributions[name] = latency_told(times)
    return facts, distributions
