"""The text of a drafted robot file: YAML with a comment beside whatever was measured or guessed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from wm_control.robot.drafting.actuators import Rotor
from wm_control.robot.drafting.draft import RobotDraft
from wm_control.robot.drafting.limbs import SIDES
from wm_control.robot.inertia import LinkInertia

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"}


def robot_yaml(draft: RobotDraft) -> str:
    """Write a draft as the text of a ``robot.yaml``."""
    parts = (
        _head(draft),
        _soles(draft),
        _actuators(draft),
        _joints(draft),
        _locked(draft),
        _links(draft),
        _capsules(draft),
    )
    return "\n".join("\n".join(lines) + "\n" for lines in parts if lines)


def _head(draft: RobotDraft) -> list[str]:
    return [
        f"# {draft.name}, a draft by `wm robot draft`: replace each GUESS that you know better.",
        "# `wm robot check` says what comes of it; the rest is derived: docs/robots.md.",
        f"name: {_word(draft.name)}",
        f"urdf: {_word(draft.urdf)}",
        f"base_link: {_word(draft.base_link)}",
        f"imu: {{link: {_word(draft.imu)}}}"
        if draft.imu is not None
        else "# imu: the URDF names none; say imu: {link: ...} where it is",
    ]


def _soles(draft: RobotDraft) -> list[str]:
    lines = ["soles:"]
    for side, foot, sole in zip(SIDES, draft.feet, draft.soles, strict=True):
        why = (
            "lowest 10 mm of the foot's shapes" if sole.measured else "GUESS: the foot has no shape"
        )
        turned = f", rpy: {_vector(sole.rpy)}" if abs(sole.rpy).max() > 5e-5 else ""
        lines.append(
            f"  {side}: {{link: {_word(foot)}, position: {_vector(sole.position)}{turned}, "
            f"half_length: {_number(sole.half_length)}, half_width: {_number(sole.half_width)}}}"
            f"  # {why}"
        )
    return lines


def _actuators(draft: RobotDraft) -> list[str]:
    lines = ["# Rotor inertia seen at the joint [kg·m²]: gains follow from it.", "actuators:"]
    seen: dict[str, Rotor] = {}
    for joint, actuator in draft.actuators.items():
        seen.setdefault(actuator, draft.rotors[joint])
    for actuator, rotor in seen.items():
        lines.append(f"  {_word(actuator)}: {rotor.inertia:.6g}  # {rotor.origin}")
    return lines


def _joints(draft: RobotDraft) -> list[str]:
    lines = ["# Groups by kinematics. The legs' posture is found by inverse kinematics.", "joints:"]
    for joint, group in draft.groups.items():
        entry = {"group": _word(group), "actuator": _word(draft.actuators[joint])}
        limits = draft.limits.get(joint, {})
        if joint in draft.defaults:
            entry["default"] = _number(draft.defaults[joint])
        entry |= {key: _number(value) for key, value in limits.items()}
        inside = ", ".join(f"{key}: {value}" for key, value in entry.items())
        why = f"  # GUESS, the URDF lacks it: {', '.join(limits)}" if limits else ""
        lines.append(f"  {_word(joint)}: {{{inside}}}{why}")
    return lines


def _locked(draft: RobotDraft) -> list[str]:
    if not draft.locked:
        return []
    lines = [f"  {_word(j)}: {_number(q)}  # {why}" for j, (q, why) in draft.locked.items()]
    return ["locked:", *lines]


def _links(draft: RobotDraft) -> list[str]:
    lines = [
        f"  {_word(name)}: {_inertia(repair.inertia)}  # GUESS: in the URDF, {repair.problem}"
        for name, repair in draft.repairs.items()
    ]
    return ["links:", *lines] if lines else []


def _capsules(draft: RobotDraft) -> list[str]:
    lines = [
        f"  {name}: {{link: {_word(c.body)}, start: {_vector(c.start)}, end: {_vector(c.end)}, "
        f"radius: {_number(c.radius)}}}  # by {c.origin}"
        for name, c in draft.capsules.items()
    ]
    return ["# Limbs for self-collision [m].", "capsules:", *lines] if lines else []


def _inertia(inertia: LinkInertia) -> str:
    (xx, xy, xz), (_, yy, yz), (_, _, zz) = inertia.inertia.tolist()
    moments = ", ".join(f"{value:.9g}" for value in (xx, xy, xz, yy, yz, zz))
    com = ", ".join(f"{value:.9g}" for value in inertia.com.tolist())
    return f"{{mass: {inertia.mass:.9g}, com: [{com}], inertia: [{moments}]}}"


def _vector(values: Iterable[float]) -> str:
    return f"[{', '.join(_number(float(value)) for value in values)}]"


def _number(value: float) -> str:
    """Four decimals, which is a tenth of a millimetre, and always a point."""
    text = f"{value:.4f}".rstrip("0")
    text = f"{text}0" if text.endswith(".") else text
    return "0.0" if text == "-0.0" else text


def _word(text: str) -> str:
    """Text as it may stand in YAML, in quotes where it could be read as something else."""
    plain = _BARE.fullmatch(text) and text.lower() not in _WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)
