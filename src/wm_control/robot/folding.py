"""Fold every fixed (or locked) joint into its parent, so that one link is left per moving body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from wm_control.errors import RobotDescriptionError
from wm_control.robot.inertia import NOTHING, LinkInertia
from wm_control.robot.rotations import rotation_about
from wm_control.robot.urdf import (
    IDENTITY,
    MOVING_TYPES,
    Joint,
    Link,
    MeshShape,
    Placement,
    SolidShape,
    SphereShape,
    Urdf,
)


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a link of the original file ended up: its body and its pose in that body."""

    body: str
    placement: Placement


@dataclass(frozen=True, slots=True)
class FoldedRobot:
    """A tree of moving bodies.

    bodies: by name, the root first, parents before children, each named after its moving link.
    joints: the moving joints, in the order of the file; joint i's child is one of ``bodies``.
    frames: the pose of every link of the original file, folded or not.
    """

    bodies: dict[str, Link]
    joints: dict[str, Joint]
    frames: dict[str, Frame]


def fold_fixed_joints(urdf: Urdf, locked: Mapping[str, float]) -> FoldedRobot:
    """Merge the inertia and shapes of all rigidly attached links, exactly.

    locked: moving joints to freeze, with the position [rad or m] at which they stay.
    RobotDescriptionError names a joint of a type that can be neither kept nor folded.
    """
    frames = _place_links(urdf, locked)
    members: dict[str, list[str]] = {}
    for link, frame in frames.items():
        members.setdefault(frame.body, []).append(link)
    bodies = {body: _merge(body, links, urdf, frames) for body, links in members.items()}
    joints = {
        joint.name: replace(
            joint,
            parent=frames[joint.parent].body,
            placement=frames[joint.parent].placement.then(joint.placement),
        )
        for joint in urdf.joints.values()
        if _moves(joint, locked)
    }
    return FoldedRobot(bodies, joints, frames)


def _moves(joint: Joint, locked: Mapping[str, float]) -> bool:
    return joint.kind in MOVING_TYPES and joint.name not in locked


def _place_links(urdf: Urdf, locked: Mapping[str, float]) -> dict[str, Frame]:
    by_parent: dict[str, list[Joint]] = {}
    for joint in urdf.joints.values():
        by_parent.setdefault(joint.parent, []).append(joint)
    frames = {urdf.root: Frame(urdf.root, IDENTITY)}
    waiting = [urdf.root]
    while waiting:
        parent = waiting.pop(0)
        for joint in by_parent.get(parent, []):
            frames[joint.child] = _child_frame(joint, frames[parent], locked, urdf.source)
            waiting.append(joint.child)
    lost = [name for name in urdf.links if name not in frames]
    if lost:
        raise RobotDescriptionError(
            f"{urdf.source}: links not connected to '{urdf.root}': {', '.join(lost)}"
        )
    return frames


def _child_frame(joint: Joint, parent: Frame, locked: Mapping[str, float], source: str) -> Frame:
    if _moves(joint, locked):
        return Frame(joint.child, IDENTITY)
    place = parent.placement.then(joint.placement)
    if joint.kind == "fixed":
        return Frame(parent.body, place)
    if joint.kind == "prismatic":
        shift = Placement(IDENTITY.rotation, joint.axis * locked[joint.name])
        return Frame(parent.body, place.then(shift))
    if joint.kind in MOVING_TYPES:
        turn = Placement(rotation_about(joint.axis, locked[joint.name]), IDENTITY.position)
        return Frame(parent.body, place.then(turn))
    raise RobotDescriptionError(
        f"{source}: joint '{joint.name}' has type '{joint.kind}', expected one of "
        f"fixed, {', '.join(MOVING_TYPES)}"
    )


def _merge(body: str, links: list[str], urdf: Urdf, frames: dict[str, Frame]) -> Link:
    inertia: LinkInertia = NOTHING
    spheres: list[SphereShape] = []
    meshes: list[MeshShape] = []
    solids: list[SolidShape] = []
    for name in links:
        link, place = urdf.links[name], frames[name].placement
        inertia = inertia.merged(link.inertia.placed(place.rotation, place.position))
        spheres += [
            SphereShape(place.rotation @ s.center + place.position, s.radius) for s in link.spheres
        ]
        meshes += [replace(m, placement=place.then(m.placement)) for m in link.meshes]
        solids += [replace(s, placement=place.then(s.placement)) for s in link.solids]
    return Link(body, inertia, tuple(spheres), tuple(meshes), tuple(solids))
