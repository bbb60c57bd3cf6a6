"""The evaluator's view: where everything truly is, from the simulator's state and contacts."""

from __future__ import annotations

import math
from operator import add

import numpy as np
import pinocchio as pin

from wm_bringup.robots.base import GroundTruth
from wm_bringup.robots.simulation.engine import BaseState, Contact, joint_places
from wm_bringup.robots.simulation.ground import Terrain
from wm_control.robot.description import RobotDescription
from wm_control.robot.posture import add_frame, link_frame
from wm_control.types import Array

_WORLD_ALIGNED = pin.ReferenceFrame.LOCAL_WORLD_ALIGNED


class TrueKinematics:
    """Kinematics of the simulated body, payload included, which no controller knows.

    mass: of all of it [kg].
    """

    def __init__(self, body: RobotDescription) -> None:
        """body: that is simulated; arrays of joints are in its order."""
        self._body = body
        self._model = pin.buildModelFromXML(body.urdf, pin.JointModelFreeFlyer())
        self.mass = float(pin.computeTotalMass(self._model))
        self._soles = [
            add_frame(self._model, f"sole_{foot}", sole) for foot, sole in enumerate(body.soles)
        ]
        self._feet = tuple(sole.link for sole in body.soles)
        self._data = data = self._model.createData()
        places = [data.oMf[sole] for sole in self._soles]
        self._placed = [place.translation for place in places]
        self._com, self._com_velocity = data.com[0], data.vcom[0]
        order = [self._model.joints[self._model.getJointId(j)] for j in body.joint_names]
        self._q_index = joint_places([joint.idx_q for joint in order])
        self._v_index = joint_places([joint.idx_v for joint in order])
        self._q, self._v = pin.neutral(self._model), np.zeros(self._model.nv)

    def standing_height(self, joint_position: Array) -> float:
        """Height of an upright robot's base_link with its lowest contact sphere at z = 0 [m]."""
        self._q[:] = pin.neutral(self._model)
        self._q[self._q_index] = joint_position
        pin.framesForwardKinematics(self._model, self._data, self._q)
        lowest = min(
            (self._data.oMf[link_frame(self._model, sole.link)].act(sphere.center))[2]
            - sphere.radius
            for sole in self._body.soles
            for sphere in sole.spheres
        )
        return -float(lowest)

    def link_state(self, link: str, base: BaseState, position: Array, velocity: Array) -> BaseState:
        """Pose of any link, and velocity of its origin, as ``BaseState`` tells them of the base."""
        self._place(base, position, velocity)
        frame = link_frame(self._model, link)
        pin.forwardKinematics(self._model, self._data, self._q, self._v)
        place = pin.updateFramePlacement(self._model, self._data, frame)
        moving = pin.getFrameVelocity(self._model, self._data, frame, _WORLD_ALIGNED)
        x, y, z, w = pin.Quaternion(place.rotation).coeffs().tolist()
        return BaseState(
            place.translation.copy(),
            (x, y, z, w),
            place.rotation.copy(),
            moving.linear.copy(),
            moving.angular.copy(),
        )

    def update(self, base: BaseState, position: Array, velocity: Array) -> None:
        """Refresh all frames and the centre of mass."""
        self._place(base, position, velocity)
        pin.centerOfMass(self._model, self._data, self._q, self._v)
        pin.updateFramePlacements(self._model, self._data)

    def _place(self, base: BaseState, position: Array, velocity: Array) -> None:
        """Write the state down as Pinocchio wants it."""
        rotation = base.rotation
        self._q[:3], self._q[3:7] = base.position, base.orientation
        self._q[self._q_index] = position
        self._v[:3] = base.velocity.dot(rotation)
        self._v[3:6] = base.angular_velocity.dot(rotation)
        self._v[self._v_index] = velocity

    def truth(
        self,
        stamp: float,
        base: BaseState,
        position: Array,
        velocity: Array,
        torque: Array,
        contacts: list[Contact],
        push: Array,
        terrain: Terrain,
    ) -> GroundTruth:
        """Assemble the ground truth of one instant."""
        self.update(base, position, velocity)
        soles = np.array(self._placed)
        wrench, normal, tangential = self._foot_forces(soles.tolist(), contacts)
        return GroundTruth(
            stamp=stamp,
            base_position_in_world=base.position,
            base_orientation=np.array(base.orientation),
            base_velocity_in_world=base.velocity,
            base_velocity_in_base=self._v[:3].copy(),
            base_angular_velocity_in_base=self._v[3:6].copy(),
            joint_position=position,
            joint_velocity=velocity,
            joint_torque=torque.copy(),
            sole_position=soles,
            sole_velocity=np.array([self._velocity(sole) for sole in self._soles]),
            foot_wrench=wrench,
            normal_force=normal,
            tangential_force=tangential,
            ground_height=np.array([terrain.height(x, y) for x, y, _ in soles.tolist()]),
            com_position=self._com.copy(),
            com_velocity=self._com_velocity.copy(),
            push_force=push,
            touching=self._touching(contacts),
        )

    def _velocity(self, frame: int) -> Array:
        velocity: Array = pin.getFrameVelocity(
            self._model, self._data, frame, _WORLD_ALIGNED
        ).vector
        return velocity

    def _foot_forces(
        self, soles: list[list[float]], contacts: list[Contact]
    ) -> tuple[Array, Array, Array]:
        """Wrench (2, 6) about the soles and forces (2,) along and across the contact normals."""
        sums = {link: [0.0] * 10 for link in self._feet}
        origins = dict(zip(self._feet, soles, strict=True))
        for contact in contacts:
            link = contact.link
            if not contact.other and link in sums:
                sums[link] = list(map(add, sums[link], _summands(contact, origins[link])))
        total = np.array(list(sums.values()))
        across = [math.hypot(*summed[7:]) for summed in sums.values()]
        return total[:, :6], total[:, 6], np.array(across)

    def _touching(self, contacts: list[Contact]) -> tuple[str, ...]:
        names = {
            f"{min(c.link, c.other)}|{max(c.link, c.other)}" if c.other else c.link
            for c in contacts
            if c.other or c.link not in self._feet
        }
        return tuple(sorted(names))


def _summands(contact: Contact, origin: list[float]) -> tuple[float, ...]:
    """Force (3) and torque about ``origin`` (3), then normal force (1) and friction (3)."""
    _, _, (x, y, z), (nx, ny, nz), press, (tx, ty, tz) = contact
    fx, fy, fz = press * nx + tx, press * ny + ty, press * nz + tz
    x, y, z = x - origin[0], y - origin[1], z - origin[2]
    torque = (y * fz - z * fy, z * fx - x * fz, x * fy - y * fx)
    return (fx, fy, fz, *torque, press, tx, ty, tz)
