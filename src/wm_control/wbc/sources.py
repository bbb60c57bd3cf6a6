"""What the tasks are made of: rows of the model that every task is a mixture of.

Sources S (24, nv) are the momentum matrix and the Jacobians of left sole, right sole and base, each
(6, nv), in world axes, linear rows first. Beside them stand their values S v, the drift, which is
how those values change by themselves, at v̇ = 0, and where things are.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

import numpy as np
import pinocchio as pin

from wm_control.robot.model import RobotModel
from wm_control.types import Array

MOMENTUM, LEFT_SOLE, RIGHT_SOLE, BASE = (slice(6 * k, 6 * k + 6) for k in range(4))
"""Rows of the sources."""

SOLES = (LEFT_SOLE, RIGHT_SOLE)
ROWS = 24

_FRAMES = ("left", "right", "base")
_WORLD_ALIGNED = pin.ReferenceFrame.LOCAL_WORLD_ALIGNED


class Sources:
    """Sources and state of one model: read where Pinocchio keeps it, or written by ``refresh``.

    rows: (24, nv) S. numbers: by name value (24,) S v, drift (24,) Ṡ v, com (3,) and yaw_inertia
    (1,) of the whole body, and of left, right and base the position (3,) and rotation (3, 3) to
    world, such as left_position.
    """

    def __init__(self, model: RobotModel) -> None:
        """Find where Pinocchio keeps what is read at every tick."""
        self._model = model
        self.rows: Array = np.zeros((ROWS, model.nv))
        self._value, self._drift = np.zeros(ROWS), np.zeros(ROWS)
        self._yaw_inertia = np.zeros(1)
        self._frames = (*model.sole_ids, model.base_id)
        places = [model.data.oMf[frame] for frame in self._frames]
        self._places: list[tuple[Array, Array]] = [(p.translation, p.rotation) for p in places]
        names = [f"{frame}_{part}" for frame in _FRAMES for part in ("position", "rotation")]
        self.numbers: Mapping[str, Array] = {
            "value": self._value,
            "drift": self._drift,
            "com": model.com,
            "yaw_inertia": self._yaw_inertia,
            **dict(zip(names, chain(*self._places), strict=True)),
        }

    def position(self, foot: int) -> Array:
        """(3,) of a sole in world [m]."""
        return self._places[foot][0]

    def rotation(self, foot: int) -> Array:
        """(3, 3) of a sole to world."""
        return self._places[foot][1]

    def refresh(self) -> None:
        """Read the model, after its ``update_dynamics``."""
        model, data = self._model.model, self._model.data
        rows, drift = self.rows, self._drift
        rows[MOMENTUM] = self._model.momentum_matrix
        drift[MOMENTUM] = self._model.momentum_drift
        for frame, at in zip(self._frames, (LEFT_SOLE, RIGHT_SOLE, BASE), strict=True):
            rows[at] = pin.getFrameJacobian(model, data, frame, _WORLD_ALIGNED)
            moved = pin.getFrameClassicalAcceleration(model, data, frame, _WORLD_ALIGNED)
            drift[at] = moved.vector
        rows.dot(self._model.v, out=self._value)
        # a turn of everything about the vertical, seen from the base
        self._yaw_inertia[0] = rows[5, 3:6].dot(self._places[-1][1][2])
