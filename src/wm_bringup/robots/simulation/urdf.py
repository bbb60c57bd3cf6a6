"""The robot's URDF as a simulator loads it: with self-collision capsules and the payload."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np

from wm_bringup.scenarios.scenario import Payload
from wm_control.errors import ParameterError
from wm_control.robot.description import Capsule, RobotDescription
from wm_control.robot.inertia import LinkInertia
from wm_control.robot.rotations import rpy_from_rotation
from wm_control.robot.urdf import read_inertia
from wm_control.robot.writer import numbers, write_inertial
from wm_control.types import Array


def simulation_urdf(
    description: RobotDescription,
    payload: Payload,
    *,
    meshes: bool = False,
    capsules: bool = True,
) -> str:
    """URDF text for a simulator; dynamics are those of ``description.urdf`` plus the payload.

    Capsules are not part of standard URDF, so they are added only here and can be left out.
    ParameterError when the payload's link does not exist.
    """
    robot = ElementTree.fromstring(description.visual_urdf if meshes else description.urdf)
    links = {link.get("name", ""): link for link in robot.findall("link")}
    for capsule in description.capsules if capsules else ():
        links[capsule.link].append(_capsule(capsule))
    if payload.mass > 0.0:
        name = payload.link or payload_link(description)
        if name not in links:
            raise ParameterError("payload.link", name, f"expected one of: {', '.join(links)}")
        _add_mass(links[name], payload.mass, np.array(payload.offset))
    return ElementTree.tostring(robot, encoding="unicode")


def child_links(description: RobotDescription) -> dict[str, str]:
    """Link that each joint moves, by the joint's name."""
    robot = ElementTree.fromstring(description.urdf)
    children = {}
    for joint in robot.findall("joint"):
        child = joint.find("child")
        children[joint.get("name", "")] = "" if child is None else child.get("link", "")
    return children


def payload_link(description: RobotDescription) -> str:
    """Torso: the link that the last waist joint moves; the base when there is no waist."""
    waist = description.groups.get("waist", ())
    if not waist:
        return description.base_link
    return child_links(description)[description.joint_names[waist[-1]]]


def _capsule(capsule: Capsule) -> ElementTree.Element:
    axis = capsule.end - capsule.start
    length = float(np.linalg.norm(axis))
    rpy = rpy_from_rotation(_rotation_z_to(axis / length))
    collision = ElementTree.Element("collision")
    middle = 0.5 * (capsule.start + capsule.end)
    ElementTree.SubElement(collision, "origin", xyz=numbers(middle), rpy=numbers(rpy))
    geometry = ElementTree.SubElement(collision, "geometry")
    ElementTree.SubElement(geometry, "capsule", radius=repr(capsule.radius), length=repr(length))
    return collision


def _rotation_z_to(direction: Array) -> Array:
    """Return some rotation (3, 3) that turns the z axis into a unit ``direction``."""
    other = np.eye(3)[int(np.argmin(np.abs(direction)))]
    x = np.cross(other, direction)
    x /= np.linalg.norm(x)
    return np.column_stack((x, np.cross(direction, x), direction))


def _add_mass(link: ElementTree.Element, mass: float, offset: Array) -> None:
    """Merge a point mass at ``offset`` (3,) [m] into a link's inertia."""
    own = read_inertia(link, link.get("name", ""), Path("simulated robot"))
    loaded = own.merged(LinkInertia(mass, offset, np.zeros((3, 3))))
    for inertial in link.findall("inertial"):
        link.remove(inertial)
    link.append(ElementTree.fromstring(write_inertial(loaded)))
