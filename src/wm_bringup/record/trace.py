"""The full-rate record of one lock-step episode: what was true, believed, decided and sent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wm_bringup.robots.base import GroundTruth
from wm_control.types import Array, Decision, Estimate, VelocityCommand

Column = NDArray[np.generic]

_SHAPES: Mapping[str, tuple[int, ...]] = {
    "time": (),
    "base_position": (3,),
    "base_orientation": (4,),
    "base_velocity": (3,),
    "base_angular_velocity": (3,),
    "com_position": (3,),
    "sole_position": (2, 3),
    "sole_velocity": (2, 6),
    "ground_height": (2,),
    "foot_wrench": (2, 6),
    "normal_force": (2,),
    "tangential_force": (2,),
    "push_force": (3,),
    "estimated_position": (3,),
    "estimated_orientation": (4,),
    "estimated_velocity": (3,),
    "estimated_angular_velocity": (3,),
    "contact_probability": (2,),
    "velocity_command": (3,),
    "gait_phase": (),
    "plan_age": (),
    "compute_time": (),
    "share": (),
}
"""Columns of floats that do not depend on the number of joints; (k, *shape) in a trace."""

_JOINT_COLUMNS = (
    "joint_position",
    "joint_velocity",
    "joint_torque",
    "command_position",
    "command_velocity",
    "command_stiffness",
    "command_damping",
    "command_torque",
)

_FLAGS = ("touches_ground", "touches_itself", "action", "armed", "status", "clipped", "driver")


@dataclass(frozen=True)
class Trace:
    """Columns of k ticks, SI units; those named in ``GroundTruth`` and ``Estimate`` mean the same.

    base_velocity: in world axes. estimated_velocity: in base axes. gait_phase: of a stride in
    [0, 1), NaN while standing. plan_age: of the plan in use [s], NaN without one.
    compute_time: of the control path, as handed to the robot [s].
    driver: whose command passed, its place in ``drivers.SOURCES``; share: of it in the command, the
    rest is still of who drove before. status: of the controller in charge.
    touches_ground: a link other than a foot touches the ground. clipped: joints so changed.
    """

    columns: Mapping[str, Column]

    def __getitem__(self, name: str) -> Array:
        """One column as floats, (k, ...)."""
        return self.columns[name].astype(np.float64, copy=False)

    def __len__(self) -> int:
        """Ticks."""
        return len(self.columns["time"])

    def sha256(self) -> str:
        """Hash of every number in the trace."""
        digest = hashlib.sha256()
        for name in sorted(self.columns):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(self.columns[name]).tobytes())
        return digest.hexdigest()

    def save(self, path: Path) -> None:
        """Write all columns to an ``.npz``."""
        arrays = {name: np.asarray(column) for name, column in self.columns.items()}
        np.savez_compressed(path, **arrays)  # type: ignore[arg-type]

    @staticmethod
    def load(path: Path) -> Trace:
        """Read what ``save`` wrote."""
        with np.load(path) as data:
            return Trace({name: data[name] for name in data.files})


class TraceRecorder:
    """Room for a whole episode, filled tick by tick."""

    def __init__(self, ticks: int, joints: int) -> None:
        """Reserve ``ticks`` rows for a robot with ``joints`` joints."""
        shapes = {**_SHAPES, **dict.fromkeys(_JOINT_COLUMNS, (joints,))}
        self._columns: dict[str, Column] = {
            name: np.full((ticks, *shape), np.nan) for name, shape in shapes.items()
        }
        self._columns |= {name: np.zeros(ticks, dtype=np.int16) for name in _FLAGS}
        self._row = 0

    def append(
        self,
        truth: GroundTruth,
        estimate: Estimate,
        decision: Decision,
        velocity: VelocityCommand,
        **more: float,
    ) -> None:
        """Record one tick; ``more`` are scalar columns such as gait_phase or compute_time."""
        row, c = self._row, self._columns
        self._truth(row, truth)
        c["estimated_position"][row] = estimate.base_position_in_world
        c["estimated_orientation"][row] = estimate.base_orientation
        c["estimated_velocity"][row] = estimate.base_velocity_in_base
        c["estimated_angular_velocity"][row] = estimate.base_angular_velocity_in_base
        c["contact_probability"][row] = estimate.contact_probability
        c["velocity_command"][row] = velocity.linear_x, velocity.linear_y, velocity.angular_z
        for name in ("position", "velocity", "stiffness", "damping", "torque"):
            c[f"command_{name}"][row] = getattr(decision.command, name)
        c["action"][row] = decision.action
        c["armed"][row] = decision.armed
        c["clipped"][row] = np.count_nonzero(decision.clipped)
        for name, value in more.items():
            c[name][row] = value
        self._row += 1

    def _truth(self, row: int, truth: GroundTruth) -> None:
        c = self._columns
        c["time"][row] = truth.stamp
        c["base_position"][row] = truth.base_position_in_world
        c["base_velocity"][row] = truth.base_velocity_in_world
        c["base_angular_velocity"][row] = truth.base_angular_velocity_in_base
        for name in (
            "base_orientation",
            "com_position",
            "sole_position",
            "sole_velocity",
            "ground_height",
            "foot_wrench",
            "normal_force",
            "tangential_force",
            "push_force",
            "joint_position",
            "joint_velocity",
            "joint_torque",
        ):
            c[name][row] = getattr(truth, name)
        c["touches_ground"][row] = any("|" not in name for name in truth.touching)
        c["touches_itself"][row] = any("|" in name for name in truth.touching)

    def finish(self) -> Trace:
        """Return what was recorded so far."""
        return Trace({name: column[: self._row] for name, column in self._columns.items()})
