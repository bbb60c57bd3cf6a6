"""Measure which velocity commands a driver survives, past the gate, and write the result down.

    python tools/velocity_envelope.py                  every direction, both drivers, 5 seeds each
    python tools/velocity_envelope.py --driver mpc --seeds 20
    python tools/velocity_envelope.py --robot FOLDER   of another robot than the G1
    python tools/velocity_envelope.py --write          walk nothing, write what is done so far

Each direction of (x, y, yaw) is walked at ``MARGIN`` times the boundary of the envelope in the
robot's arbiter.yaml: from standing to that command, its reversal, a stop, the command again,
silence. Odd seeds walk mirrored commands. Episodes are kept in results/velocity_envelope/, so that
the same command goes on where it was interrupted. The table is velocity_envelope.csv in the robot's
folder. Exit code 1 when a robot fell.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from wm_bringup.cycle import stack
from wm_bringup.cycle.loop import ControlLoop
from wm_bringup.judging.criteria.arbiter import interventions
from wm_bringup.judging.episodes import CONTESTANTS, WalkSetup, compute_times, policy_facts
from wm_bringup.lockstep.lockstep import LockStep, Run
from wm_bringup.robots.simulated import simulate
from wm_bringup.scenarios.scenario import Ground, Scenario, VelocitySegment
from wm_control.arbiter.velocity_envelope import VelocityEnvelope
from wm_control.configuration.share import DEFAULT_ROBOT, ROBOT_HELP
from wm_control.robot.description import load_robot
from wm_control.robot.sources import robot_file
from wm_control.types import VelocityCommand
from wm_policy.models import shipped_policy

Triple = tuple[float, float, float]
Commands = tuple[Triple, ...]

EPISODES = Path("results/velocity_envelope")
TABLE = "velocity_envelope.csv"
MARGIN = {"mpc": 1.1, "policy": 1.03}
"""Times the boundary. The policy's exam asks for 1 m/s and at 1.08 m/s it fell in 1 of 3 courses,
so there is less room beyond; and it is asked for no more than its manifest lets through."""
STANDING: Triple = (0.0, 0.0, 0.0)
START = 0.5
"""The robot stands until then [s]."""
HOLD, SETTLE = 2.0, 1.0
"""After a command was reached it is held for five steps, a stop for as long as a fall takes [s]."""

STEADY = 5
"""So many holds make a long walk."""

DIRECTIONS: tuple[Triple, ...] = (
    (1, 1, 1),
    (1, 1, -1),
    (0, 1, 1),
    (0, 1, -1),
    (1, 1, 0),
    (1, 0, 1),
    (1, 0, 0),
    (0, 1, 0),
    (0, 0, 1),
)
"""Signs of (x, y, yaw). Reversed and mirrored they are all 26 of a cube."""


class Ungated(ControlLoop):
    """The control loop without its velocity gate, to see what lies beyond."""

    def _bounded(self, velocity: VelocityCommand) -> VelocityCommand:
        """Let every command pass."""
        return velocity


@dataclass(frozen=True, slots=True)
class Episode:
    """One walk. commands: in turn; fell_during: index of the one in force at the fall, or -1."""

    driver: str
    commands: Commands
    seed: int
    fell_during: int
    seconds: float
    interventions: int


@cache
def envelopes_of(robot: str) -> dict[str, VelocityEnvelope]:
    """Return what is admitted, by driver."""
    return stack.safety_parameters(robot).envelopes


def corner(robot: str, driver: str, signs: Triple) -> Triple:
    """Return the point in a direction of the cube, ``MARGIN`` times as far out as its set."""
    envelope = envelopes_of(robot)[driver]
    along = envelope.forward if signs[0] > 0 else envelope.backward
    axes = (along, envelope.sideways, envelope.turning)
    point = tuple(sign * axis for sign, axis in zip(signs, axes, strict=True))
    factor = MARGIN[driver] / envelope.excess(VelocityCommand(*point))
    x, y, yaw = (
        round(min(max(factor * value, low), high), 3)
        for value, (low, high) in zip(point, _ranges(robot, driver), strict=True)
    )
    return x, y, yaw


@cache
def _ranges(robot: str, driver: str) -> tuple[tuple[float, float], ...]:
    """Lowest and highest x, y [m/s] and yaw [rad/s] that reach the driver."""
    facts = policy_facts(_setup(robot, driver, Scenario()))
    if facts is None:
        return 3 * ((-math.inf, math.inf),)
    ranges = facts["trained_for"]
    return tuple(tuple(ranges[axis]) for axis in ("linear_x", "linear_y", "angular_z"))


def courses_of(robot: str, driver: str, signs: Triple) -> dict[str, Commands]:
    """Walk, reversal, stop, walk, stop; and a long walk with a stop.

    Long walks of the policy are its exam's (config/suites/bar.yaml).
    """
    there = corner(robot, driver, signs)
    back = corner(robot, driver, (-signs[0], -signs[1], -signs[2]))
    reversal = (there, back, STANDING, there, STANDING)
    steady = (*STEADY * (there,), STANDING)
    return {"reversal": reversal} | ({"steady": steady} if driver == "mpc" else {})


def schedule(robot: str, commands: Commands) -> tuple[tuple[VelocitySegment, ...], float]:
    """Give each command the time of the planner's ramp and then some; returns the duration too."""
    time, segments = START, []
    for before, after in pairwise((STANDING, *commands)):
        segments.append(VelocitySegment(time, *after))
        time += _ramp(robot, before, after) + (SETTLE if after == STANDING else HOLD)
    return tuple(segments), time


def _ramp(robot: str, before: Triple, after: Triple) -> float:
    gait = stack.model_based_parameters(robot).gait
    rates = (gait.linear_slew, gait.linear_slew, gait.angular_slew)
    return max(abs(b - a) / rate for a, b, rate in zip(before, after, rates, strict=True))


def walk(robot: str, driver: str, commands: Commands, seed: int) -> Episode:
    """Walk one episode as the walking table does, but without the gate."""
    walked = tuple((x, -y, -yaw) for x, y, yaw in commands) if seed % 2 else commands
    segments, duration = schedule(robot, walked)
    scenario = Scenario(
        duration=duration,
        velocity=segments,
        ground=Ground(friction=0.6),
        noise="nominal",
        delay=0.008,
    )
    run = _run(robot, driver, scenario, seed)
    seconds = float(run.record["time"][-1])
    in_force = sum(segment.at <= seconds for segment in segments) - 1
    return Episode(
        driver,
        commands,
        seed,
        in_force if run.fall else -1,
        round(seconds, 2),
        int(interventions(run.record)),
    )


def _setup(robot: str, driver: str, scenario: Scenario) -> WalkSetup:
    policy = shipped_policy() if driver == "policy" else None
    return WalkSetup(scenario, driver, robot=robot, policy=policy)  # type: ignore[arg-type]


def _run(robot: str, driver: str, scenario: Scenario, seed: int) -> Run:
    setup = _setup(robot, driver, scenario)
    description = load_robot(robot)
    simulated = simulate(description, scenario)
    try:
        times = compute_times(seed)
        contestant = CONTESTANTS[driver](setup, description, times)
        loop = Ungated(
            description,
            stack.build_estimator(description, stack.estimator_parameters(robot)),
            [contestant.controller],
            stack.safety_parameters(robot),
            clock=time.thread_time,
        )
        return LockStep(simulated, loop, contestant, scenario, times, clock=time.thread_time).run(
            seed
        )
    finally:
        simulated.close()


class Store:
    """Episodes that are done, one JSON object a line; those of other courses stay and wait."""

    def __init__(self, path: Path) -> None:
        """Read what is there."""
        self._path = path
        self._done: dict[tuple[str, Commands, int], Episode] = {}
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                self._keep(_episode(json.loads(line)))

    def find(self, driver: str, commands: Commands, seed: int) -> Episode | None:
        """Return an episode that is done."""
        return self._done.get((driver, commands, seed))

    def episodes(self) -> Iterator[Episode]:
        """All that is done."""
        yield from self._done.values()

    def add(self, episode: Episode) -> None:
        """Keep one more."""
        self._keep(episode)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(episode)) + "\n")

    def _keep(self, episode: Episode) -> None:
        self._done[episode.driver, episode.commands, episode.seed] = episode


def _episode(row: dict[str, object]) -> Episode:
    commands = row.pop("commands")
    assert isinstance(commands, list)
    return Episode(commands=tuple(tuple(command) for command in commands), **row)  # type: ignore[arg-type]


def courses(robot: str, drivers: Sequence[str]) -> Iterator[tuple[str, str, Commands]]:
    """Driver, name and commands of all that is walked."""
    for driver in drivers:
        for signs in DIRECTIONS:
            for name, commands in courses_of(robot, driver, signs).items():
                yield driver, name, commands


def measure(robot: str, drivers: Sequence[str], seeds: int, store: Store) -> None:
    """Walk what is not done yet, seed by seed, so that what is there is even when interrupted."""
    for seed in range(seeds):
        for driver, name, commands in courses(robot, drivers):
            if store.find(driver, commands, seed) is None:
                episode = walk(robot, driver, commands, seed)
                store.add(episode)
                print(f"{name:8} {_told(episode)}", flush=True)


def _told(episode: Episode) -> str:
    command = " ".join(f"{value:g}" for value in episode.commands[0])
    fate = f"FELL {_doing(episode)}" if episode.fell_during >= 0 else "held"
    return f"{episode.driver} {command}, seed {episode.seed}: {fate} ({episode.seconds} s)"


def _doing(episode: Episode) -> str:
    """Name what the robot was asked for when it fell."""
    command = episode.commands[episode.fell_during]
    if command == STANDING:
        return "stopping"
    return "walking" if command == episode.commands[0] else "reversing"


def table(robot: str, store: Store) -> list[dict[str, object]]:
    """Sum up all that was ever walked: one row per driver and course, the furthest out first."""
    together: dict[tuple[str, Commands], list[Episode]] = {}
    for episode in store.episodes():
        together.setdefault((episode.driver, episode.commands), []).append(episode)
    envelopes = envelopes_of(robot)
    rows = [
        _row(driver, envelopes[driver], commands, done)
        for (driver, commands), done in together.items()
    ]
    return sorted(rows, key=lambda row: (row["driver"], row["excess"], row["course"]), reverse=True)


def _row(
    driver: str, envelope: VelocityEnvelope, commands: Commands, done: Sequence[Episode]
) -> dict[str, object]:
    steady = commands[1] == commands[0]
    doing = [_doing(episode) for episode in done if episode.fell_during >= 0]
    return {
        "driver": driver,
        "course": "steady" if steady else "reversal",
        **dict(zip(("x", "y", "yaw"), commands[0], strict=True)),
        **dict(
            zip(
                ("reverse_x", "reverse_y", "reverse_yaw"),
                ("", "", "") if steady else commands[1],
                strict=True,
            )
        ),
        "excess": round(envelope.excess(VelocityCommand(*commands[0])), 2),
        "episodes": len(done),
        "falls": len(doing),
        **{what: doing.count(what) for what in ("walking", "reversing", "stopping")},
        "interventions": sum(episode.interventions for episode in done),
        "seconds": round(sum(episode.seconds for episode in done), 1),
    }


def within_margin(row: dict[str, object]) -> bool:
    """Whether a row is of a command that has to be survived."""
    return float(str(row["excess"])) <= MARGIN[str(row["driver"])] + 0.005


def write(rows: Sequence[dict[str, object]], path: Path) -> None:
    """Write the table that is committed."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> int:
    """Measure what is missing, write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--robot", default=DEFAULT_ROBOT, help=ROBOT_HELP)
    parser.add_argument("--driver", choices=tuple(MARGIN), help="only this one")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="walk nothing, write what is done")
    arguments = parser.parse_args()
    robot = arguments.robot
    file = robot_file(robot)
    store = Store(EPISODES / f"{file.parent.name}.jsonl")
    if not arguments.write:
        drivers = [arguments.driver] if arguments.driver else list(envelopes_of(robot))
        measure(robot, drivers, arguments.seeds, store)
    rows = table(robot, store)
    write(rows, file.with_name(TABLE))
    near = [row for row in rows if within_margin(row)]
    falls, episodes = (sum(int(str(row[key])) for row in near) for key in ("falls", "episodes"))
    print(f"{falls} of {episodes} fell within the margin; {file.with_name(TABLE)}")
    return 1 if falls else 0


if __name__ == "__main__":
    sys.exit(main())
