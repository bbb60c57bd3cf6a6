"""What tells one robot from another: joints, limits, gears, masses, lengths and soles."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from wm_control.robot.description import RobotDescription, Sole
from wm_control.robot.urdf import Urdf, parse_urdf
from wm_control.types import Array

ALIKE = 1e-3
"""Relative difference below which two values are the same: rounding of who wrote the files."""

NAMED = 12
"""So many of the differing joints or links are named, largest difference first; then a count."""

Values = Mapping[str, Array]
"""One value (1,), or one vector (3,), by name of joint, link or foot."""


def differences(believed: RobotDescription, body: RobotDescription) -> tuple[str, ...]:
    """One line per kind of difference, ``torque limit [N·m]: left_knee_joint 50 (believed 139)``.

    Empty where a controller that believes in the one has what it needs to know of the other.
    Posture and gains are the controller's own and no difference.
    """
    return (*_joints(believed, body), *_links(believed, body), *_soles(believed, body))


def _joints(believed: RobotDescription, body: RobotDescription) -> Iterator[str]:
    here, there = believed.joint_names, body.joint_names
    for text, names in (
        ("joints that only the believed robot has", [n for n in here if n not in there]),
        ("joints that the believed robot has not", [n for n in there if n not in here]),
    ):
        if names:
            yield f"{text}: {', '.join(names)}"
    for title, old, new in (
        ("torque limit [N·m]", believed.torque_limit, body.torque_limit),
        ("speed limit [rad/s]", believed.velocity_limit, body.velocity_limit),
        ("rotor inertia seen at the joint [kg·m²]", believed.armature, body.armature),
        ("lower limit [rad]", believed.position_lower, body.position_lower),
        ("upper limit [rad]", believed.position_upper, body.position_upper),
    ):
        yield from _line(title, _named(here, old), _named(there, new))


def _links(believed: RobotDescription, body: RobotDescription) -> Iterator[str]:
    """Compare the links without their rotors, which are told of the joints."""
    old, new = _urdf(believed), _urdf(body)
    masses = [{n: _one(link.inertia.mass) for n, link in urdf.links.items()} for urdf in (old, new)]
    yield from _line("mass [kg]", *masses)
    yield from _line("whole mass [kg]", *({"robot": sum(of.values(), _one(0.0))} for of in masses))
    centres = [{n: link.inertia.com for n, link in urdf.links.items()} for urdf in (old, new)]
    yield from _line("centre of mass [m]", *centres)
    yield from _line("trace of inertia [kg·m²]", _inertias(believed, old), _inertias(body, new))
    places = [{n: j.placement.position for n, j in urdf.joints.items()} for urdf in (old, new)]
    yield from _line("place of the joint in its link [m]", *places)


def _soles(believed: RobotDescription, body: RobotDescription) -> Iterator[str]:
    robots = (believed, body)
    yield from _line("place of the sole [m]", *(_of_soles(r, lambda s: s.position) for r in robots))
    sizes = (_of_soles(r, lambda s: np.array([s.half_length, s.half_width])) for r in robots)
    yield from _line("half length and width of the sole [m]", *sizes)
    if believed.imu.link != body.imu.link:
        yield f"link of the IMU: {body.imu.link} (believed {believed.imu.link})"
    yield from _line("place of the IMU [m]", *({"base": r.imu.position} for r in robots))


def _of_soles(robot: RobotDescription, value: Callable[[Sole], Array]) -> Values:
    return {side: value(sole) for side, sole in zip(("left", "right"), robot.soles, strict=True)}


def _named(names: Sequence[str], values: Array) -> Values:
    return {name: _one(value) for name, value in zip(names, values.tolist(), strict=True)}


def _one(value: float) -> Array:
    return np.array([value])


def _urdf(robot: RobotDescription) -> Urdf:
    return parse_urdf(ElementTree.fromstring(robot.urdf), Path(robot.name))


def _inertias(robot: RobotDescription, urdf: Urdf) -> Values:
    """Trace of each link's inertia less its rotor's, which is twice the armature (inertia.py)."""
    of_joint = dict(zip(robot.joint_names, robot.armature.tolist(), strict=True))
    rotors = {joint.child: of_joint.get(name, 0.0) for name, joint in urdf.joints.items()}
    return {
        name: _one(float(np.trace(link.inertia.inertia)) - 2.0 * rotors.get(name, 0.0))
        for name, link in urdf.links.items()
    }


def _line(title: str, old: Values, new: Values) -> Iterator[str]:
    """Name what differs by more than ``ALIKE``, by how much of the larger value first."""
    shares = {name: _share(old[name], new[name]) for name in old if name in new}
    differing = sorted((n for n in shares if not shares[n] <= ALIKE), key=lambda n: -shares[n])
    told = [f"{n} {_text(new[n])} (believed {_text(old[n])})" for n in differing[:NAMED]]
    if len(differing) > NAMED:
        told.append(f"and {len(differing) - NAMED} more")
    if told:
        yield f"{title}: {', '.join(told)}"


def _share(old: Array, new: Array) -> float:
    largest = max(float(np.linalg.norm(old)), float(np.linalg.norm(new)))
    return float(np.linalg.norm(new - old)) / largest if largest > 0.0 else 0.0


def _text(value: Array) -> str:
    numbers = " ".join(f"{number:.4g}" for number in value.tolist())
    return numbers if value.size == 1 else f"({numbers})"
