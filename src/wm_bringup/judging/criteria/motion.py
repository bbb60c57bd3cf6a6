"""Criteria of motion, all from what is true: does it walk as it is told, and how cleanly."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from wm_bringup.judging.criteria.criterion import Value, criterion
from wm_bringup.record.fall import base_height
from wm_bringup.record.geometry import path_length
from wm_bringup.record.run_record import TIME, Flags, RunRecord
from wm_bringup.record.strides import settled_strides, tilt_of, touchdowns
from wm_control.constants import GRAVITY
from wm_control.types import LEFT, RIGHT

LOADED = 0.2
"""Share of the body weight above which a sole counts as loaded, for slip."""

ROUNDING = 1e-9
"""Difference of two means of the same command, and no more [m/s or rad/s]."""

UNDER_WAY = 4.0
"""Steps, swings and targets count from then on: three seconds after a command at 1 s [s]."""


@criterion("", "sum")
def fell(record: RunRecord) -> Value:
    """Whether the robot fell: base too low or tilted, or another link than a foot on the ground."""
    return bool(record.facts.fall)


@criterion("s")
def seconds(record: RunRecord) -> Value:
    """Time until the fall or the end."""
    end = record[TIME][-1] if record.facts.fell_at is None else record.facts.fell_at
    return float(end - record[TIME][0])


@criterion("", "sum")
def strides(record: RunRecord) -> Value:
    """How many whole gait cycles are settled: 3 s after start, new command and push."""
    return len(settled_strides(record).achieved)


@criterion("m/s, m/s, rad/s")
def mean_velocity(record: RunRecord) -> Value:
    """Mean x, y and yaw rate over the settled strides, in the heading frame."""
    return settled_strides(record).mean_velocity()


@criterion("m/s, m/s, rad/s", "rms")
def stride_rms_error(record: RunRecord) -> Value:
    """RMS over the settled strides of stride-averaged x, y and yaw rate minus the command."""
    return settled_strides(record).rms_error()


@criterion("m/s or rad/s", "max", version=2)
def command_error(record: RunRecord) -> Value:
    """Largest error of the mean velocity on a commanded axis; of standing, its speed.

    None of a run with several commands: the mean over them is wanted of none.
    """
    strides = settled_strides(record)
    mean = strides.mean_velocity()
    wanted = record["velocity_command"][-1]
    if mean is None or (np.ptp(strides.commanded, axis=0) > ROUNDING).any():
        return None
    if not wanted.any():
        return float(np.hypot(mean[0], mean[1]))
    errors = [abs(m - w) for m, w in zip(mean, wanted.tolist(), strict=True) if w]
    return float(max(errors))


@criterion("", "sum")
def steps(record: RunRecord) -> Value:
    """How many touchdowns of both feet from 4 s on."""
    late = _under_way(record)
    return sum(int(late[landed].sum()) for landed in _landings(record))


@criterion("m")
def apex(record: RunRecord) -> Value:
    """Mean over all swings from 4 s on of the sole's highest point above the ground."""
    late = _under_way(record)
    height = record["sole_position"][:, :, 2] - record["ground_height"]
    highest = [
        height[begin:end, foot].max()
        for foot, landed in enumerate(_landings(record))
        for begin, end in pairwise(landed[late[landed]])
        if end > begin
    ]
    return float(np.mean(highest)) if highest else None


@criterion("m")
def distance(record: RunRecord) -> Value:
    """Length of the path walked, without the sway of the steps."""
    return path_length(record[TIME], record["base_position"])


@criterion("m", "min", more_is_better=True)
def min_height(record: RunRecord) -> Value:
    """Lowest height of the base above the ground."""
    return float(base_height(record).min())


@criterion("rad", "max")
def max_tilt(record: RunRecord) -> Value:
    """Largest tilt of the base."""
    return float(tilt_of(record["base_orientation"]).max())


@criterion("")
def self_collision(record: RunRecord) -> Value:
    """Share of time in which links touched each other."""
    return float(record["touches_itself"].mean())


@criterion("m/s")
def foot_slip(record: RunRecord) -> Value:
    """Mean horizontal speed of soles that carry a fifth of the weight."""
    speed = np.linalg.norm(record["sole_velocity"][:, :, :2], axis=2)
    loaded = record["normal_force"] > LOADED * (record.mass * GRAVITY)
    return float(speed[loaded].mean()) if loaded.any() else None


@criterion("body weights", "max")
def peak_force(record: RunRecord) -> Value:
    """Largest normal force on one foot."""
    return float(record["normal_force"].max() / (record.mass * GRAVITY))


def _under_way(record: RunRecord) -> Flags:
    late: Flags = record[TIME] > UNDER_WAY
    return late


def _landings(record: RunRecord) -> list[NDArray[np.intp]]:
    """Find the looks at which each foot takes load."""
    time, force = record[TIME], record["normal_force"]
    return [touchdowns(force[:, foot], time) for foot in (LEFT, RIGHT)]
