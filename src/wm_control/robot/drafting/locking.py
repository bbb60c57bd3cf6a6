"""Joints of a URDF that walking does not drive: fingers, grippers, sliders, mimics, small parts."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Collection, Mapping

from wm_control.robot.drafting.limbs import Limbs
from wm_control.robot.drafting.skeleton import build_skeleton, rest_position
from wm_control.robot.urdf import MOVING_TYPES, Urdf, joints_to

FINGERS = re.compile(
    r"(?<![a-z])(fingers?|thumb|index|middle|mid|ring|pinky|little|gripper|jaw|knuckle)"
    r"|finger|thumb|gripper|knuckle",
    re.IGNORECASE,
)
"""Names of joints that hold things."""

LEAST_CARRIED, LEAST_SHARE = 0.1, 0.003
"""Less moved by a joint and all beyond it is an eye or a cover, no limb: in kg, and per robot."""


def passive_joints(urdf: Urdf, robot: ElementTree.Element) -> dict[str, str]:
    """Return the moving joints that a draft locks, and why."""
    mimics = {j.get("name") for j in robot.findall("joint") if j.find("mimic") is not None}
    reasons = {}
    for name, joint in urdf.joints.items():
        if joint.kind not in MOVING_TYPES:
            continue
        if joint.kind == "prismatic":
            reasons[name] = "a sliding joint"
        elif name in mimics:
            reasons[name] = "follows another joint (mimic)"
        elif FINGERS.search(name) or FINGERS.search(joint.child):
            reasons[name] = "a finger or gripper, by its name"
    return reasons | _small_parts(urdf, reasons)


def coupled_joints(
    urdf: Urdf, robot: ElementTree.Element, limbs: Limbs, locked: Collection[str]
) -> dict[str, str]:
    """Return the joints of one leg that the other leg is coupled to, and why they are locked.

    One drive turns both legs at once (NAO's hip yaw pitch): no leg's own. Without those that are
    locked already.
    """
    legs = [body for leg in limbs.legs for body in leg]
    above = {body: {joint.name for joint in joints_to(body, urdf.joints.values())} for body in legs}
    coupled = {}
    for joint in robot.findall("joint"):
        follower, mimic = joint.get("name"), joint.find("mimic")
        leader = None if mimic is None else mimic.get("joint")
        own = {body for body in legs if leader in above[body]}
        others = {body for body in legs if follower in above[body]}
        if leader and leader not in locked and own and others - own:
            coupled[leader] = f"turns both legs at once: {follower} follows it (mimic)"
    return coupled


def locked_positions(urdf: Urdf, names: Mapping[str, str]) -> dict[str, float]:
    """Where locked joints are welded: at zero, or at the limit nearest to it [rad or m]."""
    return {name: rest_position(urdf.joints[name]) for name in names}


def _small_parts(urdf: Urdf, reasons: Mapping[str, str]) -> dict[str, str]:
    """Joints at the ends of chains that carry next to nothing."""
    skeleton = build_skeleton(urdf, locked_positions(urdf, reasons))
    least = min(LEAST_CARRIED, LEAST_SHARE * skeleton.mass(skeleton.base))
    small = {}
    for body in skeleton.poses:
        if body == skeleton.base or len(skeleton.chain(body)) < 2:
            continue
        carried = skeleton.mass(body)
        if carried < least:
            small[skeleton.drives[body].name] = f"carries {carried:.3f} kg"
    return small
