"""The robot as MuJoCo sees it, built from the one robot description.

Bodies, inertias, contact spheres and capsules are those of ``RobotDescription``, which Pinocchio
and PyBullet read as well; rotor inertia is already in the links, so no armature is added. What a
world needs besides (ground, drives, how soft contacts are) is the caller's: a trainer's differs
from a judge's.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from wm_control.robot.description import Capsule, RobotDescription, Sole
from wm_control.robot.folding import FoldedRobot, fold_fixed_joints
from wm_control.robot.urdf import Joint, Link, parse_urdf
from wm_control.types import Array

SOLES = ("l_sole", "r_sole")
"""Names of the sites in the soles' frames."""

_KINDS = {
    "revolute": mujoco.mjtJoint.mjJNT_HINGE,
    "continuous": mujoco.mjtJoint.mjJNT_HINGE,
    "prismatic": mujoco.mjtJoint.mjJNT_SLIDE,
}


def folded_robot(
    description: RobotDescription, locked: Mapping[str, float] | None = None
) -> FoldedRobot:
    """Tree of moving bodies; locked: joints that are welded, with their angle [rad]."""
    robot = ElementTree.fromstring(description.urdf)
    return fold_fixed_joints(parse_urdf(robot, Path(description.name)), locked or {})


def add_bodies(spec: mujoco.MjSpec, folded: FoldedRobot) -> dict[str, mujoco.MjsBody]:
    """Add the floating tree with its inertias and joints, without any shape; bodies by name.

    Coordinates are then position, quaternion wxyz, joints in the order of the tree.
    """
    moved_by = {joint.child: joint for joint in folded.joints.values()}
    made: dict[str, mujoco.MjsBody] = {}
    for name, link in folded.bodies.items():
        joint = moved_by.get(name)
        if joint is None:
            body = spec.worldbody.add_body(name=name_of(name))
            body.add_freejoint()
        else:
            body = _moving_body(made[joint.parent], joint, name_of(name))
        _set_inertia(body, link)
        made[name] = body
    return made


def name_of(link: str) -> str:
    """Name the body of a link; MuJoCo keeps ``world`` for itself."""
    return "world of the robot" if link == "world" else link


def _moving_body(parent: mujoco.MjsBody, joint: Joint, name: str) -> mujoco.MjsBody:
    body = parent.add_body(
        name=name, pos=joint.placement.position, quat=quaternion(joint.placement.rotation)
    )
    limits = {} if joint.kind == "continuous" else _limits(joint)
    body.add_joint(name=joint.name, type=_KINDS[joint.kind], axis=joint.axis, **limits)
    return body


def _limits(joint: Joint) -> dict[str, Any]:
    return {"range": (joint.lower, joint.upper), "limited": mujoco.mjtLimited.mjLIMITED_TRUE}


def _set_inertia(body: mujoco.MjsBody, link: Link) -> None:
    inertia = link.inertia
    body.explicitinertial = True
    body.mass = inertia.mass
    body.ipos = inertia.com
    moment = inertia.inertia
    body.fullinertia = (*np.diag(moment), moment[0, 1], moment[0, 2], moment[1, 2])


def add_sole(body: mujoco.MjsBody, sole: Sole, site: str, **contact: Any) -> None:  # noqa: ANN401
    """Add a sole's contact spheres, and a site of this name in its frame.

    contact: attributes of the spheres: masks, friction, softness.
    """
    for sphere in sole.spheres:
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_SPHERE,
            size=(sphere.radius, 0.0, 0.0),
            pos=sphere.center,
            **contact,
        )
    body.add_site(name=site, pos=sole.position, quat=quaternion(np.asarray(sole.rotation)))


def add_capsule(body: mujoco.MjsBody, capsule: Capsule, **contact: Any) -> None:  # noqa: ANN401
    """Add a limb; contact: attributes of its shape."""
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CAPSULE,
        fromto=(*capsule.start, *capsule.end),
        size=(capsule.radius, 0.0, 0.0),
        **contact,
    )


def quaternion(rotation: Array) -> Array:
    """Return the quaternion wxyz of a rotation (3, 3)."""
    found = np.zeros(4)
    mujoco.mju_mat2Quat(found, np.ascontiguousarray(rotation).reshape(9))
    return found
