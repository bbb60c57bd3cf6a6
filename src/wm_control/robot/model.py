"""The full rigid-body model: Pinocchio on the one robot description, refreshed from an estimate."""

from __future__ import annotations

from math import atan2, isfinite

import numpy as np
import pinocchio as pin

from wm_control.constants import GRAVITY
from wm_control.errors import RobotDescriptionError
from wm_control.robot.description import RobotDescription
from wm_control.robot.geometry import SoleArea, sole_area
from wm_control.robot.posture import Legs, add_frame, axis_in_base, lateral_joints, link_frame
from wm_control.types import Array, Estimate

BASE_DOF = 6
_FIRST_JOINT = 2
"""Pinocchio's number of the first actuated joint, behind universe and base."""

_WORLD_ALIGNED = pin.ReferenceFrame.LOCAL_WORLD_ALIGNED


def legs_of(description: RobotDescription) -> Legs:
    """Kinematics of a robot's legs."""
    model = pin.buildModelFromXML(description.urdf, pin.JointModelFreeFlyer())
    limits = (np.asarray(description.position_lower), np.asarray(description.position_upper))
    return Legs(model, description.soles, description.groups, limits)


class RobotModel:
    """Pinocchio model and data of the floating-base robot, with the frames controllers need.

    Generalised velocity is Pinocchio's: base linear and angular velocity in base axes, then the
    joints in description order. Every array read from here is valid until the next update.

    com: (3,) centre of mass in world [m]. momentum: (6,) linear [kg·m/s] and angular [kg·m²/s]
    about the centre of mass, world axes; momentum_matrix: (6, nv) momentum = A v, and
    momentum_drift: (6,) Ȧ v. mass_matrix: (nv, nv) M and bias: (nv,) h of M v̇ + h.
    """

    def __init__(self, description: RobotDescription) -> None:
        """Build from the shared description; its inertias already contain the rotors."""
        self.description = description
        self.model = pin.buildModelFromXML(description.urdf, pin.JointModelFreeFlyer())
        self.data = self.model.createData()
        if tuple(self.model.names)[2:] != description.joint_names:  # behind universe and base
            raise RobotDescriptionError(
                f"robot '{description.name}': joints in the order {list(description.joint_names)}, "
                f"expected {list(self.model.names)[2:]}"
            )
        self.nv: int = self.model.nv
        self.n: int = self.nv - BASE_DOF
        self.mass = float(pin.computeTotalMass(self.model))
        self.weight = GRAVITY * self.mass
        self.sole_ids = tuple(
            add_frame(self.model, name, sole)
            for name, sole in zip(("l_sole", "r_sole"), description.soles, strict=True)
        )
        self.data = self.model.createData()
        self.base_id = link_frame(self.model, description.base_link)
        self.hip_ids = tuple(self._hip(leg) for leg in ("left_leg", "right_leg"))
        self.q: Array = pin.neutral(self.model)
        self.v: Array = np.zeros(self.nv)
        self._zero = np.zeros(self.nv)
        self._look_at(self.data)

    def _look_at(self, data: pin.Data) -> None:
        """Find once where Pinocchio keeps its results; it writes them there at every update."""
        soles = [data.oMf[frame] for frame in self.sole_ids]
        self._soles = [(sole.translation, sole.rotation) for sole in soles]
        self._hips = [data.oMi[joint].translation for joint in self.hip_ids]
        self.com: Array = data.com[0]
        self.momentum: Array = data.hg.np
        self.momentum_matrix: Array = data.Ag
        self.momentum_drift: Array = data.dhg.np
        self.mass_matrix: Array = data.M
        self.bias: Array = data.nle

    def joint_axis(self, name: str) -> Array:
        """(3,) unit axis of a joint in base axes, all joints at zero."""
        data, joint = self.model.createData(), self.model.getJointId(name)
        pin.computeJointJacobians(self.model, data, pin.neutral(self.model))
        return axis_in_base(self.model, data, joint - _FIRST_JOINT)

    def _hip(self, leg: str) -> int:
        """Pinocchio's number of the first joint of a leg that pitches."""
        description = self.description
        indices = description.groups[leg]
        pitching = lateral_joints(self.model, indices)
        if not pitching:
            names = [description.joint_names[index] for index in indices]
            raise RobotDescriptionError(
                f"robot '{description.name}': no joint of {leg} turns about an axis that points "
                f"sideways (y of the base) with all joints at zero, expected hip and knee among: "
                f"{', '.join(names)}"
            )
        return pitching[0] + _FIRST_JOINT

    def set_configuration(self, estimate: Estimate) -> None:
        """Take over where everything is, and not how it moves, without computing anything."""
        self.q[:3] = estimate.base_position_in_world
        self.q[3:7] = estimate.base_orientation
        self.q[7:] = estimate.joint_position

    def set_state(self, estimate: Estimate) -> None:
        """Take over configuration and velocity without computing anything."""
        self.set_configuration(estimate)
        self.v[:3] = estimate.base_velocity_in_base
        self.v[3:6] = estimate.base_angular_velocity_in_base
        self.v[6:] = estimate.joint_velocity

    @property
    def is_finite(self) -> bool:
        """Whether the state that was set holds neither NaN nor infinity."""
        return isfinite(self.q.dot(self.q) + self.v.dot(self.v))

    def update_kinematics(self, estimate: Estimate) -> None:
        """Refresh centre of mass, centroidal momentum and frame placements only (cheap)."""
        self.set_state(estimate)
        pin.ccrba(self.model, self.data, self.q, self.v)
        pin.updateFramePlacements(self.model, self.data)

    def update_dynamics(self, estimate: Estimate) -> None:
        """Refresh mass matrix, bias forces, Jacobians, momentum matrix and all J̇v terms."""
        self.set_state(estimate)
        model, data, q, v = self.model, self.data, self.q, self.v
        pin.crba(model, data, q, pin.Convention.WORLD)  # with Jacobians and momentum matrix
        pin.nonLinearEffects(model, data, q, v)
        pin.computeCentroidalMomentumTimeVariation(model, data, q, v, self._zero)
        pin.updateFramePlacements(model, data)

    def sole_pose(self, foot: int) -> Array:
        """(4,) x, y, z, yaw of one sole in world."""
        position, rotation = self._soles[foot]
        return np.array((*position.tolist(), atan2(rotation[1, 0], rotation[0, 0])))

    def hip_position(self, foot: int) -> Array:
        """(3,) origin of the joint at which a leg pitches, in world."""
        return np.array(self._hips[foot])

    def leg_length(self) -> float:
        """Length of the stretched leg, from hip to sole; see ``Legs.stretched`` [m]."""
        return legs_of(self.description).stretched()

    def sole_area(self, heel: float, toe: float, side: float) -> SoleArea:
        """Return the support rectangle of the soles without margins at its edges [m]."""
        return sole_area(self.description.soles, heel, toe, side)

    def base_behind_com(self) -> float:
        """How far the base is behind the centre of mass in the default posture, along x [m]."""
        q = pin.neutral(self.model)
        q[7:] = self.description.default_position
        return float(pin.centerOfMass(self.model, self.model.createData(), q)[0])

    def frame_velocity(self, frame: int) -> Array:
        """(6,) of a frame in world axes, linear first [m/s, rad/s]; needs update_dynamics."""
        velocity: Array = pin.getFrameVelocity(self.model, self.data, frame, _WORLD_ALIGNED).np
        return velocity

    def base_yaw(self) -> float:
        """Heading of the base in world [rad], from its x axis."""
        x, y, z, w = self.q[3:7].tolist()
        return atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
