"""Arms that hang: their lowest energy within the joint limits, a little away from the body."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import minimize

from wm_control.robot.drafting.skeleton import Skeleton, rest_position
from wm_control.robot.rotations import rotation_about
from wm_control.robot.urdf import Joint, Placement
from wm_control.types import Array

HANGS = math.cos(math.radians(40.0))
"""An arm whose end is so near below its shoulder hangs already (cosine)."""

OUTWARD = 0.25
"""Gravity pulls this much sideways, so that arms do not touch the body."""

MARGIN = 0.05
"""Kept from the joint limits [rad]."""

UNLIMITED = 3.0
"""Taken for a joint without limits [rad]."""


def resting_arm(skeleton: Skeleton, arm: Sequence[str]) -> tuple[dict[str, float], bool]:
    """Joint positions of an arm by name [rad], and whether it was made to hang.

    It stays at zero (or the limit nearest to it) where it hangs already.
    """
    joints = [skeleton.drives[body] for body in arm]
    rest = np.array([rest_position(joint) for joint in joints])
    if _hangs(skeleton, arm):
        return _by_name(joints, rest), False
    side = math.copysign(1.0, float(skeleton.position(arm[-1])[1]))
    pull = np.array([0.0, side * OUTWARD, -1.0])
    reach = max(1e-3, float(np.linalg.norm(skeleton.com(arm[-1]) - skeleton.position(arm[0]))))
    weight = sum(skeleton.folded.bodies[body].inertia.mass for body in arm) or 1.0

    def energy(positions: Array) -> float:
        coms = _centres(skeleton, arm, positions)
        lifted = -sum(mass * float(com @ pull) for mass, com in coms) / (weight * reach)
        return lifted + 0.01 * float(positions @ positions)

    found = minimize(energy, rest, method="L-BFGS-B", bounds=[_bounds(joint) for joint in joints])
    return _by_name(joints, np.where(np.abs(found.x) < 0.01, 0.0, found.x)), True


def _by_name(joints: Sequence[Joint], positions: Array) -> dict[str, float]:
    values = positions.tolist()
    return {joint.name: value for joint, value in zip(joints, values, strict=True)}


def _hangs(skeleton: Skeleton, arm: Sequence[str]) -> bool:
    reach = skeleton.com(arm[-1]) - skeleton.position(arm[0])
    return bool(-reach[2] > HANGS * np.linalg.norm(reach))


def _bounds(joint: Joint) -> tuple[float, float]:
    lower = max(joint.lower, -UNLIMITED) if math.isfinite(joint.lower) else -UNLIMITED
    upper = min(joint.upper, UNLIMITED) if math.isfinite(joint.upper) else UNLIMITED
    margin = min(MARGIN, 0.1 * (upper - lower))
    return lower + margin, upper - margin


def _centres(skeleton: Skeleton, arm: Sequence[str], positions: Array) -> list[tuple[float, Array]]:
    """Mass and centre of mass in the base of each body of an arm."""
    poses: Mapping[str, Placement] = moved_poses(
        skeleton, arm, _by_name([skeleton.drives[body] for body in arm], positions)
    )
    inertias = [(poses[body], skeleton.folded.bodies[body].inertia) for body in arm]
    return [(i.mass, pose.rotation @ i.com + pose.position) for pose, i in inertias]


def moved_poses(
    skeleton: Skeleton, bodies: Sequence[str], positions: Mapping[str, float]
) -> dict[str, Placement]:
    """Poses in the base of bodies (parents first) with their joints elsewhere than at rest."""
    poses = dict(skeleton.poses)
    for body in bodies:
        joint = skeleton.drives[body]
        angle = positions.get(joint.name, rest_position(joint))
        turn = Placement(rotation_about(joint.axis, angle), np.zeros(3))
        poses[body] = poses[joint.parent].then(joint.placement).then(turn)
    return poses
