"""A robot file from a URDF: reads it, measures it, and says of each entry where it comes from."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wm_control.errors import RobotDescriptionError
from wm_control.robot.drafting.actuators import Rotor, actuator_names, find_rotors, guess_rotor
from wm_control.robot.drafting.capsules import CapsuleDraft, draft_capsules
from wm_control.robot.drafting.imu import find_imu
from wm_control.robot.drafting.inertias import Repair, repaired_links
from wm_control.robot.drafting.limbs import another_root, contradicted_sides
from wm_control.robot.drafting.limits import Size, completed, suspicions
from wm_control.robot.drafting.locking import locked_positions
from wm_control.robot.drafting.notes import Note
from wm_control.robot.drafting.posture import resting_arm
from wm_control.robot.drafting.reading import Reading, read_humanoid
from wm_control.robot.drafting.skeleton import rest_position
from wm_control.robot.drafting.soles import SoleDraft, guess_sole, leg_length, measure_sole
from wm_control.robot.drafting.telling import (
    arm_notes,
    body_notes,
    capsule_notes,
    imu_notes,
    repair_notes,
    rotor_notes,
    sole_notes,
)
from wm_control.robot.sources import urdf_file
from wm_control.robot.urdf import Joint

BACKWARDS = 1.5
"""Soles that reach so many times farther behind the ankle than ahead of it look backwards."""


@dataclass(frozen=True, slots=True)
class RobotDraft:
    """All that a robot file says, and where it comes from.

    urdf: as the file will name it. groups: of the joints, by name. limits: those to be written,
    by joint and key. defaults: postures other than zero [rad]. locked: position [rad or m] and
    reason. soles, feet: left, right.
    """

    name: str
    urdf: str
    base_link: str
    imu: str | None
    soles: tuple[SoleDraft, SoleDraft]
    feet: tuple[str, str]
    rotors: Mapping[str, Rotor]
    actuators: Mapping[str, str]
    groups: Mapping[str, str]
    limits: Mapping[str, Mapping[str, float]]
    defaults: Mapping[str, float]
    locked: Mapping[str, tuple[float, str]]
    repairs: Mapping[str, Repair]
    capsules: Mapping[str, CapsuleDraft]
    notes: tuple[Note, ...]


def draft_robot(source: str, folder: Path | None = None, name: str | None = None) -> RobotDraft:
    """Draft the robot of a URDF.

    source: as robot files name a URDF, a path being one from here. folder: that the robot file will
    be in; None: one of the robot's name, here. RobotDescriptionError when there is no such file, or
    it does not describe a humanoid that stands on two legs and looks along its base's x axis.
    """
    path = urdf_file(source, Path("robot.yaml").absolute())
    reading = read_humanoid(path)
    soles = _soles(reading)
    _check_forward(reading, soles)
    joints, limits, limit_notes = _limits(reading)
    rotors = _rotors(reading, joints)
    defaults, hanging = _defaults(reading)
    capsules, left_out = _capsules(reading, soles, defaults)
    repairs = repaired_links(reading.urdf, reading.skeleton)
    imu = find_imu(reading.robot, reading.skeleton)
    name = name or _plain(reading.robot.get("name") or path.stem)
    return RobotDraft(
        name=name,
        urdf=_reference(source, path, folder or Path(name)),
        base_link=reading.urdf.root,
        imu=imu,
        soles=soles,
        feet=reading.limbs.feet,
        rotors=rotors,
        actuators=actuator_names(rotors, joints),
        groups=reading.groups,
        limits=limits,
        defaults=defaults,
        locked=_locked(reading),
        repairs=repairs,
        capsules=capsules,
        notes=(
            *body_notes(reading),
            *sole_notes(reading, soles),
            *imu_notes(reading.skeleton, imu),
            *rotor_notes(rotors),
            *limit_notes,
            *arm_notes(reading.limbs, hanging),
            *capsule_notes(capsules, left_out),
            *repair_notes(repairs),
        ),
    )


def _locked(reading: Reading) -> dict[str, tuple[float, str]]:
    positions = locked_positions(reading.urdf, reading.locked)
    return {joint: (positions[joint], why) for joint, why in reading.locked.items()}


def _soles(reading: Reading) -> tuple[SoleDraft, SoleDraft]:
    skeleton, legs = reading.skeleton, reading.limbs.legs
    left, right = (
        measure_sole(skeleton, leg, reading.balls[leg[-1]])
        or guess_sole(skeleton, leg, leg_length(skeleton, leg))
        for leg in legs
    )
    return left, right


def _check_forward(reading: Reading, soles: tuple[SoleDraft, SoleDraft]) -> None:
    """Require toes, and the left side, where the base has them: a robot file cannot turn it."""
    base = reading.urdf.root
    signs = []
    if all(sole.measured and -sole.behind > BACKWARDS * sole.ahead for sole in soles):
        signs.append(
            f"the soles reach {-soles[0].behind:.3f} m against its x axis and "
            f"{soles[0].ahead:.3f} m along it from the ankle"
        )
    if contradicted_sides(reading.skeleton, reading.limbs):
        joint = reading.skeleton.drives[reading.limbs.legs[0][0]].name
        signs.append(f"the leg on its +y side begins with '{joint}'")
    if signs:
        raise RobotDescriptionError(
            f"{reading.urdf.source}: the base '{base}' looks backwards: {' and '.join(signs)}; x "
            "must be to the front and y to the left. "
            + another_root(base, "forward", 'rpy="0 0 3.14159265358979"')
        )


def _limits(
    reading: Reading,
) -> tuple[dict[str, Joint], dict[str, dict[str, float]], list[Note]]:
    """Joints with limits, those that the file must state, and what is to be said of them."""
    skeleton, leg = reading.skeleton, reading.limbs.legs[0]
    size = Size(skeleton.mass(skeleton.base), leg_length(skeleton, leg))
    joints, limits, notes = {}, {}, []
    for name, group in reading.groups.items():
        joints[name], given, told = completed(reading.urdf.joints[name], group, size)
        notes += told
        if given:
            limits[name] = given
    legs = [skeleton.drives[body].name for leg in reading.limbs.legs for body in leg]
    return joints, limits, [*notes, *suspicions(joints, legs)]


def _rotors(reading: Reading, joints: Mapping[str, Joint]) -> dict[str, Rotor]:
    found = find_rotors(reading.robot, reading.path)
    return {name: found.get(name) or guess_rotor(joint.torque) for name, joint in joints.items()}


def _defaults(reading: Reading) -> tuple[dict[str, float], bool]:
    """Posture of what is no leg, where it is not zero [rad], and whether arms were made to hang."""
    skeleton, hanging = reading.skeleton, False
    posture = {
        name: rest_position(reading.urdf.joints[name])
        for name, group in reading.groups.items()
        if "leg" not in group
    }
    for arm in reading.limbs.arms:
        positions, moved = resting_arm(skeleton, arm)
        posture |= positions
        hanging |= moved
    return {name: value for name, value in posture.items() if value != 0.0}, hanging


def _capsules(
    reading: Reading, soles: tuple[SoleDraft, SoleDraft], defaults: Mapping[str, float]
) -> tuple[dict[str, CapsuleDraft], list[str]]:
    points = {body: balls[:, :3] for body, balls in reading.balls.items()}
    return draft_capsules(reading.skeleton, reading.limbs, points, soles, defaults)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_") or "robot"


def _reference(source: str, path: Path, folder: Path) -> str:
    """Return what the robot file names its URDF by: relative only inside its own folder."""
    if source.startswith("package://"):
        return source
    if Path(source.removeprefix("file://")).is_file():
        inside = path.resolve().is_relative_to(folder.resolve())
        return os.path.relpath(path, folder) if inside else str(path.resolve())
    return source
