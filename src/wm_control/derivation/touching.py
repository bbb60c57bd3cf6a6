"""Limbs that go through each other as the robot stands: engines would push them apart."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pinocchio as pin

from wm_control.derivation.feasibility import Finding
from wm_control.robot.description import Capsule, RobotDescription
from wm_control.robot.posture import link_frame
from wm_control.types import Array


def touching(robot: RobotDescription) -> Iterator[Finding]:
    """Doubt capsules that overlap in the default posture; of one body or neighbours they may."""
    model = pin.buildModelFromXML(robot.urdf, pin.JointModelFreeFlyer())
    data = model.createData()
    q = pin.neutral(model)
    q[7:] = robot.default_position
    pin.framesForwardKinematics(model, data, q)
    for one, other in combinations(robot.capsules, 2):
        if _neighbours(model, one, other):
            continue
        apart = _distance(_axis(model, data, one), _axis(model, data, other))
        deep = one.radius + other.radius - apart
        if deep > 0.0:
            text = f"'{one.link}' and '{other.link}' overlap by {deep:.3f} m, standing"
            yield Finding("doubted", "capsules", text)


def _neighbours(model: pin.Model, one: Capsule, other: Capsule) -> bool:
    """Whether engines ignore that two touch: one body, or two joined by one joint."""
    a, b = (int(model.frames[link_frame(model, c.link)].parentJoint) for c in (one, other))
    return a == b or int(model.parents[a]) == b or int(model.parents[b]) == a


def _axis(model: pin.Model, data: pin.Data, capsule: Capsule) -> Array:
    """Points (k, 3) along a capsule's axis in the base."""
    pose = data.oMf[link_frame(model, capsule.link)]
    shares = np.linspace(0.0, 1.0, 41)[:, None]
    local = (1.0 - shares) * np.asarray(capsule.start) + shares * np.asarray(capsule.end)
    points: Array = local @ pose.rotation.T + pose.translation
    return points


def _distance(one: Array, other: Array) -> float:
    return float(np.linalg.norm(one[:, None] - other[None], axis=2).min())
