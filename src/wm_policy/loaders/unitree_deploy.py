"""Unitree's ``deploy.yaml`` (unitree_rl_lab, unitree_rl_mjlab), as their C++ runners read it.

``joint_ids_map`` holds the motor (SDK order: the robot's own) of every policy joint. Default pose,
scale and offset are in policy order, stiffness and damping in SDK order. History is per term,
oldest first, filled with the first observation; ``use_gym_history`` makes it per frame. Clip comes
before scale unless ``scale_first``. ``joint_ids`` may be a Python slice, read as data.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from wm_policy.errors import FieldError, JointMismatchError, UnknownTermError, WidthMismatchError
from wm_policy.loaders.common import (
    ForeignTerm,
    Plain,
    blocks_of,
    bounds,
    complete,
    history_length,
    known_term,
    licence_beside,
    manifest_term,
    observation_input,
    only_output,
    recurrent_states,
)
from wm_policy.loaders.fields import Fields, finite_numbers
from wm_policy.loaders.overlay import Overlay
from wm_policy.loaders.yaml_file import Slice, read_yaml_file
from wm_policy.network import NetworkFile

FAMILY: Final = "unitree_deploy"

TERM_NAMES: Final = {
    "base_lin_vel": "base_linear_velocity",
    "base_ang_vel": "base_angular_velocity",
    "projected_gravity": "projected_gravity",
    "velocity_commands": "velocity_command",
    "keyboard_velocity_commands": "velocity_command",
    "joint_pos": "joint_position",
    "joint_pos_rel": "joint_position_relative",
    "joint_vel": "joint_velocity",
    "joint_vel_rel": "joint_velocity",
    "last_action": "last_action",
    "gait_phase": "phase_sin_cos",
}

_SWITCHES: Final = ("scale_first", "use_gym_history")


def is_deploy(keys: Sequence[str]) -> bool:
    """Whether a YAML file with these keys is a deploy.yaml."""
    return "joint_ids_map" in keys or {"step_dt", "observations", "actions"} <= set(keys)


def translate(
    network: NetworkFile, file: Path, robot_joints: Sequence[str], overlay: Overlay
) -> Plain:
    """Read ``file`` for ``network``; errors name the file's own fields."""
    fields = Fields(read_yaml_file(file), file)
    joints = _joints(fields, robot_joints)
    default = fields.numbers("default_joint_pos", len(joints))
    inputs, phase = _inputs(fields, network, joints, overlay)
    states = recurrent_states(network, [tensor["name"] for tensor in inputs])
    content: Plain = {
        "manifest_version": 1,
        "name": file.parent.name,
        "family": FAMILY,
        "licence": licence_beside(network.path),
        "rate": _rate(fields),
        "joints": list(joints),
        "default_position": list(default),
        "inputs": inputs,
        "states": states,
        "command": _command(fields),
        "action": {"output": only_output(network, states), **_action(fields, joints)},
        "gains": _gains(fields, joints, robot_joints),
    }
    if phase:
        content["phase"] = phase
    fields.nothing_else()
    return content


def _joints(fields: Fields, robot_joints: Sequence[str]) -> tuple[str, ...]:
    motors = fields.integers("joint_ids_map")
    for index, motor in enumerate(motors):
        place = fields.at(f"joint_ids_map[{index}]")
        if not 0 <= motor < len(robot_joints):
            expected = f"a motor from 0 to {len(robot_joints) - 1}"
            raise JointMismatchError(fields.file, place, expected, motor)
        if motor in motors[:index]:
            raise JointMismatchError(fields.file, place, "every motor once", f"{motor} again")
    return tuple(robot_joints[motor] for motor in motors)


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


def _gains(fields: Fields, joints: Sequence[str], robot_joints: Sequence[str]) -> Plain:
    gains = {}
    for name in ("stiffness", "damping"):
        values = fields.numbers(name)
        if len(values) != len(robot_joints):
            expected = f"{len(robot_joints)} values, one per motor in SDK order"
            raise WidthMismatchError(fields.file, name, expected, f"{len(values)}")
        of_motor = dict(zip(robot_joints, values, strict=True))
        gains[name] = [of_motor[joint] for joint in joints]
    return gains


def _action(fields: Fields, joints: Sequence[str]) -> Plain:
    actions = fields.fields("actions")
    if actions.names() != ("JointPositionAction",):
        found = ", ".join(actions.names()) or "nothing"
        raise FieldError(fields.file, "actions", "JointPositionAction alone", found)
    action = actions.fields("JointPositionAction")
    action.required("joint_names")
    chosen = _chosen(action.optional("joint_ids"), joints, action, "joint_ids")
    content: Plain = {
        "joints": list(chosen),
        "target": "default",
        "scale": list(action.numbers("scale", len(chosen))),
        "offset": list(action.numbers("offset", len(chosen))),
    }
    clip = action.optional("clip")
    if clip is not None:
        content["limits"] = _limits(clip, len(chosen), action)
    action.nothing_else()
    return content


def _limits(clip: object, count: int, action: Fields) -> list[list[float]]:
    place = action.at("clip")
    if not isinstance(clip, list) or len(clip) != count:
        raise WidthMismatchError(action.file, place, f"{count} pairs or null", clip)
    return [
        list(finite_numbers(pair, action.file, f"{place}[{i}]", 2)) for i, pair in enumerate(clip)
    ]


def _chosen(ids: object, joints: Sequence[str], fields: Fields, key: str) -> tuple[str, ...]:
    """Return the joints that ``joint_ids`` selects; null selects all."""
    if ids is None:
        return tuple(joints)
    if isinstance(ids, Slice):
        return tuple(joints[i] for i in ids.indices(len(joints)))
    place = fields.at(key)
    if not isinstance(ids, list) or not all(type(i) is int for i in ids):
        raise FieldError(fields.file, place, "a list of whole numbers, a slice or null", ids)
    for index, i in enumerate(ids):
        if not 0 <= i < len(joints) or i in ids[:index]:
            expected = f"different indices from 0 to {len(joints) - 1}"
            raise JointMismatchError(fields.file, f"{place}[{index}]", expected, i)
    return tuple(joints[i] for i in ids)


def _inputs(
    fields: Fields, network: NetworkFile, joints: Sequence[str], overlay: Overlay
) -> tuple[list[Plain], Plain | None]:
    """Return the input tensors and the phase clock, if a term needs one."""
    observations = fields.fields("observations")
    names = [name for name in observations.names() if name not in _SWITCHES]
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
    group: Fields, joints: Sequence[str], overlay: Overlay
) -> tuple[list[Plain], Plain | None]:
    scale_first, per_frame = (_switch(group, name) for name in _SWITCHES)
    terms: list[tuple[Plain, int]] = []
    phase = None
    for name in group.names():
        if name in _SWITCHES:
            continue
        entry, file, place = group.fields(name), Path(group.file), group.at(name)
        ours = known_term(name, TERM_NAMES, file, place)
        term = complete(_foreign(name, ours, entry, joints), overlay, file, place)
        plain = manifest_term(ours, term, file, place)
        if scale_first and "clip" in plain:
            plain["clip_scaled"] = plain.pop("clip")
        terms.append((plain, history_length(term, file, place)))
        phase = _phase(entry) if name == "gait_phase" else phase
    if not terms:
        raise UnknownTermError(group.file, group.place, "at least one term", "none")
    _check_one_history(group, terms, per_frame)
    return blocks_of(terms, per_frame=per_frame, fill="first"), phase


def _switch(group: Fields, name: str) -> bool:
    value = group.optional(name)
    if value not in (None, True, False):
        raise FieldError(group.file, group.at(name), "true or false", value)
    return value is True


def _foreign(name: str, ours: str, entry: Fields, joints: Sequence[str]) -> ForeignTerm:
    params = entry.optional("params")
    chosen = None
    if ours.startswith("joint_"):
        chosen = tuple(joints)
    if isinstance(params, dict) and "asset_cfg" in params:
        asset = entry.fields("params").fields("asset_cfg")
        chosen = _chosen(asset.optional("joint_ids"), joints, asset, "joint_ids")
    clip = entry.optional("clip")
    term = ForeignTerm(
        name=name,
        scale=entry.optional("scale"),
        clip=None if clip is None else bounds(clip, Path(entry.file), entry.at("clip")),
        history_length=entry.optional("history_length"),
        joints=chosen,
    )
    entry.nothing_else(ignored=("params",))
    return term


def _phase(entry: Fields) -> Plain:
    period = entry.fields("params").number("period")
    if not period > 0.0:
        raise FieldError(entry.file, entry.at("params.period"), "a time above zero [s]", period)
    return {"frequency": 1.0 / period, "initial": [0.0], "advance": "before"}


def _check_one_history(group: Fields, terms: Sequence[tuple[Plain, int]], per_frame: bool) -> None:
    lengths = {length for _, length in terms}
    if per_frame and len(lengths) > 1:
        found = ", ".join(str(length) for length in sorted(lengths))
        expected = "one history_length for all terms under use_gym_history"
        raise FieldError(group.file, group.place, expected, found)
