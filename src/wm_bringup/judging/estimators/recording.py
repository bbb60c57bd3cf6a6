"""A walk as estimators are judged on it: every observation, and the truth at its stamp."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from wm_bringup.cycle import stack
from wm_bringup.cycle.loop import ControlLoop, TickRecord
from wm_bringup.judging.episodes import CONTESTANTS, WalkSetup, compute_times
from wm_bringup.lockstep.lockstep import LockStep
from wm_bringup.robots.base import GroundTruth, SimulatedRobot
from wm_bringup.robots.simulated import EngineName, simulate
from wm_bringup.scenarios.scenario import Scenario
from wm_control.configuration.share import DEFAULT_ROBOT
from wm_control.drivers import MPC, POLICY
from wm_control.estimation.parameters import Kind
from wm_control.mpc.plan import WalkingPlan, read_plan
from wm_control.robot.description import load_robot
from wm_control.types import Array, Observation

SENSORS = tuple(f.name for f in fields(Observation))

TRUTH = (
    "base_position_in_world",
    "base_orientation",
    "base_velocity_in_base",
    "base_angular_velocity_in_base",
    "sole_position",
    "sole_velocity",
    "ground_height",
    "foot_wrench",
    "normal_force",
)
"""Fields of ``GroundTruth`` that an estimate is compared with."""

STANCES = "planned_stance"


@dataclass(frozen=True)
class Recording:
    """Columns of k ticks: fields of ``Observation``, of the truth, and the gait clock's stances.

    ``TRUTH`` may be there in part, or not at all (a bag from the field), and where it is, may be
    NaN in rows at which nobody looked. planned_stance: (k, 2) 1 where the plan in force has the
    foot on the ground, else 0, NaN without a plan; for the ablation that trusts a clock.
    fall: why the robot fell at the end, empty when it did not.
    """

    robot: str
    columns: dict[str, Array]
    fall: str = ""

    def __len__(self) -> int:
        """Ticks."""
        return len(self.columns["stamp"])

    def __getitem__(self, name: str) -> Array:
        """One column."""
        return self.columns[name]

    def __contains__(self, name: str) -> bool:
        """Whether there is such a column."""
        return name in self.columns

    def observations(self) -> list[Observation]:
        """All observations in order of time; of one run where none was recorded."""
        c = self.columns
        present = [name for name in SENSORS[2:] if name in c]
        return [
            Observation(
                float(c["stamp"][k]), int(c["sequence"][k]), *(c[name][k] for name in present)
            )
            for k in range(len(self))
        ]

    def save(self, path: Path) -> None:
        """Write an ``.npz``."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            texts = {"robot": np.array(self.robot), "fall": np.array(self.fall)}
            np.savez_compressed(file, **texts, **self.columns)  # type: ignore[arg-type]

    @staticmethod
    def load(path: Path) -> Recording:
        """Read what ``save`` wrote."""
        with np.load(path) as data:
            texts = {name: str(data[name]) for name in ("robot", "fall") if name in data.files}
            columns = {name: data[name] for name in data.files if name not in texts}
            return Recording(texts["robot"], columns, texts.get("fall", ""))


class _Recorder:
    """Collects observations and truths tick by tick; a late observation gets its own truth."""

    def __init__(self, robot: SimulatedRobot) -> None:
        self._robot = robot
        self._truths: dict[int, GroundTruth] = {}
        self._rows: list[tuple[Observation, Array]] = []

    def watch(self, record: TickRecord, plan: WalkingPlan | None) -> None:
        """Take in one tick of the control loop."""
        truth = self._robot.ground_truth()
        self._truths[round(1e4 * truth.stamp)] = truth
        self._rows.append((record.observation, planned_stance(plan, record.observation.stamp)))

    def finish(self, robot: str, fall: str) -> Recording:
        """Return what was recorded, without repeated observations."""
        rows: list[tuple[Observation, Array, GroundTruth]] = []
        for observation, stance in self._rows:
            truth = self._truths.get(round(1e4 * observation.stamp))
            if truth is not None and (not rows or observation.sequence > rows[-1][0].sequence):
                rows.append((observation, stance, truth))
        columns = {n: np.array([getattr(o, n) for o, _, _ in rows]) for n in SENSORS}
        columns |= {n: np.array([getattr(t, n) for _, _, t in rows]) for n in TRUTH}
        columns[STANCES] = np.array([s for _, s, _ in rows])
        return Recording(robot, columns, fall)


def planned_stance(plan: WalkingPlan | None, now: float) -> Array:
    """(2,) 1 for a foot that the plan has on the ground now, else 0; NaN without a plan."""
    if plan is None:
        return np.full(2, math.nan)
    return np.array(read_plan(plan, now).contacts, dtype=np.float64)


def record(
    scenario: Scenario,
    seed: int,
    walked_on: Kind = "leg_odometry",
    policy: Path | None = None,
    robot: str = DEFAULT_ROBOT,
    engine: EngineName = "pybullet",
) -> Recording:
    """Walk one episode, until its end or a fall, and record it.

    walked_on: the estimator in the loop. policy: a learned policy that walks in place of the
    model-based controller; PolicyError when it may not start.
    """
    description = load_robot(robot)
    setup = WalkSetup(
        scenario, controller=MPC if policy is None else POLICY, robot=robot, policy=policy
    )
    times = compute_times(seed)
    contestant = CONTESTANTS[setup.controller](setup, description, times)
    parameters = replace(stack.estimator_parameters(robot), kind=walked_on)
    estimator = stack.build_estimator(description, parameters)
    safety = stack.safety_parameters(robot)
    loop = ControlLoop(
        description, estimator, [contestant.controller], safety, clock=time.thread_time
    )
    simulated = simulate(description, scenario, engine)
    try:
        recorder = _Recorder(simulated)
        run = LockStep(
            simulated,
            loop,
            contestant,
            scenario,
            times,
            clock=time.thread_time,
            watch=recorder.watch,
        ).run(seed)
    finally:
        simulated.close()
    return recorder.finish(robot, run.fall)
