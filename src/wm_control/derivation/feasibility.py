"""Whether a robot can walk at all: looked at before it moves, from its description alone.

What cannot be is refused, what is near a limit doubted, what nobody said assumed; each with
numbers. Most of it finds mistakes in a robot's file: units, axes, sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import acos, pi
from typing import Literal

import numpy as np
import pinocchio as pin

from wm_control.constants import GRAVITY
from wm_control.derivation.measures import LEG_SHARE, Measures
from wm_control.errors import RobotDescriptionError
from wm_control.robot.description import RobotDescription
from wm_control.robot.joint_table import LEGS
from wm_control.robot.model import legs_of
from wm_control.robot.posture import FeetGoal, Legs, Posture
from wm_control.types import LEFT, RIGHT, Array

Level = Literal["refused", "doubted", "assumed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a robot. subject: what it is about; text: what was found, with numbers."""

    level: Level
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Limit:
    """From where on something is doubted, and refused."""

    doubted: float
    refused: float

    def level(self, value: float) -> Level | None:
        """Of a value that should be small; NaN is refused."""
        if not value <= self.refused:
            return "refused"
        return "doubted" if value > self.doubted else None


TORQUE = Limit(0.7, 1.15)
"""Share of a joint's torque limit that the weight on one leg takes in the deepest crouch.

Walking bears it for moments, and slow walking is not as deep: two humanoids at 1.07 walk 0.3 m/s.
"""

TILT = Limit(0.05, 0.35)
"""Of a sole in the default posture, and between its toe and the base's x axis [rad]."""

UNEVEN = Limit(0.01, 0.1)
"""Soles of the default posture at different heights, or one before the other, per leg length."""

OFF_CENTRE = Limit(0.7, 1.0)
"""Centre of mass in the default posture from the soles' origins along x, per half their length."""

RANGE = Limit(3.0 * pi, 6.0 * pi)
"""Of a joint [rad]; beyond it is in degrees."""

SPEED = Limit(60.0, 200.0)
"""Of a joint [rad/s]; beyond it is in degrees per second, or in revolutions per minute."""

SLOWEST = 0.3
"""Derived forward speed below which one of the G1's size is doubted; a third: refused [m/s]."""

LEAST_LEG, LONGEST_LEG = 0.15, 2.0
"""Stretched [m]."""

LEAST_MASS, LARGEST_MASS = 20.0, 2000.0
"""Per cube of the leg [kg/m³]: 100 of the G1, 170 of TALOS, 600 of the smallest humanoids."""


def findings(description: RobotDescription, measures: Measures) -> tuple[Finding, ...]:
    """All that is to be said of a robot; measures: with the speed derived for it."""
    legs = legs_of(description)
    return (
        *_size(measures),
        *_joints(description),
        *_standing(description, legs, measures),
        *_strength(description, legs, measures),
        *_quickness(measures),
        *_assumed(description, legs),
    )


def require_feasible(description: RobotDescription, measures: Measures) -> None:
    """RobotDescriptionError with the first thing that the robot is refused for, if any."""
    for finding in findings(description, measures):
        if finding.level == "refused":
            raise RobotDescriptionError(
                f"robot '{description.name}': {finding.subject}: {finding.text}"
            )


def _found(level: Level | None, subject: str, text: str) -> Iterator[Finding]:
    if level is not None:
        yield Finding(level, subject, text)


def _size(m: Measures) -> Iterator[Finding]:
    """Metres and kilograms."""
    if not LEAST_LEG <= m.leg <= LONGEST_LEG:
        bounds = f"expected {LEAST_LEG:g} to {LONGEST_LEG:g} m; are the units metres?"
        yield Finding("refused", "legs", f"{m.leg:.3g} m from hip to sole, {bounds}")
    elif not LEAST_MASS <= m.mass / m.leg**3 <= LARGEST_MASS:
        least, largest = (share * m.leg**3 for share in (LEAST_MASS, LARGEST_MASS))
        bounds = f"expected {least:.3g} to {largest:.3g} kg of one with legs of {m.leg:.3g} m"
        yield Finding("refused", "mass", f"{m.mass:.4g} kg, {bounds}; are the units kilograms?")


def _joints(robot: RobotDescription) -> Iterator[Finding]:
    """Radians, and radians per second."""
    for index, name in enumerate(robot.joint_names):
        turn = float(robot.position_upper[index] - robot.position_lower[index])
        text = f"turns by {turn:.4g} rad, more than {RANGE.doubted:.3g}; are the limits in radians?"
        yield from _found(RANGE.level(turn), name, text)
        speed = float(robot.velocity_limit[index])
        text = f"as fast as {speed:.4g} rad/s, more than {SPEED.doubted:g}; is that in radians?"
        yield from _found(SPEED.level(speed), name, text)


def _standing(robot: RobotDescription, legs: Legs, m: Measures) -> Iterator[Finding]:
    """Sides, axes and soles of the default posture."""
    legs.place(np.asarray(robot.default_position))
    soles = [pin.SE3(legs.sole(foot)) for foot in range(2)]
    apart = float(soles[0].translation[1] - soles[1].translation[1])
    width = 2.0 * m.half_width
    if not apart > 0.0:
        text = f"{-apart:.3g} m right of the right one, standing: sides or axes are exchanged"
        yield Finding("refused", "left sole", text)
    elif not apart >= width:
        text = f"{apart:.3g} m apart, standing, and each {width:.3g} m wide: feet overlap"
        yield Finding("refused", "soles", text)
    for side, sole in zip(("left sole", "right sole"), soles, strict=True):
        tilt = acos(float(np.clip(sole.rotation[2, 2], -1.0, 1.0)))
        text = f"tilted by {tilt:.3g} rad in the default posture, at most {TILT.doubted:g}"
        yield from _found(TILT.level(tilt), side, text)
        turn = float(abs(np.arctan2(sole.rotation[1, 0], sole.rotation[0, 0])))
        text = f"its toe points {turn:.3g} rad off the base's x axis, at most {TILT.doubted:g}"
        yield from _found(TILT.level(turn), side, text)
    ahead, above = (float(abs(soles[0].translation[k] - soles[1].translation[k])) for k in (0, 2))
    for distance, word in ((ahead, "ahead of"), (above, "above")):
        text = f"one {distance:.3g} m {word} the other in the default posture"
        yield from _found(UNEVEN.level(distance / m.leg), "soles", text)
    middle = 0.5 * float(soles[0].translation[0] + soles[1].translation[0])
    off = float(legs.data.com[0][0]) - middle
    text = f"{off:.3g} m before the soles' origins, standing, {m.half_length:.3g} m from their ends"
    yield from _found(OFF_CENTRE.level(abs(off) / m.half_length), "centre of mass", text)


def _strength(robot: RobotDescription, legs: Legs, m: Measures) -> Iterator[Finding]:
    """Torque against gravity, and joints' limits, as deep as the gait crouches."""
    postures = [crouched(robot, legs, m, foot) for foot in (LEFT, RIGHT)]
    if not all(posture.reached for posture in postures):
        error = max(posture.error for posture in postures)
        text = (
            f"cannot bend until the hips are at {LEG_SHARE:g} of the stretched leg with level "
            f"soles: {error:.3g} m or rad are left at the joints' limits"
        )
        yield Finding("doubted", "legs", text)
    shares = {
        name: share
        for foot in (LEFT, RIGHT)
        for name, share in static_shares(robot, legs, postures[foot], foot).items()
    }
    for name, share in shares.items():
        text = f"bears the weight on one leg with {share:.2f} of its torque, at most"
        level = TORQUE.level(share)
        bound = TORQUE.refused if level == "refused" else TORQUE.doubted
        yield from _found(level, name, f"{text} {bound:g}")


def crouched(robot: RobotDescription, legs: Legs, m: Measures, foot: int = LEFT) -> Posture:
    """Deepest posture of the gait, a foot under the centre of mass, the other beside it."""
    start = np.asarray(robot.default_position)
    legs.place(start)
    middle = float(legs.data.com[0][1])
    left, right = (0.0, -m.apart) if foot == LEFT else (m.apart, 0.0)
    feet = ((0.0, middle + left, 0.0), (0.0, middle + right, 0.0))
    return legs.solve(start, FeetGoal(feet, LEG_SHARE * m.leg))


def static_shares(
    robot: RobotDescription, legs: Legs, posture: Posture, foot: int = LEFT
) -> dict[str, float]:
    """Torque of each joint of a leg when it bears all the weight at rest, per its limit."""
    legs.place(posture.joints)
    model, data, own = legs.model, legs.data, legs.indices[foot]
    q = pin.neutral(model)
    q[7:] = posture.joints
    weight = GRAVITY * float(pin.computeTotalMass(model))
    lever = data.com[0] - legs.sole(foot).translation
    force = np.array([0.0, 0.0, weight])
    wrench = np.concatenate((force, np.cross([lever[0], lever[1], 0.0], force)))
    ground: Array = legs.sole_jacobian(foot).T @ wrench
    gravity: Array = pin.computeGeneralizedGravity(model, model.createData(), q)[6:]
    shares = np.abs(gravity - ground)[own] / robot.torque_limit[own]
    names = [robot.joint_names[index] for index in own]
    return dict(zip(names, shares.tolist(), strict=True))


def _quickness(m: Measures) -> Iterator[Finding]:
    least = SLOWEST * m.pace
    if not m.forward >= least:
        level: Level = "doubted" if m.forward >= least / 3.0 else "refused"
        text = f"the legs' joints are fast enough for {m.forward:.2f} m/s, expected {least:.2f}"
        yield Finding(level, "speed", text)


def _assumed(robot: RobotDescription, legs: Legs) -> Iterator[Finding]:
    limbs = {capsule.link for capsule in robot.capsules}
    if not limbs:
        yield Finding("assumed", "capsules", "none: in simulation limbs go through each other")
    short = [leg for leg in LEGS if len(robot.groups[leg]) < 6]
    if short:
        text = f"{len(robot.groups[short[0]])} joints, expected 6"
        if not legs.rolls:
            yield Finding("assumed", short[0], f"{text}: soles tilt with the base's roll")
        if not legs.yaws:
            yield Finding("doubted", short[0], f"{text}: none turns the soles, so it cannot turn")
    if robot.imu.rotation[2, 2] < 0.0:
        yield Finding("doubted", "imu", "its z axis points down in the base's frame")
