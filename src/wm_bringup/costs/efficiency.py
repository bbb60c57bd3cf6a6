"""Computational efficiency of one contestant, by one method for both kinds of driver.

``counted`` is deterministic: it follows from files and code. ``measured`` depends on the computer,
and is kept apart. All of it is the driver's own share: estimator, arbiter and command filter are
the same for everyone and in no figure. A policy's network is evaluated twice in every policy step,
beside the loop and once more in the loop's lane, which checks what comes; both are counted, as both
are in what is measured. A hybrid computes all of its drivers in every step, the ones in shadow
included, so that its figures are their sums.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.stats import quantile_test
from scipy.stats import t as student

from wm_bringup.costs.energy import BYTE_ENERGY, CORE_POWER, FLOP_ENERGY, from_time, from_work
from wm_bringup.costs.fact import Fact, Facts
from wm_bringup.costs.model_based_work import Usage, plan_work, tick_work
from wm_bringup.costs.network_work import network_work
from wm_bringup.costs.reference_walk import SECONDS, walked
from wm_bringup.costs.work import Work
from wm_bringup.cycle import stack
from wm_bringup.cycle.latency import percentiles
from wm_bringup.judging.statistics import Figure, proportion_interval
from wm_control.constants import CONTROL_PERIOD
from wm_control.drivers import MPC, POLICY, preference_of
from wm_control.robot.description import load_robot
from wm_control.types import Array
from wm_policy.loading import load_policy
from wm_policy.models import shipped_policy

_PER_STEP = f"per control step ({1.0 / CONTROL_PERIOD:.0f} Hz)"
_COUNTED = (
    "counted: ONNX operators by shape, CasADi instructions, QPs by dimensions and iterations, "
    f"rigid-body recursions on the robot's tree; iterations of one walk of {SECONDS:g} s"
)


@dataclass(frozen=True, slots=True)
class Driver:
    """Work of one driver. stages: per evaluation, and how many of these a control step takes.

    beside: work of its planner or network per evaluation, and that rate [Hz].
    """

    stages: Mapping[str, tuple[Work, float]]
    beside: Work
    rate: float
    parameters: int

    @property
    def per_step(self) -> Work:
        """Mean of a control step."""
        total = Work()
        for work, share in self.stages.values():
            total += share * work
        return total


def counted(
    controller: str, robot: str, policy: Path | None = None, overlay: Path | None = None
) -> Facts:
    """Arithmetic, bytes, parameters and joules of who may drive (mpc, policy, hybrid, ...).

    policy: None for our own. Walks once for the model-based controller (4 CPU seconds).
    UncountedOperatorError for a network that cannot be counted.
    """
    drivers = {name: _driver(name, robot, policy, overlay) for name in preference_of(controller)}
    return facts_of(list(drivers.values()))


def facts_of(drivers: Sequence[Driver]) -> Facts:
    """Facts of drivers that run side by side."""
    step, beside = Work(), Work()
    for driver in drivers:
        step, beside = step + driver.per_step, beside + driver.beside
    rates = " and ".join(f"{driver.rate:g} Hz" for driver in drivers)
    flop = "Additions, multiplications, divisions, comparisons, roots, transcendental functions"
    rule = f"{FLOP_ENERGY / 1e-12:.2g} pJ per FLOP and {BYTE_ENERGY / 1e-12:.3g} pJ per byte"
    return {
        "flop_per_control_step": Fact(step.flop, "FLOP", f"{flop}, {_PER_STEP}.", _COUNTED),
        "flop_per_planner_step": Fact(
            beside.flop, "FLOP", f"The same of one plan or inference, at {rates}.", _COUNTED
        ),
        "bytes_per_control_step": Fact(
            step.touched,
            "B",
            f"Bytes of all arrays read or written, each once per evaluation, {_PER_STEP}.",
            _COUNTED,
        ),
        "parameters": Fact(
            sum(driver.parameters for driver in drivers),
            "",
            "Numbers that were learned; of the model-based controller none.",
            "counted: float constants of the ONNX file",
        ),
        "joules_per_control_step": Fact(
            from_work(step),
            "J",
            f"Lower estimate {_PER_STEP}: {rule} (Horowitz, ISSCC 2014, 45 nm), no instructions.",
            "estimated from the two counts above",
        ),
    }


def stages_of(
    controller: str, robot: str, policy: Path | None = None, overlay: Path | None = None
) -> dict[str, float]:
    """Where the FLOP per control step come from, by stage."""
    found: dict[str, float] = {}
    for name in preference_of(controller):
        for stage, (work, share) in _driver(name, robot, policy, overlay).stages.items():
            found[stage] = share * work.flop
    return found


def _driver(name: str, robot: str, policy: Path | None, overlay: Path | None) -> Driver:
    return _DRIVERS[name](str(robot), policy, overlay)


@lru_cache(maxsize=8)
def _usage(robot: str) -> Usage:
    return walked(robot)


def _model_based(robot: str, policy: Path | None, overlay: Path | None) -> Driver:
    del policy, overlay
    description, parameters = load_robot(robot), stack.model_based_parameters(robot)
    usage, period = _usage(robot), parameters.mpc.period
    plan, tick = (f(description, parameters, usage) for f in (plan_work, tick_work))
    share = CONTROL_PERIOD / period
    stages = {name: (work, share) for name, work in plan.items()}
    stages |= {name: (work, 1.0) for name, work in tick.items()}
    whole = Work()
    for work in plan.values():
        whole += work
    return Driver(stages, whole, 1.0 / period, 0)


def _learned(robot: str, policy: Path | None, overlay: Path | None) -> Driver:
    loaded = load_policy(policy or shipped_policy(), load_robot(robot), overlay)
    found, rate = network_work(loaded.network.path), loaded.manifest.rate
    stages = {stage: (found.work, rate * CONTROL_PERIOD) for stage in ("network", "lane")}
    return Driver(stages, found.work, rate, found.parameters)


_DRIVERS: Mapping[str, Callable[[str, Path | None, Path | None], Driver]] = {
    MPC: _model_based,
    POLICY: _learned,
}


def measured_time(stages_ms: Sequence[Mapping[str, float]]) -> Facts:
    """CPU time of the driver by episode: ``cpu_per_tick_ms`` of each one's notes.

    The driver's stages are ``controller`` (in the loop) and ``planner`` (beside it).
    """
    per_tick = [one["controller"] + one["planner"] for one in stages_ms]
    per_second = _mean([1e-3 * ms / CONTROL_PERIOD for ms in per_tick])
    method = "measured: thread CPU time, mean over walks; 95 % by Student's t"
    spread = (per_second.value, per_second.low, per_second.high)
    value, low, high = (from_time(CONTROL_PERIOD * seconds) for seconds in spread)
    return {
        "driver_cpu_seconds_per_simulated_second": Fact(
            per_second.value,
            "s/s",
            "CPU seconds of the driver (in the loop and beside it) per second of the robot.",
            method,
            n=per_second.n,
            low=per_second.low,
            high=per_second.high,
        ),
        "joules_per_control_step_by_time": Fact(
            value,
            "J",
            f"Upper estimate {_PER_STEP}: CPU seconds times {CORE_POWER:g} W (assumed) of a core.",
            method,
            n=per_second.n,
            low=low,
            high=high,
        ),
    }


def _mean(values: Sequence[float]) -> Figure:
    """Mean of a few walks; no interval of one."""
    array, n = np.array(values, dtype=float), len(values)
    mean = float(array.mean())
    wide = (
        float(student.ppf(0.975, n - 1) * array.std(ddof=1)) / math.sqrt(n) if n > 1 else math.nan
    )
    return Figure(mean, mean - wide, mean + wide, float(array.max()), n)


def measured_path(latencies: Sequence[float], period: float = CONTROL_PERIOD) -> Facts:
    """Tail of the latencies [s] of control cycles, and the share that is later than a period."""
    milliseconds = 1e3 * np.asarray(latencies, dtype=float)
    found = percentiles(milliseconds)
    missed = int(np.count_nonzero(milliseconds > 1e3 * period))
    low, high = proportion_interval(missed, found.n)
    tail_low, tail_high = _tail_interval(milliseconds, found.p99_9)
    tail = "measured: CPU time of each control cycle from measurement to command"
    return {
        "path_latency_p99_9": Fact(
            found.p99_9,
            "ms",
            "99.9th percentile of the time from a measurement to its command, of 2995 or more.",
            f"{tail}; interval by order statistics, 95 %",
            n=found.n,
            low=tail_low,
            high=tail_high,
        ),
        "deadline_miss_rate": Fact(
            missed / found.n if found.n else None,
            "",
            f"Share of control cycles that took longer than {1e3 * period:g} ms.",
            f"{tail}; Clopper-Pearson, 95 %",
            n=found.n,
            low=low,
            high=high,
        ),
    }


def _tail_interval(milliseconds: Array, p99_9: float | None) -> tuple[float | None, float | None]:
    """Interval of the 99.9th percentile; none where there are too few samples for that."""
    if p99_9 is None:
        return None, None
    interval = quantile_test(milliseconds, p=0.999).confidence_interval(0.95)
    return float(interval.low), float(interval.high)
