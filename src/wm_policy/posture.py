"""Joints that a policy does not command are held, firmly and well damped.

    kp = max(40 N·m/rad, I (2 pi f)²),  kd = 2 zeta sqrt(kp I)

where I is the inertia of everything that the joint carries, in the default posture (the diagonal
of the mass matrix), f = 2.5 Hz and zeta = 1. The damping follows from the inertia because a posture
that rings makes a walking policy drift. A manifest may state its own values, joint by joint.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from wm_control.robot.description import RobotDescription
from wm_control.types import Array
from wm_policy.drives import carried_inertia
from wm_policy.manifest import Held, Manifest

NATURAL_FREQUENCY: Final = 2.5
"""Of a held joint with what it carries [Hz]."""

DAMPING_RATIO: Final = 1.0
LEAST_STIFFNESS: Final = 40.0
"""[N·m/rad]; light limbs would otherwise hang."""

MOVE_TIME: Final = 1.0
"""In which held joints move from where they are to their posture [s]."""


@dataclass(frozen=True, slots=True)
class HeldPosture:
    """How the joints that a policy leaves alone are held.

    joints: (h,) indices into the robot's joints. position [rad], stiffness [N·m/rad], damping
    [N·m·s/rad]: (h,).
    """

    joints: tuple[int, ...]
    position: Array
    stiffness: Array
    damping: Array


def posture_gains(inertia: float) -> tuple[float, float]:
    """Stiffness [N·m/rad] and damping [N·m·s/rad] by what a joint carries [kg·m²]."""
    kp = max(LEAST_STIFFNESS, inertia * (2.0 * math.pi * NATURAL_FREQUENCY) ** 2)
    return kp, _damping(kp, inertia)


def _damping(stiffness: float, inertia: float) -> float:
    return 2.0 * DAMPING_RATIO * math.sqrt(stiffness * inertia)


def held_posture(manifest: Manifest, robot: RobotDescription) -> HeldPosture:
    """Posture of all joints but the policy's.

    Its position is the manifest's ``held``, else the policy's own default pose where its actions
    are relative to one that covers the joint, else the robot's default posture.
    """
    names = [name for name in robot.joint_names if name not in manifest.action.joints]
    joints = tuple(robot.joint_names.index(name) for name in names)
    own = {}
    if manifest.action.target == "default":
        own = dict(zip(manifest.joints, manifest.default_position, strict=True))
    carried = carried_inertia(robot) if joints else np.zeros(len(robot.joint_names))
    position, stiffness, damping = [], [], []
    for name, joint in zip(names, joints, strict=True):
        said = manifest.held.get(name, Held())
        default = own.get(name, float(robot.default_position[joint]))
        inertia = float(carried[joint])
        kp = posture_gains(inertia)[0] if said.stiffness is None else said.stiffness
        kd = _damping(kp, inertia)
        position.append(default if said.position is None else said.position)
        stiffness.append(kp)
        damping.append(kd if said.damping is None else said.damping)
    return HeldPosture(joints, np.array(position), np.array(stiffness), np.array(damping))
