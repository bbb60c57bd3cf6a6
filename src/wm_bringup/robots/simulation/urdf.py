"""The robot's URDF as a simulator loads it: with self-collision capsules, or for pictures."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np

from wm_control.robot.description import Capsule, RobotDescription
from wm_control.robot.rotations import rpy_from_rotation
from wm_control.robot.writer import numbers
from wm_control.types import Array


def simulation_urdf(body: RobotDescription, *, meshes: bool = False) -> str:
    """URDF text for a simulator: ``body.urdf`` and the capsules of its limbs.

    Capsules are not part of standard URDF, so they are added only here.
    """
    robot = ElementTree.fromstring(body.visual_urdf if meshes else body.urdf)
    links = {link.get("name", ""): link for link in robot.findall("link")}
    for capsule in body.capsules:
        links[capsule.link].append(_capsule(capsule))
    return ElementTree.tostring(robot, encoding="unicode")


def visible_urdf(body: RobotDescription) -> str:
    """URDF text for pictures: meshes as far as their files are there, elsewhere capsules."""
    robot = ElementTree.fromstring(body.visual_urdf)
    bare = set()
    for link in robot.findall("link"):
        for visual in link.findall("visual"):
            mesh = visual.find("geometry/mesh")
            if mesh is not None and not Path(mesh.get("filename", "")).is_file():
                link.remove(visual)
        if link.find("visual") is None:
            bare.add(link.get("name", ""))
    links = {link.get("name", ""): link for link in robot.findall("link")}
    for capsule in body.capsules:
        if capsule.link in bare:
            drawn = _capsule(capsule)
            drawn.tag = "visual"
            links[capsule.link].append(drawn)
    return ElementTree.tostring(robot, encoding="unicode")


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
