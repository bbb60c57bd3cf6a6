"""Write a folded robot as URDF text: standard elements only, numbers that read back exactly."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import quoteattr

import numpy as np

from wm_control.robot.inertia import LinkInertia
from wm_control.robot.rotations import rpy_from_rotation
from wm_control.robot.urdf import Joint, Link, MeshShape, Placement, SolidShape, SphereShape
from wm_control.types import Array


def write_urdf(name: str, links: Iterable[Link], joints: Iterable[Joint], *, meshes: bool) -> str:
    """URDF text with inertia, collision spheres and joints; meshes: with the links' pictures."""
    body = "".join(_link(link, meshes) for link in links) + "".join(_joint(j) for j in joints)
    return f'<?xml version="1.0"?>\n<robot name={quoteattr(name)}>\n{body}</robot>\n'


def numbers(values: Iterable[float]) -> str:
    """Values separated by blanks, each in the shortest form that reads back to the same float."""
    return " ".join(repr(float(value)) for value in values)


def _origin(position: Array, rotation: Array) -> str:
    rpy = rpy_from_rotation(rotation)
    return f'<origin xyz="{numbers(position)}" rpy="{numbers(rpy)}"/>'


def _place(placement: Placement) -> str:
    return _origin(placement.position, placement.rotation)


def _link(link: Link, meshes: bool) -> str:
    shapes = [*map(_mesh, link.meshes), *map(_solid, link.solids)] if meshes else []
    shapes += [_sphere(sphere) for sphere in link.spheres]
    inside = write_inertial(link.inertia) + "".join(shapes)
    return f"  <link name={quoteattr(link.name)}>\n{inside}  </link>\n"


def write_inertial(inertia: LinkInertia) -> str:
    """``<inertial>`` in the body's principal axes, which engines that need these take unchanged."""
    moments, axes = np.linalg.eigh(inertia.inertia)
    axes[:, 2] *= np.sign(np.linalg.det(axes))
    xx, yy, zz = moments.tolist()
    return (
        f'    <inertial>{_origin(inertia.com, axes)}<mass value="{float(inertia.mass)!r}"/>'
        f'<inertia ixx="{xx!r}" ixy="0.0" ixz="0.0" iyy="{yy!r}" iyz="0.0" izz="{zz!r}"/>'
        "</inertial>\n"
    )


def _sphere(sphere: SphereShape) -> str:
    return (
        f'    <collision><origin xyz="{numbers(sphere.center)}" rpy="0 0 0"/>'
        f'<geometry><sphere radius="{float(sphere.radius)!r}"/></geometry></collision>\n'
    )


def _mesh(mesh: MeshShape) -> str:
    shape = f'<mesh filename={quoteattr(mesh.file)} scale="{numbers(mesh.scale)}"/>'
    return _visual(shape, mesh.placement, mesh.color)


def _solid(solid: SolidShape) -> str:
    size = "".join(f" {name}={quoteattr(value)}" for name, value in solid.size)
    return _visual(f"<{solid.kind}{size}/>", solid.placement, solid.color)


def _visual(shape: str, placement: Placement, color: Array) -> str:
    rgba = numbers(color)
    return (
        f"    <visual>{_place(placement)}<geometry>{shape}</geometry>"
        f'<material name="rgba {rgba}"><color rgba="{rgba}"/></material></visual>\n'
    )


def _joint(joint: Joint) -> str:
    return (
        f"  <joint name={quoteattr(joint.name)} type={quoteattr(joint.kind)}>"
        f"{_place(joint.placement)}"
        f"<parent link={quoteattr(joint.parent)}/><child link={quoteattr(joint.child)}/>"
        f'<axis xyz="{numbers(joint.axis)}"/>'
        f'<limit lower="{joint.lower!r}" upper="{joint.upper!r}" '
        f'effort="{joint.torque!r}" velocity="{joint.velocity!r}"/></joint>\n'
    )
