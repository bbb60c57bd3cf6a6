"""``wm demo`` from beginning to end: drive, judge from the bag, leave a report."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from wm_bringup.bags.reader import Bag, open_bag
from wm_bringup.bags.writer import BagError
from wm_bringup.cycle import stack
from wm_bringup.demo.course import DemoCourse
from wm_bringup.demo.judge import judge, stints
from wm_bringup.demo.live import LiveRun, Show, drive
from wm_bringup.demo.report import draw_animation, draw_film, draw_plots
from wm_bringup.faults.fault import parse_all
from wm_bringup.graph.preflight import preflight
from wm_bringup.graph.processes import (
    LOCALHOST,
    VIEW_PORT,
    GraphArguments,
    describe,
    graph_arguments,
)
from wm_bringup.host import clock
from wm_bringup.host.claims import ClaimedError, claim
from wm_bringup.host.provenance import provenance
from wm_bringup.record.from_bag import from_bag, with_latencies
from wm_bringup.record.run_record import TIME, RunRecord
from wm_bringup.robots.simulated import EngineName
from wm_bringup.scenarios.possible import reduced
from wm_bringup.wire.topics import CMD_VEL, DIAGNOSTICS, GROUND_TRUTH, JOINT_STATES
from wm_control.configuration.plain_yaml import write_plain
from wm_control.configuration.share import DEFAULT_ROBOT
from wm_control.drivers import DRIVERS, HYBRID, MPC, preference_of
from wm_control.robot.description import load_robot
from wm_policy.errors import PolicyError

LEFT_BEHIND = (
    "bag",
    "compute_time.yaml",
    "drivers.png",
    "film.png",
    "latency.npz",
    "latency.png",
    "log.txt",
    "motion.png",
    "scenario.yaml",
    "summary.json",
    "trips",
)
"""What a demo leaves in its folder, and takes away from an earlier one."""

HARDWARE = "/"
"""Namespace of the demo's robot, by which its statuses are told from another's."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """Where, who and what. film: file for a moving picture beside the report, .gif or .webp."""

    folder: Path
    course: DemoCourse
    controller: str = "+".join(DRIVERS)
    policy: Path | None = None
    overlay: Path | None = None
    robot: str = DEFAULT_ROBOT
    engine: EngineName = "pybullet"
    seed: int = 0
    gui: bool = False
    film: Path | None = None
    view: bool = False
    view_host: str = LOCALHOST
    view_port: int = VIEW_PORT


@dataclass(frozen=True, slots=True)
class Judged:
    """A run and what it showed."""

    summary: dict[str, Any]
    record: RunRecord


def default_controller(robot: str, policy: Path | None, overlay: Path | None) -> str:
    """Both drivers, or the model-based one alone for a robot that our own policy is not for."""
    try:
        stack.named_policy(load_robot(robot), str(policy or ""), str(overlay or ""))
    except PolicyError:
        return HYBRID if policy or overlay else MPC
    return HYBRID


def run_demo(options: DemoOptions, show: Show, stopped: Callable[[], bool]) -> Judged:
    """Drive the course in real time and judge it; DemoError, BagError when there is no result."""
    folder = options.folder
    arguments = graph_arguments(
        {
            "controller": options.controller,
            "policy": str(options.policy or ""),
            "overlay": str(options.overlay or ""),
            "robot": options.robot,
            "engine": options.engine,
            "seed": options.seed,
            "gui": options.gui,
            "view": options.view,
            "view_host": options.view_host,
            "view_port": options.view_port,
            "arm": False,
            "truth": True,
            "trips": str(folder / "trips"),
            "latency": str(folder / "latency.npz"),
        }
    )
    course = options.course.of(arguments.controllers).sized(options.robot)
    options = replace(options, course=course)
    _refuse_what_cannot_come_up(arguments, options.course)
    with claim(f"the folder {folder.resolve()}"):
        _refuse_beside_another()
        clear(folder)
        options.course.write_scenario(folder / "scenario.yaml")
        graph = describe(
            replace(arguments, scenario=str(folder / "scenario.yaml"), record=str(folder / "bag"))
        )
        run = drive(graph, options.course, folder / "log.txt", show, stopped)
        return judge_run(run, options)


def _refuse_beside_another() -> None:
    """ClaimedError beside another robot of this name, before an earlier demo is taken away."""
    domain = int(os.environ.get("ROS_DOMAIN_ID") or 0)
    try:
        claim(f"{domain}/robot").close()
    except ClaimedError:
        raise ClaimedError(
            f"a robot is already running on ROS domain {domain}: stop it, or give this one its own "
            "ROS_DOMAIN_ID"
        ) from None


def _refuse_what_cannot_come_up(arguments: GraphArguments, course: DemoCourse) -> None:
    """Look at the graph on this course, before anything of an earlier demo is taken away."""
    with TemporaryDirectory(prefix="wm_demo_") as nowhere:
        scenario = Path(nowhere) / "scenario.yaml"
        course.write_scenario(scenario)
        preflight(replace(arguments, scenario=str(scenario), record=str(Path(nowhere) / "bag")))


def clear(folder: Path) -> None:
    """Make the folder, without what an earlier demo left in it; other files stay."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in LEFT_BEHIND:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def judge_run(run: LiveRun, options: DemoOptions) -> Judged:
    """Read the bag and the latency samples, write ``summary.json``."""
    folder = options.folder
    bag = open_bag(folder / "bag")
    record = read_course(bag, run.started, run.seconds, options.robot)
    record = with_latencies(record, folder / "latency.npz", run.started, run.seconds)
    lost, acted = lost_messages(bag), acted_faults(bag)
    judged = judge(record, options.course)
    summary = {
        **judged,
        "real_time_factor": judged["real_time_factor"] / clock.factor(),
        "ended_early": run.ended_early,
        "reduced": reduced_on(options),
        "pushes": [
            {**asdict(push), "happened": push.at <= run.seconds}
            for push in options.course.whole.pushes
        ],
        "faults": [
            {"text": fault.text, "at": fault.start, "happened": acted.get(fault.text, 0) > 0}
            for fault in parse_all(options.course.whole.faults)
        ],
        "drivers": stints(record),
        "controller": options.controller,
        "policy": str(options.policy or ""),
        "nodes": run.nodes,
        "processes": run.processes,
        "failures": run.failures,
        "bag": str(folder / "bag"),
        "messages": sum(bag.counts.values()),
        "messages_lost": lost,
        "topics": {
            topic: {"type": bag.msgtypes[topic], "count": count}
            for topic, count in sorted(bag.counts.items())
        },
        "problems": bag.problems,
        "seed": options.seed,
        "slow_motion": clock.factor(),
        "conditions": provenance(),
    }
    write_compute_time(record, folder / "compute_time.yaml")
    text = json.dumps(summary, indent=2)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")
    return Judged(summary, record)


def read_course(bag: Bag, started: int, seconds: float, robot: str) -> RunRecord:
    """Read what the bag of a demo says of its course; BagError names what lacks."""
    needs = (GROUND_TRUTH, CMD_VEL, JOINT_STATES)
    record = from_bag(bag, robot, started=started, seconds=seconds, needs=needs)
    if TIME not in record:
        raise BagError(f"{bag.path} holds no {GROUND_TRUTH.name} within the course")
    return record


def reduced_on(options: DemoOptions) -> list[str]:
    """Velocities of the course that the gate gives to this driver in part only."""
    safety = stack.safety_parameters(options.robot)
    envelope = safety.envelope_of(preference_of(options.controller)[0])
    return list(reduced(options.course.commanded, safety.velocity, envelope))


def write_compute_time(record: RunRecord, path: Path) -> None:
    """Write the path latency as a distribution that lock-step runs can replay."""
    levels = (0.0, 50.0, 90.0, 95.0, 99.0, 99.9, 100.0)
    latency = record["path_latency"]
    times = np.percentile(latency, levels)
    content = {
        "name": f"measurement to command sent, {len(latency)} cycles in real time",
        "machine": str(provenance()["machine"]["processor"]),
        "percentiles": {level: round(float(t), 6) for level, t in zip(levels, times, strict=True)},
    }
    path.write_text(write_plain(content), encoding="utf-8")


def lost_messages(bag: Bag) -> int | None:
    """Messages that the recorder says it never got or could not keep; None if it said nothing."""
    said: str | None = None
    for status in _statuses(bag):
        if status.name == "recorder: recording":
            said = next((v.value for v in status.values if v.key == "lost"), None)
    return None if said is None else int(said)


def acted_faults(bag: Bag) -> dict[str, int]:
    """How often each fault has acted, as the nodes say that inject them."""
    return {
        pair.key: int(pair.value)
        for status in _statuses(bag)
        if status.name.endswith(": faults")
        for pair in status.values
    }


def _statuses(bag: Bag) -> Iterator[Any]:
    """Read what the nodes of the demo's robot say of themselves: all robots use one topic."""
    for _, _, message in bag.messages(DIAGNOSTICS.name):
        yield from (status for status in message.status if status.hardware_id == HARDWARE)


def leave_pictures(judged: Judged, options: DemoOptions) -> tuple[str, ...]:
    """Draw plots and film strip into the folder, and a film if wanted; returns what failed."""
    record, course, robot = judged.record, options.course, load_robot(options.robot)
    draw_plots(record, course, options.folder)
    wanted = [(draw_film, options.folder / "film.png")]
    if options.film is not None:
        options.film.parent.mkdir(parents=True, exist_ok=True)
        wanted.append((draw_animation, options.film))
    said = [_drawn(partial(draw, record, course, robot, file), file) for draw, file in wanted]
    return tuple(filter(None, said))


def _drawn(draw: Callable[[], None], file: Path) -> str:
    """Draw; returns what failed, and a mesh may fail in any way."""
    try:
        draw()
    except Exception as error:
        return f"no {file}: {type(error).__name__}: {error}"
    return ""


def held(summary: Mapping[str, Any]) -> bool:
    """Whether the demo showed what it is for: the whole course, on its feet, nothing failed."""
    missed = any(not one["happened"] for one in (*summary["pushes"], *summary["faults"]))
    failed = summary["fell"] or summary["ended_early"] or summary["failures"]
    return not (failed or missed or summary["reduced"])
