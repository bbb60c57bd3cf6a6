"""Metadata inside the ONNX file as mjlab and BeyondMimic (whole_body_tracking) write it.

Comma-separated lists, or JSON: joint_names, joint_stiffness, joint_damping, default_joint_pos,
action_scale, observation_names, command_names; newer exporters add observation_terms_scale,
..._clip (``low;high``), ..._history_length, ..._flatten_history_dim, or
observation_history_lengths. History is per term, oldest first, filled with the first observation.
The rate and the command ranges are nowhere in the file, in older files neither are the scales:
an overlay says them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from wm_policy.errors import FieldError, MissingValueError, WidthMismatchError
from wm_policy.loaders.common import (
    licence_beside,
    observation_input,
    tensors,
    with_unknown_keys,
)
from wm_policy.loaders.fields import Fields, finite_numbers
from wm_policy.loaders.overlay import Overlay
from wm_policy.loaders.refusal import Refusal, judged
from wm_policy.loaders.terms import ForeignTerm, Observed, Plain, blocks_of, bounds, observed
from wm_policy.network import NetworkFile

FAMILY: Final = "mjlab"

TERM_NAMES: Final = {
    "base_lin_vel": "base_linear_velocity",
    "base_ang_vel": "base_angular_velocity",
    "projected_gravity": "projected_gravity",
    "joint_pos": "joint_position_relative",
    "joint_pos_rel": "joint_position_relative",
    "joint_vel": "joint_velocity",
    "joint_vel_rel": "joint_velocity",
    "actions": "last_action",
    "phase": "phase_sin_cos",
    "gait_phase": "phase_sin_cos",
    "last_action": "last_action",
    "command": "velocity_command",
    "velocity_commands": "velocity_command",
    "generated_commands": "velocity_command",
    "twist": "velocity_command",
}

VELOCITY_COMMANDS: Final = ("twist", "base_velocity", "velocity", "velocity_command")

_OF_TERMS: Final = {
    "scale": ("observation_terms_scale",),
    "clip": ("observation_terms_clip",),
    "history_length": ("observation_terms_history_length", "observation_history_lengths"),
}
_PHASE: Final = {
    "initial": [0.0],
    "advance": "after",
    "standing": {"command_below": 0.1, "blank": True},
}
"""Clock of the term ``phase`` of unitree_rl_mjlab; its period is nowhere in the file."""

_COMMA: Final = re.compile(r",(?![^\[]*\])")
"""Between values, but not inside a list that stands for one of them."""

_FLATTENED: Final = "observation_terms_flatten_history_dim"
_IGNORED: Final = ("run_path", "anchor_body_name", "body_names", "joint_armature")


def is_mjlab(metadata: Mapping[str, str]) -> bool:
    """Whether an ONNX file carries this kind of metadata."""
    return "observation_names" in metadata or "joint_stiffness" in metadata


def translate(
    network: NetworkFile, file: Path, robot_joints: Sequence[str], overlay: Overlay
) -> Plain:
    """Read the metadata of ``network``; errors name ``metadata.<key>``."""
    del robot_joints  # the file names its joints
    metadata = {key: _parsed(text) for key, text in network.metadata.items()}
    fields = Fields(metadata, file, "metadata", overlay.ignore)
    named = judged(lambda: fields.texts("joint_names"))
    joints = overlay.overridden_joints("joints") or named
    if isinstance(joints, Refusal):
        raise joints.error
    _check_command(fields)
    seen = judged(lambda: _terms(fields, overlay))
    inputs = seen if isinstance(seen, Refusal) else judged(lambda: _inputs(seen, network, file))
    described = tensors(network, inputs, overlay, "actions")
    output = {"output": described.pop("output")} if "output" in described else {}
    count = len(joints)
    content: Plain = {
        "manifest_version": 1,
        "name": file.stem,
        "family": FAMILY,
        "licence": licence_beside(file),
        "joints": list(joints),
        "default_position": judged(lambda: list(fields.numbers("default_joint_pos", count))),
        **described,
        "action": {
            **output,
            "joints": list(joints),
            "target": "default",
            "scale": judged(lambda: _action_scale(fields, count)),
        },
        "gains": {
            "stiffness": judged(lambda: list(fields.numbers("joint_stiffness", count))),
            "damping": judged(lambda: list(fields.numbers("joint_damping", count))),
        },
    }
    if not isinstance(seen, Refusal) and _clocked(seen):
        content["phase"] = dict(_PHASE)
    about_terms = [key for keys in (*_OF_TERMS.values(), (_FLATTENED,)) for key in keys]
    return with_unknown_keys(content, fields, (*_IGNORED, *about_terms))


def _inputs(seen: Sequence[Observed], network: NetworkFile, file: Path) -> list[Plain]:
    name = observation_input(network, "obs", file)
    return [{"name": name, "blocks": blocks_of(seen, per_frame=False, fill="first")}]


def _clocked(seen: Sequence[Observed]) -> bool:
    return any(plain["name"] == "phase_sin_cos" for part in seen for plain in part.terms)


def _parsed(text: str) -> object:
    """Return a metadata value as a list, a number or text: JSON where it is, else by commas."""
    stripped = text.strip()
    if stripped[:1] in ("[", "{"):
        try:
            return json.loads(stripped)
        except ValueError:
            if stripped[0] == "{":
                return text
    items = [_item(part.strip()) for part in _COMMA.split(text)]
    return items if len(items) > 1 else items[0]


def _item(text: str) -> object:
    if text[:1] == "[" and text[-1:] == "]":
        return [_item(part.strip()) for part in text[1:-1].split(",")]
    if ";" in text:
        return [_item(part.strip()) for part in text.split(";")]
    if text.lower() in ("none", "null"):
        return None
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return float(text)
    except ValueError:
        return text or None


def _check_command(fields: Fields) -> None:
    names = fields.required("command_names", "the name of a velocity command")
    names = names if isinstance(names, list) else [names]
    if len(names) != 1 or names[0] not in VELOCITY_COMMANDS:
        expected = f"one velocity command ({', '.join(VELOCITY_COMMANDS)})"
        raise FieldError(fields.file, fields.at("command_names"), expected, names)


def _action_scale(fields: Fields, count: int) -> list[float]:
    value = fields.required("action_scale", "the scale of every action")
    if isinstance(value, float):
        return [value] * count
    return list(finite_numbers(value, fields.file, fields.at("action_scale"), count))


def _terms(fields: Fields, overlay: Overlay) -> list[Observed]:
    file = Path(fields.file)
    names = fields.required("observation_names", "the names of the terms")
    names = names if isinstance(names, list) else [names]
    if not all(isinstance(name, str) for name in names):
        raise FieldError(file, fields.at("observation_names"), "names of terms", names)
    said = {key: _of_terms(fields, keys, names) for key, keys in _OF_TERMS.items()}
    _check_flattened(fields, names, said["history_length"])
    terms = []
    for index, name in enumerate(names):
        place = f"metadata.observation_names[{index}] ({name})"
        foreign = ForeignTerm(
            name,
            scale=said["scale"][index],
            clip=_clip(said["clip"][index], file, place),
            history_length=said["history_length"][index],
        )
        terms.append(observed(foreign, TERM_NAMES, overlay, file, place))
        stated = (foreign.history_length, overlay.of_term(name).get("history_length"))
        if stated == (None, None):
            expected = f"a number of frames, here or as terms.{name}.history_length of an overlay"
            raise MissingValueError(file, f"{place}.history_length", expected, "nothing")
    return terms


def _clip(value: object, file: Path, place: str) -> object:
    if value is None:
        return None
    clip = bounds(value, file, f"{place}.clip")
    return None if clip == [None, None] else clip


def _of_terms(fields: Fields, keys: Sequence[str], names: Sequence[str]) -> list[object]:
    """Return one value per term from whichever of ``keys`` is there; None where none is."""
    found = [key for key in keys if fields.has(key)]
    if not found:
        return [None] * len(names)
    value = fields.optional(found[0])
    if isinstance(value, dict):
        return [value.get(name) for name in names]
    single_pair = keys[0].endswith("clip") and len(names) == 1
    values = value if isinstance(value, list) and not single_pair else [value]
    if len(values) != len(names):
        place = fields.at(found[0])
        raise WidthMismatchError(fields.file, place, f"{len(names)} values", f"{len(values)}")
    unscaled = keys[0].endswith("scale")
    return [1.0 if item is None and unscaled else item for item in values]


def _check_flattened(fields: Fields, names: Sequence[str], lengths: Sequence[object]) -> None:
    """Refuse a history that is not flattened: one input vector cannot hold its layout."""
    flattened = _of_terms(fields, (_FLATTENED,), names)
    for name, flat, length in zip(names, flattened, lengths, strict=True):
        if flat in (False, 0.0) and isinstance(length, float) and length > 1:
            place = fields.at(_FLATTENED)
            raise FieldError(fields.file, place, f"true for '{name}', which has a history", flat)
