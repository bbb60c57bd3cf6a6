"""The tasks of the whole-body QP: what is wanted of the accelerations.

A task mixes the six rows of one source S (sources.py) and says by what they shall accelerate,

    mix S v̇ = wanted - mix drift,

in rows that are scaled by the square root of their weight. Mixtures and wishes are closed-form
expressions of few numbers; all tasks of one support are compiled into one kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import casadi as ca
import numpy as np

from wm_control.kernel import Kernel, logarithm
from wm_control.robot.model import RobotModel
from wm_control.types import LEFT, Array
from wm_control.wbc.parameters import WholeBodyParameters
from wm_control.wbc.sources import BASE, MOMENTUM, ROWS, SOLES, Sources
from wm_control.wbc.swing import SwingReference


class Reference:
    """What the plan asks for at this instant; the arrays are written in place.

    cop: (3,) centre of pressure in world [m]. height_acceleration: (1,) of the centre of mass
    [m/s²]. swing: of the sole in the air; swing_progress: (1,) 0 at lift-off, 1 at touchdown.
    yaw [rad], yaw_rate [rad/s]: (1,) of the pelvis.
    """

    def __init__(self) -> None:
        """All zero."""
        self.cop, self.height_acceleration = np.zeros(3), np.zeros(1)
        self.swing, self.swing_progress = SwingReference(), np.zeros(1)
        self.yaw, self.yaw_rate = np.zeros(1), np.zeros(1)

    @property
    def numbers(self) -> Mapping[str, Array]:
        """All of it by name."""
        return {
            "cop": self.cop,
            "height_acceleration": self.height_acceleration,
            **self.swing.numbers,
            "swing_progress": self.swing_progress,
            "yaw": self.yaw,
            "yaw_rate": self.yaw_rate,
        }


@dataclass(frozen=True, slots=True)
class Known:
    """All that a task may be written in.

    numbers: symbols by the names of ``Sources.numbers`` and ``Reference.numbers``. mass [kg] and
    weight [N] are the robot's.
    """

    numbers: Mapping[str, ca.SX]
    parameters: WholeBodyParameters
    mass: float
    weight: float

    def __getitem__(self, name: str) -> ca.SX:
        """One of the numbers."""
        return self.numbers[name]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one task. source: rows of S. mix: (r, 6), wanted: (r,), both times ``scale`` (r,)."""

    source: slice
    mix: ca.SX
    wanted: ca.SX
    scale: tuple[float, ...]


Task = Callable[[Known], Rows]


def rotation_error(rotation: ca.SX, wanted: ca.SX) -> ca.SX:
    """(3,) rotation vector in world axes that takes ``rotation`` to ``wanted``, both (3, 3)."""
    return logarithm(wanted @ rotation.T)


def yaw_rotation(yaw: ca.SX) -> ca.SX:
    """(3, 3) rotation about the vertical."""
    c, s = ca.cos(yaw), ca.sin(yaw)
    return ca.vertcat(ca.horzcat(c, -s, 0.0), ca.horzcat(s, c, 0.0), ca.horzcat(0.0, 0.0, 1.0))


def template(known: Known) -> Rows:
    """Make the ground's reaction act at ``cop``, and hold the height.

    The angular momentum about the centre of pressure then changes by gravity alone,
    dL/dt = (c - p) x m g, which is the template's equation exactly: whatever the swing leg
    does, the divergent component computed from that momentum follows the plan. A task on the
    acceleration of the centre of mass would have to fight the swing leg with the ankle.
    Rows are divided by m h, so that they are accelerations [m/s²].
    """
    x, y, h = ca.vertsplit(known["com"] - known["cop"])
    scale = 1.0 / (known.mass * ca.fmax(h, 0.1))
    mix = ca.vertcat(
        scale * ca.horzcat(h, 0.0, -x, 0.0, 1.0, 0.0),
        scale * ca.horzcat(0.0, h, -y, -1.0, 0.0, 0.0),
        ca.horzcat(0.0, 0.0, 1.0 / known.mass, 0.0, 0.0, 0.0),
    )
    gravity = known.weight * scale
    wanted = ca.vertcat(gravity * x, gravity * y, known["height_acceleration"])
    return Rows(MOMENTUM, mix, wanted, (sqrt(known.parameters.weight_com),) * 3)


def yaw_momentum(known: Known) -> Rows:
    """Damp angular momentum about the vertical through the centre of mass."""
    p, inertia = known.parameters, known["yaw_inertia"]
    mix = ca.horzcat(ca.SX(1, 5), 1.0 / inertia)
    wanted = -p.momentum_damping * (mix @ known["value"][MOMENTUM])
    return Rows(MOMENTUM, mix, wanted, (sqrt(p.weight_yaw_momentum),))


def stance(foot: int) -> Task:
    """Keep a loaded sole where it is; what motion it has is damped."""

    def task(known: Known) -> Rows:
        p = known.parameters
        wanted = -p.stance_damping * known["value"][SOLES[foot]]
        return Rows(SOLES[foot], ca.SX.eye(6), wanted, (sqrt(p.weight_stance),) * 6)

    return task


def swing(foot: int) -> Task:
    """Track a swing reference: x, y, z and yaw of the sole with two derivatives.

    The sole may pitch freely at first and is level at touchdown (progress 0 to 1): a level
    foot behind the body is beyond the ankle's range.
    """

    def task(known: Known) -> Rows:
        p, name = known.parameters, "left" if foot == LEFT else "right"
        k, d, speed = p.swing_stiffness, p.swing_damping, known["value"][SOLES[foot]]
        position, velocity = known["swing_position"], known["swing_velocity"]
        feed, yaw = known["swing_acceleration"], position[3]
        away = position[:3] - known[f"{name}_position"]
        linear = feed[:3] + k * away + d * (velocity[:3] - speed[:3])
        error = rotation_error(known[f"{name}_rotation"], yaw_rotation(yaw))
        turn = ca.vertcat(0.0, 0.0, feed[3] + d * velocity[3])
        angular = k * error - d * speed[3:] + turn
        across = ca.vertcat(-ca.sin(yaw), ca.cos(yaw))
        free = 1.0 - ca.fmin(ca.fmax(2.0 * known["swing_progress"] - 0.4, 0.05), 1.0)
        mix = ca.diagcat(ca.SX.eye(3), ca.SX.eye(2) - free * across @ across.T, 1.0)
        scale = (sqrt(p.weight_swing_linear),) * 3 + (sqrt(p.weight_swing_angular),) * 3
        return Rows(SOLES[foot], mix, mix @ ca.vertcat(linear, angular), scale)

    return task


def base_orientation(known: Known) -> Rows:
    """Keep the pelvis level, at a heading that turns."""
    p, rate = known.parameters, ca.vertcat(0.0, 0.0, known["yaw_rate"])
    error = rotation_error(known["base_rotation"], yaw_rotation(known["yaw"]))
    wanted = p.base_stiffness * error + p.base_damping * (rate - known["value"][BASE][3:])
    mix = ca.horzcat(ca.SX(3, 3), ca.SX.eye(3))
    return Rows(BASE, mix, wanted, (sqrt(p.weight_base),) * 3)


class Tasks:
    """Some tasks, compiled.

    jacobian: (rows, nv) and target: (rows,) of J v̇ = b, as of the last ``update``. kernel: writes
    them.
    """

    def __init__(
        self,
        model: RobotModel,
        parameters: WholeBodyParameters,
        sources: Sources,
        reference: Reference,
        tasks: Sequence[Task],
    ) -> None:
        """Write the tasks down; they read ``sources`` and ``reference`` in place."""
        memory = {**sources.numbers, **reference.numbers}
        symbols = {name: ca.SX.sym(name, *array.shape) for name, array in memory.items()}
        known = Known(symbols, parameters, model.mass, model.weight)
        rows = [task(known) for task in tasks]
        mix = ca.vertcat(*(_spread(row) for row in rows))
        target = ca.vertcat(*(_target(row, known["drift"]) for row in rows))
        self.kernel = Kernel("tasks", symbols, {"mix": mix, "target": target}, memory)
        self._mix, self.target = self.kernel.outputs.values()
        self._sources = sources.rows
        self.jacobian: Array = np.zeros((len(self.target), model.nv))

    def update(self) -> None:
        """Write all rows for this instant."""
        self.kernel.run()
        self._mix.dot(self._sources, out=self.jacobian)


def _spread(rows: Rows) -> ca.SX:
    """(r, 24) the scaled mixture over all sources."""
    spread = ca.SX(len(rows.scale), ROWS)
    spread[:, rows.source] = ca.diag(ca.DM(rows.scale)) @ rows.mix
    return spread


def _target(rows: Rows, drift: ca.SX) -> ca.SX:
    """(r,) what the scaled rows of v̇ shall be."""
    return ca.DM(rows.scale) * (rows.wanted - rows.mix @ drift[rows.source])
