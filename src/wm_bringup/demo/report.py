"""What a run leaves for people: tables, plots, a film strip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table
from rich.text import Text

from wm_bringup.demo.course import DemoCourse
from wm_bringup.demo.judge import stages, stints
from wm_bringup.faults.fault import parse_all
from wm_bringup.record.animation import (
    PUSH_SHOWN,
    caption,
    frame_times,
    row_at,
    save_animation,
)
from wm_bringup.record.film import UNITS, Moment, command_text, film_strip
from wm_bringup.record.run_record import CYCLES, OBSERVED, TIME, RunRecord
from wm_bringup.record.strides import (
    gait_windows,
    heading_velocity,
    left_touchdowns,
    tilt_of,
    yaw_of,
)
from wm_bringup.report.drivers import Timeline, plot_drivers
from wm_bringup.report.plots import Motion, plot_latency, plot_motion
from wm_bringup.report.tables import number, triple
from wm_control.constants import CONTROL_PERIOD
from wm_control.robot.description import RobotDescription
from wm_control.types import Array

MID_SEGMENT = 0.75
"""Where in a segment its picture is taken."""

HALF_STRIDE = 0.5

PUSHED = (0.08, 0.3, 0.6, 1.0)
"""When a robot that is pushed is drawn, after the push began [s]."""

SHOWN = 5
"""Interventions of the arbiter on the screen; summary.json has all."""


def segment_table(summary: Mapping[str, Any]) -> Table:
    """Return one row per segment of the course: what was commanded, what was reached."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, justify in (
        ("segment", "left"),
        ("from s", "right"),
        ("commanded x y yaw", "right"),
        ("reached, mean of strides", "right"),
        ("strides", "right"),
    ):
        table.add_column(heading, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for row in summary["segments"]:
        table.add_row(
            row["name"],
            number(row["start"], 1),
            triple(row["commanded"], 2),
            triple(row["reached"], 3),
            str(row["strides"]),
        )
    return table


def lines(summary: Mapping[str, Any]) -> Iterator[str | Text]:
    """Say the rest in sentences."""
    path = summary["path_latency_ms"]
    fall = summary["fall"] or summary["ended_early"]
    yield Text(fall, "red") if fall else Text("the whole course without a fall", "green")
    yield from (Text(text, "red") for text in summary["reduced"])
    yield (
        f"stride velocity error RMS x y yaw: {triple(summary['velocity_rmse'])} "
        f"(m/s, m/s, rad/s; {summary['velocity_rmse_strides']} settled strides)"
    )
    yield (
        f"real-time factor {number(summary['real_time_factor'])};  deadlines missed "
        f"{summary['deadline_misses']} of {path['n']}, longest run {summary['longest_miss_run']}"
    )
    if summary["slow_motion"] != 1.0:
        yield Text(
            f"in slow motion by {number(summary['slow_motion'])}: latencies and deadlines "
            "are of clocks slowed down by that",
            "yellow",
        )
    if summary["miss_origins"]:
        origins = ", ".join(f"{name} {count}" for name, count in summary["miss_origins"].items())
        yield f"runs of missed deadlines, by what began them: {origins}"
    yield (
        "path latency ms: "
        + "  ".join(f"{k.replace('_', '.')} {number(path[k], 2)}" for k in path if k != "n")
        + f"  (n {path['n']}, measurement to command)"
    )
    for stint in summary["drivers"] if len(summary["drivers"]) > 1 else ():
        yield f"from {stint['time']:.1f} s for {stint['seconds']:.1f} s: {stint['text']}"
    interventions = summary["interventions"]
    for said in interventions[:SHOWN]:
        yield Text(f"arbiter at {said['time']:.1f} s: {said['text']}", "yellow")
    if len(interventions) > SHOWN:
        yield Text(f"... and {len(interventions) - SHOWN} more interventions", "yellow")
    yield f"bag: {summary['messages']} messages, {summary['messages_lost']} lost, {summary['bag']}"
    for process in summary["processes"]:
        yield (
            f"process {process['name']}: {process['cpu_percent']:.0f} % of a core, "
            f"{process['memory_mb']:.0f} MB"
        )
    for problem in (*summary["problems"], *summary["failures"]):
        yield Text(problem, "yellow")


def draw_film(
    record: RunRecord, course: DemoCourse, description: RobotDescription, path: Path
) -> None:
    """Draw the robot in every segment, where the left foot lands, and after pushes and faults."""
    end = float(record[TIME][-1])
    moments = sorted((t, text) for t, text in _moments(record, course) if t <= end)
    if end < course.seconds - 0.5:
        moments.append((end, "end"))
    frames = [_moment(record, t, text + _driving(record, t)) for t, text in moments]
    title = f"{description.name}, {course.seconds:.0f} s: {UNITS}"
    film_strip(frames, description, title).save(path)


def draw_animation(
    record: RunRecord, course: DemoCourse, description: RobotDescription, path: Path
) -> None:
    """Draw the whole course as a moving picture, GIF or WebP."""
    pushes = sorted((push.at, np.linalg.norm(push.impulse)) for push in course.whole.pushes)

    def moment(time: float) -> Moment:
        recent = [size for at, size in pushes if at <= time <= at + PUSH_SHOWN]
        pushed = f"push {recent[-1]:g} N·s" if recent else ""
        row = row_at(record, time)
        return Moment(
            caption(record, row, pushed),
            record["base_position"][row],
            record["base_orientation"][row],
            _joints_at(record, float(record[TIME][row])),
        )

    save_animation(path, [moment(time) for time in frame_times(record)], description)


def _moments(record: RunRecord, course: DemoCourse) -> Iterator[tuple[float, str]]:
    for segment, start in zip(course.segments, course.starts, strict=True):
        if segment.push is None and segment.fault is None:
            time = _touchdown_near(record, start + MID_SEGMENT * segment.seconds)
            yield time, f"{segment.name}\n{_command_at(course, start)}"
    for push in course.whole.pushes:
        command = _command_at(course, push.at)
        impulse = " ".join(f"{component:g}" for component in push.impulse)
        yield push.at + PUSHED[0], f"push ({impulse}) N·s\n{command}"
        for after in PUSHED[1:]:
            yield push.at + after, f"{after:g} s after the push\n{command}"
    for fault in parse_all(course.whole.faults):
        at = _touchdown_near(record, fault.start + HALF_STRIDE)
        yield at, f"{fault.text.partition('@')[0]}\n{_command_at(course, fault.start)}"


def _command_at(course: DemoCourse, time: float) -> str:
    """Say what is commanded at ``time`` [s]."""
    segment = course.at(time)
    return command_text(np.array([segment.x, segment.y, segment.yaw]))


def _driving(record: RunRecord, time: float) -> str:
    """Who drives, for the end of a caption; empty where one driver is all there was."""
    drives = [(stint["time"], stint["driver"]) for stint in stints(record)]
    before = [driver for begin, driver in drives if begin <= time]
    return f"   {before[-1]}" if len(drives) > 1 and before else ""


def _touchdown_near(record: RunRecord, time: float) -> float:
    """Time of the touchdown nearest to ``time``, when there is one within half a stride."""
    times = record[TIME][left_touchdowns(record)]
    near = times[np.abs(times - time) < HALF_STRIDE]
    return float(near[np.argmin(np.abs(near - time))]) if len(near) else time


def _moment(record: RunRecord, time: float, text: str) -> Moment:
    row = min(int(np.searchsorted(record[TIME], time)), len(record) - 1)
    at = float(record[TIME][row])
    return Moment(
        f"{at:.1f} s  {text}",
        record["base_position"][row],
        record["base_orientation"][row],
        _joints_at(record, at),
    )


def _joints_at(record: RunRecord, time: float) -> Array:
    """(n,) measured joint positions next after ``time``, the last ones at the end [rad]."""
    measured = record["observed_joint_position"]
    whole = np.flatnonzero(np.isfinite(measured).all(axis=1))
    index = int(np.searchsorted(record[OBSERVED][whole], time))
    nearest: Array = measured[whole[min(index, len(whole) - 1)]]
    return nearest


def draw_plots(record: RunRecord, course: DemoCourse, folder: Path) -> None:
    """Write motion.png, drivers.png and latency.png."""
    time = record[TIME]
    whole = course.whole
    pushes = [(push.at, f"push {np.linalg.norm(push.impulse):g} N·s") for push in whole.pushes]
    plot_motion(
        Motion(
            time,
            record["base_velocity"],
            record["base_orientation"],
            record["base_position"],
            record["velocity_command"],
            gait_windows(left_touchdowns(record), time),
            [(start, s.name) for s, start in zip(course.segments, course.starts, strict=True)],
            pushes,
        ),
        folder / "motion.png",
        "Velocity commanded and reached, in the heading frame",
    )
    orientation = record["base_orientation"]
    plot_drivers(
        Timeline(
            [(stint["time"], stint["driver"]) for stint in stints(record)],
            float(time[-1]),
            time,
            heading_velocity(record["base_velocity"], yaw_of(orientation))[:, 1],
            tilt_of(orientation),
            pushes,
            [(f.start, f.start + f.duration, f.text) for f in parse_all(whole.faults)],
        ),
        folder / "drivers.png",
        "Who drove, and what happened to the robot",
    )
    plot_latency(
        record[CYCLES],
        1e3 * record["path_latency"],
        record["deadline_missed"],
        {name: 1e3 * values for name, values in stages(record).items()},
        1e3 * CONTROL_PERIOD,
        folder / "latency.png",
        f"Path latency of {len(record[CYCLES])} control cycles",
    )
