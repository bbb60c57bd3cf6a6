"""The rigid-body model at the predicted state: soles, their Jacobians, and the force left over."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pinocchio as pin

from wm_control.estimation.vector3 import ZERO, Vector3, vector3
from wm_control.robot.description import RobotDescription
from wm_control.robot.model import BASE_DOF, RobotModel
from wm_control.types import Array

_WORLD_ALIGNED = pin.ReferenceFrame.LOCAL_WORLD_ALIGNED


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
    """Pinocchio's model with data of its own; five calls into it per update.

    soles: as of the last ``move``. jacobians: (12, nv) of left and right sole, linear rows first,
    world axes.
    """

    def __init__(self, description: RobotDescription) -> None:
        """Build the model; nothing is computed yet."""
        self._robot = RobotModel(description)
        self.weight = self._robot.weight
        self.size = self._robot.nv
        self.jacobians: Array = np.zeros((12, self.size))
        self.soles = Soles([ZERO, ZERO], [ZERO, ZERO], [ZERO, ZERO], [0.0, 0.0], [ZERO, ZERO])
        self._acceleration: Array = np.zeros(self.size)

    def place(self, orientation: Array, joint_position: Array, position: Vector3 = ZERO) -> None:
        """Put the body at rest, by default with its base at the origin; else as in ``move``."""
        self._robot.v[:] = 0.0
        at_rest = np.zeros_like(joint_position)
        self.move(position, orientation, ZERO, ZERO, joint_position, at_rest, 1.0)

    def move(
        self,
        position: Vector3 | Array,
        orientation: Array,
        velocity: Vector3 | Array,
        omega: Vector3 | Array,
        joint_position: Array,
        joint_velocity: Array,
        dt: float,
    ) -> None:
        """Take over a state dt after the last one; refresh acceleration, Jacobians and soles.

        position: of the base in world; orientation: (4,) xyzw; velocity, omega: of the base in base
        axes; joint_position, joint_velocity: (n,).
        """
        robot = self._robot
        q, v, before = robot.q, robot.v, robot.v.copy()
        q[:3] = position
        q[3:7] = orientation
        q[7:] = joint_position
        v[:3] = velocity
        v[3:6] = omega
        v[6:] = joint_velocity
        self._acceleration = (v - before) / dt
        pin.computeJointJacobians(robot.model, robot.data, q)
        for foot, frame in enumerate(robot.sole_ids):
            self._refresh_sole(foot, frame)
        velocities = self.jacobians.dot(v).tolist()
        self.soles.velocity = [vector3(velocities[0:3]), vector3(velocities[6:9])]
        self.soles.turn = [vector3(velocities[3:6]), vector3(velocities[9:12])]

    def _refresh_sole(self, foot: int, frame: int) -> None:
        model, data = self._robot.model, self._robot.data
        placement = pin.updateFramePlacement(model, data, frame)
        x, y, z = placement.rotation.tolist()
        self.soles.position[foot] = vector3(placement.translation.tolist())
        self.soles.heading[foot] = math.atan2(y[0], x[0])
        self.soles.normal[foot] = (x[2], y[2], z[2])
        self.jacobians[6 * foot : 6 * foot + 6] = pin.getFrameJacobian(
            model, data, frame, _WORLD_ALIGNED
        )

    def external_force(self, torque: Array) -> Array:
        """(nv,) what inverse dynamics needs beyond the drives' torques (n,): raw contact force."""
        robot = self._robot
        force: Array = pin.rnea(robot.model, robot.data, robot.q, robot.v, self._acceleration)
        force[BASE_DOF:] -= torque
        return force
