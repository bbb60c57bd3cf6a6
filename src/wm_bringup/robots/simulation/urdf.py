"""The robot's URDF as a simulator loads it: with self-collision capsules."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np

from wm_control.robot.description import Capsule, RobotDescription
from wm_control.robot.rotations import rotation_z_to, rpy_from_rotation
from wm_control.robot.writer import numbers


def simulation_urdf(body: RobotDescription, *, meshes: bool = False) -> str:
    """URDF text for a simulator: ``body.urdf`` and the capsules of its limbs.

    Capsules are not part of standard URDF, so they are added only here.
    """
    robot = ElementTree.fromstring(body.visual_urdf if meshes else body.urdf)
    links = {link.get("name", ""): link for link in robot.findall("link")}
    for capsule in body.capsules:
        links[capsule.link].append(_capsule(capsule))
    return ElementTree.tostring(robot, encoding="unicode")


def _capsule(capsule: Capsule) -> ElementTree.Element:
    axis = capsule.end - capsule.start
    length = float(np.linalg.norm(axis))
    rpy = rpy_from_rotation(rotation_z_to(axis / length))
    collision = ElementTree.Element("collision")
    middle = 0.5 * (capsule.start + capsule.end)
    ElementTree.SubElement(collision, "origin", xyz=numbers(middle), rpy=numbers(rpy))
    geometry = ElementTree.SubElement(collision, "geometry")
    ElementTree.SubElement(geometry, "capsule", radius=repr(capsule.radius), length=repr(length))
    return collision
