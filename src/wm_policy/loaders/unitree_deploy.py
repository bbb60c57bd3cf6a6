"""Unitree's ``deploy.yaml`` (unitree_rl_lab, unitree_rl_mjlab), as their C++ runners read it.

``joint_ids_map`` holds the motor (SDK order: the robot's own) of every policy joint. Default pose,
scale and offset are in policy order, stiffness and damping in SDK order. History is per term,
oldest first, filled with the first observation; ``use_gym_history`` makes it per frame. Clip comes
before scale unless ``scale_first``. ``joint_ids`` may be a Python slice, read as data. A scale that
is null is 1, an offset that is null 0, as the runners take them.

Robots with fewer joints are listed in two ways: a list as long as ``joint_ids_map``, or one entry
for every motor of the SDK. Lists of the action may be as long as ``joint_ids_map`` where
``joint_ids`` selects fewer: then they are selected from as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from wm_policy.errors import FieldError, MissingValueError, UnknownTermError
from wm_policy.loaders.common import (
    licence_beside,
    observation_input,
    tensors,
    with_unknown_keys,
)
from wm_policy.loaders.fields import Fields
from wm_policy.loaders.overlay import Overlay
from wm_policy.loaders.refusal import Refusal, judged
from wm_policy.loaders.terms import ForeignTerm, Observed, Plain, blocks_of, bounds, observed
from wm_policy.loaders.unitree_joints import (
    PolicyJoints,
    action_fields,
    chosen_joints,
    default_pose,
    limits_of,
    of_motors,
    per_action,
    read_joints,
    scale_of,
)
from wm_policy.loaders.yaml_file import read_yaml_file
from wm_policy.network import NetworkFile

FAMILY: Final = "unitree_deploy"

TERM_NAMES: Final = {
    "base_lin_vel": "base_linear_velocity",
    "base_ang_vel": "base_angular_velocity",
    "projected_gravity": "projected_gravity",
    "velocity_commands": "velocity_command",
    "keyboard_velocity_commands": "velocity_command",
    "generated_commands": "velocity_command",
    "command": "velocity_command",
    "twist": "velocity_command",
    "joint_pos": "joint_position",
    "joint_pos_rel": "joint_position_relative",
    "joint_vel": "joint_velocity",
    "joint_vel_rel": "joint_velocity",
    "last_action": "last_action",
    "actions": "last_action",
    "gait_phase": "phase_sin_cos",
    "gait_phase_my": "phase_sin_cos",
    "phase": "phase_sin_cos",
}

BLANK_BELOW: Final = 0.1
"""Norm of the three commands below which unitree_rl_mjlab's runner shows the phase (0, 0)."""

_SWITCHES: Final = ("scale_first", "use_gym_history")


def is_deploy(keys: Sequence[str]) -> bool:
    """Whether a YAML file with these keys is a deploy.yaml."""
    return "joint_ids_map" in keys or {"step_dt", "observations", "actions"} <= set(keys)


def translate(
    network: NetworkFile, file: Path, robot_joints: Sequence[str], overlay: Overlay
) -> Plain:
    """Read ``file`` for ``network``; errors name the file's own fields."""
    fields = Fields(read_yaml_file(file), file, ignore=overlay.ignore)
    joints = read_joints(fields, robot_joints, overlay)
    read = judged(lambda: _inputs(fields, network, joints, overlay))
    inputs, phase = (read, None) if isinstance(read, Refusal) else read
    described = tensors(network, inputs, overlay, "actions")
    output = {"output": described.pop("output")} if "output" in described else {}
    content: Plain = {
        "manifest_version": 1,
        "name": file.parent.name,
        "family": FAMILY,
        "licence": licence_beside(network.path),
        "rate": judged(lambda: _rate(fields)),
        "joints": list(joints.names),
        "default_position": judged(lambda: default_pose(fields, joints, robot_joints)),
        **described,
        "command": judged(lambda: _command(fields)),
        "action": {**output, **_action(fields, joints)},
        "gains": _gains(fields, joints, robot_joints),
    }
    if phase:
        content["phase"] = phase
    return with_unknown_keys(content, fields)


def _rate(fields: Fields) -> float:
    step = fields.number("step_dt")
    if not step > 0.0:
        raise FieldError(fields.file, "step_dt", "a time above zero [s]", step)
    rate = 1.0 / step
    return round(rate) if abs(rate - round(rate)) < 1e-6 * rate else rate


def _command(fields: Fields) -> Plain:
    velocity = fields.fields("commands").fields("base_velocity")
    ranges = velocity.fields("ranges")
    names = {"linear_x": "lin_vel_x", "linear_y": "lin_vel_y", "angular_z": "ang_vel_z"}
    command = {ours: list(ranges.numbers(theirs, 2)) for ours, theirs in names.items()}
    ranges.nothing_else(ignored=("heading",))
    velocity.nothing_else()
    return command


def _gains(fields: Fields, joints: PolicyJoints, robot_joints: Sequence[str]) -> Plain:
    return {
        name: judged(lambda name=name: of_motors(fields, name, joints, robot_joints))  # type: ignore[misc]
        for name in ("stiffness", "damping")
    }


def _action(fields: Fields, joints: PolicyJoints) -> Plain:
    action = action_fields(fields)
    action.required("joint_names")
    action.optional("joint_ids")
    content: Plain = {
        "joints": list(joints.commanded),
        "target": "default",
        "scale": judged(lambda: per_action(action, "scale", joints, 1.0)),
        "offset": judged(lambda: per_action(action, "offset", joints, 0.0)),
    }
    if action.optional("clip") is not None:
        content["limits"] = judged(lambda: limits_of(action, joints))
    action.nothing_else()
    return content


def _inputs(
    fields: Fields, network: NetworkFile, joints: PolicyJoints, overlay: Overlay
) -> tuple[list[Plain], Plain | None]:
    """Return the input tensors and the phase clock, if a term needs one."""
    observations = fields.fields("observations")
    names = [name for name in observations.names() if name not in _SWITCHES]
    if not names:
        raise UnknownTermError(fields.file, "observations", "at least one term", "none")
    grouped = not any(observations.fields(name).has("params") for name in names)
    grouped = grouped and not any(name in TERM_NAMES for name in names)
    if not grouped:
        name = observation_input(network, "obs", network.path)
        tensor, phase = _group(observations, joints, overlay)
        return [{"name": name, "blocks": tensor}], phase
    inputs, clock = [], None
    for name in names:
        blocks, phase = _group(observations.fields(name), joints, overlay)
        inputs.append({"name": name, "blocks": blocks})
        clock = phase or clock
    return inputs, clock


def _group(
    group: Fields, joints: PolicyJoints, overlay: Overlay
) -> tuple[list[Plain], Plain | None]:
    scale_first, per_frame = (_switch(group, name) for name in _SWITCHES)
    terms: list[Observed] = []
    phase = None
    for name in group.names():
        if name in _SWITCHES:
            continue
        entry, file, place = group.fields(name), Path(group.file), group.at(name)
        term = observed(_foreign(name, entry, joints), TERM_NAMES, overlay, file, place)
        for plain in term.terms if scale_first else ():
            if "clip" in plain:
                plain["clip_scaled"] = plain.pop("clip")
        terms.append(term)
        clocked = any(plain["name"] == "phase_sin_cos" for plain in term.terms)
        phase = _phase(entry, joints) if clocked else phase
    if not terms:
        raise UnknownTermError(group.file, group.place, "at least one term", "none")
    _check_one_history(group, terms, per_frame)
    return blocks_of(terms, per_frame=per_frame, fill="first"), phase


def _switch(group: Fields, name: str) -> bool:
    value = group.optional(name)
    if value not in (None, True, False):
        raise FieldError(group.file, group.at(name), "true or false", value)
    return value is True


def _foreign(name: str, entry: Fields, joints: PolicyJoints) -> ForeignTerm:
    params, ours = entry.optional("params"), TERM_NAMES.get(name, "")
    chosen = joints.action if ours == "last_action" else tuple(range(len(joints.names)))
    if isinstance(params, dict) and "asset_cfg" in params:
        asset = entry.fields("params").fields("asset_cfg")
        chosen = chosen_joints(asset.optional("joint_ids"), joints.names, asset)
    scale = 1.0 if entry.is_null("scale") else entry.optional("scale")
    if ours.startswith("joint_") or ours == "last_action":
        scale = scale_of(scale, chosen, joints)
    clip = entry.optional("clip")
    term = ForeignTerm(
        name=name,
        scale=scale,
        clip=None if clip is None else bounds(clip, Path(entry.file), entry.at("clip")),
        history_length=entry.optional("history_length"),
        joints=tuple(joints.names[i] for i in chosen) if ours.startswith("joint_") else None,
    )
    entry.nothing_else(ignored=("params",))
    return term


def _phase(entry: Fields, joints: PolicyJoints) -> Plain:
    """Return the clock. unitree_rl_mjlab shows (0, 0) to a robot that stands, unitree_rl_lab not.

    The term of the former takes a command_name; only an exporter of the latter leaves a Python
    slice. Where neither is there, files of both look alike.
    """
    clock: Plain = {"initial": [0.0], "advance": "before"}
    clock["frequency"] = judged(lambda: _frequency(entry))
    params = entry.optional("params")
    if isinstance(params, dict) and "command_name" in params:
        clock["standing"] = {"command_below": BLANK_BELOW, "blank": True}
    elif not joints.sliced:
        clock["standing"] = Refusal(_standing_unsaid(entry))
    return clock


def _standing_unsaid(entry: Fields) -> MissingValueError:
    expected = (
        "one, or what the phase does while the robot stands, in an overlay: fill: {phase: "
        f"{{standing: {{command_below: {BLANK_BELOW}, blank: true}}}}}} as unitree_rl_mjlab's "
        "runner, {standing: null} as unitree_rl_lab's, where it runs on"
    )
    place = entry.at("params.command_name")
    return MissingValueError(entry.file, place, expected, "nothing")


def _frequency(entry: Fields) -> float:
    period = entry.fields("params").number("period")
    if not period > 0.0:
        raise FieldError(entry.file, entry.at("params.period"), "a time above zero [s]", period)
    return 1.0 / period


def _check_one_history(group: Fields, terms: Sequence[Observed], per_frame: bool) -> None:
    lengths = {term.length for term in terms}
    if per_frame and len(lengths) > 1:
        found = ", ".join(str(length) for length in sorted(lengths))
        expected = "one history_length for all terms under use_gym_history"
        raise FieldError(group.file, group.place, expected, found)
