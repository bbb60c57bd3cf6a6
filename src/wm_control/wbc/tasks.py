"""The tasks of the whole-body QP, written into one preallocated stack."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from wm_control.robot.model import FrameState, RobotModel
from wm_control.types import Array
from wm_control.wbc.parameters import WholeBodyParameters

_MAX_ROWS = 24


def rotation_error(rotation: Array, wanted: Array) -> Array:
    """(3,) rotation vector in world axes that takes ``rotation`` to ``wanted``, both (3, 3)."""
    error: Array = rotation @ pin.log3(rotation.T @ wanted)
    return error


def yaw_rotation(yaw: float) -> Array:
    """(3, 3) rotation about the vertical."""
    c, s = np.cos(yaw), np.sin(yaw)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


class Tasks:
    """Collects weighted rows J v̇ = b; rows are scaled by the square root of their weight."""

    def __init__(self, model: RobotModel, parameters: WholeBodyParameters) -> None:
        """Allocate the stack for the model."""
        self._model, self._parameters = model, parameters
        self._jacobian = np.zeros((_MAX_ROWS, model.nv))
        self._target = np.zeros(_MAX_ROWS)
        self._rows = 0

    def clear(self) -> None:
        """Start a new instant."""
        self._rows = 0

    @property
    def stack(self) -> tuple[Array, Array]:
        """(rows, nv) and (rows,) of everything added since clear."""
        return self._jacobian[: self._rows], self._target[: self._rows]

    def _add(self, jacobian: Array, target: Array, scale: float | Array) -> None:
        """Append rows; scale is a number or a column (rows, 1)."""
        rows = slice(self._rows, self._rows + target.shape[0])
        np.multiply(jacobian, scale, out=self._jacobian[rows])
        self._target[rows] = target * np.ravel(scale)
        self._rows = rows.stop

    def template(self, cop: Array, height_acceleration: float) -> None:
        """Make the ground's reaction act at ``cop`` (3,) in world, and hold the height.

        The angular momentum about the centre of pressure then changes by gravity alone,
        dL/dt = (c - p) x m g, which is the template's equation exactly: whatever the swing leg
        does, the divergent component computed from that momentum follows the plan. A task on the
        acceleration of the centre of mass would have to fight the swing leg with the ankle.
        Rows are divided by m h, so that they are accelerations [m/s²].
        """
        data, model = self._model.data, self._model
        linear, angular = data.Ag[:3], data.Ag[3:]
        drift = data.dhg.np
        x, y, h = model.com - cop
        scale = 1.0 / (model.mass * max(h, 0.1))
        weight = np.sqrt(self._parameters.weight_com)
        rows = np.empty((3, model.nv))
        rows[0] = scale * (h * linear[0] - x * linear[2] + angular[1])
        rows[1] = scale * (h * linear[1] - y * linear[2] - angular[0])
        rows[2] = linear[2] / model.mass
        known = (
            scale * (h * drift[0] - x * drift[2] + drift[4]),
            scale * (h * drift[1] - y * drift[2] - drift[3]),
            drift[2] / model.mass,
        )
        gravity = model.weight * scale
        wanted = np.array([gravity * x, gravity * y, height_acceleration])
        self._add(rows, wanted - np.array(known), weight)

    def yaw_momentum(self) -> None:
        """Damp angular momentum about the vertical through the centre of mass."""
        p, data = self._parameters, self._model.data
        momentum, drift = data.hg.np[5:6], data.dhg.np[5:6]
        inertia = float(data.Ig.inertia[2, 2])
        target = -p.momentum_damping * momentum - drift
        self._add(data.Ag[5:6], target, np.sqrt(p.weight_yaw_momentum) / inertia)

    def stance(self, jacobian: Array, sole: FrameState) -> None:
        """Keep a loaded sole where it is; what motion it has is damped."""
        p = self._parameters
        target = -p.stance_damping * sole.velocity - sole.bias
        self._add(jacobian, target, np.sqrt(p.weight_stance))

    def swing(
        self,
        jacobian: Array,
        sole: FrameState,
        position: Array,
        velocity: Array,
        feed: Array,
        progress: float,
    ) -> None:
        """Track a swing reference (4,) each of position, velocity, acceleration: x, y, z, yaw.

        The sole may pitch freely at first and is level at touchdown (progress 0 to 1): a level
        foot behind the body is beyond the ankle's range.
        """
        p = self._parameters
        k, d = p.swing_stiffness, p.swing_damping
        linear = (
            feed[:3] + k * (position[:3] - sole.position) + d * (velocity[:3] - sole.velocity[:3])
        )
        error = rotation_error(sole.rotation, yaw_rotation(float(position[3])))
        angular = k * error - d * sole.velocity[3:]
        angular[2] += feed[3] + d * velocity[3]
        target = np.concatenate([linear, angular]) - sole.bias
        scale = np.repeat(np.sqrt([p.weight_swing_linear, p.weight_swing_angular]), 3)
        c, s = np.cos(position[3]), np.sin(position[3])
        pitch = np.array([-s, c]) * (1.0 - min(max(2.0 * progress - 0.4, 0.05), 1.0))
        self._add(jacobian, target, scale[:, None])
        rows = slice(self._rows - 3, self._rows - 1)
        keep = np.eye(2) - np.outer([-s, c], pitch)
        self._jacobian[rows] = keep @ self._jacobian[rows]
        self._target[rows] = keep @ self._target[rows]

    def base_orientation(self, jacobian: Array, base: FrameState, yaw: float, rate: float) -> None:
        """Keep the pelvis level, at a heading that turns with ``rate`` [rad/s]."""
        p = self._parameters
        wanted = np.array([0.0, 0.0, rate])
        error = rotation_error(base.rotation, yaw_rotation(yaw))
        target = (
            p.base_stiffness * error + p.base_damping * (wanted - base.velocity[3:]) - base.bias[3:]
        )
        self._add(jacobian[3:], target, np.sqrt(p.weight_base))
