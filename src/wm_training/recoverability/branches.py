"""Collect what becomes of a pushed robot under each driver: one simulation per branch.

    first alone     ──── push ──────────────────────►  its own labels
    first, then     ──── push ── branch: other ─────►  the other's labels, from there on

Simulators cannot be branched, but equal seeds give equal episodes: every branch is simulated from
the begin, and is the same until it parts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wm_bringup.cycle.loop import TickRecord
from wm_bringup.host.provenance import provenance
from wm_bringup.judging.episodes import WalkSetup, build
from wm_bringup.lockstep.turns import Turn
from wm_bringup.robots.simulated import EngineName, simulate
from wm_bringup.scenarios.scenario import Ground, Payload, Push, Scenario, VelocitySegment
from wm_control.constants import CONTROL_PERIOD
from wm_control.drivers import DRIVERS
from wm_control.errors import WmError
from wm_control.robot.description import load_robot
from wm_control.types import Array, Estimate, Observation
from wm_policy.models import shipped_policy

STREAM = 61
"""Keeps what is drawn here from what suites draw of the same seed."""

IMPULSES = (15.0, 60.0)
"""Of the push [N·s]."""

MOMENTS = (2.6, 3.2)
"""When it begins: commands are reached, or nearly, and strides are at any phase [s]."""

LATEST = 0.3
"""A branch begins within this time after the push does [s]; at first most often."""

HORIZON = 2.5
"""For how long a robot must stay up to count as saved [s]."""

BEFORE = 1.0
"""Undisturbed walking that is kept before the push [s]."""

AFTER = 0.8
"""From so long after the push begins on, nothing is asked any more: it is saved, or falls [s]."""

_OF_ESTIMATE = (
    ("base_position_in_world", 3),
    ("base_orientation", 4),
    ("base_velocity_in_base", 3),
    ("base_angular_velocity_in_base", 3),
    ("contact_probability", 2),
    ("foot_wrench", 12),
)


@dataclass(frozen=True, slots=True)
class Branch:
    """Who drives an episode: ``first``, and from ``at`` [s] on ``then``; infinite: never."""

    seed: int
    first: str
    then: str
    at: float

    @property
    def name(self) -> str:
        """Name of its file."""
        return f"{self.seed:05d}_{self.first}_{self.then}"


@dataclass(frozen=True, slots=True)
class BranchFacts:
    """What came of it. pushed_at, fell_at: [s], fell_at None for a robot that stayed up."""

    branch: Branch
    pushed_at: float
    impulse: float
    fell_at: float | None


@dataclass(frozen=True, slots=True)
class BranchRecord:
    """Estimates of the cycles from ``BEFORE`` the push to ``AFTER`` it, as rows of numbers."""

    facts: BranchFacts
    stamps: Array
    rows: Array

    def save(self, path: Path) -> None:
        """Write to an .npz file, whole or not at all."""
        part = path.with_suffix(".part.npz")
        facts = np.array(json.dumps(asdict(self.facts)))
        rows = self.rows.astype(np.float32)
        np.savez_compressed(part, facts=facts, stamps=self.stamps, rows=rows)
        part.replace(path)

    @staticmethod
    def load(path: Path) -> BranchRecord:
        """Read what ``save`` wrote."""
        with np.load(path) as content:
            told = json.loads(str(content["facts"]))
            branch = Branch(**told.pop("branch"))
            facts = BranchFacts(branch, **told)
            return BranchRecord(facts, content["stamps"], content["rows"].astype(np.float64))

    def estimates(self) -> Iterator[Estimate]:
        """Yield the estimates again, as the arbiter saw them to seven digits."""
        joints = (self.rows.shape[1] - sum(width for _, width in _OF_ESTIMATE)) // 2
        layout = (*_OF_ESTIMATE, ("joint_position", joints), ("joint_velocity", joints))
        ends = np.cumsum([width for _, width in layout])
        none, sensed = np.zeros((6, 6)), np.zeros(joints)
        for stamp, row in zip(self.stamps.tolist(), self.rows, strict=True):
            names = (name for name, _ in layout)
            parts: dict[str, Any] = dict(zip(names, np.split(row, ends[:-1]), strict=True))
            parts["foot_wrench"] = parts["foot_wrench"].reshape(2, 6)
            sequence = round(stamp / CONTROL_PERIOD)
            seen = Observation(
                stamp, sequence, sensed, sensed, sensed, np.zeros(4), np.zeros(3), np.zeros(3)
            )
            yield Estimate(seen, **parts, pose_covariance=none, twist_covariance=none)


def branches_of(seed: int) -> tuple[Branch, ...]:
    """Each driver alone, and each relieved by every other shortly after the push began."""
    scenario, late = drawn(seed)
    at = _to_cycle(scenario.pushes[0].at + late)
    alone = tuple(Branch(seed, first, first, float("inf")) for first in DRIVERS)
    relieved = (
        Branch(seed, first, then, at) for first in DRIVERS for then in DRIVERS if then != first
    )
    return (*alone, *relieved)


def _to_cycle(time: float) -> float:
    return CONTROL_PERIOD * round(time / CONTROL_PERIOD)


def drawn(seed: int) -> tuple[Scenario, float]:
    """Return what happens in the episodes of a seed, and how late its branches begin [s].

    A fifth stands, a fifth steps nearly in place, the others walk at random.
    """
    rng = np.random.default_rng((STREAM, seed))
    impulse, heading = rng.uniform(*IMPULSES), rng.uniform(-np.pi, np.pi)
    at = _to_cycle(float(rng.uniform(*MOMENTS)))
    kind = rng.random()
    walk = (rng.uniform(-0.3, 0.8), rng.uniform(-0.15, 0.15), rng.uniform(-0.3, 0.3))
    command = (0.0, 0.0, 0.0) if kind < 0.2 else (0.06, 0.0, 0.0) if kind < 0.4 else walk
    x, y, yaw = (float(value) for value in command)
    push = Push((float(impulse * np.cos(heading)), float(impulse * np.sin(heading)), 0.0), at)
    scenario = Scenario(
        name="branches",
        duration=at + LATEST + HORIZON,
        velocity=(VelocitySegment(0.5, x, y, yaw),),
        pushes=(push,),
        ground=Ground(friction=float(rng.uniform(0.5, 0.9))),
        payload=Payload(mass=float(rng.uniform(0.0, 2.0))),
        noise="nominal",
        delay=0.008,
        initial_joint_noise=0.005,
    )
    return scenario, LATEST * float(rng.random()) ** 1.5


def simulate_branch(branch: Branch, robot: str, engine: EngineName) -> BranchRecord:
    """Walk one branch, to its fall or end."""
    scenario, _ = drawn(branch.seed)
    turns = (Turn(0.0, branch.first), Turn(branch.at, branch.then))
    setup = WalkSetup(
        scenario,
        "+".join(DRIVERS),
        robot=robot,
        engine=engine,
        policy=shipped_policy(),
        turns=turns[: 1 if branch.first == branch.then else 2],
    )
    push = scenario.pushes[0]
    seen: list[tuple[float, Array]] = []

    def watch(record: TickRecord, _plan: object) -> None:
        stamp = record.estimate.stamp
        if push.at - BEFORE <= stamp <= push.at + AFTER:
            seen.append((stamp, _row(record.estimate)))

    description = load_robot(robot)
    simulated = simulate(description, scenario, engine)
    try:
        run = build(setup, description, simulated, branch.seed, watch).run(branch.seed)
    finally:
        simulated.close()
    impulse = float(np.hypot(*push.impulse[:2]))
    facts = BranchFacts(branch, push.at, impulse, run.record.facts.fell_at)
    return BranchRecord(facts, np.array([s for s, _ in seen]), np.array([row for _, row in seen]))


def _row(estimate: Estimate) -> Array:
    parts = [getattr(estimate, name).ravel() for name, _ in _OF_ESTIMATE]
    return np.concatenate((*parts, estimate.joint_position, estimate.joint_velocity))


REQUEST = "request.json"
"""File beside the branches that says what they are branches of."""


class BranchesError(WmError):
    """A folder holds branches of other conditions."""


def begin(output: Path, robot: str, engine: EngineName) -> Path:
    """Make the folder of branches below ``output``, or go on with it.

    BranchesError when it holds those of other code, parameters, robot or engine.
    """
    told = provenance()
    asked = {"robot": robot, "engine": engine}
    asked |= {name: told[name] for name in ("version", "git", "parameters_sha256")}
    path = output / REQUEST
    if path.is_file():
        found = json.loads(path.read_text(encoding="utf-8"))
        if found != asked:
            raise BranchesError(
                f"{path}: branches of {found}, asked for {asked}: choose another --output, or "
                "delete the folder"
            )
    else:
        output.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asked, indent=2) + "\n", encoding="utf-8")
    return output / "branches"


def collect(folder: Path, seeds: range, robot: str, engine: EngineName) -> Iterator[Path]:
    """Yield the file of every branch of these seeds; what is there is not simulated again."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        for branch in branches_of(seed):
            path = folder / f"{branch.name}.npz"
            if not path.is_file():
                simulate_branch(branch, robot, engine).save(path)
            yield path
