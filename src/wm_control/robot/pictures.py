"""What of a robot can be drawn: meshes that are there, or else rods and balls in their place.

Nothing but pictures needs a mesh, so that one that cannot be found costs no result.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from wm_control.robot.geometry import Capsule
from wm_control.robot.rotations import rotation_z_to
from wm_control.robot.urdf import GREY, IDENTITY, Joint, Link, MeshShape, Placement, SolidShape
from wm_control.types import Array

_DENSITY = 1000.0
"""Of a ball that stands for a link of a certain mass [kg/m³]."""

_SLENDER = 0.12
"""Radius of a rod as a share of its length."""

_SHORT = 0.02
"""Joints that are nearer to each other are joined by no rod [m]."""


def drawable(
    links: Sequence[Link], joints: Iterable[Joint], capsules: Iterable[Capsule]
) -> tuple[list[Link], str]:
    """Return the links without the meshes that cannot be found, and what to say of those.

    A link that loses all its meshes, and every one of a robot without any picture, is drawn as its
    capsules, or else as rods from joint to joint and a ball of its weight.
    """
    found = [replace(link, meshes=tuple(filter(_exists, link.meshes))) for link in links]
    lost = [mesh.file for link in links for mesh in link.meshes if not _exists(mesh)]
    bare = not any(link.meshes or link.solids for link in found)
    below: dict[str, list[Array]] = {}
    for joint in joints:
        below.setdefault(joint.parent, []).append(joint.placement.position)
    limbs: dict[str, list[Capsule]] = {}
    for capsule in capsules:
        limbs.setdefault(capsule.link, []).append(capsule)
    drawn = []
    for before, link in zip(links, found, strict=True):
        instead: tuple[SolidShape, ...] = ()
        if bare or (before.meshes and not link.meshes):
            instead = _stand_in(link, below.get(link.name, []), limbs.get(link.name, []))
        drawn.append(replace(link, solids=(*link.solids, *instead)))
    return drawn, _remark(lost, bare=bare)


def _exists(mesh: MeshShape) -> bool:
    return Path(mesh.file).is_file()


def _remark(lost: Sequence[str], *, bare: bool) -> str:
    if lost:
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        return f"pictures: no mesh {lost[0]}{more}: rods and balls are drawn instead"
    return "pictures: the URDF has none: rods and balls are drawn instead" if bare else ""


def _stand_in(link: Link, below: list[Array], limbs: list[Capsule]) -> tuple[SolidShape, ...]:
    if limbs:
        rods = [(limb.start, limb.end, limb.radius) for limb in limbs]
        return tuple(shape for rod in rods for shape in _rod(*rod))
    far = [(place, float(np.linalg.norm(place))) for place in below]
    rods = [(np.zeros(3), place, _SLENDER * length) for place, length in far if length > _SHORT]
    radius = (3.0 * link.inertia.mass / (4.0 * math.pi * _DENSITY)) ** (1.0 / 3.0)
    ball = _ball(link.inertia.com, radius)
    return (*(shape for rod in rods for shape in _rod(*rod)), ball)


def _rod(start: Array, end: Array, radius: float) -> tuple[SolidShape, ...]:
    """Cylinder with round ends: URDF knows no capsule."""
    axis = end - start
    length = float(np.linalg.norm(axis))
    place = Placement(rotation_z_to(axis / length), 0.5 * (start + end))
    size = (("length", repr(length)), ("radius", repr(float(radius))))
    cylinder = SolidShape("cylinder", size, place, np.array(GREY))
    return cylinder, _ball(start, radius), _ball(end, radius)


def _ball(center: Array, radius: float) -> SolidShape:
    place = replace(IDENTITY, position=center)
    return SolidShape("sphere", (("radius", repr(float(radius))),), place, np.array(GREY))
