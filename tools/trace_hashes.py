"""Hash what happens in a fixed set of episodes: ``python tools/trace_hashes.py FILE``.

Both drivers, standing, walking, turning, pushed, loaded, on bad ground, with faulty sensors: 25
lock-step episodes of a few seconds. The first run writes the hashes to FILE; a later run compares
with them, says which episodes differ, and exits with 1 when one does. A change that moves code and
nothing else leaves every hash as it is. Hashes hold on one machine only: libraries of linear
algebra choose their kernels by the processor.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from wm_bringup.judging.episodes import WalkSetup, walk
from wm_bringup.judging.runner import in_processes
from wm_bringup.scenarios.scenario import Ground, Payload, Push, Scenario, VelocitySegment
from wm_policy.models import shipped_policy

HASHED = (
    "time",
    "base_position",
    "base_orientation",
    "base_velocity",
    "joint_position",
    "joint_velocity",
    "joint_torque",
    "foot_wrench",
    "estimated_position",
    "estimated_orientation",
    "estimated_velocity",
    "contact_probability",
    "command_position",
    "command_velocity",
    "command_stiffness",
    "command_damping",
    "command_torque",
    "action",
)
"""Columns of a trace that are hashed: others may be added without a change of the hashes."""


def scenario(
    x: float = 0.0,
    y: float = 0.0,
    yaw: float = 0.0,
    seconds: float = 5.0,
    **more: Any,  # noqa: ANN401
) -> Scenario:
    """One velocity from 0.5 s on, nominal noise, 8 ms delay."""
    segments = (VelocitySegment(at=0.5, x=x, y=y, yaw=yaw),)
    defaults: dict[str, Any] = {"duration": seconds, "noise": "nominal", "delay": 0.008}
    return Scenario(velocity=segments, **(defaults | more))


SHARED = {
    "standing": scenario(),
    "forward": scenario(0.5),
    "fast": scenario(0.8),
    "turning": scenario(0.3, 0.0, 0.4),
    "sideways": scenario(0.0, 0.2),
    "pushed": scenario(0.5, pushes=(Push(impulse=(0.0, 20.0, 0.0), at=2.5),)),
    "payload": scenario(0.4, payload=Payload(mass=4.0)),
    "slippery": scenario(0.4, ground=Ground(friction=0.4)),
    "bad_sample": scenario(0.5, faults=("accelerometer.x:bias=150@2.6+0.002",)),
}
"""Episodes of both drivers, by name."""

OF_MPC = {
    "backward": scenario(-0.2),
    "bumps": scenario(0.4, ground=Ground(bumps=0.01)),
    "slope": scenario(0.4, ground=Ground(slope=0.05)),
    "soft": scenario(0.4, ground=Ground(compliance=2e-5)),
    "lost_packets": scenario(0.5, faults=("observation:drop=1@2.6+0.006",)),
    "jitter": scenario(0.5, delay_jitter=0.004, sensor_delay=0.002),
}
"""Episodes of the model-based controller alone."""


def setups() -> dict[str, WalkSetup]:
    """Every episode by name."""
    policy = shipped_policy()
    mpc = {f"mpc {name}": WalkSetup(one) for name, one in (SHARED | OF_MPC).items()}
    learned = {
        f"policy {name}": WalkSetup(one, controller="policy", policy=policy)
        for name, one in SHARED.items()
    }
    exact = {"mpc true state": WalkSetup(SHARED["forward"], state="true")}
    return mpc | learned | exact


def hash_of(setup: WalkSetup) -> str:
    """Run one episode from seed 0 and hash its trace at full rate."""
    record = walk(replace(setup, full_rate=True), 0).record
    digest = hashlib.sha256()
    for name in HASHED:
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(record.columns[name]).tobytes())
    return digest.hexdigest()


def main() -> int:
    """Write the hashes, or compare with those that were written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="hashes by episode, as JSON")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    chosen = setups()
    names = list(chosen)
    done = in_processes(hash_of, list(chosen.values()), arguments.jobs)
    found = {names[index]: digest for index, digest in sorted(done)}
    if not arguments.file.exists():
        arguments.file.parent.mkdir(parents=True, exist_ok=True)
        arguments.file.write_text(json.dumps(found, indent=1) + "\n")
        print(f"{len(found)} hashes written to {arguments.file}")
        return 0
    expected = json.loads(arguments.file.read_text())
    differing = [name for name in expected | found if expected.get(name) != found.get(name)]
    for name in differing:
        print(f"differs: {name}")
    print(f"{len(found) - len(differing)} of {len(found)} hashes as before")
    return bool(differing)


if __name__ == "__main__":
    sys.exit(main())
