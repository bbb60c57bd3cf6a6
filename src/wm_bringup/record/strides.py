"""Velocity averaged over whole gait cycles, which is what a velocity command can ask of a walker.

A walking body sways and surges within every step, so an instantaneous velocity error says little.
The judge averages the true base velocity in the heading frame over whole strides (two steps), from
one touchdown of the left foot to the next, found in the true contact forces and thus the same for
every controller. A robot that stands has no touchdowns: then windows of 0.8 s are used.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from wm_bringup.record.run_record import TIME, TOUCHDOWNS, RunRecord
from wm_control.types import LEFT, Array

STANDING_WINDOW = 0.8
"""Length of an averaging window where there are no touchdowns [s]."""

LONGEST_STRIDE = 2.0
"""A longer time between two touchdowns of one foot is standing, not a stride [s]."""

SHORTEST_STRIDE = 0.3

SHORTEST_SWING = 0.08
"""A foot that was unloaded for less has bounced, not stepped [s]."""

CONTACT_FORCE = 20.0
"""Normal force above which a foot is on the ground [N]."""

SETTLING_TIME = 3.0
"""Strides that begin sooner after a change of command, or a push, are not judged [s]."""


@dataclass(frozen=True, slots=True)
class Strides:
    """Averages over s settled windows: achieved and commanded x, y [m/s], yaw rate [rad/s]."""

    achieved: Array
    commanded: Array

    def mean_velocity(self) -> tuple[float, float, float] | None:
        """Mean over all windows; None without any."""
        return _triple(self.achieved.mean(axis=0)) if len(self.achieved) else None

    def rms_error(self) -> tuple[float, float, float] | None:
        """RMS over windows of achieved minus commanded; None without any."""
        if not len(self.achieved):
            return None
        return _triple(np.sqrt(np.mean((self.achieved - self.commanded) ** 2, axis=0)))


def yaw_of(orientation: Array) -> Array:
    """Heading of quaternions xyzw (k, 4), unwrapped [rad]."""
    x, y, z, w = orientation.T
    return np.unwrap(np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z)))


def tilt_of(orientation: Array) -> Array:
    """Angle between body z and vertical of quaternions xyzw (k, 4) [rad]."""
    x, y = orientation[:, 0], orientation[:, 1]
    return np.arccos(np.clip(1.0 - 2.0 * (x * x + y * y), -1.0, 1.0))


def heading_velocity(velocity_in_world: Array, yaw: Array) -> Array:
    """(k, 2) horizontal velocity along heading and left of it [m/s]."""
    cos, sin = np.cos(yaw), np.sin(yaw)
    vx, vy = velocity_in_world[:, 0], velocity_in_world[:, 1]
    return np.column_stack([cos * vx + sin * vy, cos * vy - sin * vx])


def touchdowns(normal_force: Array, time: Array) -> NDArray[np.intp]:
    """Find where one foot, unloaded for a swing's time, takes load again; force (k,) [N]."""
    loaded = normal_force > CONTACT_FORCE
    landed = np.flatnonzero(~loaded[:-1] & loaded[1:]) + 1
    lifted = np.flatnonzero(loaded[:-1] & ~loaded[1:]) + 1
    found = []
    for index in landed:
        before = lifted[lifted < index]
        start = time[before[-1]] if len(before) else time[0]
        if time[index] - start >= SHORTEST_SWING:
            found.append(index)
    return np.array(found, dtype=np.intp)


def gait_windows(touchdown: NDArray[np.intp], time: Array) -> list[tuple[int, int]]:
    """Index windows [i, j): whole strides where the foot steps, equal 0.8 s pieces elsewhere."""
    edges = [0, *(int(i) for i in touchdown), len(time) - 1]
    windows: list[tuple[int, int]] = []
    for k, (i, j) in enumerate(pairwise(edges)):
        length = time[j] - time[i]
        is_stride = 0 < k < len(edges) - 2
        if is_stride and SHORTEST_STRIDE <= length <= LONGEST_STRIDE:
            windows.append((i, j))
        elif length > LONGEST_STRIDE:
            windows += _standing_windows(i, j, time)
    return windows


def _standing_windows(i: int, j: int, time: Array) -> list[tuple[int, int]]:
    count = int((time[j] - time[i]) / STANDING_WINDOW)
    starts = time[i] + STANDING_WINDOW * np.arange(count + 1) - 1e-9
    edges = np.searchsorted(time, starts)
    return [(int(a), int(b)) for a, b in pairwise(edges)]


def unsettled_until(time: Array, command: Array, push_force: Array) -> Array:
    """(k,) time before which the motion at each sample is still a transient [s].

    SETTLING_TIME after the latest of: start, change of the command (k, 3), a push (k, 3) [N].
    """
    disturbed = np.zeros(len(time), dtype=bool)
    disturbed[0] = True
    disturbed[1:] |= np.any(command[1:] != command[:-1], axis=1)
    disturbed |= np.any(push_force != 0.0, axis=1)
    last = np.maximum.accumulate(np.where(disturbed, np.arange(len(time)), 0))
    return time[last] + SETTLING_TIME


def left_touchdowns(record: RunRecord) -> NDArray[np.intp]:
    """Find at which looks the left foot lands: as told, else where it truly takes load."""
    time = record[TIME]
    if TOUCHDOWNS not in record:
        return touchdowns(record["normal_force"][:, LEFT], time)
    told = record[TOUCHDOWNS]
    inside = told[(told > time[0]) & (told < time[-1])]
    return np.unique(np.searchsorted(time, inside)).astype(np.intp)


def settled_strides(record: RunRecord) -> Strides:
    """Average velocity and command over every settled window of a run.

    Where the record tells of no pushes, none is allowed for.
    """
    time, command = record[TIME], record["velocity_command"]
    push = record["push_force"] if "push_force" in record else np.zeros((len(time), 3))
    yaw = yaw_of(record["base_orientation"])
    velocity = heading_velocity(record["base_velocity"], yaw)
    free_from = unsettled_until(time, command, push)
    achieved, commanded = [], []
    for i, j in gait_windows(left_touchdowns(record), time):
        if time[i] >= free_from[j - 1]:
            turn = (yaw[j] - yaw[i]) / (time[j] - time[i])
            achieved.append([*velocity[i:j].mean(axis=0), turn])
            commanded.append(command[i:j].mean(axis=0))
    return Strides(np.array(achieved).reshape(-1, 3), np.array(commanded).reshape(-1, 3))


def _triple(values: Array) -> tuple[float, float, float]:
    x, y, yaw = (float(v) for v in values)
    return x, y, yaw
