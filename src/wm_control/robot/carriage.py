"""What is between the base and the IMU: joints, when a link above the waist carries it.

In F, axes that are fixed to the link with the IMU and are the base's in the default posture, an
IMU above the waist is one on a base: ``rooted_at_imu`` is the same robot with F as its base. The
joints between tell where the base is in F, and so turn one into the other.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import casadi as ca
import numpy as np
import pinocchio as pin
from numpy.typing import NDArray

from wm_control.robot.description import RobotDescription
from wm_control.robot.geometry import ImuPlacement
from wm_control.robot.joint_table import constant, tree_order
from wm_control.robot.rotations import rotation_about
from wm_control.robot.urdf import IDENTITY, Joint, Link, Placement, Urdf, joints_to, parse_urdf
from wm_control.robot.writer import write_urdf
from wm_control.types import Array


class ImuCarriage:
    """The joints from base to IMU. joints: (k,) their indices, none for an IMU on the base."""

    def __init__(self, description: RobotDescription) -> None:
        """Find them."""
        self.path = tuple(_path(description, _urdf(description)))
        names = [description.joint_names.index(joint.name) for joint in self.path]
        self.joints: NDArray[np.intp] = np.array(names, dtype=np.intp)
        self._imu = description.imu
        self._default = description.default_position[self.joints]

    @property
    def carried(self) -> bool:
        """Whether joints move the IMU against the base."""
        return bool(self.path)

    def rotation(self, joint_position: Array) -> Array:
        """(3, 3) IMU axes to base axes in a posture (n,)."""
        if not self.carried:
            return self._imu.rotation
        rotation: Array = self._link(joint_position[self.joints]).rotation @ self._imu.rotation
        return rotation

    @property
    def frame(self) -> Placement:
        """F in the link that carries the IMU."""
        return self._link(self._default).inverse()

    def frame_in_base(self, position: ca.SX) -> tuple[ca.SX, ca.SX, ca.SX]:
        """Rotation (3, 3), origin (3,) and, in columns, axes (3, k) of the way from base to F.

        position: (k,) of the joints between [rad].
        """
        rotation, origin, axes = ca.SX.eye(3), ca.SX(3, 1), []
        for k, joint in enumerate(self.path):
            origin = origin + rotation @ ca.DM(joint.placement.position)
            rotation = rotation @ ca.DM(joint.placement.rotation)
            axes.append(rotation @ ca.DM(joint.axis))
            skew = ca.DM(pin.skew(joint.axis))
            turn = ca.sin(position[k]) * skew + (1.0 - ca.cos(position[k])) * (skew @ skew)
            rotation = rotation + rotation @ turn
        frame = self.frame
        origin = origin + rotation @ ca.DM(frame.position)
        return rotation @ ca.DM(frame.rotation), origin, ca.horzcat(*axes)

    def _link(self, position: Array) -> Placement:
        """Where the link that carries the IMU is in the base."""
        place = IDENTITY
        for joint, angle in zip(self.path, position.tolist(), strict=True):
            turn = Placement(rotation_about(joint.axis, angle), IDENTITY.position)
            place = place.then(joint.placement).then(turn)
        return place


def rooted_at_imu(description: RobotDescription) -> RobotDescription:
    """Return the same robot with F as its base: the same bodies, joints, and signs of the joints.

    Its joints are in the order of its own tree. Pictures and capsules are left out.
    """
    carriage, urdf = ImuCarriage(description), _urdf(description)
    shifts = _shifts(carriage)
    links = [_shifted(link, shifts) for link in urdf.links.values()]
    turned = {joint.name: joint for joint in _turned(carriage, shifts)}
    joints = [
        turned.get(joint.name, _moved(joint, shifts.get(joint.parent, IDENTITY)))
        for joint in urdf.joints.values()
    ]
    root = description.imu.link
    order = [description.joint_names.index(name) for name in tree_order(joints, root)]
    place = shifts[root].then(Placement(description.imu.rotation, description.imu.position))
    by_name = {joint.name: joint for joint in joints}
    names = tuple(description.joint_names[index] for index in order)
    text = write_urdf(description.name, links, (by_name[name] for name in names), meshes=False)
    return replace(
        description,
        urdf=text,
        visual_urdf=text,
        joint_names=names,
        position_lower=constant(description.position_lower[order]),
        position_upper=constant(description.position_upper[order]),
        velocity_limit=constant(description.velocity_limit[order]),
        torque_limit=constant(description.torque_limit[order]),
        armature=constant(description.armature[order]),
        default_position=constant(description.default_position[order]),
        stiffness=constant(description.stiffness[order]),
        damping=constant(description.damping[order]),
        base_link=root,
        imu=ImuPlacement(root, constant(place.position), constant(place.rotation)),
        groups={
            name: tuple(order.index(index) for index in indices)
            for name, indices in description.groups.items()
        },
        capsules=(),
    )


def _urdf(description: RobotDescription) -> Urdf:
    return parse_urdf(ElementTree.fromstring(description.urdf), Path(description.name))


def _path(description: RobotDescription, urdf: Urdf) -> list[Joint]:
    return joints_to(description.imu.link, urdf.joints.values())


def _shifts(carriage: ImuCarriage) -> dict[str, Placement]:
    """Where links on the way are in the frames that they get: at the joint that now moves them."""
    shifts = {joint.parent: joint.placement.inverse() for joint in carriage.path}
    shifts[carriage.path[-1].child] = carriage.frame.inverse()
    return shifts


def _shifted(link: Link, shifts: dict[str, Placement]) -> Link:
    shift = shifts.get(link.name)
    if shift is None:
        return link
    return replace(link, inertia=link.inertia.placed(shift.rotation, shift.position))


def _moved(joint: Joint, shift: Placement) -> Joint:
    return joint if shift is IDENTITY else replace(joint, placement=shift.then(joint.placement))


def _turned(carriage: ImuCarriage, shifts: dict[str, Placement]) -> list[Joint]:
    """Joints on the way with parent and child exchanged.

    With T Rot(a, q) from parent to child, T Rot(a, q) is inverted by Rot(-a, q) T⁻¹, and T⁻¹ is
    the parent's shift.
    """
    return [
        replace(
            joint,
            parent=joint.child,
            child=joint.parent,
            placement=shifts[joint.child],
            axis=-joint.axis,
        )
        for joint in carriage.path
    ]
