"""The rigid-body model at the predicted state: soles, their Jacobians, and the force left over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pinocchio as pin

from wm_control.estimation.body.sole_kinematics import BASE, SoleKinematics
from wm_control.robot.description import RobotDescription
from wm_control.robot.model import BASE_DOF, RobotModel
from wm_control.types import Array
from wm_control.vector3 import ZERO, Vector3

_AT_ORIGIN = np.array((0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, *(0.0,) * 6))


@dataclass(slots=True)
class Soles:
    """Both soles, left and right, by forward kinematics, world axes.

    position: of the origins [m]; velocity: of the origins [m/s]; turn: angular velocity [rad/s];
    heading: of the x axes [rad]; normal: z axes.
    """

    position: list[Vector3]
    velocity: list[Vector3]
    turn: list[Vector3]
    heading: list[float]
    normal: list[Vector3]


class Body:
    """Kinematics of the soles and Pinocchio's inverse dynamics, at one state per update.

    soles: as of the last ``move``. kinematics: the same with Jacobians and covariances. rows: (r,)
    of the generalised velocity that legs and base have: all that the soles' Jacobians have columns
    for, in their order.
    """

    def __init__(self, description: RobotDescription) -> None:
        """Build the model; nothing is computed yet."""
        self._robot = RobotModel(description)
        self.weight = self._robot.weight
        self.kinematics = SoleKinematics(self._robot)
        self.jacobians = self.kinematics.jacobians
        legs = np.concatenate(self.kinematics.legs)
        self.rows = np.concatenate((np.arange(BASE_DOF), BASE_DOF + legs)).astype(np.intp)
        self._legs = legs
        self.soles = Soles([ZERO, ZERO], [ZERO, ZERO], [ZERO, ZERO], [0.0, 0.0], [ZERO, ZERO])
        self._before: Array = np.zeros(self._robot.nv)
        self._acceleration: Array = np.zeros(self._robot.nv)

    def place(self, joint_position: Array, base: Array = _AT_ORIGIN) -> None:
        """Put the body at rest; base: as in ``move``, its velocity is not used."""
        at_rest = base.copy()
        at_rest[7:] = 0.0
        still = np.zeros_like(joint_position)
        self._robot.v[:] = 0.0
        self.move(at_rest, joint_position, still, 1.0)

    def move(self, base: Array, joint_position: Array, joint_velocity: Array, dt: float) -> None:
        """Take over a state dt after the last one; refresh acceleration and soles.

        base: (13,) position in world, orientation xyzw, linear and angular velocity in base axes.
        joint_position, joint_velocity: (n,).
        """
        q, v = self._robot.q, self._robot.v
        self._before[:] = v
        q[:7] = base[:7]
        q[7:] = joint_position
        v[:6] = base[7:BASE]
        v[6:] = joint_velocity
        np.subtract(v, self._before, out=self._acceleration)
        self._acceleration *= 1.0 / dt
        self.kinematics.update(base, joint_position, joint_velocity)
        self._read_soles()

    def _read_soles(self) -> None:
        ax, ay, az, avx, avy, avz, atx, aty, atz, anx, any_, anz, ah, *right = (
            self.kinematics.soles.tolist()
        )
        bx, by, bz, bvx, bvy, bvz, btx, bty, btz, bnx, bny, bnz, bh = right
        self.soles = Soles(
            [(ax, ay, az), (bx, by, bz)],
            [(avx, avy, avz), (bvx, bvy, bvz)],
            [(atx, aty, atz), (btx, bty, btz)],
            [ah, bh],
            [(anx, any_, anz), (bnx, bny, bnz)],
        )

    def legs_jolt(self, joint_velocity: Array) -> float:
        """By how much the legs' velocities (n,) jump from those of the last ``move`` [rad/s]."""
        jump = joint_velocity.take(self._legs) - self._robot.v[BASE_DOF:].take(self._legs)
        return float(np.sqrt(jump.dot(jump)))

    def external_force(self, torque: Array) -> Array:
        """(r,) what inverse dynamics needs beyond the drives' torques (n,): raw contact force.

        Only in ``rows``, which are all that a contact of the soles can push on.
        """
        robot = self._robot
        force: Array = pin.rnea(robot.model, robot.data, robot.q, robot.v, self._acceleration)
        force = force.take(self.rows)
        force[BASE_DOF:] -= torque.take(self._legs)
        return force
