"""Judge a run in real time: did it hold, how well did it follow, how punctual was it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

import numpy as np

from wm_bringup.cycle.latency import STAGES, percentiles
from wm_bringup.demo.course import DemoCourse
from wm_bringup.judging.criteria.motion import (
    max_tilt,
    min_height,
    seconds,
    stride_rms_error,
    strides,
)
from wm_bringup.judging.criteria.timing import (
    deadline_miss_rate,
    deadline_misses,
    longest_miss_run,
    missed,
    pace,
)
from wm_bringup.record.fall import fall_in
from wm_bringup.record.run_record import TICKS, TIME, RunRecord
from wm_bringup.record.strides import gait_windows, heading_velocity, left_touchdowns, yaw_of
from wm_control.types import Action, Array


def with_pushes(record: RunRecord, course: DemoCourse) -> RunRecord:
    """Add the course's pushes, of which a bag does not tell; strides that reach into one unsettle.

    Along the heading, by impulse / duration [N].
    """
    time = record[TIME]
    pushed = np.zeros((len(time), 3))
    for push in course.whole.pushes:
        during = (time >= push.at) & (time < push.at + push.duration)
        pushed[during] += np.array(push.impulse) / push.duration
    return record.with_columns(push_force=pushed)


def segment_rows(record: RunRecord, course: DemoCourse) -> list[dict[str, Any]]:
    """Say what was commanded and what was reached in the second half of every segment."""
    time, yaw = record[TIME], yaw_of(record["base_orientation"])
    velocity = heading_velocity(record["base_velocity"], yaw)
    windows = gait_windows(left_touchdowns(record), time)
    rows = []
    for segment, start in zip(course.segments, course.starts, strict=True):
        end, settled = start + segment.seconds, start + 0.5 * segment.seconds
        reached = [
            [
                *velocity[i:j].mean(axis=0),
                (yaw[j] - yaw[i]) / (time[j] - time[i]),
            ]
            for i, j in windows
            if settled <= time[i] and time[j] <= end
        ]
        mean = np.mean(reached, axis=0).tolist() if reached else None
        rows.append(
            {
                "name": segment.name,
                "start": start,
                "seconds": segment.seconds,
                "commanded": [segment.x, segment.y, segment.yaw],
                "reached": mean,
                "strides": len(reached),
            }
        )
    return rows


WAKING_UP = "waking up"
"""What began a run of missed deadlines when the system did not run the process on time."""


def miss_origins(record: RunRecord) -> dict[str, int]:
    """Count the runs of misses by what the first cycle of each lost most time on."""
    late = missed(record)
    first = np.flatnonzero(late & ~np.concatenate([[False], late[:-1]]))
    parts = {WAKING_UP: record["wait"], **stages(record)}
    names = list(parts)
    excess = np.array([values[first] - np.median(values) for values in parts.values()])
    counts = Counter(names[k] for k in excess.argmax(axis=0))
    return dict(counts.most_common())


def stages(record: RunRecord) -> dict[str, Array]:
    """(c,) time by stage of every cycle [s]."""
    return {stage: record[f"{stage}_time"] for stage in STAGES}


def latency_summary(record: RunRecord) -> dict[str, Any]:
    """Path latency, misses and stages, in milliseconds."""
    return {
        "path_latency_ms": asdict(percentiles(1e3 * record["path_latency"])),
        "node_latency_ms": asdict(percentiles(1e3 * record["node_latency"])),
        "stages_ms": {
            name: asdict(percentiles(1e3 * values)) for name, values in stages(record).items()
        },
        "deadline_miss_rate": deadline_miss_rate(record),
        "deadline_misses": deadline_misses(record),
        "longest_miss_run": longest_miss_run(record),
        "miss_origins": miss_origins(record),
    }


def judge(record: RunRecord, course: DemoCourse) -> dict[str, Any]:
    """Everything that ``summary.json`` says about motion and punctuality."""
    at, cause = fall_in(record)
    record = with_pushes(record, course)
    return {
        "fell": bool(cause),
        "fall": cause and f"fell at {at:.1f} s: {cause}",
        "seconds": seconds(record),
        "course_seconds": course.seconds,
        "real_time_factor": pace(record),
        "velocity_rmse": stride_rms_error(record),
        "velocity_rmse_strides": strides(record),
        "segments": segment_rows(record, course),
        "max_tilt": max_tilt(record),
        "min_height": min_height(record),
        **latency_summary(record),
        "mpc_solve_ms": asdict(percentiles(1e3 * solve_times(record))),
        "interventions": interventions(record),
    }


def solve_times(record: RunRecord) -> Array:
    """(p,) of every plan [s]; none where nobody plans."""
    return record["solve_time"] if "solve_time" in record else np.zeros(0)


def interventions(record: RunRecord) -> list[dict[str, Any]]:
    """List when, and why, the arbiter left NOMINAL or went further down."""
    if "action" not in record:
        return []
    time, told = record[TICKS], record.told("told")
    before, found = Action.NOMINAL, []
    for k, number in enumerate(record["action"]):
        action = Action(int(number))
        if action > before:
            found.append({"time": float(time[k]), "action": action.name, "text": told[k]})
        before = action
    return found


def stints(record: RunRecord) -> list[dict[str, Any]]:
    """Say who drove from when, for how long, and what was told when it began."""
    if "driver" not in record:
        return []
    time, driver, told = record[TICKS], record.told("driver"), record.told("told")
    begun = [k for k in range(len(time)) if k == 0 or driver[k] != driver[k - 1]]
    times = [float(time[k]) for k in begun]
    ends = [*times[1:], float(record[TIME][-1])]
    return [
        {"time": begin, "driver": driver[k], "seconds": end - begin, "text": told[k]}
        for k, begin, end in zip(begun, times, ends, strict=True)
    ]
