"""The moving bodies of a URDF in one posture, and ways along them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from wm_control.robot.folding import FoldedRobot, fold_fixed_joints
from wm_control.robot.rotations import rotation_about
from wm_control.robot.urdf import IDENTITY, Joint, Placement, Urdf
from wm_control.types import Array


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Tree of moving bodies with every joint at zero, or at the limit nearest to it.

    base: the root body. drives: the joint that moves each other body. children: bodies next to it,
    outwards. poses: each body in the base's frame.
    """

    folded: FoldedRobot
    base: str
    drives: Mapping[str, Joint]
    children: Mapping[str, tuple[str, ...]]
    poses: Mapping[str, Placement]

    def leaves(self) -> list[str]:
        """Bodies that carry no other."""
        return [body for body in self.poses if not self.children[body] and body != self.base]

    def chain(self, body: str) -> tuple[str, ...]:
        """Bodies from the one next to the base to this one."""
        bodies: list[str] = []
        while body != self.base:
            bodies.insert(0, body)
            body = self.drives[body].parent
        return tuple(bodies)

    def below(self, body: str) -> Iterator[str]:
        """Yield this body and all that it carries."""
        yield body
        for child in self.children[body]:
            yield from self.below(child)

    def mass(self, body: str) -> float:
        """Mass of this body and all that it carries [kg]."""
        return sum(self.folded.bodies[name].inertia.mass for name in self.below(body))

    def position(self, body: str) -> Array:
        """Origin (3,) of a body's joint in the base's frame [m]."""
        return self.poses[body].position

    def com(self, body: str) -> Array:
        """Centre of mass (3,) of one body in the base's frame [m]."""
        pose = self.poses[body]
        com: Array = pose.rotation @ self.folded.bodies[body].inertia.com + pose.position
        return com

    def axis(self, body: str) -> Array:
        """Axis (3,) of a body's joint in the base's frame."""
        axis: Array = self.poses[body].rotation @ self.drives[body].axis
        return axis


INSIDE = 1e-3
"""Kept from a limit, so that what is rounded afterwards stays within [rad or m]."""


def rest_position(joint: Joint) -> float:
    """Zero, or what is just within the limit nearest to it [rad]."""
    lower = joint.lower if math.isfinite(joint.lower) else -math.inf
    upper = joint.upper if math.isfinite(joint.upper) else math.inf
    if lower <= 0.0 <= upper:
        return 0.0
    if upper - lower < 2.0 * INSIDE:
        return 0.5 * (lower + upper)
    return lower + INSIDE if lower > 0.0 else upper - INSIDE


def build_skeleton(urdf: Urdf, locked: Mapping[str, float]) -> Skeleton:
    """Fold what is fixed or locked, and place what is left; RobotDescriptionError as folding."""
    folded = fold_fixed_joints(urdf, locked)
    children: dict[str, list[str]] = {body: [] for body in folded.bodies}
    drives = {joint.child: joint for joint in folded.joints.values()}
    poses = {urdf.root: IDENTITY}
    for body in folded.bodies:
        if body != urdf.root:
            joint = drives[body]
            children[joint.parent].append(body)
            turn = Placement(rotation_about(joint.axis, rest_position(joint)), np.zeros(3))
            poses[body] = poses[joint.parent].then(joint.placement).then(turn)
    return Skeleton(folded, urdf.root, drives, {k: tuple(v) for k, v in children.items()}, poses)
