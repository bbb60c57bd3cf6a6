"""Everything an observation term can be about, as one vector that is refilled every step.

Terms then are nothing but indices into this vector; see ``observation.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wm_control.types import Estimate
from wm_policy.manifest import Moving
from wm_policy.phase import PhaseClock
from wm_policy.standing import stands

Floats = NDArray[np.float32]
Read = Callable[[Estimate], ArrayLike]


class Signals:
    """The vector and where each signal lies in it; only wanted signals are refreshed.

    vector: (size,) float32. Joint signals are in the robot's order.
    """

    def __init__(
        self,
        wanted: set[str],
        joints: int,
        actions: int,
        phases: int,
        moving: Moving | None = None,
    ) -> None:
        """wanted: names of signals that some term is about. moving: limits of the one so called."""
        widths = {
            "linear_velocity": 3,
            "angular_velocity": 3,
            "gravity": 3,
            "quaternion_wxyz": 4,
            "quaternion_xyzw": 4,
            "roll_pitch_yaw": 3,
            "command": 3,
            "joint_position": joints,
            "joint_velocity": joints,
            "last_action": actions,
            "phase_sin": phases,
            "phase_cos": phases,
            "moving": 1,
            "one": 1,
        }
        ends = np.cumsum(list(widths.values()))
        starts = dict(zip(widths, (ends - list(widths.values())).tolist(), strict=True))
        self.vector: Floats = np.zeros(int(ends[-1]), dtype=np.float32)
        self._slices = {
            name: slice(starts[name], starts[name] + width) for name, width in widths.items()
        }
        self._start = starts
        self.vector[self._slices["one"]] = 1.0
        self.command = self.vector[self._slices["command"]]
        self.last_action = self.vector[self._slices["last_action"]]
        self._limits = moving
        self._moving = self.vector[self._slices["moving"]]
        self._sine = self.vector[self._slices["phase_sin"]]
        self._cosine = self.vector[self._slices["phase_cos"]]
        readers: dict[str, Read] = {
            "linear_velocity": lambda e: e.base_velocity_in_base,
            "angular_velocity": lambda e: e.base_angular_velocity_in_base,
            "gravity": lambda e: gravity_in_base(e.base_orientation.tolist()),
            "quaternion_xyzw": lambda e: e.base_orientation,
            "quaternion_wxyz": lambda e: e.base_orientation[_W_FIRST],
            "roll_pitch_yaw": lambda e: roll_pitch_yaw(e.base_orientation.tolist()),
            "joint_position": lambda e: e.joint_position,
            "joint_velocity": lambda e: e.joint_velocity,
        }
        self._readers = [
            (self.vector[self._slices[name]], read)
            for name, read in readers.items()
            if name in wanted
        ]

    def indices(self, signal: str, joints: Sequence[int]) -> list[int]:
        """Where the values of a term's signal lie; ``joints`` are the robot's, by index."""
        start = self._start
        if signal in ("joint_position", "joint_velocity"):
            return [start[signal] + joint for joint in joints]
        if signal == "command_linear":
            return [start["command"], start["command"] + 1]
        if signal == "command_angular":
            return [start["command"] + 2]
        if signal == "phase_sin_cos":
            return self.indices("phase_sin", ()) + self.indices("phase_cos", ())
        part = self._slices[signal]
        return list(range(part.start, part.stop))

    def refresh(
        self, estimate: Estimate, command: Sequence[float], clock: PhaseClock | None
    ) -> None:
        """Take in one instant; the last action is written by whoever knows it."""
        for part, read in self._readers:
            part[:] = read(estimate)
        self.command[:] = command
        if self._limits is not None:
            self._moving[0] = 0.0 if stands(self._limits, command) else 1.0
        if clock is not None:
            self._sine[:] = clock.sine
            self._cosine[:] = clock.cosine


_W_FIRST = np.array([3, 0, 1, 2])


def gravity_in_base(quaternion: Sequence[float]) -> tuple[float, float, float]:
    """Return R^T (0, 0, -1) for the quaternion xyzw of R, base to world."""
    x, y, z, w = quaternion
    return -2.0 * (x * z - w * y), -2.0 * (y * z + w * x), 2.0 * (x * x + y * y) - 1.0


def roll_pitch_yaw(quaternion: Sequence[float]) -> tuple[float, float, float]:
    """Return the Euler angles z-y-x of the quaternion xyzw [rad]."""
    x, y, z, w = quaternion
    roll = math.atan2(2.0 * (w * x + y * z), 1.0 - 2.0 * (x * x + y * y))
    pitch = math.asin(max(-1.0, min(1.0, 2.0 * (w * y - x * z))))
    yaw = math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
    return roll, pitch, yaw
