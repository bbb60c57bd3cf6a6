"""Walk while sensors fail for an instant, and count what follows: ``python tools/field_faults.py``.

| kind | what fails | speed | n |
|---|---|---|---|
| lost | one packet of the robot | 0.8 m/s | 200 |
| burst | 2 to 10 packets in a row | 0.8 m/s | 50 |
| sample | one accelerometer sample, by 100, 150 or 300 m/s² on x, y, z or all | 0.5 m/s | 240 |

Through the same objects that run beside the loop in the graph. Episodes of 20 s hold seven faults
each at random times, 2.5 s apart. Told are falls, and how long after a fault the estimated velocity
was last wrong by more than 0.05 m/s. Exits with 1 when a robot fell or an estimate took longer than
0.3 s; goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from wm_bringup.judging.episode import proportion_interval
from wm_bringup.judging.episodes import WalkSetup, build
from wm_bringup.robots.simulated import simulate
from wm_bringup.scenarios.scenario import Scenario, VelocitySegment
from wm_control.constants import CONTROL_PERIOD
from wm_control.drivers import DRIVERS
from wm_control.robot.description import load_robot
from wm_policy.models import shipped_policy

FIRST, APART, PER_EPISODE = 3.0, 2.5, 7
WRONG, RECOVERY_LIMIT = 0.05, 0.3
"""A velocity is wrong by more than this [m/s], and may be for so long [s]."""

SIZES, AXES = (
    (100.0, 150.0, 300.0),
    ("accelerometer.x", "accelerometer.y", "accelerometer.z", "accelerometer"),
)

Draw = Callable[[np.random.Generator, int], tuple[str, int]]
"""Makes the k-th fault of all: ``TARGET:VERB=VALUE``, and for how many samples."""


def lost(rng: np.random.Generator, k: int) -> tuple[str, int]:
    """One lost packet."""
    del rng, k
    return "observation:drop=1", 1


def burst(rng: np.random.Generator, k: int) -> tuple[str, int]:
    """Two to ten lost packets."""
    del k
    return "observation:drop=1", int(rng.integers(2, 11))


def sample(rng: np.random.Generator, k: int) -> tuple[str, int]:
    """One sample off by each size on each axis in turn, to either side."""
    size, axis = SIZES[k % len(SIZES)], AXES[k // len(SIZES) % len(AXES)]
    return f"{axis}:bias={rng.choice((-1.0, 1.0)) * size:g}", 1


@dataclass(frozen=True)
class Kind:
    """What fails, how fast the robot walks, how often it is tried."""

    name: str
    draw: Draw
    speed: float
    n: int

    @property
    def episodes(self) -> int:
        """Enough for all faults."""
        return -(-self.n // PER_EPISODE)


KINDS = (
    Kind("lost", lost, 0.8, 200),
    Kind("burst", burst, 0.8, 50),
    Kind("sample", sample, 0.5, 240),
)


@dataclass(frozen=True)
class Outcome:
    """One episode. faults: as scripted. recoveries: from those that the robot met [s]."""

    driver: str
    kind: str
    seed: int
    fell: bool
    faults: list[str]
    recoveries: list[float]


def faults_of(kind: Kind, seed: int) -> list[tuple[str, float]]:
    """Faults of one episode, each with the time at which it is over [s]."""
    rng = np.random.default_rng((len(kind.name), seed))
    faults = []
    for k in range(PER_EPISODE):
        tick = round((FIRST + APART * k + rng.uniform(0.0, 1.0)) / CONTROL_PERIOD)
        what, count = kind.draw(rng, seed * PER_EPISODE + k)
        # from half a period before the first bad sample to half a period before the next good one
        begin, duration = (tick - 0.5) * CONTROL_PERIOD, count * CONTROL_PERIOD
        faults.append((f"{what}@{begin:.3f}+{duration:.3f}", begin + duration))
    return faults


def run(kind: Kind, driver: str, seed: int) -> Outcome:
    """Walk one episode."""
    faults = faults_of(kind, seed)
    scenario = Scenario(
        name=f"field faults, {kind.name}",
        duration=FIRST + APART * PER_EPISODE,
        velocity=(VelocitySegment(at=1.0, x=kind.speed),),
        noise="nominal",
        delay=0.008,
        initial_joint_noise=0.005,
        faults=tuple(fault for fault, _ in faults),
    )
    policy = shipped_policy() if driver == "policy" else None
    setup = WalkSetup(scenario, controller=driver, policy=policy)  # type: ignore[arg-type]
    description = load_robot(setup.robot)
    robot = simulate(description, scenario, setup.engine)
    times: list[float] = []
    errors: list[float] = []

    def watch(record: object, plan: object) -> None:
        del plan
        truth = robot.ground_truth()
        estimate = record.estimate  # type: ignore[attr-defined]
        times.append(truth.stamp)
        errors.append(
            float(np.linalg.norm(estimate.base_velocity_in_base - truth.base_velocity_in_base))
        )

    try:
        result = build(setup, description, robot, seed, watch).run(seed)
    finally:
        robot.close()
    at, wrong = np.array(times), np.array(errors) > WRONG
    met = [end for _, end in faults if end < at[-1] - (1.5 if result.fall else 0.0)]
    recoveries = []
    for end in met:
        late = at[wrong & (at >= end - 0.03) & (at < end + APART - 1.1)]
        recoveries.append(float(late[-1] - end) if late.size else 0.0)
    return Outcome(driver, kind.name, seed, bool(result.fall), [f for f, _ in faults], recoveries)


def main() -> int:
    """Run what is not done yet, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=Path("results/field_faults.jsonl"))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--kinds", nargs="*", choices=[kind.name for kind in KINDS])
    parser.add_argument("--drivers", nargs="*", choices=DRIVERS)
    arguments = parser.parse_args()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    outcomes = _read(arguments.output)
    done = {(o.driver, o.kind, o.seed) for o in outcomes}
    chosen = [
        (kind, driver)
        for kind in KINDS
        for driver in DRIVERS
        if kind.name in (arguments.kinds or [kind.name])
        and driver in (arguments.drivers or [driver])
    ]
    work = [
        partial(run, kind, driver, seed)
        for kind, driver in chosen
        for seed in range(kind.episodes)
        if (driver, kind.name, seed) not in done
    ]
    began = time.monotonic()
    with (
        arguments.output.open("a", encoding="utf-8") as file,
        ProcessPoolExecutor(arguments.jobs, multiprocessing.get_context("spawn")) as pool,
    ):
        for count, outcome in enumerate(pool.map(_call, work), start=1):
            outcomes.append(outcome)
            file.write(json.dumps(outcome.__dict__) + "\n")
            file.flush()
            left = (time.monotonic() - began) / count * (len(work) - count)
            print(f"{count} of {len(work)} episodes, {left / 60:.0f} min left", file=sys.stderr)
    held = [report(outcomes, kind, driver) for kind, driver in chosen]
    return 0 if all(held) else 1


def _call(work: Callable[[], Outcome]) -> Outcome:
    return work()


def _read(file: Path) -> list[Outcome]:
    if not file.is_file():
        return []
    return [Outcome(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]


def report(outcomes: list[Outcome], kind: Kind, driver: str) -> bool:
    """Print one row; returns whether it holds."""
    mine = [o for o in outcomes if (o.kind, o.driver) == (kind.name, driver)]
    recoveries = np.array([r for o in mine for r in o.recoveries] or [0.0])
    falls = sum(o.fell for o in mine)
    n = len(recoveries) + falls
    low, high = proportion_interval(falls, n)
    print(
        f"{driver:7} {kind.name:7} {kind.speed} m/s  {falls} falls in {n} faults "
        f"({100 * low:.1f} to {100 * high:.1f} %), velocity wrong for p50 "
        f"{np.median(recoveries):.3f}, max {recoveries.max():.3f} s"
    )
    return falls == 0 and bool(recoveries.max() <= RECOVERY_LIMIT)


if __name__ == "__main__":
    sys.exit(main())
