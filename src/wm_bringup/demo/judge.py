"""Judge a run in real time: did it hold, how well did it follow, how punctual was it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wm_bringup.cycle.latency import STAGES, percentiles
from wm_bringup.demo.course import DemoCourse
from wm_bringup.demo.errors import DemoError
from wm_bringup.demo.evidence import Evidence, RecordedDecision
from wm_bringup.record.fall import FallLimits
from wm_bringup.record.strides import (
    Strides,
    gait_windows,
    heading_velocity,
    settled_strides,
    tilt_of,
    yaw_of,
)
from wm_control.types import Action, Array


@dataclass(frozen=True, slots=True)
class Latencies:
    """Latency samples of the control process within the course; (c,) each, in seconds.

    time: of measurement since the start. path: measurement to command sent. wait: from arrival of
    the measurement to the start of the cycle. missed: bool. stages: time by stage.
    """

    time: Array
    path: Array
    wait: Array
    node: Array
    missed: Array
    stages: Mapping[str, Array]


def read_latencies(path: Path, started: int, seconds: float) -> Latencies:
    """Read the file that the control process leaves; DemoError without a sample in the course.

    started: begin of the course in ROS time [ns].
    """
    try:
        with np.load(path) as data:
            columns = {name: data[name] for name in data.files if name != "names"}
    except (OSError, ValueError) as error:
        raise DemoError(f"no latency samples: {error}") from error
    time = columns["t_sensor"] - 1e-9 * started
    inside = (time >= 0.0) & (time <= seconds)
    if not inside.any():
        raise DemoError(f"{path} holds no latency sample within the course")
    column = {name: values[inside] for name, values in columns.items()}
    return Latencies(
        time=time[inside],
        path=column["t_published"] - column["t_sensor"],
        wait=column["t_start"] - column["t_received"],
        node=column["t_end"] - column["t_start"],
        missed=column["deadline_missed"],
        stages={name: column[f"{name}_time"] for name in STAGES},
    )


def fall_of(evidence: Evidence) -> str:
    """Why and when the robot fell, in words; empty when it stayed up."""
    limits = FallLimits.of_standing(float(evidence.position[0, 2]))
    low = evidence.position[:, 2] < limits.min_height
    tilted = tilt_of(evidence.orientation) > limits.max_tilt
    bad = np.flatnonzero(low | tilted)
    if not len(bad):
        return ""
    first = bad[0]
    height, tilt = evidence.position[first, 2], tilt_of(evidence.orientation[first][None])[0]
    return f"fell at {evidence.time[first]:.1f} s: base height {height:.2f} m, tilt {tilt:.2f} rad"


def strides_of(evidence: Evidence, course: DemoCourse) -> Strides:
    """Settled strides of the whole course; windows that reach into a push do not count."""
    pushed = np.zeros((len(evidence.time), 3))
    for push in course.pushes():
        during = (evidence.time >= push.at) & (evidence.time < push.at + push.duration)
        pushed[during] = push.impulse
    return settled_strides(
        evidence.time,
        evidence.velocity,
        evidence.orientation,
        evidence.command,
        pushed,
        evidence.touchdowns,
    )


def segment_rows(evidence: Evidence, course: DemoCourse) -> list[dict[str, Any]]:
    """Say what was commanded and what was reached in the second half of every segment."""
    yaw = yaw_of(evidence.orientation)
    velocity = heading_velocity(evidence.velocity, yaw)
    windows = gait_windows(evidence.touchdowns, evidence.time)
    rows = []
    for segment, start in zip(course.segments, course.starts, strict=True):
        end, settled = start + segment.seconds, start + 0.5 * segment.seconds
        reached = [
            [
                *velocity[i:j].mean(axis=0),
                (yaw[j] - yaw[i]) / (evidence.time[j] - evidence.time[i]),
            ]
            for i, j in windows
            if settled <= evidence.time[i] and evidence.time[j] <= end
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


WAKE_UP = "waking up"
"""What began a run of missed deadlines when the system did not run the process on time."""


def miss_origins(latencies: Latencies) -> dict[str, int]:
    """Count the runs of misses by what the first cycle of each lost most time on."""
    missed = latencies.missed.astype(bool)
    first = np.flatnonzero(missed & ~np.concatenate([[False], missed[:-1]]))
    parts = {WAKE_UP: latencies.wait, **latencies.stages}
    names = list(parts)
    excess = np.array([values[first] - np.median(values) for values in parts.values()])
    counts = Counter(names[k] for k in excess.argmax(axis=0))
    return dict(counts.most_common())


def latency_summary(latencies: Latencies) -> dict[str, Any]:
    """Path latency, misses and stages, in milliseconds."""
    missed = latencies.missed.astype(bool)
    runs = np.diff(np.flatnonzero(np.concatenate([[True], ~missed, [True]]))) - 1
    return {
        "path_latency_ms": asdict(percentiles(1e3 * latencies.path)),
        "node_latency_ms": asdict(percentiles(1e3 * latencies.node)),
        "stages_ms": {
            name: asdict(percentiles(1e3 * values)) for name, values in latencies.stages.items()
        },
        "deadline_miss_rate": float(missed.mean()) if len(missed) else None,
        "deadline_misses": int(missed.sum()),
        "longest_miss_run": int(runs.max(initial=0)),
        "miss_origins": miss_origins(latencies),
    }


def judge(evidence: Evidence, latencies: Latencies, course: DemoCourse) -> dict[str, Any]:
    """Everything that ``summary.json`` says about motion and punctuality."""
    fall = fall_of(evidence)
    strides = strides_of(evidence, course)
    simulated = evidence.time[-1] - evidence.time[0]
    wall = evidence.received[-1] - evidence.received[0]
    error = strides.rms_error()
    return {
        "fell": bool(fall),
        "fall": fall,
        "seconds": float(simulated),
        "course_seconds": course.seconds,
        "real_time_factor": float(simulated / wall) if wall > 0.0 else None,
        "velocity_rmse": list(error) if error else None,
        "velocity_rmse_strides": len(strides.achieved),
        "segments": segment_rows(evidence, course),
        "max_tilt": float(tilt_of(evidence.orientation).max()),
        "min_height": float(evidence.position[:, 2].min()),
        **latency_summary(latencies),
        "mpc_solve_ms": asdict(percentiles(1e3 * evidence.solve_time)),
        "interventions": [asdict(said) for said in interventions(evidence)],
    }


def interventions(evidence: Evidence) -> list[RecordedDecision]:
    """List when, and why, the arbiter left NOMINAL or went further down."""
    before, found = Action.NOMINAL, []
    for said in evidence.decisions:
        action = Action[said.action]
        if action > before:
            found.append(said)
        before = action
    return found
