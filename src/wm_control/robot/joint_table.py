"""The numbers of every actuated joint: limits, rotor, gains and default posture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from wm_control.errors import ParameterError, RobotDescriptionError
from wm_control.robot.config import JointConfig, RobotConfig
from wm_control.robot.urdf import MOVING_TYPES, Joint, Placement, Urdf
from wm_control.types import Array

LEGS = ("left_leg", "right_leg")
"""Groups of joints without which nothing walks."""


@dataclass(frozen=True, slots=True)
class JointTable:
    """One array (n,) per property, in the tree's order; units as in JointConfig."""

    names: tuple[str, ...]
    lower: Array
    upper: Array
    velocity: Array
    torque: Array
    armature: Array
    default: Array
    stiffness: Array
    damping: Array
    groups: Mapping[str, tuple[int, ...]]


def constant(values: Iterable[float]) -> Array:
    """Return a float64 array that can no longer be written to."""
    array = np.array(list(values) if not isinstance(values, np.ndarray) else values, dtype=float)
    array.flags.writeable = False
    return array


def check_joint_names(config: RobotConfig, urdf: Urdf, file: str) -> None:
    """Every joint of the file must exist and move; every moving joint must be in the file."""
    moving = {name for name, joint in urdf.joints.items() if joint.kind in MOVING_TYPES}
    for section, names in (("joints", config.joints), ("locked", config.locked)):
        for name in names:
            if name not in moving:
                kind = f"is {urdf.joints[name].kind}" if name in urdf.joints else "does not exist"
                raise RobotDescriptionError(
                    f"{file}: {section}: joint '{name}' {kind} in {urdf.source}, expected one of "
                    f"its moving joints: {', '.join(sorted(moving))}"
                )
    both = [name for name in config.joints if name in config.locked]
    if both:
        raise RobotDescriptionError(f"{file}: joint '{both[0]}' is in both `joints` and `locked`")
    missing = [n for n in urdf.joints if n in moving and n not in {*config.joints, *config.locked}]
    if missing:
        raise RobotDescriptionError(
            f"{file}: moving joints of {urdf.source} that are neither in `joints` nor in `locked`: "
            f"{', '.join(missing)}"
        )


def with_limits(joint: Joint, config: JointConfig, file: str) -> Joint:
    """Return the URDF joint as one with finite limits, overridden by the robot file."""
    if joint.kind == "prismatic":
        raise RobotDescriptionError(
            f"{file}: joint '{joint.name}' is prismatic; actuated joints must be revolute: put it "
            "into `locked`"
        )
    if not np.isclose(np.linalg.norm(joint.axis), 1.0):
        raise RobotDescriptionError(
            f"{file}: joint '{joint.name}' has no axis; one that does not move is of type fixed in "
            "the URDF, or goes into `locked`"
        )
    changed = replace(
        joint,
        kind="revolute",
        placement=_moved(joint.placement, config),
        lower=joint.lower if config.lower is None else config.lower,
        upper=joint.upper if config.upper is None else config.upper,
        velocity=joint.velocity if config.velocity is None else config.velocity,
        torque=joint.torque if config.torque is None else config.torque,
    )
    for key in ("lower", "upper", "velocity", "torque"):
        if not math.isfinite(getattr(changed, key)):
            raise RobotDescriptionError(
                f"{file}: joint '{joint.name}': the URDF gives no {key} limit: add `{key}` there"
            )
    if not changed.lower < changed.upper:
        raise RobotDescriptionError(
            f"{file}: joint '{joint.name}': lower limit {changed.lower:g} is not below upper "
            f"limit {changed.upper:g} rad"
        )
    if not (changed.velocity > 0.0 and changed.torque > 0.0):
        raise RobotDescriptionError(
            f"{file}: joint '{joint.name}': velocity limit {changed.velocity:g} and torque limit "
            f"{changed.torque:g} must be positive"
        )
    return changed


def _moved(placement: Placement, config: JointConfig) -> Placement:
    return (
        placement if config.origin is None else replace(placement, position=constant(config.origin))
    )


def in_tree_order(config: RobotConfig, joints: Mapping[str, Joint], root: str) -> RobotConfig:
    """Return the robot file with its joints in the tree's order; in the file any order will do."""
    names = tree_order([joints[name] for name in config.joints], root)
    return replace(config, joints={name: config.joints[name] for name in names})


def tree_order(joints: Iterable[Joint], root: str) -> list[str]:
    """Names of joints depth first from the root, siblings by name.

    That is the order of Pinocchio, and so of every array here.
    """
    below: dict[str, list[Joint]] = {}
    for joint in sorted(joints, key=lambda joint: joint.name):
        below.setdefault(joint.parent, []).append(joint)

    def walk(link: str) -> Iterator[str]:
        for joint in below.get(link, ()):
            yield joint.name
            yield from walk(joint.child)

    return list(walk(root))


def build_joint_table(config: RobotConfig, joints: Mapping[str, Joint], file: str) -> JointTable:
    """Collect all joints; ``joints`` are those of the URDF ``with_limits``, by name."""
    ordered = [joints[name] for name in config.joints]
    entries = list(config.joints.values())
    for joint, entry in zip(ordered, entries, strict=True):
        _check_default(joint, entry, file)
    armature = constant(_armature(name, entry, config, file) for name, entry in _items(config))
    omega = 2.0 * math.pi * config.gains.natural_frequency
    stiffness = armature * omega**2
    damping = 2.0 * config.gains.damping_ratio * armature * omega
    return JointTable(
        names=tuple(config.joints),
        lower=constant(joint.lower for joint in ordered),
        upper=constant(joint.upper for joint in ordered),
        velocity=constant(joint.velocity for joint in ordered),
        torque=constant(joint.torque for joint in ordered),
        armature=armature,
        default=constant(entry.default or 0.0 for entry in entries),
        stiffness=_overridden(stiffness, [entry.stiffness for entry in entries]),
        damping=_overridden(damping, [entry.damping for entry in entries]),
        groups=_groups(entries),
    )


def _items(config: RobotConfig) -> Iterable[tuple[str, JointConfig]]:
    return config.joints.items()


def _overridden(derived: Array, given: list[float | None]) -> Array:
    return constant(
        value if override is None else override
        for value, override in zip(derived.tolist(), given, strict=True)
    )


def _armature(name: str, entry: JointConfig, config: RobotConfig, file: str) -> float:
    if entry.actuator not in config.actuators:
        raise ParameterError(
            f"joints.{name}.actuator",
            entry.actuator,
            f"expected one of: {', '.join(config.actuators)}",
            file,
        )
    return entry.rotors * config.actuators[entry.actuator]


def _check_default(joint: Joint, entry: JointConfig, file: str) -> None:
    default = entry.default or 0.0
    if entry.default is None and entry.group in LEGS:
        return
    if not joint.lower <= default <= joint.upper:
        raise ParameterError(
            f"joints.{joint.name}.default",
            default,
            f"outside the joint's limits [{joint.lower:g}, {joint.upper:g}] rad",
            file,
        )


def _groups(entries: list[JointConfig]) -> Mapping[str, tuple[int, ...]]:
    groups: dict[str, tuple[int, ...]] = {}
    for index, entry in enumerate(entries):
        groups[entry.group] = (*groups.get(entry.group, ()), index)
    return groups
