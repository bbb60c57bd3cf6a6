"""The one description of the robot that controllers, estimator and every simulator share.

``load_robot`` reads a robot file, cleans the URDF it names (fixed joints folded, rotor inertia
lumped into the links, nothing without inertia) and refuses whatever does not make a robot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import pinocchio as pin

from wm_control.configuration.extending import load_extending
from wm_control.errors import RobotDescriptionError
from wm_control.robot.altering import altered
from wm_control.robot.config import RobotConfig, SoleConfig
from wm_control.robot.consistency import check_limbs, check_locked
from wm_control.robot.folding import FoldedRobot, fold_fixed_joints
from wm_control.robot.geometry import (
    Capsule,
    ImuPlacement,
    Sole,
    Sphere,
    build_capsule,
    build_imu,
    build_sole,
)
from wm_control.robot.joint_table import (
    LEGS,
    JointTable,
    build_joint_table,
    check_joint_names,
    constant,
    in_tree_order,
    with_limits,
)
from wm_control.robot.pictures import drawable
from wm_control.robot.posture import STANDING, Legs, standing_posture
from wm_control.robot.sources import robot_file, urdf_file
from wm_control.robot.urdf import Joint, Link, SphereShape, Urdf, joints_to, read_urdf
from wm_control.robot.writer import write_urdf
from wm_control.types import Array

__all__ = ["Capsule", "ImuPlacement", "RobotDescription", "Sole", "Sphere", "load_robot"]


@dataclass(frozen=True, slots=True)
class RobotDescription:
    """A robot, as Pinocchio and every simulator see it. Arrays are (n,) in joint_names' order.

    joint_names: depth first from the base, siblings by name, as Pinocchio has them.

    urdf: one link per moving body, rotor inertia lumped in, collision spheres of the feet, no
        meshes: the text to build every dynamic model from.
    visual_urdf: the same text with pictures of the links: meshes that are there, or what stands in
        for them.
    position_lower, position_upper [rad]; velocity_limit [rad/s]; torque_limit [N·m].
    armature: reflected rotor inertia, already inside ``urdf``: never add it again [kg·m²].
    default_position: default standing posture [rad].
    stiffness [N·m/rad], damping [N·m·s/rad]: moderate gains derived from the rotors.
    base_link: the floating base. soles: left, right. imu: on the base, or above the waist.
    groups: joint indices by group (left_leg, right_leg, waist, left_arm, right_arm).
    capsules: limbs for self-collision.
    assumed: what neither file says and is taken to be so, and what cannot be found: one line each.
    """

    name: str
    urdf: str
    visual_urdf: str
    joint_names: tuple[str, ...]
    position_lower: Array
    position_upper: Array
    velocity_limit: Array
    torque_limit: Array
    armature: Array
    default_position: Array
    stiffness: Array
    damping: Array
    base_link: str
    soles: tuple[Sole, Sole]
    imu: ImuPlacement
    groups: Mapping[str, tuple[int, ...]]
    capsules: tuple[Capsule, ...]
    assumed: tuple[str, ...] = ()


def load_robot(source: str | Path) -> RobotDescription:
    """Load a robot by its name, its folder or the path of its robot file.

    ParameterError for a key or value that the robot file must not hold, RobotDescriptionError when
    URDF and robot file together do not make a robot; both name file, joint or link, and what was
    expected.
    """
    path = robot_file(source)
    return build_description(load_extending(RobotConfig, path), path)


def build_description(config: RobotConfig, path: Path) -> RobotDescription:
    """Clean the URDF and collect what the robot file says; ``path`` is the robot file's."""
    file = str(path)
    urdf = altered(read_urdf(urdf_file(config.urdf, path)), config, file)
    check_joint_names(config, urdf, file)
    check_locked(config, urdf, file)
    folded = fold_fixed_joints(_limited(urdf, config, file), config.locked)
    _check_base(config, urdf, file)
    config = in_tree_order(config, folded.joints, config.base_link)
    table = build_joint_table(config, folded.joints, file)
    _check_groups(table.groups, file)
    soles = (
        build_sole(config.soles.left, "left", folded, file),
        build_sole(config.soles.right, "right", folded, file),
    )
    armature = dict(zip(table.names, table.armature.tolist(), strict=True))
    links = _dynamic_links(folded, armature, soles, urdf.source)
    joints = [folded.joints[name] for name in config.joints]
    text = write_urdf(config.name, links, joints, meshes=False)
    imu = build_imu(config.imu, config.base_link, folded, file)
    _check_imu(imu, joints, config, file)
    capsules = tuple(
        build_capsule(capsule, name, folded, file) for name, capsule in config.capsules.items()
    )
    drawn, pictures = drawable(links, joints, capsules)
    robot = RobotDescription(
        name=config.name,
        urdf=text,
        visual_urdf=write_urdf(config.name, drawn, joints, meshes=True),
        joint_names=table.names,
        position_lower=table.lower,
        position_upper=table.upper,
        velocity_limit=table.velocity,
        torque_limit=table.torque,
        armature=table.armature,
        default_position=table.default,
        stiffness=table.stiffness,
        damping=table.damping,
        base_link=config.base_link,
        soles=soles,
        imu=imu,
        groups=MappingProxyType(dict(table.groups)),
        capsules=capsules,
        assumed=tuple(filter(None, (*_assumed(config, folded), pictures))),
    )
    check_limbs(robot, file)
    return replace(robot, default_position=_default(config, table, text, soles, file))


def _limited(urdf: Urdf, config: RobotConfig, file: str) -> Urdf:
    joints: dict[str, Joint] = dict(urdf.joints)
    for name, entry in config.joints.items():
        joints[name] = with_limits(joints[name], entry, file)
    return replace(urdf, joints=joints)


def _check_base(config: RobotConfig, urdf: Urdf, file: str) -> None:
    if config.base_link != urdf.root:
        raise RobotDescriptionError(
            f"{file}: base_link: '{config.base_link}', expected the root link of {urdf.source}: "
            f"'{urdf.root}'"
        )


def _check_groups(groups: Mapping[str, tuple[int, ...]], file: str) -> None:
    for group in LEGS:
        if group not in groups:
            raise RobotDescriptionError(
                f"{file}: joints: no joint has group '{group}', found: {', '.join(groups)}"
            )


def _default(
    config: RobotConfig, table: JointTable, urdf: str, soles: tuple[Sole, Sole], file: str
) -> Array:
    """Posture that the file says; where it says nothing of the legs, they stand as they can."""
    entries = [config.joints[table.names[i]] for leg in LEGS for i in table.groups[leg]]
    if any(entry.default is not None for entry in entries):
        return table.default
    model = pin.buildModelFromXML(urdf, pin.JointModelFreeFlyer())
    legs = Legs(model, soles, table.groups, (table.lower, table.upper))
    posture = standing_posture(legs, table.default)
    if not posture.reached:
        raise RobotDescriptionError(
            f"{file}: joints: no joint of the legs says a `default`, and within their limits the "
            f"robot cannot stand on level soles with its hips at {STANDING:g} of the stretched "
            f"legs: {posture.error:.3g} m or rad are left; say the posture, or correct limits, "
            "soles or groups"
        )
    return constant(posture.joints)


def _assumed(config: RobotConfig, folded: FoldedRobot) -> Iterator[str]:
    if config.imu is None:
        yield f"imu: not said where: taken to be at the origin of '{config.base_link}', in its axes"
    for side in ("left", "right"):
        sole: SoleConfig = getattr(config.soles, side)
        body = folded.bodies[folded.frames[sole.link].body]
        if not (sole.contact_spheres or body.spheres):
            yield f"soles.{side}: no contact spheres: four at the corners of its rectangle"


def _check_imu(imu: ImuPlacement, joints: list[Joint], config: RobotConfig, file: str) -> None:
    """Require that no leg moves the IMU: knocked at every step, it is no IMU of the robot."""
    for joint in joints_to(imu.link, joints):
        if config.joints[joint.name].group in LEGS:
            raise RobotDescriptionError(
                f"{file}: imu.link: '{imu.link}' moves with the leg joint '{joint.name}', expected "
                f"a link fixed to the base '{config.base_link}' or above the waist"
            )


def _dynamic_links(
    folded: FoldedRobot,
    armature: Mapping[str, float],
    soles: tuple[Sole, Sole],
    source: str,
) -> list[Link]:
    """Bodies with rotors lumped in, and collision spheres on the soles only."""
    spheres = {
        sole.link: tuple(SphereShape(s.center, s.radius) for s in sole.spheres) for sole in soles
    }
    drives = {joint.child: joint for joint in folded.joints.values()}
    links = []
    for name, body in folded.bodies.items():
        problem = body.inertia.problem()
        if problem:
            raise RobotDescriptionError(
                f"{source}: link '{name}' moves but has no usable <inertial>: {problem}"
            )
        drive = drives.get(name)
        inertia = body.inertia
        if drive is not None:
            inertia = inertia.with_rotor(drive.axis, armature[drive.name])
        links.append(replace(body, inertia=inertia, spheres=spheres.get(name, ())))
    return links
