"""Rotor inertia as seen at the joints: what a URDF or SRDF says, or a guess by the torque limit."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wm_control.robot.urdf import Joint

PER_TORQUE = 2.5e-4
"""Rotor inertia at the joint per torque limit, within a factor of two of published drives [s²]."""

DRAKE = "{http://drake.mit.edu}"
"""Namespace of Drake's elements in a URDF."""


@dataclass(frozen=True, slots=True)
class Rotor:
    """Rotor inertia of one joint [kg·m²], and where it comes from."""

    inertia: float
    origin: str
    guess: bool


def find_rotors(robot: ElementTree.Element, file: Path) -> dict[str, Rotor]:
    """Rotors that the URDF or an SRDF beside it states, by joint."""
    return _of_srdf(file, robot.get("name", "")) | _of_transmissions(robot) | _of_dynamics(robot)


def guess_rotor(torque: float) -> Rotor:
    """Guess a rotor from the torque limit of its joint [N·m]."""
    inertia = float(f"{PER_TORQUE * torque:.3g}")
    return Rotor(inertia, f"GUESS: {PER_TORQUE:g} s² x {torque:g} N·m", guess=True)


def actuator_names(rotors: Mapping[str, Rotor], joints: Mapping[str, Joint]) -> dict[str, str]:
    """Name of each joint's actuator: joints of one inertia share one."""
    names: dict[tuple[float, bool], str] = {}
    for joint, rotor in rotors.items():
        key = (rotor.inertia, rotor.guess)
        if key not in names:
            torque = joints[joint].torque
            wanted = f"guess_{torque:g}" if rotor.guess else f"rotor_{rotor.inertia:g}"
            names[key] = wanted.replace("-", "m").replace(".", "p").replace("+", "")
    return {joint: names[rotor.inertia, rotor.guess] for joint, rotor in rotors.items()}


def _of_dynamics(robot: ElementTree.Element) -> dict[str, Rotor]:
    """<dynamics armature=...> or rotor_inertia=... (with gear_ratio=...) of a joint."""
    found = {}
    for joint in robot.findall("joint"):
        dynamics = joint.find("dynamics")
        given = {} if dynamics is None else dynamics.attrib
        armature = _positive(given.get("armature"))
        rotor = _positive(given.get("rotor_inertia"))
        if rotor is not None:
            armature = rotor * (_positive(given.get("gear_ratio")) or 1.0) ** 2
        if armature is not None:
            found[joint.get("name", "")] = Rotor(armature, "the URDF's <dynamics>", guess=False)
    return found


def _of_transmissions(robot: ElementTree.Element) -> dict[str, Rotor]:
    """Rotor inertia times reduction squared, of transmissions with one joint and one actuator."""
    found = {}
    for transmission in robot.findall("transmission"):
        joints, actuators = transmission.findall("joint"), transmission.findall("actuator")
        if len(joints) != 1 or len(actuators) != 1:
            continue
        inertia = _first(actuators[0], ("rotorInertia", "motorInertia"), f"{DRAKE}rotor_inertia")
        gear = _first(actuators[0], ("mechanicalReduction",), f"{DRAKE}gear_ratio") or _first(
            joints[0], ("mechanicalReduction",), ""
        )
        if inertia is not None and gear is not None:
            name = joints[0].get("name", "")
            text = f"the URDF's <transmission>: {inertia:g} kg·m² x {gear:g}²"
            found[name] = Rotor(inertia * gear**2, text, guess=False)
    return found


def _of_srdf(file: Path, name: str) -> dict[str, Rotor]:
    """<rotor_params> of the SRDF of the same robot, beside the URDF or in ../srdf."""
    for path in _srdf_files(file, name):
        try:
            robot = ElementTree.parse(path).getroot()
        except (OSError, ElementTree.ParseError):
            continue
        found = {}
        for joint in robot.iterfind("rotor_params/joint"):
            mass, gear = _positive(joint.get("mass")), _positive(joint.get("gear_ratio"))
            if mass is not None and gear is not None:
                text = f"rotor_params of {path.name}: {mass:g} kg·m² x {gear:g}²"
                found[joint.get("name", "")] = Rotor(mass * gear**2, text, guess=False)
        if found:
            return found
    return {}


def _srdf_files(file: Path, name: str) -> list[Path]:
    folders = [file.parent, file.parent.parent / "srdf"]
    wanted = {file.stem, name, name.lower()}
    there = [path for folder in folders for path in sorted(folder.glob("*.srdf"))]
    return [path for path in there if path.stem in wanted or path.stem in file.stem]


def _first(element: ElementTree.Element, names: tuple[str, ...], drake: str) -> float | None:
    for name in names:
        found = _positive(element.findtext(name))
        if found is not None:
            return found
    other = element.find(drake) if drake else None
    return None if other is None else _positive(other.get("value"))


def _positive(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if value > 0.0 and math.isfinite(value) else None
