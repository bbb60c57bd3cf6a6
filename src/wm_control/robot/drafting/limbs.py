"""Which joints are legs, waist and arms, by kinematics alone; names are compared afterwards."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from wm_control.errors import RobotDescriptionError
from wm_control.robot.drafting.skeleton import Skeleton
from wm_control.types import Array

LEFT, RIGHT = 0, 1
SIDES = ("left", "right")

LOW = 0.25
"""Ends of limbs within this share of the robot's depth below the base above the lowest are feet."""

LEAST_LEG, MOST_LEG = 4, 6
"""Joints of a leg that walks, and beyond which what follows are toes."""

LEAST_ARM = 2
TRUNK_SHARE = 0.1
"""Share of the robot's mass from which a chain in the middle is a trunk and not a head."""

MIRRORED = 0.03
"""Left and right may differ from what is mirrored by so much of the robot's height."""

_HEAD = re.compile(r"head|neck|eye|camera", re.IGNORECASE)
_TRUNK = re.compile(r"spine|waist|torso|trunk|chest", re.IGNORECASE)
_SAID = (
    re.compile(r"left|(^|_)l(_|[A-Z])|^L[A-Z_]|_l$", 0),
    re.compile(r"right|(^|_)r(_|[A-Z])|^R[A-Z_]|_r$", 0),
)
"""Names that say left or right."""


@dataclass(frozen=True, slots=True)
class Limbs:
    """Bodies of each limb, from the trunk outwards; sides are left, right.

    between: bodies that both legs hang from, between base and hips; none as a rule. toes: beyond
    the sixth joint of a leg. others: what is neither leg, waist nor arm.
    """

    legs: tuple[tuple[str, ...], tuple[str, ...]]
    toes: tuple[str, ...]
    between: tuple[str, ...]
    waist: tuple[str, ...]
    arms: tuple[tuple[str, ...], ...]
    others: tuple[str, ...]

    @property
    def feet(self) -> tuple[str, str]:
        """Last bodies of the legs."""
        return self.legs[LEFT][-1], self.legs[RIGHT][-1]

    @property
    def trunk(self) -> str | None:
        """Body that the arms hang from, where there is a waist."""
        return self.waist[-1] if self.waist else None


def find_limbs(skeleton: Skeleton, source: str) -> Limbs:
    """Sort all bodies into limbs; RobotDescriptionError says why this is no humanoid."""
    chains = _sorted_by_side(skeleton, _leg_chains(skeleton, source), source)
    between = _common(chains)
    own = [chain[len(between) :] for chain in chains]
    for side, leg in zip(SIDES, own, strict=True):
        if len(leg) < LEAST_LEG:
            raise RobotDescriptionError(
                f"{source}: no humanoid: the {side} leg has {len(leg)} joints of its own, at least "
                f"{LEAST_LEG} are needed to place a foot"
            )
    _check_they_stand(skeleton, own, source)
    carried = {body for first in {leg[0] for leg in own} for body in skeleton.below(first)}
    taken = {*between, *carried}
    waist, arms = _upper_body(skeleton, taken)
    legs = (own[LEFT][:MOST_LEG], own[RIGHT][:MOST_LEG])
    toes = tuple(body for leg in own for body in leg[MOST_LEG:])
    rest = {*legs[LEFT], *legs[RIGHT], *toes, *between, *waist, *(b for arm in arms for b in arm)}
    others = tuple(b for b in skeleton.poses if b != skeleton.base and b not in rest)
    return Limbs(legs, toes, between, waist, arms, others)


def group_names(skeleton: Skeleton, limbs: Limbs) -> dict[str, str]:
    """Group of each joint that moves, by the joint's name."""
    groups: dict[str, str] = {}
    for side, leg in zip(SIDES, limbs.legs, strict=True):
        groups |= dict.fromkeys(leg, f"{side}_leg")
    groups |= dict.fromkeys((*limbs.between, *limbs.waist), "waist")
    for side, arm in zip(SIDES, limbs.arms, strict=False):
        groups |= dict.fromkeys(arm, f"{side}_arm")
    for body in limbs.others:
        groups[body] = _other_group(skeleton, body, groups)
    return {skeleton.drives[body].name: group for body, group in groups.items()}


def contradicted_sides(skeleton: Skeleton, limbs: Limbs) -> bool:
    """Whether the names of joints on both sides say the other side."""

    def crossed(side: int) -> bool:
        names = [skeleton.drives[body].name for body in limbs.legs[side]]
        return any(_SAID[1 - side].search(n) and not _SAID[side].search(n) for n in names)

    return crossed(LEFT) and crossed(RIGHT)


def _leg_chains(skeleton: Skeleton, source: str) -> list[tuple[str, ...]]:
    """Chains to the two lowest ends."""
    ends = {body: _end_height(skeleton, body) for body in skeleton.leaves()}
    if not ends:
        raise RobotDescriptionError(f"{source}: no humanoid: no joint moves")
    lowest = min(ends.values())
    top = max(0.0, *(float(skeleton.position(body)[2]) for body in skeleton.poses))
    low = [body for body, height in ends.items() if height <= lowest + LOW * (top - lowest)]
    if len(low) != 2:
        told = ", ".join(f"'{body}' at z = {ends[body]:.3f} m" for body in low)
        raise RobotDescriptionError(
            f"{source}: no humanoid: {len(low)} limbs reach down to where feet would be, expected "
            f"two: {told} (in the base's frame, joints at zero)"
        )
    return [skeleton.chain(body) for body in low]


def _check_they_stand(skeleton: Skeleton, legs: list[tuple[str, ...]], source: str) -> None:
    """Require feet well below the base: arms hang down as well."""
    for side, leg in zip(SIDES, legs, strict=True):
        steps = pairwise(leg)
        length = sum(
            float(np.linalg.norm(skeleton.position(b) - skeleton.position(a))) for a, b in steps
        )
        depth = -float(skeleton.position(leg[-1])[2])
        hangs = float(skeleton.position(leg[0])[2]) + depth > 0.5 * length
        if hangs and not depth > 0.5 * length:
            raise RobotDescriptionError(_raised(skeleton, leg, source))
        if not depth > 0.5 * length:
            raise RobotDescriptionError(
                f"{source}: no humanoid: the lowest limb on the {side} ends at '{leg[-1]}', "
                f"{depth:.3f} m below the base '{skeleton.base}', for {length:.3f} m of links: "
                "legs hang from the base (joints at zero, z of the base upwards)"
            )


def _raised(skeleton: Skeleton, leg: tuple[str, ...], source: str) -> str:
    """Say that the legs hang from the hips, and the base is on the ground; and what to do."""
    foot, hip = (float(skeleton.position(body)[2]) for body in (leg[-1], leg[0]))
    base = skeleton.base
    root = another_root(base, "raised", f'xyz="0 0 {-hip:.3f}"')
    return (
        f"{source}: the base '{base}' is not between the hips: its legs hang from {hip:.3f} m to "
        f"{foot:.3f} m above it. {root}"
    )


def _end_height(skeleton: Skeleton, body: str) -> float:
    return min(float(skeleton.position(body)[2]), float(skeleton.com(body)[2]))


def _sorted_by_side(
    skeleton: Skeleton, chains: list[tuple[str, ...]], source: str
) -> list[tuple[str, ...]]:
    """Left first, left being +y of the base."""
    chains = sorted(chains, key=lambda chain: -float(skeleton.position(chain[-1])[1]))
    left, right = (skeleton.position(chain[-1]) for chain in chains)
    middle = 0.5 * (left + right)
    within = MIRRORED * _tall(skeleton)
    if not (left[1] - right[1] > 2.0 * within and abs(middle[1]) < within):
        raise RobotDescriptionError(
            f"{source}: no humanoid: the feet '{chains[0][-1]}' and '{chains[1][-1]}' are at y = "
            f"{left[1]:.3f} and {right[1]:.3f} m of the base, expected one on either side, mirrored"
            f"{_turned(skeleton, chains)}"
        )
    return chains


def _turned(skeleton: Skeleton, chains: list[tuple[str, ...]]) -> str:
    """Say how to turn a base whose left is along its x axis, going by the names of the feet."""
    feet = [chain[-1] for chain in chains]
    sides = [[bool(said.search(foot)) for said in _SAID] for foot in feet]
    if sides not in ([[True, False], [False, True]], [[False, True], [True, False]]):
        return ""
    left, right = feet if sides[0][LEFT] else reversed(feet)
    apart = float(skeleton.position(left)[0] - skeleton.position(right)[0])
    if abs(apart) < 2.0 * MIRRORED * _tall(skeleton):
        return ""
    turn = math.copysign(0.5 * math.pi, apart)
    told = f"; left is along its x axis, {apart:+.3f} m from right. "
    return told + another_root(skeleton.base, "turned", f'rpy="0 0 {turn:.14f}"')


def another_root(base: str, name: str, origin: str) -> str:
    """Say what to write into a URDF whose base is in the wrong place."""
    return (
        f'Give the URDF another root: <link name="base_{name}"/> <joint name="{name}" '
        f'type="fixed"><parent link="base_{name}"/><child link="{base}"/><origin {origin}/></joint>'
    )


def _common(chains: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Bodies that all chains begin with."""
    shared: list[str] = []
    for bodies in zip(*chains, strict=False):
        if len(set(bodies)) > 1:
            break
        shared.append(bodies[0])
    return tuple(shared)


def _upper_body(
    skeleton: Skeleton, taken: set[str]
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Waist, and arms by side; without arms the waist is a heavy chain in the middle, or none."""
    ends = [body for body in skeleton.leaves() if body not in taken]
    pairs = (pair for pair in combinations(ends, 2) if _mirror(skeleton, *pair))
    scored = [(_arm_score(skeleton, *pair), pair) for pair in pairs]
    best = max(scored, default=None)
    if best is None or best[0][0] < LEAST_ARM:
        return _trunk_alone(skeleton, ends), ()
    left, right = sorted(best[1], key=lambda body: -float(skeleton.com(body)[1]))
    chains = (skeleton.chain(left), skeleton.chain(right))
    waist = _common(chains)
    own = [
        tuple(b for b in skeleton.poses if b in set(skeleton.below(chain[len(waist)])))
        for chain in chains
    ]
    return tuple(b for b in waist if b not in taken), (own[LEFT], own[RIGHT])


def _arm_score(skeleton: Skeleton, one: str, other: str) -> tuple[int, float]:
    """More joints of their own first, farther apart second."""
    chains = (skeleton.chain(one), skeleton.chain(other))
    shared = len(_common(chains))
    apart = abs(float(skeleton.com(one)[1] - skeleton.com(other)[1]))
    return min(len(chain) for chain in chains) - shared, apart


def _mirror(skeleton: Skeleton, one: str, other: str) -> bool:
    """Whether two ends mirror each other in the base's plane y = 0."""
    a, b = skeleton.position(one), skeleton.position(other)
    reflected: Array = b * np.array([1.0, -1.0, 1.0])
    within = MIRRORED * _tall(skeleton)
    return bool(abs(a[1]) > within and np.linalg.norm(a - reflected) < 2.0 * within)


def _tall(skeleton: Skeleton) -> float:
    """From the lowest joint to the highest [m]."""
    return float(np.ptp([skeleton.position(body)[2] for body in skeleton.poses]))


def _trunk_alone(skeleton: Skeleton, ends: list[str]) -> tuple[str, ...]:
    total = skeleton.mass(skeleton.base)
    for body in ends:
        chain = skeleton.chain(body)
        named = _TRUNK.search(skeleton.drives[chain[0]].name) or _TRUNK.search(chain[0])
        if named or skeleton.mass(chain[0]) > TRUNK_SHARE * total:
            return chain
    return ()


def _other_group(skeleton: Skeleton, body: str, groups: dict[str, str]) -> str:
    """Group "head", or the name of the first joint of a chain that is nothing known."""
    joint = skeleton.drives[body]
    if _HEAD.search(joint.name) or _HEAD.search(body):
        return "head"
    above = groups.get(joint.parent)
    limbs = ("left_leg", "right_leg", "waist", "left_arm", "right_arm")
    return above if above is not None and above not in limbs else joint.name
