"""Walk while packets of the robot are lost, and count the falls: ``python tools/lost_packets.py``.

Single lost packets and bursts of 2 to 10, at random times, both drivers, 0.8 m/s, through the same
objects that run beside the loop in the graph. Episodes of 20 s hold seven losses each, 2.5 s apart.
Exits with 1 when a robot fell. With ``--resume`` it goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wm_bringup.backends.base import CONTROL_PERIOD
from wm_bringup.episode import proportion_interval
from wm_bringup.scenarios.scenario import Scenario, VelocitySegment
from wm_bringup.walk import WalkSetup, run_all
from wm_policy.models import shipped_policy

FIRST, APART, PER_EPISODE = 3.0, 2.5, 7
SINGLE, BURST = "single", "burst"


@dataclass(frozen=True)
class Kind:
    """How many packets a loss takes, and how many losses are tried."""

    name: str
    losses: int
    lengths: tuple[int, int]

    @property
    def episodes(self) -> int:
        """Enough for all losses."""
        return -(-self.losses // PER_EPISODE)


KINDS = (Kind(SINGLE, 200, (1, 1)), Kind(BURST, 50, (2, 10)))


def losses_of(kind: Kind, seed: int) -> tuple[str, ...]:
    """Faults of one episode: when packets are lost, and how many."""
    rng = np.random.default_rng((kind.lengths[1], seed))
    faults = []
    for k in range(PER_EPISODE):
        tick = round((FIRST + APART * k + rng.uniform(0.0, 1.0)) / CONTROL_PERIOD)
        count = int(rng.integers(kind.lengths[0], kind.lengths[1] + 1))
        # from half a period before the first lost sample to half a period before the next good one
        begin, duration = (tick - 0.5) * CONTROL_PERIOD, count * CONTROL_PERIOD
        faults.append(f"observation:drop=1@{begin:.3f}+{duration:.3f}")
    return tuple(faults)


def setup_of(kind: Kind, controller: str, seed: int) -> WalkSetup:
    """One episode at 0.8 m/s."""
    scenario = Scenario(
        name=f"lost packets, {kind.name}",
        duration=FIRST + APART * PER_EPISODE,
        velocity=(VelocitySegment(at=1.0, x=0.8),),
        noise="nominal",
        delay=0.008,
        initial_joint_noise=0.005,
        faults=losses_of(kind, seed),
    )
    policy = shipped_policy() if controller == "policy" else None
    return WalkSetup(scenario, controller=controller, policy=policy)  # type: ignore[arg-type]


def work() -> Iterator[tuple[str, Kind, int]]:
    """All episodes."""
    for controller in ("mpc", "policy"):
        for kind in KINDS:
            for seed in range(kind.episodes):
                yield controller, kind, seed


def main() -> int:
    """Run what is not done yet, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("results/lost_packets.jsonl"))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--resume", action="store_true")
    arguments = parser.parse_args()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    if not arguments.resume:
        arguments.output.unlink(missing_ok=True)
    done = _read(arguments.output)
    for controller in ("mpc", "policy"):
        for kind in KINDS:
            mine = [(c, k, s) for c, k, s in work() if (c, k) == (controller, kind)]
            left = [(c, k, s) for c, k, s in mine if (c, k.name, s) not in done]
            setups = [(setup_of(k, c, s), s) for c, k, s in left]
            with arguments.output.open("a", encoding="utf-8") as file:
                for episode in run_all(setups, arguments.jobs):
                    fell, seconds = episode.fell, episode.seconds
                    done[controller, kind.name, episode.seed] = (fell, seconds)
                    row = [controller, kind.name, episode.seed, fell, seconds]
                    file.write(json.dumps(row) + "\n")
                    file.flush()
    fell = [report(done, controller, kind) for controller in ("mpc", "policy") for kind in KINDS]
    return int(any(fell))


def _read(file: Path) -> dict[tuple[str, str, int], tuple[bool, float]]:
    if not file.is_file():
        return {}
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return {(c, k, s): (fell, seconds) for c, k, s, fell, seconds in rows}


def report(
    done: dict[tuple[str, str, int], tuple[bool, float]], controller: str, kind: Kind
) -> int:
    """Print one row; returns the falls."""
    episodes = [value for (c, k, _), value in done.items() if (c, k) == (controller, kind.name)]
    falls = sum(fell for fell, _ in episodes)
    met = sum(
        PER_EPISODE if not fell else int((seconds - FIRST) / APART) + 1
        for fell, seconds in episodes
    )
    low, high = proportion_interval(falls, met)
    print(
        f"{controller:7} {kind.name:7} {met:4} losses in {len(episodes):3} episodes: "
        f"{falls} falls, {100 * low:.1f} to {100 * high:.1f} % per loss"
    )
    return falls


if __name__ == "__main__":
    sys.exit(main())
