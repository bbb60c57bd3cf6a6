"""The robot's tree of links as a viewer wants it: where each hangs, and what it looks like."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wm_control.quaternion import (
    Quaternion,
    quaternion_from_rotation,
    quaternion_from_vector,
    quaternion_product,
)
from wm_control.robot.description import RobotDescription
from wm_control.robot.rotations import rotation_from_rpy
from wm_control.types import Array

Colour = tuple[int, int, int]

_GREY: Colour = (178, 178, 178)


@dataclass(frozen=True, slots=True)
class MeshFile:
    """A mesh of a link: file, scale (3,), where it is in the link: position (3,) [m] and xyzw."""

    path: Path
    scale: Array
    position: Array
    orientation: Quaternion
    colour: Colour


@dataclass(frozen=True, slots=True)
class Link:
    """One moving link. path: its place in a scene tree, ``base/child/...``.

    position (3,) [m], orientation xyzw: in its parent, at zero of its joint. axis: (3,) of the
    joint in the link's own axes. joint: its place in joint_names; -1 of the base.
    """

    name: str
    path: str
    position: Array
    orientation: Quaternion
    axis: Array
    joint: int
    meshes: tuple[MeshFile, ...]


def skeleton_of(description: RobotDescription) -> tuple[Link, ...]:
    """Read the tree of a robot, the base first, every parent before its children."""
    root = ElementTree.fromstring(description.visual_urdf)
    looks = {str(link.get("name")): tuple(_meshes(link)) for link in root.iter("link")}
    base = description.base_link
    still = np.zeros(3)
    links = [Link(base, base, still, (0.0, 0.0, 0.0, 1.0), still, -1, looks[base])]
    paths = {base: base}
    hanging = list(root.iter("joint"))
    while hanging:
        ready = [joint for joint in hanging if _named(joint, "parent") in paths]
        if not ready:
            break
        for joint in ready:
            hanging.remove(joint)
            child = _named(joint, "child")
            paths[child] = f"{paths[_named(joint, 'parent')]}/{child}"
            place = description.joint_names.index(str(joint.get("name")))
            position, orientation = _origin(joint)
            axis = _numbers(joint.find("axis"), "xyz", "1 0 0")
            links.append(
                Link(child, paths[child], position, orientation, axis, place, looks[child])
            )
    return tuple(links)


def turned(link: Link, angle: float) -> Quaternion:
    """Orientation xyzw of a link in its parent when its joint stands at ``angle`` [rad]."""
    x, y, z = (angle * link.axis).tolist()
    return quaternion_product(link.orientation, quaternion_from_vector(x, y, z))


def wxyz(orientation: Sequence[float]) -> Quaternion:
    """Write a quaternion xyzw with its real part first, as viewers do."""
    x, y, z, w = orientation
    return (w, x, y, z)


def _meshes(link: ElementTree.Element) -> list[MeshFile]:
    found = []
    for visual in link.iter("visual"):
        mesh = visual.find("geometry/mesh")
        if mesh is None:
            continue
        position, orientation = _origin(visual)
        scale = _numbers(mesh, "scale", "1 1 1")
        path = Path(str(mesh.get("filename")).removeprefix("file://"))
        found.append(MeshFile(path, scale, position, orientation, _colour(visual)))
    return found


def _colour(visual: ElementTree.Element) -> Colour:
    element = visual.find("material/color")
    if element is None:
        return _GREY
    red, green, blue = (round(255 * part) for part in _numbers(element, "rgba", "")[:3])
    return red, green, blue


def _named(joint: ElementTree.Element, key: str) -> str:
    element = joint.find(key)
    return "" if element is None else str(element.get("link"))


def _origin(element: ElementTree.Element) -> tuple[Array, Quaternion]:
    origin = element.find("origin")
    rotation = rotation_from_rpy(_numbers(origin, "rpy", "0 0 0"))
    return _numbers(origin, "xyz", "0 0 0"), quaternion_from_rotation(rotation)


def _numbers(element: ElementTree.Element | None, key: str, default: str) -> Array:
    text = default if element is None else element.get(key, default)
    return np.array([float(part) for part in text.split()])
