"""Whether a robot's file says of its limbs what its URDF says: whose soles, whose joints, how big.

What a posture or a limit of strength shows is looked at by ``wm_control.derivation``; here is what
needs no more than the description, and would be no robot otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pinocchio as pin

from wm_control.errors import RobotDescriptionError
from wm_control.robot.config import RobotConfig
from wm_control.robot.joint_table import LEGS
from wm_control.robot.posture import lateral_joints, link_frame
from wm_control.robot.urdf import Urdf
from wm_control.types import Array

if TYPE_CHECKING:
    from wm_control.robot.description import RobotDescription, Sole

SIDES = ("left", "right")
ARMS = ("left_arm", "right_arm")

LENGTH = (0.03, 0.35)
WIDTH = (0.01, 0.2)
"""Half length and half width of a sole, in lengths of the leg from hip to sole."""

BEHIND = 2.0
"""A sole reaches at most so many times farther behind the ankle than ahead of it."""

UNEQUAL, LONGER = 1.25, 1.02
"""One leg weighs at most so many times what the other does, and is at most as much longer."""

APART = 0.02
"""Left limbs begin so much left of right ones, at least [m]."""

TOE_OUT = 0.8
"""A toe points at most so far off the base's x axis with all joints at zero [rad]."""

ROTOR = (1e-6, 2e-2)
"""Rotor inertia of a leg's joint per torque limit; published drives have 5e-5 to 1e-3 [s²]."""

BEYOND = 0.1
"""Where a joint is locked may be so far beyond its limits [rad or m]."""


def check_locked(config: RobotConfig, urdf: Urdf, file: str) -> None:
    """Require locked joints within their limits: RobotDescriptionError names joint and limits."""
    for name, position in config.locked.items():
        joint = urdf.joints[name]
        if position < joint.lower - BEYOND or position > joint.upper + BEYOND:
            raise RobotDescriptionError(
                f"{file}: locked: joint '{name}' at {position:g}, expected within its limits "
                f"[{joint.lower:g}, {joint.upper:g}] rad or m"
            )


def check_limbs(robot: RobotDescription, file: str) -> None:
    """RobotDescriptionError for limbs that cannot be what they are called, with the numbers."""
    body = _Body(robot)
    for foot, side in enumerate(SIDES):
        _check_chain(robot, body, foot, side, file)
    _check_sides(robot, body, file)
    for foot, side in enumerate(SIDES):
        _check_sole(robot, body, foot, side, file)
    _check_likeness(robot, body, file)
    _check_rotors(robot, file)


class _Body:
    """Where the joints are with all at zero, the base level at the origin."""

    def __init__(self, robot: RobotDescription) -> None:
        self.model = pin.buildModelFromXML(robot.urdf, pin.JointModelFreeFlyer())
        self.data = self.model.createData()
        pin.framesForwardKinematics(self.model, self.data, pin.neutral(self.model))

    def joint(self, index: int) -> Array:
        """(3,) origin of an actuated joint [m]."""
        return np.array(self.data.oMi[2 + index].translation)

    def link(self, name: str) -> pin.SE3:
        """Pose of a link."""
        return self.data.oMf[link_frame(self.model, name)]

    def moved_by(self, link: str) -> set[int]:
        """Actuated joints between the base and a link."""
        frame = self.model.frames[link_frame(self.model, link)]
        return {int(joint) - 2 for joint in self.model.supports[frame.parentJoint] if joint > 1}

    def length(self, indices: Iterable[int]) -> float:
        """Sum of the steps from each of these joints to the next [m]."""
        steps = pairwise([self.joint(index) for index in indices])
        return float(sum(np.linalg.norm(after - before) for before, after in steps))

    def mass(self, indices: Iterable[int]) -> float:
        """Mass of the links that these joints move themselves [kg]."""
        return float(sum(self.model.inertias[2 + index].mass for index in indices))


def _check_chain(robot: RobotDescription, body: _Body, foot: int, side: str, file: str) -> None:
    """Each leg's joints move its own sole, and no other joint of a leg does."""
    own, other = robot.groups[LEGS[foot]], robot.groups[LEGS[1 - foot]]
    sole = robot.soles[foot]
    moving = body.moved_by(sole.link)
    strange = [robot.joint_names[index] for index in other if index in moving]
    if strange:
        raise RobotDescriptionError(
            f"{file}: soles.{side}: link '{sole.link}' is moved by '{strange[0]}' of group "
            f"{LEGS[1 - foot]}: soles or groups of the legs are exchanged"
        )
    idle = [robot.joint_names[index] for index in own if index not in moving]
    if idle:
        raise RobotDescriptionError(
            f"{file}: joints: '{idle[0]}' is in group {LEGS[foot]}, but does not move the {side} "
            f"sole's link '{sole.link}'"
        )


def _check_sides(robot: RobotDescription, body: _Body, file: str) -> None:
    """Left limbs begin left of right ones."""
    for left, right in (LEGS, ARMS):
        if left not in robot.groups or right not in robot.groups:
            continue
        sides = [
            float(np.mean([body.joint(index)[1] for index in robot.groups[group]]))
            for group in (left, right)
        ]
        if not sides[0] > sides[1] + APART:
            raise RobotDescriptionError(
                f"{file}: joints: group {left} is at y = {sides[0]:.3f} m of the base and {right} "
                f"at {sides[1]:.3f} m, expected the left one at larger y by {APART:g} m: they are "
                "exchanged, or the base's x axis does not point forward"
            )


def _check_sole(robot: RobotDescription, body: _Body, foot: int, side: str, file: str) -> None:
    """Require soles below their ankles, toes forward, of a size that fits the leg."""
    sole, leg = robot.soles[foot], robot.groups[LEGS[foot]]
    frame = body.link(sole.link) * pin.SE3(np.asarray(sole.rotation), np.asarray(sole.position))
    pitching = (*leg[-1:], *lateral_joints(body.model, leg))[-1]
    ankle = frame.rotation.T @ (body.joint(pitching) - frame.translation)
    key = f"{file}: soles.{side}"
    _check_axes(frame.rotation, ankle, robot.joint_names[pitching], key)
    _check_size(sole, float(np.linalg.norm(body.joint(leg[0]) - frame.translation)), key)
    _check_place(sole, ankle, key)


def _check_axes(rotation: Array, ankle: Array, joint: str, key: str) -> None:
    """Up is up and ahead is ahead. rotation: sole to base; ankle: (3,) in the sole [m]."""
    if not ankle[2] > 0.0:
        raise RobotDescriptionError(
            f"{key}: the ankle '{joint}' is {-ankle[2]:.3f} m below the sole along its z axis, "
            "expected above it: is it upside down?"
        )
    if not rotation[2, 2] > 0.0:
        raise RobotDescriptionError(
            f"{key}: its z axis points down in the base's frame (z component {rotation[2, 2]:.2f}) "
            "with all joints at zero: it or the base is upside down"
        )
    turn = float(abs(np.arctan2(rotation[1, 0], rotation[0, 0])))
    if not turn <= TOE_OUT:
        raise RobotDescriptionError(
            f"{key}: its toe, the x axis, points {turn:.2f} rad off the base's x axis with all "
            f"joints at zero, expected at most {TOE_OUT:g}"
        )


def _check_size(sole: Sole, length: float, key: str) -> None:
    """Metres, and a foot of this leg. length: from hip to sole [m]."""
    for name, half, (least, most) in (
        ("half_length", sole.half_length, LENGTH),
        ("half_width", sole.half_width, WIDTH),
    ):
        if not least * length <= half <= most * length:
            raise RobotDescriptionError(
                f"{key}.{name}: {half:g} m, expected {least * length:.3f} to {most * length:.3f} m "
                f"with a leg of {length:.3f} m"
            )


def _check_place(sole: Sole, ankle: Array, key: str) -> None:
    """Under the ankle, which is at (3,) in the sole [m]."""
    ahead, behind = sole.half_length - float(ankle[0]), sole.half_length + float(ankle[0])
    if not (ahead > 0.0 and behind <= BEHIND * ahead):
        raise RobotDescriptionError(
            f"{key}: reaches {behind:.3f} m behind the ankle and {ahead:.3f} m ahead of it, "
            f"expected at most {BEHIND:g} times as far: does x point to the toe?"
        )
    beside = abs(float(ankle[1]))
    if not beside < 2.0 * sole.half_width + APART:
        raise RobotDescriptionError(
            f"{key}: its middle is {beside:.3f} m beside the ankle, with a half_width of "
            f"{sole.half_width:g} m"
        )


def _check_likeness(robot: RobotDescription, body: _Body, file: str) -> None:
    """Require legs that weigh the same and are as long, if they have as many joints."""
    if len(robot.groups[LEGS[0]]) != len(robot.groups[LEGS[1]]):
        return
    left, right = (body.mass(robot.groups[leg]) for leg in LEGS)
    if max(left, right) > UNEQUAL * min(left, right):
        raise RobotDescriptionError(
            f"{file}: the left leg weighs {left:.3g} kg and the right one {right:.3g} kg, expected "
            f"at most {UNEQUAL:g} times as much: is a link's mass wrong?"
        )
    one, other = (body.length(robot.groups[leg]) for leg in LEGS)
    if max(one, other) > LONGER * min(one, other):
        raise RobotDescriptionError(
            f"{file}: the left leg is {one:.3f} m long from first to last joint and the right one "
            f"{other:.3f} m, expected at most {LONGER:g} times as much: is a joint's origin wrong?"
        )


def _check_rotors(robot: RobotDescription, file: str) -> None:
    """Rotor inertias of the legs are of this world."""
    for index in (*robot.groups[LEGS[0]], *robot.groups[LEGS[1]]):
        inertia, torque = float(robot.armature[index]), float(robot.torque_limit[index])
        least, most = (share * torque for share in ROTOR)
        if not least <= inertia <= most:
            raise RobotDescriptionError(
                f"{file}: joints.{robot.joint_names[index]}: a rotor inertia of {inertia:g} kg·m² "
                f"at the joint, expected {least:.2g} to {most:.2g} with {torque:g} N·m: is it in "
                "kg·m², times the gear ratio squared?"
            )
