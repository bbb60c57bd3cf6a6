"""Limits that a URDF does not state, or states as nothing, and what is taken instead."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from wm_control.constants import GRAVITY
from wm_control.robot.drafting.notes import Note, guessed, unknown
from wm_control.robot.urdf import Joint

LEG_TORQUE, OTHER_TORQUE = 0.6, 0.15
"""Torque limit of a joint that states none, in weights of the robot times lengths of its leg."""

VELOCITY = 10.0
"""Speed limit of a joint that states none [rad/s]."""

MOST_VELOCITY, MOST_TORQUE = 200.0, 20.0
"""A limit beyond is none: in rad/s, and in weights of the robot times lengths of its leg."""

TURN = 3.1
"""Range to either side of a joint that turns without an end [rad]."""


@dataclass(frozen=True, slots=True)
class Size:
    """How heavy a robot is [kg], and how long its legs are [m]."""

    mass: float
    leg_length: float


def completed(joint: Joint, group: str, size: Size) -> tuple[Joint, dict[str, float], list[Note]]:
    """Return a joint with all limits, those that the robot file must state, and notes of these."""
    given: dict[str, float] = {}
    notes: list[Note] = []
    endless = joint.kind == "continuous"
    for key, value in (("lower", -TURN), ("upper", TURN)):
        if not math.isfinite(getattr(joint, key)):
            given[key] = value
            why = "turns without an end" if endless else "has no limit in the URDF"
            say = guessed if endless else unknown
            notes.append(say(joint.name, f"{why}: {key} {value:g} rad written"))
    if not 0.0 < joint.velocity <= MOST_VELOCITY:
        given["velocity"] = VELOCITY
        notes.append(_lacks(joint.name, "speed limit", joint.velocity, f"{VELOCITY:g} rad/s"))
    unit = size.mass * GRAVITY * size.leg_length
    if not 0.0 < joint.torque <= MOST_TORQUE * unit:
        share = LEG_TORQUE if "leg" in group else OTHER_TORQUE
        given["torque"] = float(f"{share * unit:.2g}")
        notes.append(_lacks(joint.name, "torque limit", joint.torque, f"{given['torque']:g} N·m"))
    changed = replace(
        joint,
        lower=given.get("lower", joint.lower),
        upper=given.get("upper", joint.upper),
        velocity=given.get("velocity", joint.velocity),
        torque=given.get("torque", joint.torque),
    )
    return changed, given, notes


def _lacks(name: str, what: str, found: float, instead: str) -> Note:
    told = "is missing" if math.isnan(found) else f"is {found:g}"
    return unknown(name, f"its {what} {told} in the URDF: {instead} written, a guess")


def suspicions(joints: Mapping[str, Joint], legs: list[str]) -> list[Note]:
    """Tell of limits that look like placeholders."""
    notes = []
    torques = {joints[name].torque for name in legs}
    if len(torques) == 1:
        notes.append(
            unknown(
                "legs", f"all joints have the torque limit {torques.pop():g} N·m: placeholders?"
            )
        )
    for name in legs:
        joint = joints[name]
        if not joint.lower < joint.upper:
            text = f"its range is [{joint.lower:g}, {joint.upper:g}] rad: it cannot move"
            notes.append(unknown(name, text))
    return notes
