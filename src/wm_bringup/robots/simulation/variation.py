"""Bodies that are not quite what their description says: varied from link to link, or loaded."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from wm_bringup.scenarios.scenario import Body
from wm_control.robot.description import Capsule, RobotDescription, Sole, Sphere
from wm_control.robot.inertia import LinkInertia
from wm_control.robot.urdf import Joint, Link, Placement, SphereShape, parse_urdf, read_inertia
from wm_control.robot.writer import write_inertial, write_urdf
from wm_control.types import Array


@dataclass(frozen=True, slots=True)
class _Errors:
    """What was drawn for one link: factors, and the centre of mass's shift (3,) [m]."""

    mass: float
    inertia: float
    length: float
    com: Array


def vary(description: RobotDescription, spread: Body, rng: np.random.Generator) -> RobotDescription:
    """Draw a body whose links differ from the description's.

    Every link draws the same six numbers whatever the spreads, so that one error does not change
    the others. Meshes stay as they are.
    """
    urdf = parse_urdf(ElementTree.fromstring(description.visual_urdf), Path(description.name))
    errors = {name: _draw(spread, rng) for name in urdf.links}
    length = {name: error.length for name, error in errors.items()}
    links = [_varied_link(link, errors[name]) for name, link in urdf.links.items()]
    joints = [_varied_joint(joint, length[joint.parent]) for joint in urdf.joints.values()]
    left, right = (_scaled_sole(sole, length[sole.link]) for sole in description.soles)
    imu = description.imu
    return replace(
        description,
        urdf=write_urdf(description.name, links, joints, meshes=False),
        visual_urdf=write_urdf(description.name, links, joints, meshes=True),
        soles=(left, right),
        imu=replace(imu, position=imu.position * length[imu.link]),
        capsules=tuple(_scaled_capsule(c, length[c.link]) for c in description.capsules),
    )


def _draw(spread: Body, rng: np.random.Generator) -> _Errors:
    mass, inertia, length, *com = rng.uniform(-1.0, 1.0, 6)
    return _Errors(
        mass=1.0 + spread.mass_spread * mass,
        inertia=1.0 + spread.inertia_spread * inertia,
        length=1.0 + spread.length_spread * length,
        com=spread.com_spread * np.array(com),
    )


def _varied_link(link: Link, error: _Errors) -> Link:
    own = link.inertia
    inertia = LinkInertia(
        own.mass * error.mass,
        own.com * error.length + error.com,
        own.inertia * (error.mass * error.inertia),
    )
    spheres = tuple(SphereShape(s.center * error.length, s.radius) for s in link.spheres)
    return replace(link, inertia=inertia, spheres=spheres)


def _varied_joint(joint: Joint, length: float) -> Joint:
    place = joint.placement
    return replace(joint, placement=Placement(place.rotation, place.position * length))


def _scaled_sole(sole: Sole, length: float) -> Sole:
    spheres = tuple(Sphere(s.center * length, s.radius) for s in sole.spheres)
    return replace(sole, position=sole.position * length, spheres=spheres)


def _scaled_capsule(capsule: Capsule, length: float) -> Capsule:
    return replace(capsule, start=capsule.start * length, end=capsule.end * length)


def with_point_mass(
    description: RobotDescription, link: str, mass: float, offset: Array
) -> RobotDescription:
    """Fix a point mass [kg] to a link, at ``offset`` (3,) [m] in its frame."""
    return replace(
        description,
        urdf=_loaded(description.urdf, link, mass, offset),
        visual_urdf=_loaded(description.visual_urdf, link, mass, offset),
    )


def _loaded(urdf: str, name: str, mass: float, offset: Array) -> str:
    robot = ElementTree.fromstring(urdf)
    link = next(link for link in robot.findall("link") if link.get("name") == name)
    own = read_inertia(link, name, Path("simulated robot"))
    loaded = own.merged(LinkInertia(mass, offset, np.zeros((3, 3))))
    for inertial in link.findall("inertial"):
        link.remove(inertial)
    link.append(ElementTree.fromstring(write_inertial(loaded)))
    return ElementTree.tostring(robot, encoding="unicode")
