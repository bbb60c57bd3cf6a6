"""The bar for our own policy: walks of PyBullet, which it never saw, each judged by true motion.

Seven commands and standing, with nominal sensor noise, estimated state and 8 ms delay; and random
commands under velocity kicks on floors of different friction. Kicks while it stands are reported
and not judged, and so is what became of the state estimate meanwhile.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from wm_bringup.judging.episode import proportion_interval
from wm_bringup.judging.episodes import WalkSetup, build
from wm_bringup.judging.metrics import judge
from wm_bringup.lockstep.lockstep import Run
from wm_bringup.record.film import film_of_trace
from wm_bringup.record.strides import SETTLING_TIME, touchdowns
from wm_bringup.record.trace import Trace
from wm_bringup.robots.simulated import EngineName, simulate
from wm_bringup.scenarios.scenario import Ground, Scenario, VelocitySegment
from wm_control.robot.description import load_robot
from wm_control.robot.model import RobotModel
from wm_training.exam.falls import fall_story
from wm_training.kicks import every

COMMAND_TIME: Final = 1.0
"""The robot stands until then [s]."""

DURATION: Final = 15.0
KICK: Final = 1.0
KICK_PERIOD: Final = 4.0
POLICY_PERIOD: Final = 0.02

LARGEST_ERROR: Final = 0.05
"""Of the mean velocity, on the commanded axis [m/s or rad/s]."""

LARGEST_DRIFT: Final = 0.02
"""Of the mean velocity while standing [m/s]."""

LARGEST_COST: Final = 0.5
"""Of transport at 0.5 m/s."""

LOST_VELOCITY: Final = 0.1
LOST_DRIFT: Final = 5.0
"""An estimate whose velocity is wrong by more [m/s RMS], or whose path by more [%], was lost."""

FALLS_ALLOWED: Final = 0.01
"""Share of the kicked episodes."""

COMMANDS: Final = {
    "forward 0.3": (0.3, 0.0, 0.0),
    "forward 0.5": (0.5, 0.0, 0.0),
    "forward 0.8": (0.8, 0.0, 0.0),
    "forward 1.0": (1.0, 0.0, 0.0),
    "backward 0.3": (-0.3, 0.0, 0.0),
    "left 0.3": (0.0, 0.3, 0.0),
    "turn 0.5": (0.0, 0.0, 0.5),
    "standing": (0.0, 0.0, 0.0),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One episode of the bar. policy: its file. film: picture to leave, or None.

    engine: by name; one that the policy did not learn in, unless that is what is asked.
    """

    name: str
    policy: Path
    robot: str
    scenario: Scenario
    seed: int
    film: Path | None = None
    engine: EngineName = "pybullet"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case.

    mean_velocity: forward, left [m/s], turning [rad/s], settled. error: on the commanded axis; of
    standing, its speed. steps: touchdowns while settled. action_rate: RMS change of joint targets
    per policy step [rad]. torque_rate [N·m/s]. apex: mean highest point of the soles' swings [m].
    velocity_rmse: of the estimate, over all axes [m/s]; drift_percent: of its path, in % of the
    distance, None where that is short.
    """

    name: str
    seed: int
    fell: bool
    cause: str
    seconds: float
    mean_velocity: tuple[float, float, float] | None
    error: float | None
    steps: int
    cost_of_transport: float | None
    action_rate: float | None
    torque_rate: float | None
    apex: float | None
    foot_slip: float | None
    velocity_rmse: float
    drift_percent: float | None

    @property
    def estimate_lost(self) -> bool:
        """Whether nobody could have walked on the estimate."""
        drifted = self.drift_percent is not None and not (self.drift_percent <= LOST_DRIFT)
        return drifted or not (self.velocity_rmse <= LOST_VELOCITY)


def command_cases(policy: Path, robot: str, seeds: int, film: Path | None = None) -> list[Case]:
    """All commands, ``seeds`` episodes each; film: folder for strips of the first seed."""
    cases = []
    for name, (x, y, yaw) in COMMANDS.items():
        scenario = Scenario(
            name=name,
            duration=DURATION,
            velocity=(VelocitySegment(COMMAND_TIME, x, y, yaw),),
            noise="nominal",
            delay=0.008,
            initial_joint_noise=0.005,
        )
        for seed in range(seeds):
            picture = film / f"{name.replace(' ', '_')}.png" if film and not seed else None
            cases.append(Case(name, policy, robot, scenario, seed, picture))
    return cases


def kicked_cases(policy: Path, robot: str, episodes: int, first_seed: int = 1000) -> list[Case]:
    """Random commands every 4 s, kicks of 1 m/s every 4 s, friction from 0.4 to 1."""
    cases = []
    for seed in range(first_seed, first_seed + episodes):
        rng = np.random.default_rng(seed)
        segments = []
        for at in np.arange(COMMAND_TIME, DURATION, 4.0):
            drawn = rng.uniform((-0.3, -0.3, -0.5), (1.0, 0.3, 0.5))
            segments.append(VelocitySegment(float(at), *(float(v) for v in drawn)))
        friction = float(rng.uniform(0.4, 1.0))
        cases.append(_kicked("kicks", policy, robot, tuple(segments), friction, seed))
    return cases


def kicked_standing_cases(
    policy: Path, robot: str, episodes: int, first_seed: int = 2000
) -> list[Case]:
    """Kick it as often and on the same floors while no motion is asked for."""
    cases = []
    for seed in range(first_seed, first_seed + episodes):
        friction = float(np.random.default_rng(seed).uniform(0.4, 1.0))
        cases.append(_kicked("kicks while standing", policy, robot, (), friction, seed))
    return cases


def _kicked(
    name: str,
    policy: Path,
    robot: str,
    velocity: tuple[VelocitySegment, ...],
    friction: float,
    seed: int,
) -> Case:
    scenario = Scenario(
        name=name,
        duration=DURATION,
        velocity=velocity,
        ground=Ground(friction=friction),
        noise="nominal",
        delay=0.008,
        initial_joint_noise=0.005,
        kicks=every(KICK_PERIOD, KICK, DURATION, seed),
    )
    return Case(name, policy, robot, scenario, seed)


def run_case(case: Case) -> Outcome:
    """Run and judge one episode."""
    description = load_robot(case.robot)
    setup = WalkSetup(
        case.scenario, "policy", robot=case.robot, policy=case.policy, engine=case.engine
    )
    robot = simulate(description, case.scenario, case.engine)
    try:
        run = build(setup, description, robot, case.seed).run(case.seed)
    finally:
        robot.close()
    if case.film is not None:
        case.film.parent.mkdir(parents=True, exist_ok=True)
        film_of_trace(run.trace, description, case.name).save(case.film)
    mass = RobotModel(description).mass
    numbers = judge(run.trace, mass=mass, torque_limit=description.torque_limit)
    legs = [*description.groups["left_leg"], *description.groups["right_leg"]]
    return outcome_of(case, run, numbers, legs)


def outcome_of(case: Case, run: Run, numbers: dict[str, Any], legs: Sequence[int]) -> Outcome:
    """Put together what counts. legs: places of their joints."""
    trace = run.trace
    settled = trace["time"] > COMMAND_TIME + SETTLING_TIME
    mean = numbers["mean_velocity"]
    return Outcome(
        name=case.name,
        seed=case.seed,
        fell=bool(run.fall),
        cause=fall_story(run.fall, trace, case.scenario.kicks),
        seconds=numbers["seconds"],
        mean_velocity=mean,
        error=None if mean is None or case.scenario.kicks else error_of(case.name, mean),
        steps=_steps(trace, settled),
        cost_of_transport=numbers.get("cost_of_transport"),
        action_rate=_action_rate(trace, settled, legs),
        torque_rate=numbers.get("torque_rate"),
        apex=_apex(trace, settled),
        foot_slip=numbers.get("foot_slip"),
        velocity_rmse=float(np.linalg.norm(numbers["estimator_velocity_rmse"])),
        drift_percent=numbers["drift_percent"],
    )


def error_of(name: str, mean: tuple[float, float, float]) -> float:
    """Largest error over the commanded axes; of standing, the horizontal speed."""
    wanted = COMMANDS[name]
    if not any(wanted):
        return float(np.hypot(mean[0], mean[1]))
    return max(abs(m - w) for m, w in zip(mean, wanted, strict=True) if w)


def _steps(trace: Trace, settled: NDArray[np.bool_]) -> int:
    time, force = trace["time"], trace["normal_force"]
    return sum(int(settled[touchdowns(force[:, foot], time)].sum()) for foot in range(2))


def _action_rate(trace: Trace, settled: NDArray[np.bool_], joints: Sequence[int]) -> float | None:
    every_step = round(POLICY_PERIOD / np.median(np.diff(trace["time"])))
    targets = trace["command_position"][settled][::every_step, joints]
    if len(targets) < 2:
        return None
    return float(np.sqrt(np.mean(np.diff(targets, axis=0) ** 2)))


def _apex(trace: Trace, settled: NDArray[np.bool_]) -> float | None:
    """Mean over all swings of the sole's highest point above the ground."""
    time, force = trace["time"], trace["normal_force"]
    height = trace["sole_position"][:, :, 2] - trace["ground_height"]
    highest = []
    for foot in range(2):
        landed = touchdowns(force[:, foot], time)
        landed = landed[settled[landed]]
        highest += [height[a:b, foot].max() for a, b in pairwise(landed) if b > a]
    return float(np.mean(highest)) if highest else None


def run_cases(cases: Sequence[Case], jobs: int) -> Iterator[Outcome]:
    """Yield outcomes in order; with one job, in this very process."""
    if jobs <= 1:
        yield from map(run_case, cases)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(cases)), mp_context=context) as pool:
        yield from pool.map(run_case, cases)


def verdict(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Say for every part of the bar what was found, what is allowed and whether it is met.

    Rows that are reported only have None for both of the last.
    """
    rows = [_command_row(name, outcomes) for name in COMMANDS if _of(name, outcomes)]
    kicked = _of("kicks", outcomes)
    if kicked:
        rows.append(_kick_row(kicked))
    cost = [o.cost_of_transport for o in _of("forward 0.5", outcomes)]
    known = [c for c in cost if c is not None]
    if known:
        mean = float(np.mean(known))
        row = {"what": "cost of transport at 0.5 m/s", "found": mean, "allowed": LARGEST_COST}
        rows.append({**row, "met": mean <= LARGEST_COST, "n": len(known)})
    met = bool(rows) and all(row["met"] for row in rows)
    standing = _of("kicks while standing", outcomes)
    if standing:
        rows.append(_standing_kick_row(standing))
    return {
        "met": met,
        "bar": rows,
        "episodes": [asdict(outcome) for outcome in outcomes],
    }


def _of(name: str, outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.name == name]


def _command_row(name: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    own = _of(name, outcomes)
    errors = [o.error for o in own if o.error is not None]
    standing = not any(COMMANDS[name])
    allowed = LARGEST_DRIFT if standing else LARGEST_ERROR
    worst = max(errors, default=None)
    still = not standing or sum(o.steps for o in own) == 0
    held = not any(o.fell for o in own) and len(errors) == len(own)
    means = [o.mean_velocity for o in own if o.mean_velocity is not None]
    return {
        "what": name,
        "found": worst,
        "allowed": allowed,
        "met": bool(held and still and worst is not None and worst <= allowed),
        "n": len(own),
        "falls": sum(o.fell for o in own),
        "mean_velocity": np.mean(means, axis=0).tolist() if means else None,
        "steps": sum(o.steps for o in own),
        **{
            key: _mean([getattr(o, key) for o in own])
            for key in ("cost_of_transport", "action_rate", "torque_rate", "apex", "foot_slip")
        },
        **_estimates(own),
    }


def _estimates(own: Sequence[Outcome]) -> dict[str, Any]:
    """Say what became of the state estimate: the worst of these episodes, and how many lost it."""
    drifts = [o.drift_percent for o in own if o.drift_percent is not None]
    return {
        "velocity_rmse": max(o.velocity_rmse for o in own),
        "drift_percent": max(drifts, default=None),
        "estimates_lost": sum(o.estimate_lost for o in own),
    }


def _kick_row(kicked: Sequence[Outcome]) -> dict[str, Any]:
    row = _falls("falls under kicks", kicked)
    allowed = int(FALLS_ALLOWED * row["n"])
    return {**row, "allowed": allowed, "met": row["falls"] <= allowed}


def _standing_kick_row(kicked: Sequence[Outcome]) -> dict[str, Any]:
    return {**_falls("falls under kicks while standing", kicked), "allowed": None, "met": None}


def _falls(what: str, own: Sequence[Outcome]) -> dict[str, Any]:
    n, falls = len(own), sum(o.fell for o in own)
    interval = list(proportion_interval(falls, n))
    row = {"what": what, "found": falls, "n": n, "falls": falls, "interval": interval}
    return {**row, **_estimates(own)}


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
