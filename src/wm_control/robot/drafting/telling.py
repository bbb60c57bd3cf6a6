"""What is said of a draft at the end: what was read, what guessed, what could not be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from wm_control.robot.drafting.actuators import Rotor
from wm_control.robot.drafting.capsules import CapsuleDraft
from wm_control.robot.drafting.imu import joints_to
from wm_control.robot.drafting.inertias import Repair
from wm_control.robot.drafting.limbs import SIDES, Limbs
from wm_control.robot.drafting.notes import Note, guessed, taken, unknown
from wm_control.robot.drafting.reading import Reading
from wm_control.robot.drafting.skeleton import Skeleton
from wm_control.robot.drafting.soles import SoleDraft

LEAST_MASS, MOST_MASS = 5.0, 300.0
"""A humanoid that walks weighs something in between [kg]."""

LEAST_LEG, MOST_LEG = 0.2, 1.5
"""Its feet are so far below its hips [m]."""

LEANS = 0.05
"""A sole that leans more with all joints at zero is told [rad]."""


def body_notes(reading: Reading) -> list[Note]:
    """Tell of base, mass, limbs, what is locked, and shapes that are not there."""
    skeleton, limbs = reading.skeleton, reading.limbs
    mass = skeleton.mass(skeleton.base)
    notes = [taken("base_link", f"'{reading.urdf.root}', the root of the URDF")]
    if reading.urdf.links[reading.urdf.root].inertia.mass == 0.0:
        notes.append(taken("base_link", "weighs nothing: what is fixed to it is the base's body"))
    notes.append(taken("mass", f"{mass:.2f} kg"))
    if not LEAST_MASS < mass < MOST_MASS:
        text = f"{mass:.3g} kg is none of a walking humanoid: are the URDF's units kg and m?"
        notes.append(unknown("mass", text))
    counts: dict[str, int] = {}
    for group in reading.groups.values():
        counts[group] = counts.get(group, 0) + 1
    told = ", ".join(f"{group} {count}" for group, count in counts.items())
    notes.append(taken("joints", f"{len(reading.groups)} by kinematics: {told}"))
    return [*notes, *_odd_limbs(skeleton, limbs), *_locked(reading), *_missing_meshes(reading)]


def sole_notes(reading: Reading, soles: tuple[SoleDraft, SoleDraft]) -> list[Note]:
    """How each sole was found."""
    notes = []
    for side, sole, foot in zip(SIDES, soles, reading.limbs.feet, strict=True):
        subject = f"soles.{side}"
        if not sole.measured:
            notes.append(
                unknown(
                    subject,
                    f"link '{foot}' has no shape: a level rectangle of {2e3 * sole.half_length:.0f}"
                    f" x {2e3 * sole.half_width:.0f} mm below the ankle was guessed; measure it",
                )
            )
            continue
        text = f"{2e3 * sole.half_length:.0f} x {2e3 * sole.half_width:.0f} mm, from the lowest"
        notes.append(taken(subject, f"{text} 10 mm of link '{foot}'"))
        if sole.lean > LEANS:
            text = f"leans by {sole.lean:.2f} rad with all joints at zero"
            notes.append(unknown(subject, f"{text}: its largest face was taken"))
        if sole.half_width > sole.half_length:
            text = "is wider than long: are the axes of the foot's mesh those of its link?"
            notes.append(unknown(subject, text))
    sizes = np.array([(sole.half_length, sole.half_width) for sole in soles])
    if not np.allclose(sizes[0], sizes[1], atol=0.005):
        notes.append(unknown("soles", "left and right differ in size by more than 10 mm"))
    return notes


def imu_notes(skeleton: Skeleton, imu: str | None) -> list[Note]:
    """Where the IMU is."""
    if imu is None:
        return [unknown("imu", "no link or sensor says where it is: left out, taken at the base")]
    moving = joints_to(imu, skeleton)
    where = f"behind {moving} joints" if moving else "fixed to the base"
    return [taken("imu", f"link '{imu}', {where}")]


def rotor_notes(rotors: Mapping[str, Rotor]) -> list[Note]:
    """Which rotors are stated, and which are guesses."""
    guesses = [name for name, rotor in rotors.items() if rotor.guess]
    stated = len(rotors) - len(guesses)
    notes = [taken("actuators", f"rotor inertia of {stated} joints is stated")] if stated else []
    if guesses:
        text = (
            f"rotor inertia of {len(guesses)} joints by their torque limits; gains follow from it"
        )
        notes.append(guessed("actuators", text))
    return notes


def arm_notes(limbs: Limbs, hanging: bool) -> list[Note]:
    """How arms are held."""
    if not limbs.arms:
        return [taken("arms", "none")]
    if hanging:
        return [guessed("arms", "stick out at zero: made to hang, by least energy")]
    return [taken("arms", "at zero, within the limits")]


def capsule_notes(capsules: Mapping[str, CapsuleDraft], left_out: Sequence[str]) -> list[Note]:
    """Limbs that may touch."""
    by_origin: dict[str, list[str]] = {}
    for name, capsule in capsules.items():
        by_origin.setdefault(capsule.origin, []).append(name)
    notes = [guessed("capsules", f"by {origin}: {_listed(n)}") for origin, n in by_origin.items()]
    if left_out:
        text = f"left out, for they would touch others when standing: {_listed(left_out)}"
        notes.append(unknown("capsules", text))
    return notes


def repair_notes(repairs: Mapping[str, Repair]) -> list[Note]:
    """Links with another inertia than the URDF's."""
    return [
        unknown(
            name, f"{repair.problem}: {repair.inertia.mass:.3g} kg and the least possible inertia"
        )
        for name, repair in repairs.items()
    ]


def _odd_limbs(skeleton: Skeleton, limbs: Limbs) -> list[Note]:
    notes = []
    leg = limbs.legs[0]
    depth = float(skeleton.position(leg[0])[2] - skeleton.position(leg[-1])[2])
    if not LEAST_LEG < depth < MOST_LEG:
        text = f"the ankle is {depth:.3g} m below the hip: are the URDF's lengths in m?"
        notes.append(unknown("legs", text))
    if limbs.others:
        joints = [skeleton.drives[body].name for body in limbs.others]
        notes.append(taken("others", f"neither leg, waist nor arm: {_listed(joints)}"))
    return notes


def _locked(reading: Reading) -> list[Note]:
    by_reason: dict[str, list[str]] = {}
    for name, why in reading.locked.items():
        by_reason.setdefault(why if "carries" not in why else "light", []).append(name)
    return [taken("locked", f"{why}: {_listed(names)}") for why, names in by_reason.items()]


def _missing_meshes(reading: Reading) -> list[Note]:
    missing = [file for points in reading.shapes.values() for file in points.missing]
    if not missing:
        return []
    text = f"{len(missing)} cannot be read, e.g. {missing[0]}: sizes come from what is left"
    return [unknown("meshes", text)]


def _listed(names: Iterable[str], most: int = 8) -> str:
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
