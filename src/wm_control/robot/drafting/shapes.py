"""Points on the shapes of a link: primitives of a URDF, and meshes as coal reads them."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import coal
import numpy as np

from wm_control.errors import RobotDescriptionError
from wm_control.robot.rotations import rotation_from_rpy
from wm_control.robot.urdf import resolve_mesh
from wm_control.types import Array

KINDS = ("collision", "visual")
"""Elements of a link that have a shape; the first that has any is looked at."""

NONE: Array = np.zeros((0, 4))
"""No balls."""

_ROUND = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)


@dataclass(frozen=True, slots=True)
class Points:
    """Where a link's shapes are, and what they were read from.

    balls: (n, 4) centre in the link's frame and radius [m], 0 for a corner of anything but a
    sphere. missing: meshes that are named, but cannot be read.
    """

    balls: Array
    origin: str
    missing: tuple[str, ...] = ()


def link_points(link: ElementTree.Element, file: Path) -> Points:
    """Points on the collision shapes of a ``<link>``, without any on its visual ones.

    RobotDescriptionError names link and element where a number cannot be read.
    """
    missing: list[str] = []
    for kind in KINDS:
        try:
            found = [_placed(shape, file, missing) for shape in link.findall(kind)]
        except ValueError as error:
            owner = f"link '{link.get('name', '')}': <{kind}>"
            raise RobotDescriptionError(f"{file}: {owner} {error}") from error
        balls = np.concatenate([NONE, *found])
        if len(balls):
            return Points(balls, kind, tuple(missing))
    return Points(NONE, "nothing", tuple(missing))


def moved(balls: Array, rotation: Array, position: Array) -> Array:
    """Balls (n, 4) of a frame in the frame in which it has this rotation and position."""
    return np.column_stack((balls[:, :3] @ rotation.T + position, balls[:, 3]))


def _placed(shape: ElementTree.Element, file: Path, missing: list[str]) -> Array:
    origin = shape.find("origin")
    place = ElementTree.Element("origin") if origin is None else origin
    rotation = rotation_from_rpy(_numbers(place, "rpy", "0 0 0"))
    return moved(_surface(shape, file, missing), rotation, _numbers(place, "xyz", "0 0 0"))


def _surface(shape: ElementTree.Element, file: Path, missing: list[str]) -> Array:
    geometry = shape.find("geometry")
    for element in () if geometry is None else geometry:
        if element.tag == "box":
            return _corners(_box(_numbers(element, "size", "0 0 0")))
        if element.tag in ("cylinder", "capsule"):
            return _corners(_cylinder(_number(element, "radius"), _number(element, "length")))
        if element.tag == "sphere":
            return np.array([[0.0, 0.0, 0.0, _number(element, "radius")]])
        if element.tag == "mesh":
            return _corners(_mesh(element, file, missing))
    return NONE


def _corners(positions: Array) -> Array:
    return np.column_stack((positions, np.zeros(len(positions))))


def _box(size: Array) -> Array:
    signs = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=float)
    corners: Array = 0.5 * size * signs
    return corners


def _cylinder(radius: float, length: float) -> Array:
    rim = np.column_stack((radius * np.cos(_ROUND), radius * np.sin(_ROUND), 0.0 * _ROUND))
    lift = np.array([0.0, 0.0, 0.5 * length])
    return np.concatenate((rim + lift, rim - lift))


def _mesh(element: ElementTree.Element, file: Path, missing: list[str]) -> Array:
    path = resolve_mesh(element.get("filename", ""), file)
    scale = _numbers(element, "scale", "1 1 1")
    try:
        mesh = coal.MeshLoader(coal.BV_AABB).load(path, scale)
    except (ValueError, RuntimeError):
        missing.append(path)
        return np.zeros((0, 3))
    return np.array(mesh.vertices(), dtype=float).reshape(-1, 3)


def _number(element: ElementTree.Element, attribute: str) -> float:
    return float(_numbers(element, attribute, "0")[0])


def _numbers(element: ElementTree.Element, attribute: str, default: str) -> Array:
    """Return as many numbers as ``default`` has; ValueError says what was expected and found."""
    text, count = element.get(attribute, default), len(default.split())
    try:
        numbers = np.array([float(part) for part in text.split()])
    except ValueError:
        numbers = np.full(count, np.nan)
    if numbers.shape != (count,) or not np.all(np.isfinite(numbers)):
        expected = "a finite number" if count == 1 else f"{count} finite numbers"
        raise ValueError(f'with <{element.tag}>: {attribute}: expected {expected}, found "{text}"')
    return numbers


def links_of(robot: ElementTree.Element) -> Iterator[tuple[str, ElementTree.Element]]:
    """Yield the links of a URDF by name."""
    for link in robot.findall("link"):
        yield link.get("name", ""), link
