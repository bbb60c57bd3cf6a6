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
import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path

from wm_bringup.cycle import stack
from wm_bringup.cycle.loop import ControlLoop
from wm_bringup.judging.episode import EpisodeResult
from wm_bringup.judging.episode_store import EpisodeStore
from wm_bringup.judging.episodes import WalkSetup, policy_facts, result_of, walk
from wm_bringup.judging.runner import SuiteRun, do_runs
from wm_bringup.record.run_record import TIME
from wm_bringup.scenarios.scenario import Ground, Scenario, VelocitySegment
from wm_control.arbiter.velocity_envelope import VelocityEnvelope
from wm_control.configuration.share import DEFAULT_ROBOT, ROBOT_HELP
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
class Course:
    """What is walked. commands: in turn, of even seeds."""

    driver: str
    name: str
    commands: Commands

    @property
    def case(self) -> str:
        """Name in the file of results."""
        there, back = (" ".join(f"{v:g}" for v in command) for command in self.commands[:2])
        return f"{self.name} {there}, {back}"


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


def run_of(robot: str, course: Course, seed: int) -> SuiteRun:
    """Describe one episode, walked as the walking table is; odd seeds are mirrored."""
    sign = -1.0 if seed % 2 else 1.0
    commands = tuple((x, sign * y, sign * yaw) for x, y, yaw in course.commands)
    segments, duration = schedule(robot, commands)
    scenario = Scenario(
        name=course.case,
        duration=duration,
        velocity=segments,
        ground=Ground(friction=0.6),
        noise="nominal",
        delay=0.008,
    )
    return SuiteRun(course.case, course.driver, seed, _setup(robot, course.driver, scenario))


def _setup(robot: str, driver: str, scenario: Scenario) -> WalkSetup:
    policy = shipped_policy() if driver == "policy" else None
    return WalkSetup(scenario, driver, robot=robot, policy=policy)


def do_ungated(run: SuiteRun) -> tuple[EpisodeResult, ...]:
    """Walk an episode without the gate; note the commands, as of even seeds, and what fell when."""
    done = walk(run.setup, run.seed, control_loop=Ungated)
    result = result_of(run.setup, done, run.seed)
    segments = run.setup.scenario.velocity
    sign = -1.0 if run.seed % 2 else 1.0
    in_force = sum(segment.at <= float(done.record[TIME][-1]) for segment in segments) - 1
    told = {
        "commands": [(one.x, sign * one.y, sign * one.yaw) for one in segments],
        "fell_during": in_force if result.fell else -1,
    }
    return (replace(result, contestant=run.contestant, notes={**result.notes, **told}),)


def commands_of(episode: EpisodeResult) -> Commands:
    """Return what the robot was asked for, in turn."""
    return tuple((float(x), float(y), float(yaw)) for x, y, yaw in episode.notes["commands"])


def courses(robot: str, drivers: Sequence[str]) -> list[Course]:
    """All that is walked."""
    return [
        Course(driver, name, commands)
        for driver in drivers
        for signs in DIRECTIONS
        for name, commands in courses_of(robot, driver, signs).items()
    ]


def measure(robot: str, drivers: Sequence[str], seeds: int, jobs: int, store: EpisodeStore) -> None:
    """Walk what is not done yet, seed by seed, so that what is there is even when interrupted."""
    walked = courses(robot, drivers)
    runs = [run_of(robot, course, seed) for seed in range(seeds) for course in walked]
    missing = [run for run in runs if run.key not in store.done]
    for _, (episode,) in do_runs(missing, store, jobs, do_ungated):
        print(_told(episode), flush=True)


def _told(episode: EpisodeResult) -> str:
    fate = f"FELL {_doing(episode)}" if episode.fell else "held"
    return f"{episode.contestant} {episode.case}, seed {episode.seed}: {fate}"


def _doing(episode: EpisodeResult) -> str:
    """Name what the robot was asked for when it fell."""
    commands = commands_of(episode)
    command = commands[episode.notes["fell_during"]]
    if command == STANDING:
        return "stopping"
    return "walking" if command == commands[0] else "reversing"


def table(robot: str, store: EpisodeStore) -> list[dict[str, object]]:
    """Sum up all that was ever walked: one row per driver and course, the furthest out first."""
    together: dict[tuple[str, Commands], list[EpisodeResult]] = {}
    for (episode,) in store.done.values():
        key = episode.contestant, commands_of(episode)
        together.setdefault(key, []).append(episode)
    envelopes = envelopes_of(robot)
    rows = [
        _row(driver, envelopes[driver], commands, done)
        for (driver, commands), done in together.items()
    ]
    return sorted(rows, key=lambda row: (row["driver"], row["excess"], row["course"]), reverse=True)


def _row(
    driver: str, envelope: VelocityEnvelope, commands: Commands, done: Sequence[EpisodeResult]
) -> dict[str, object]:
    steady = commands[1] == commands[0]
    doing = [_doing(episode) for episode in done if episode.fell]
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
        "interventions": int(_total(done, "interventions")),
        "seconds": round(_total(done, "seconds"), 1),
    }


def _total(episodes: Sequence[EpisodeResult], name: str) -> float:
    return sum(episode.number(name) or 0.0 for episode in episodes)


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
    parser.add_argument("--jobs", type=int, default=0, help="processes; 0: one per core")
    parser.add_argument("--write", action="store_true", help="walk nothing, write what is done")
    arguments = parser.parse_args()
    robot, jobs = arguments.robot, arguments.jobs or len(os.sched_getaffinity(0))
    file = robot_file(robot)
    store = EpisodeStore(
        EPISODES / f"{file.parent.name}.jsonl", {"ungated": file.parent.name}, resume=True
    )
    if not arguments.write:
        drivers = [arguments.driver] if arguments.driver else list(envelopes_of(robot))
        measure(robot, drivers, arguments.seeds, jobs, store)
    rows = table(robot, store)
    write(rows, file.with_name(TABLE))
    near = [row for row in rows if within_margin(row)]
    falls, episodes = (sum(int(str(row[key])) for row in near) for key in ("falls", "episodes"))
    print(f"{falls} of {episodes} fell within the margin; {file.with_name(TABLE)}")
    return 1 if falls else 0


if __name__ == "__main__":
    sys.exit(main())
