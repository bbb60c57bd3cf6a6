"""Whether the robot is one that the policy was made for, or was measured to walk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from wm_control.robot.description import RobotDescription
from wm_policy.errors import PolicyError, RobotMismatchError, WidthMismatchError
from wm_policy.manifest import Bodies, Manifest

GEAR_TOLERANCE: Final = 0.03
"""Relative difference of reflected rotor inertias that are the same gear but for rounding. The two
gears of the G1's hips differ by a factor of 2.5."""

OVERRULE: Final = "to drive it all the same: override: {robot: []} in an overlay"
"""Said with every refusal."""


def body_problems(manifest: Manifest, robot: RobotDescription, file: Path) -> Iterator[PolicyError]:
    """Yield what keeps it from this robot by ``robot``; nothing where that says nothing.

    A name is enough to be refused: bodies of one set of joints and gears differ in what nobody
    sees in a policy, such as a waist that is locked. The gears are compared all the same, with
    those bodies that have most of them.
    """
    lengths = list(_lengths(manifest, file))
    if lengths or not manifest.robot:
        yield from lengths
        return
    named = [index for index, of in enumerate(manifest.robot) if robot.name in of.names]
    if not named:
        known = ", ".join(name for of in manifest.robot for name in of.names)
        found = f"'{robot.name}' ({OVERRULE})"
        yield RobotMismatchError(file, "robot", f"a robot that it may drive: {known}", found)
    candidates = named or range(len(manifest.robot))
    others = [list(_other_gears(manifest, index, robot, file)) for index in candidates]
    yield from min(others, key=len)


def _lengths(manifest: Manifest, file: Path) -> Iterator[PolicyError]:
    joints = len(manifest.action.joints)
    for index, of in enumerate(manifest.robot):
        if len(of.armature) != joints:
            field = f"robot[{index}].armature"
            yield WidthMismatchError(file, field, f"{joints} values", f"{len(of.armature)}")


def _other_gears(
    manifest: Manifest, index: int, robot: RobotDescription, file: Path
) -> Iterator[PolicyError]:
    """Compare the reflected rotor inertia of every joint that it commands."""
    of: Bodies = manifest.robot[index]
    there = dict(zip(robot.joint_names, robot.armature.tolist(), strict=True))
    for joint, stated in zip(manifest.action.joints, of.armature, strict=True):
        found = there[joint]
        if not abs(found - stated) <= GEAR_TOLERANCE * stated:
            expected = f"{stated:.4g} kg·m², within {100.0 * GEAR_TOLERANCE:g} %: the gear it knows"
            text = f"{found:.4g} kg·m² of '{robot.name}', another gear ({OVERRULE})"
            yield RobotMismatchError(file, f"robot[{index}].armature of {joint}", expected, text)


def bodies_of(robot: RobotDescription, joints: tuple[str, ...]) -> Bodies:
    """Return what a manifest says of the one robot that its policy was made for."""
    pick = [robot.joint_names.index(joint) for joint in joints]
    return Bodies((robot.name,), tuple(float(f"{a:.9g}") for a in robot.armature[pick].tolist()))
