"""The robot as MuJoCo sees it, built from the one robot description.

Bodies, inertias and contact spheres are those of ``RobotDescription.urdf``, which Pinocchio and
PyBullet read as well; rotor inertia is already in the links, so no armature is added.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import mujoco
import numpy as np

from wm_control.robot.description import RobotDescription
from wm_control.robot.folding import FoldedRobot, fold_fixed_joints
from wm_control.robot.urdf import Joint, Link, read_urdf
from wm_control.types import Array
from wm_policy.drives import carried_inertia
from wm_policy.posture import posture_gains
from wm_training.learning.parameters import PhysicsParameters

SOLES = ("l_sole", "r_sole")
FLOOR = "floor"

FLOOR_BIT, LEFT, RIGHT = 1, 2, 4
"""Bits of the legs in MuJoCo's collision masks; FLOOR_BIT is between soles and floor."""


def leg_joints(description: RobotDescription) -> tuple[str, ...]:
    """Names of the joints of both legs, left first, in the robot's order."""
    groups = description.groups
    return tuple(description.joint_names[i] for i in (*groups["left_leg"], *groups["right_leg"]))


def waist_joints(description: RobotDescription) -> tuple[str, ...]:
    """Names of the joints between legs and trunk: they give when the robot is pushed."""
    return tuple(description.joint_names[i] for i in description.groups["waist"])


def drive_gains(description: RobotDescription, joints: tuple[str, ...]) -> tuple[Array, Array]:
    """Stiffness and damping: of legs the robot's, of others those of the posture."""
    legs, carried = leg_joints(description), carried_inertia(description)
    stiffness, damping = [], []
    for name in joints:
        at = description.joint_names.index(name)
        own = (float(description.stiffness[at]), float(description.damping[at]))
        kp, kd = own if name in legs else posture_gains(float(carried[at]))
        stiffness.append(kp)
        damping.append(kd)
    return np.array(stiffness), np.array(damping)


def locked_posture(description: RobotDescription, free: tuple[str, ...]) -> dict[str, float]:
    """All joints but ``free``, at their default position [rad]."""
    named = zip(description.joint_names, description.default_position.tolist(), strict=True)
    return {name: value for name, value in named if name not in free}


def build_model(
    description: RobotDescription,
    physics: PhysicsParameters,
    locked: Mapping[str, float] | None = None,
    *,
    gains: tuple[Array, Array] | None = None,
) -> mujoco.MjModel:
    """Compile the robot on a plane; coordinates are position, quaternion wxyz, joints.

    locked: joints that are welded, with their angle [rad]. gains: stiffness and damping of the
    position drives, one per joint that is left, in the robot's order; the description's if None.
    """
    folded = folded_robot(description, locked or {})
    names = tuple(name for name in description.joint_names if name in folded.joints)
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    _options(spec, physics)
    _floor(spec, physics)
    _bodies(spec, folded, description, physics)
    pick = [description.joint_names.index(name) for name in names]
    stiffness, damping = gains or (description.stiffness[pick], description.damping[pick])
    for name, kp, kd, index in zip(names, stiffness, damping, pick, strict=True):
        _drive(spec, name, float(kp), float(kd), float(description.torque_limit[index]))
    _sensors(spec)
    return spec.compile()


def folded_robot(description: RobotDescription, locked: Mapping[str, float]) -> FoldedRobot:
    """Tree of moving bodies; locked: joints that are welded, with their angle [rad]."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "robot.urdf"
        path.write_text(description.urdf, encoding="utf-8")
        return fold_fixed_joints(read_urdf(path), locked)


def _options(spec: mujoco.MjSpec, physics: PhysicsParameters) -> None:
    option = spec.option
    option.timestep = physics.step
    option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    option.cone = mujoco.mjtCone.mjCONE_PYRAMIDAL
    option.iterations = physics.newton_iterations
    option.ls_iterations = physics.line_search_iterations
    option.gravity = (0.0, 0.0, -9.81)


def _floor(spec: mujoco.MjSpec, physics: PhysicsParameters) -> None:
    """Give the floor priority in every contact, so that its friction alone counts."""
    spec.worldbody.add_geom(
        name=FLOOR,
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=(0.0, 0.0, 1.0),
        friction=(0.8, 0.005, 0.0001),
        condim=3,
        priority=1,
        solref=(physics.contact_time, 1.0),
        conaffinity=FLOOR_BIT,
        contype=0,
    )


def _bodies(
    spec: mujoco.MjSpec,
    folded: FoldedRobot,
    description: RobotDescription,
    physics: PhysicsParameters,
) -> None:
    moved_by = {joint.child: joint for joint in folded.joints.values()}
    made: dict[str, mujoco.MjsBody] = {}
    for name, link in folded.bodies.items():
        joint = moved_by.get(name)
        if joint is None:
            body = spec.worldbody.add_body(name=name)
            body.add_freejoint(name="base")
        else:
            body = _moving_body(made[joint.parent], joint, name)
        _inertia(body, link)
        _feet(body, link, description, physics)
        made[name] = body
    _legs(made, folded, description, physics)


def _moving_body(parent: mujoco.MjsBody, joint: Joint, name: str) -> mujoco.MjsBody:
    body = parent.add_body(
        name=name, pos=joint.placement.position, quat=_quaternion(joint.placement.rotation)
    )
    body.add_joint(
        name=joint.name,
        type=mujoco.mjtJoint.mjJNT_HINGE,
        axis=joint.axis,
        range=(joint.lower, joint.upper),
        limited=mujoco.mjtLimited.mjLIMITED_TRUE,
    )
    return body


def _inertia(body: mujoco.MjsBody, link: Link) -> None:
    inertia = link.inertia
    body.explicitinertial = True
    body.mass = inertia.mass
    body.ipos = inertia.com
    moment = inertia.inertia
    body.fullinertia = (*np.diag(moment), moment[0, 1], moment[0, 2], moment[1, 2])


def _feet(
    body: mujoco.MjsBody, link: Link, description: RobotDescription, physics: PhysicsParameters
) -> None:
    for foot, sole in enumerate(description.soles):
        if sole.link != link.name:
            continue
        own = (LEFT, RIGHT)[foot]
        for sphere in sole.spheres:
            body.add_geom(
                type=mujoco.mjtGeom.mjGEOM_SPHERE,
                size=(sphere.radius, 0.0, 0.0),
                pos=sphere.center,
                condim=3,
                contype=FLOOR_BIT + own,
                conaffinity=LEFT + RIGHT - own,
                solref=(physics.contact_time, 1.0),
            )
        quaternion = _quaternion(np.asarray(sole.rotation))
        body.add_site(name=SOLES[foot], pos=sole.position, quat=quaternion)
        body.add_site(
            name=f"{SOLES[foot]}_pad",
            type=mujoco.mjtGeom.mjGEOM_BOX,
            pos=sole.position,
            quat=quaternion,
            size=(0.2, 0.1, 0.03),
        )


def _legs(
    made: Mapping[str, mujoco.MjsBody],
    folded: FoldedRobot,
    description: RobotDescription,
    physics: PhysicsParameters,
) -> None:
    """Let the limbs of one leg stop those of the other, soles included (``_feet``).

    Otherwise policies learn to step through.
    """
    side = {
        folded.joints[description.joint_names[index]].child: bit
        for group, bit in (("left_leg", LEFT), ("right_leg", RIGHT))
        for index in description.groups[group]
        if description.joint_names[index] in folded.joints
    }
    for capsule in description.capsules:
        own = side.get(capsule.link)
        if own is None:
            continue
        made[capsule.link].add_geom(
            type=mujoco.mjtGeom.mjGEOM_CAPSULE,
            fromto=(*capsule.start, *capsule.end),
            size=(capsule.radius, 0.0, 0.0),
            condim=3,
            contype=own,
            conaffinity=LEFT + RIGHT - own,
            solref=(physics.contact_time, 1.0),
        )


def _drive(spec: mujoco.MjSpec, joint: str, kp: float, kd: float, limit: float) -> None:
    actuator = spec.add_actuator(
        name=joint,
        target=joint,
        trntype=mujoco.mjtTrn.mjTRN_JOINT,
        forcerange=(-limit, limit),
        forcelimited=mujoco.mjtLimited.mjLIMITED_TRUE,
    )
    actuator.gaintype = mujoco.mjtGain.mjGAIN_FIXED
    actuator.biastype = mujoco.mjtBias.mjBIAS_AFFINE
    actuator.gainprm = [kp] + [0.0] * 9
    actuator.biasprm = [0.0, -kp, -kd] + [0.0] * 7


def _sensors(spec: mujoco.MjSpec) -> None:
    for sole in SOLES:
        spec.add_sensor(
            name=f"{sole}_load",
            type=mujoco.mjtSensor.mjSENS_TOUCH,
            objtype=mujoco.mjtObj.mjOBJ_SITE,
            objname=f"{sole}_pad",
        )
    for sole in SOLES:
        spec.add_sensor(
            name=f"{sole}_velocity",
            type=mujoco.mjtSensor.mjSENS_FRAMELINVEL,
            objtype=mujoco.mjtObj.mjOBJ_SITE,
            objname=sole,
        )


def _quaternion(rotation: Array) -> Array:
    quaternion = np.zeros(4)
    mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(rotation).reshape(9))
    return quaternion
