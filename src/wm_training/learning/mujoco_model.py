"""The world that a policy is trained in: the robot on a plane, with position drives and sensors."""

from __future__ import annotations

from collections.abc import Mapping

import mujoco
import numpy as np

from wm_control.constants import GRAVITY
from wm_control.robot.description import RobotDescription
from wm_control.robot.folding import FoldedRobot
from wm_control.robot.mjcf import (
    SOLES,
    add_bodies,
    add_capsule,
    add_sole,
    folded_robot,
    quaternion,
)
from wm_control.types import Array
from wm_policy.drives import carried_inertia
from wm_policy.posture import posture_gains
from wm_training.learning.parameters import PhysicsParameters

FLOOR = "floor"

FLOOR_BIT, LEFT, RIGHT = 1, 2, 4
"""Bits of the legs in MuJoCo's collision masks; FLOOR_BIT is between soles and floor."""


def leg_joints(description: RobotDescription) -> tuple[str, ...]:
    """Names of the joints of both legs, left first, in the robot's order."""
    groups = description.groups
    return tuple(description.joint_names[i] for i in (*groups["left_leg"], *groups["right_leg"]))


def waist_joints(description: RobotDescription) -> tuple[str, ...]:
    """Names of the joints between legs and trunk: they give when the robot is pushed."""
    return tuple(description.joint_names[i] for i in description.groups.get("waist", ()))


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
    folded = folded_robot(description, locked)
    names = tuple(name for name in description.joint_names if name in folded.joints)
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    _options(spec, physics)
    _floor(spec, physics)
    bodies = add_bodies(spec, folded)
    _feet(bodies, description, physics)
    _legs(bodies, folded, description, physics)
    pick = [description.joint_names.index(name) for name in names]
    stiffness, damping = gains or (description.stiffness[pick], description.damping[pick])
    for name, kp, kd, index in zip(names, stiffness, damping, pick, strict=True):
        _drive(spec, name, float(kp), float(kd), float(description.torque_limit[index]))
    _sensors(spec)
    return spec.compile()


def _options(spec: mujoco.MjSpec, physics: PhysicsParameters) -> None:
    option = spec.option
    option.timestep = physics.step
    option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    option.cone = mujoco.mjtCone.mjCONE_PYRAMIDAL
    option.iterations = physics.newton_iterations
    option.ls_iterations = physics.line_search_iterations
    option.gravity = (0.0, 0.0, -GRAVITY)


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


def _feet(
    bodies: Mapping[str, mujoco.MjsBody], description: RobotDescription, physics: PhysicsParameters
) -> None:
    """Add the soles, and around each a pad in which the touch sensor sums the contacts."""
    for foot, sole in enumerate(description.soles):
        own = (LEFT, RIGHT)[foot]
        body = bodies[sole.link]
        add_sole(
            body,
            sole,
            SOLES[foot],
            condim=3,
            contype=FLOOR_BIT + own,
            conaffinity=LEFT + RIGHT - own,
            solref=(physics.contact_time, 1.0),
        )
        body.add_site(
            name=f"{SOLES[foot]}_pad",
            type=mujoco.mjtGeom.mjGEOM_BOX,
            pos=sole.position,
            quat=quaternion(np.asarray(sole.rotation)),
            size=(0.2, 0.1, 0.03),
        )


def _legs(
    bodies: Mapping[str, mujoco.MjsBody],
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
        add_capsule(
            bodies[capsule.link],
            capsule,
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
