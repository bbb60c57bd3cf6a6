"""Capsules of the limbs, by the points on their shapes or else by their inertia."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

import numpy as np

from wm_control.robot.drafting.limbs import SIDES, Limbs
from wm_control.robot.drafting.posture import moved_poses
from wm_control.robot.drafting.skeleton import Skeleton
from wm_control.robot.drafting.soles import SoleDraft
from wm_control.robot.rotations import rotation_from_rpy
from wm_control.robot.urdf import Placement
from wm_control.types import Array

TRIMMED = (0.2, 0.7)
"""A limb's capsule covers this share of the way from joint to joint."""

LEAST = 0.05
"""A step from joint to joint that is shorter is none of a limb [m]."""

SLIM, STOUT = 0.1, 0.3
"""Least and largest radius of a limb, in lengths of it."""

GAP = 0.01
"""Between capsules that do not follow each other, in the posture looked at [m]."""

NARROW = 0.3
"""Feet come nearer to each other than the hips are by this share of that."""

BENT = (-0.9, -0.45, 0.45, 0.9)
"""Joints of the legs are bent so far, one after the other, when limbs are kept apart [rad]."""

TRUNK = "trunk"
"""Left out before limbs are: these move."""

PART = 0.5
"""Shapes of less than this share of the trunk's height by its inertia are those of a part of it."""

LEAST_SHRUNK = 0.5
"""Capsules that would have to be thinner than this share are left out."""


@dataclass(frozen=True, slots=True)
class CapsuleDraft:
    """Two points (3,) of a body's frame and a radius [m], and what they were measured on."""

    body: str
    start: Array
    end: Array
    radius: float
    origin: str


def draft_capsules(
    skeleton: Skeleton,
    limbs: Limbs,
    points: Mapping[str, Array],
    soles: Sequence[SoleDraft],
    defaults: Mapping[str, float],
) -> tuple[dict[str, CapsuleDraft], list[str]]:
    """Capsules by limb, and the names of those left out because they would touch others.

    points: (n, 3) on the shapes of each body. defaults: posture, where it is not zero [rad].
    """
    found: dict[str, CapsuleDraft] = {}
    trunk = _trunk(skeleton, limbs.trunk or skeleton.base, points)
    if trunk is not None:
        found[TRUNK] = trunk
    for index, side in enumerate(SIDES):
        leg = limbs.legs[index]
        found |= _segments(skeleton, leg, points, (f"{side}_thigh", f"{side}_shin"))
        found[f"{side}_foot"] = _foot(leg[-1], soles[index])
        if limbs.arms:
            names = (f"{side}_upper_arm", f"{side}_forearm")
            found |= _segments(skeleton, limbs.arms[index], points, names)
    hips = abs(float(np.subtract(*(skeleton.position(foot)[1] for foot in limbs.feet))))
    return _apart(skeleton, found, _postures(skeleton, limbs, defaults), NARROW * hips)


def _segments(
    skeleton: Skeleton, limb: Sequence[str], points: Mapping[str, Array], names: tuple[str, str]
) -> dict[str, CapsuleDraft]:
    """Capsules of the two longest steps from joint to joint, from the trunk outwards.

    Where there is one only, the last body is the second, twice as long as to its centre of mass.
    """
    steps = [
        (body, skeleton.drives[after].placement.position)
        for body, after in pairwise(limb)
        if skeleton.drives[after].parent == body
    ]
    long = [step for step in steps if np.linalg.norm(step[1]) > LEAST]
    if len(long) < len(names):
        end = 2.0 * skeleton.folded.bodies[limb[-1]].inertia.com
        long += [(limb[-1], end)] if np.linalg.norm(end) > LEAST else []
    longest = sorted(long, key=lambda step: -float(np.linalg.norm(step[1])))[: len(names)]
    chosen = [body for body, _ in longest]
    return {
        name: _segment(skeleton, body, way, points.get(body, np.zeros((0, 3))))
        for name, (body, way) in zip(names, [s for s in long if s[0] in chosen], strict=False)
    }


def _segment(skeleton: Skeleton, body: str, way: Array, points: Array) -> CapsuleDraft:
    length = float(np.linalg.norm(way))
    axis = way / length
    along = points @ axis
    near = points[(along > TRIMMED[0] * length) & (along < TRIMMED[1] * length)]
    across = near - np.outer(near @ axis, axis)
    offset = np.zeros(3)
    if len(across) >= 6:
        offset = 0.5 * (across.min(axis=0) + across.max(axis=0))
        radius = float(np.percentile(np.linalg.norm(across - offset, axis=1), 70))
        origin = "shapes"
    else:
        inertia = skeleton.folded.bodies[body].inertia
        about = float(axis @ inertia.inertia @ axis)
        radius = float(np.sqrt(2.0 * about / inertia.mass)) if inertia.mass > 0.0 else 0.0
        origin = "joint distance and inertia"
    radius = float(np.clip(radius, SLIM * length, STOUT * length))
    start, end = (offset + share * way for share in TRIMMED)
    return CapsuleDraft(body, start, end, radius, origin)


def _foot(body: str, sole: SoleDraft) -> CapsuleDraft:
    """Along the sole, on top of it, inside the rectangle."""
    rotation = rotation_from_rpy(sole.rpy)
    radius = float(np.clip(0.8 * sole.half_width, 0.015, 0.04))
    reach = max(sole.half_length - radius, 0.01)
    lift = radius + 0.005
    start, end = (sole.position + rotation @ np.array([x, 0.0, lift]) for x in (-reach, reach))
    return CapsuleDraft(body, start, end, radius, "sole")


def _trunk(skeleton: Skeleton, body: str, points: Mapping[str, Array]) -> CapsuleDraft | None:
    """Upright, as thick as the trunk is deep."""
    box, origin = _box_of_shapes(skeleton, body, points.get(body, np.zeros((0, 3)))), "shapes"
    inertia = _box_of_inertia(skeleton, body)
    if box is None or (inertia is not None and box[1][2] < PART * inertia[1][2]):
        box, origin = inertia, "inertia"
    if box is None:
        return None
    center, half = box
    radius = float(np.clip(0.8 * half[:2].min(), 0.03, 0.15))
    reach = max(float(half[2]) - radius, 0.02)
    rotation = skeleton.poses[body].rotation
    start, end = (rotation.T @ (center + np.array([0.0, 0.0, z])) for z in (-reach, reach))
    return CapsuleDraft(body, start, end, radius, origin)


def _box_of_shapes(skeleton: Skeleton, body: str, points: Array) -> tuple[Array, Array] | None:
    """Centre and half sizes (3,), in the base's axes, of most points on a body; None: too few."""
    if len(points) < 6:
        return None
    lower, upper = np.percentile(points @ skeleton.poses[body].rotation.T, (5, 95), axis=0)
    return 0.5 * (lower + upper), 0.5 * (upper - lower)


def _box_of_inertia(skeleton: Skeleton, body: str) -> tuple[Array, Array] | None:
    """Centre and half sizes (3,), in the base's axes, of the box of this inertia; None: no mass."""
    rotation, inertia = skeleton.poses[body].rotation, skeleton.folded.bodies[body].inertia
    if not inertia.mass > 0.0:
        return None
    turned = np.diag(rotation @ inertia.inertia @ rotation.T)
    square = 1.5 * (turned.sum() - 2.0 * turned) / inertia.mass
    return rotation @ inertia.com, np.sqrt(np.maximum(square, 1e-4))


def _postures(
    skeleton: Skeleton, limbs: Limbs, defaults: Mapping[str, float]
) -> list[dict[str, Placement]]:
    """Standing first, and then with the same joint of both legs bent."""
    bodies = [body for limb in (*limbs.legs, *limbs.arms) for body in limb]
    postures = [moved_poses(skeleton, bodies, defaults)]
    for pair in zip(*limbs.legs, strict=False):
        for angle in BENT:
            joints = [skeleton.drives[body] for body in pair]
            bent = {j.name: float(np.clip(angle, j.lower, j.upper)) for j in joints}
            postures.append(moved_poses(skeleton, bodies, {**defaults, **bent}))
    return postures


def _apart(
    skeleton: Skeleton,
    found: dict[str, CapsuleDraft],
    postures: Sequence[Mapping[str, Placement]],
    nearer: float,
) -> tuple[dict[str, CapsuleDraft], list[str]]:
    """Thin what would touch without being neighbours, and leave out what cannot be thinned.

    postures: legs are looked at against each other in the first only, and there they come nearer
    by ``nearer`` [m].
    """
    kept, dropped = dict(found), []
    for one, other in combinations(found, 2):
        if one not in kept or other not in kept or _neighbours(skeleton, kept[one], kept[other]):
            continue
        legs = _of_both_legs(one, other)
        seen = postures[:1] if legs else postures
        near = min(_distance(kept[one], kept[other], poses) for poses in seen)
        radii = kept[one].radius + kept[other].radius
        share = (near - GAP - (nearer if legs else 0.0)) / radii
        if share < LEAST_SHRUNK:
            smaller = min(one, other, key=lambda name: (name != TRUNK, _size(kept[name])))
            dropped.append(smaller)
            del kept[smaller]
        elif share < 1.0:
            for name in (one, other):
                kept[name] = replace(kept[name], radius=share * kept[name].radius)
    return kept, dropped


def _neighbours(skeleton: Skeleton, one: CapsuleDraft, other: CapsuleDraft) -> bool:
    """Whether engines ignore that two touch: one body, or two joined by one joint."""
    parents = {b: skeleton.drives[b].parent for b in (one.body, other.body) if b != skeleton.base}
    return (
        one.body == other.body
        or other.body in (parents.get(one.body), "")
        or (parents.get(other.body) == one.body)
    )


def _of_both_legs(one: str, other: str) -> bool:
    legs = ("thigh", "shin", "foot")
    return one.split("_")[0] != other.split("_")[0] and one.endswith(legs) and other.endswith(legs)


def _size(capsule: CapsuleDraft) -> float:
    return capsule.radius + float(np.linalg.norm(capsule.end - capsule.start))


def _distance(one: CapsuleDraft, other: CapsuleDraft, poses: Mapping[str, Placement]) -> float:
    """Between the axes of two capsules, to a few percent [m]."""
    a, b = (_along(capsule, poses[capsule.body]) for capsule in (one, other))
    return float(np.linalg.norm(a[:, None] - b[None], axis=2).min())


def _along(capsule: CapsuleDraft, pose: Placement) -> Array:
    shares = np.linspace(0.0, 1.0, 21)[:, None]
    local = (1.0 - shares) * capsule.start + shares * capsule.end
    moved: Array = local @ pose.rotation.T + pose.position
    return moved
