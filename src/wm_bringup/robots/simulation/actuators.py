"""The drives: joint commands become torques at the physics rate, within what the motors can do.

    torque = tau + kp (q_des - q) + kd (dq_des - dq)

limited by a speed-torque envelope: full torque up to ``knee`` of the velocity limit, then linearly
to zero at the limit when driving; braking keeps full torque.
"""

from __future__ import annotations

from collections import deque

import casadi as ca
import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_control.arbiter.finite import finite
from wm_control.configuration.parameters import STRICT
from wm_control.constants import DAMP_AFTER, HOLD_AFTER
from wm_control.kernel import Kernel
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Command


@dataclass(frozen=True, slots=True, config=STRICT)
class ActuatorParameters:
    """Properties of the simulated drives."""

    strength: float = Field(
        default=1.0, gt=0.0, le=1.5, description="true torque / believed torque"
    )
    viscous_friction: float = Field(
        default=0.0, ge=0.0, le=5.0, description="at every joint [N·m·s/rad]"
    )
    knee: float = Field(default=0.8, gt=0.0, lt=1.0, description="fraction of the velocity limit")
    hold_stiffness_scale: float = Field(
        default=9.0,
        gt=0.0,
        description="until the first command the posture is held; kd scales by sqrt",
    )
    hold_after: float = Field(
        default=HOLD_AFTER,
        gt=0.0,
        description="command silence after which feed-forward and speed are zero [s]",
    )
    damp_after: float = Field(
        default=DAMP_AFTER,
        gt=0.0,
        description="command silence after which only damping is left [s]",
    )


class Drives:
    """All joints' drives. Commands wait in a queue until the physics step at which they arrive.

    motor_torque, applied_torque: (n,) of the last step [N·m], which the sensors know of and which
    reaches the joints.
    """

    def __init__(
        self, description: RobotDescription, parameters: ActuatorParameters, physics_step: float
    ) -> None:
        """physics_step: time between two calls of ``torque`` [s]."""
        self._default = np.array(description.default_position)
        scale = parameters.hold_stiffness_scale
        self._hold = (description.stiffness * scale, description.damping * scale**0.5)
        self._stiffness = np.array(description.stiffness)
        self._damping = np.array(description.damping)
        self._hold_steps = round(parameters.hold_after / physics_step)
        self._damp_steps = round(parameters.damp_after / physics_step)
        self._queue: deque[tuple[int, Array]] = deque()
        self._kernel = _envelope(description, parameters)
        self._active = self._kernel.inputs["command"].T
        self._position, self._velocity = (self._kernel.inputs[k] for k in ("position", "velocity"))
        self.motor_torque, self.applied_torque = self._kernel.outputs.values()
        self.rejected = 0
        self.reset()

    def reset(self) -> None:
        """Hold the default posture stiffly until the first command arrives."""
        self._queue.clear()
        self._taken: NDArray[np.intp] | None = None
        self._course = np.zeros((5, 0))
        self._set(self._default, *self._hold)
        self._silent_since: int | None = None
        self.motor_torque[:] = 0.0
        self.applied_torque[:] = 0.0
        self.rejected = 0

    def hold(self, position: Array) -> None:
        """Hold another posture (n,) by the robot's own gains until the first command arrives."""
        self._set(position, self._stiffness, self._damping)

    def take(self, joints: NDArray[np.intp], position: Array) -> None:
        """Let some joints follow ``position`` by the robot's own gains instead of any command."""
        stiffness, damping, zero = self._stiffness[joints], self._damping[joints], position * 0.0
        self._taken = joints
        self._course = np.array((position, zero, stiffness, damping, zero))

    def _set(self, position: Array, stiffness: Array | float, damping: Array | float) -> None:
        self._active[0] = position
        self._active[1] = 0.0
        self._active[2] = stiffness
        self._active[3] = damping
        self._active[4] = 0.0

    def send(self, command: Command, arrival: int) -> None:
        """Queue a command for physics step ``arrival``; one that is not finite is dropped.

        The drive keeps its own copy. An older command never replaces a newer one that came first.
        """
        received = np.array(
            (
                command.position,
                command.velocity,
                command.stiffness,
                command.damping,
                command.torque,
            )
        )
        if not finite(received):
            self.rejected += 1
            return
        while self._queue and self._queue[-1][0] >= arrival:
            self._queue.pop()
        self._queue.append((arrival, received))

    def torque(self, step: int, position: Array, velocity: Array) -> Array:
        """Torque (n,) [N·m] that acts on the joints during physics step ``step``; valid until next.

        position [rad], velocity [rad/s]: (n,) true joint state at the beginning of the step.
        """
        self._update(step)
        self._position[:] = position
        self._velocity[:] = velocity
        self._kernel.run()
        return self.applied_torque

    def _update(self, step: int) -> None:
        """Take over what has arrived by now, but of taken joints."""
        while self._queue and self._queue[0][0] <= step:
            self._active[:] = self._queue.popleft()[1]
            self._silent_since = step
        self._fall_silent(step)
        if self._taken is not None:
            self._active[:, self._taken] = self._course

    def _fall_silent(self, step: int) -> None:
        """After silence hold, then damp."""
        if self._silent_since is None:
            return
        silent = step - self._silent_since
        if silent == self._damp_steps:
            self._set(self._active[0], 0.0, self._damping)
        elif silent == self._hold_steps:
            self._active[1] = 0.0
            self._active[4] = 0.0


def _envelope(robot: RobotDescription, parameters: ActuatorParameters) -> Kernel:
    """Write down the torque of all motors, and what of it reaches the joints.

    command: (n, 5) position, velocity, stiffness, damping, torque. position, velocity: (n,) true.
    """
    n = len(robot.joint_names)
    command = ca.SX.sym("command", n, 5)
    position, velocity = ca.SX.sym("position", n), ca.SX.sym("velocity", n)
    q, dq, kp, kd, tau = ca.horzsplit(command)
    wanted = kp * (q - position) + kd * (dq - velocity) + tau
    limit, speed = ca.DM(robot.torque_limit), ca.DM(robot.velocity_limit)
    slope = limit / ((1.0 - parameters.knee) * speed)
    most = ca.fmin(ca.fmax(slope * speed - slope * velocity, 0.0), limit)
    least = -ca.fmin(ca.fmax(slope * speed + slope * velocity, 0.0), limit)
    motor = ca.fmax(ca.fmin(wanted, most), least)
    applied = parameters.strength * motor - parameters.viscous_friction * velocity
    return Kernel(
        "drives",
        {"command": command, "position": position, "velocity": velocity},
        {"motor": motor, "applied": applied},
    )
