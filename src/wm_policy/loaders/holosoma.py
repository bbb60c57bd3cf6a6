"""Metadata inside the ONNX file as holosoma's locomotion training writes it: JSON values.

The file says dof_names, kp, kd and command_ranges. Its code, not the file, fixes the observation of
this family: terms in alphabetical order, gyro * 0.25, joint speed * 0.05, two phases half a cycle
apart that stand still at pi while the command is below 0.01. Nowhere stand the rate, the default
pose, the action scale and the gait frequency: an overlay says them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from wm_policy.errors import FieldError
from wm_policy.loaders.common import (
    licence_beside,
    observation_input,
    tensors,
    with_unknown_keys,
)
from wm_policy.loaders.fields import Fields
from wm_policy.loaders.overlay import Overlay
from wm_policy.loaders.refusal import Refusal, judged
from wm_policy.loaders.terms import Plain
from wm_policy.network import NetworkFile

FAMILY: Final = "holosoma"

_TERMS: Final = (  # by the names of holosoma: actions, base_ang_vel, command_ang_vel, ...
    {"name": "last_action", "scale": 1.0},
    {"name": "base_angular_velocity", "frame": "base_link", "scale": 0.25},
    {"name": "velocity_command_angular", "frame": "base_link", "scale": 1.0},
    {"name": "velocity_command_linear", "frame": "base_link", "scale": 1.0},
    {"name": "phase_cos", "scale": 1.0},
    {"name": "joint_position_relative", "scale": 1.0},
    {"name": "joint_velocity", "scale": 0.05},
    {"name": "projected_gravity", "frame": "base_link", "scale": 1.0},
    {"name": "phase_sin", "scale": 1.0},
)

_STANDING: Final = {
    "linear_below": 0.01,
    "angular_below": 0.01,
    "phase": [math.pi, math.pi],
}
_CLIP: Final = [-100.0, 100.0]
_IGNORED: Final = (
    "robot_urdf",
    "robot_urdf_path",
    "experiment_config",
    "wandb_run_path",
    "iteration",
)


def is_holosoma(metadata: Mapping[str, str]) -> bool:
    """Whether an ONNX file carries this kind of metadata."""
    return "dof_names" in metadata


def translate(
    network: NetworkFile, file: Path, robot_joints: Sequence[str], overlay: Overlay
) -> Plain:
    """Read the metadata of ``network``; errors name ``metadata.<key>``."""
    del robot_joints  # the file names its joints
    stored = {key: text for key, text in network.metadata.items() if key not in _IGNORED}
    metadata = {key: _json(text, key, file) for key, text in stored.items()}
    fields = Fields(metadata, file, "metadata", overlay.ignore)
    stated = judged(lambda: fields.texts("dof_names"))
    joints = overlay.overridden_joints("joints") or stated
    if isinstance(joints, Refusal):
        raise joints.error
    count = len(joints)
    described = tensors(network, judged(lambda: _inputs(network, file)), overlay)
    output = {"output": described.pop("output")} if "output" in described else {}
    content: Plain = {
        "manifest_version": 1,
        "name": file.stem,
        "family": FAMILY,
        "licence": licence_beside(file),
        "joints": list(joints),
        **described,
        "phase": {"initial": [0.0, math.pi], "advance": "before", "standing": dict(_STANDING)},
        "command": judged(lambda: _command(fields)),
        "action": {**output, "joints": list(joints), "target": "default", "clip": list(_CLIP)},
        "gains": {
            "stiffness": judged(lambda: list(fields.numbers("kp", count))),
            "damping": judged(lambda: list(fields.numbers("kd", count))),
        },
    }
    return with_unknown_keys(content, fields)


def _inputs(network: NetworkFile, file: Path) -> list[Plain]:
    name = observation_input(network, "actor_obs", file)
    return [{"name": name, "blocks": [{"terms": [dict(term) for term in _TERMS]}]}]


def _json(text: str, key: str, file: Path) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise FieldError(file, f"metadata.{key}", "JSON", text) from error


def _command(fields: Fields) -> Plain:
    ranges = fields.fields("command_ranges")
    names = {"linear_x": "lin_vel_x", "linear_y": "lin_vel_y", "angular_z": "ang_vel_yaw"}
    command = {ours: list(ranges.numbers(theirs, 2)) for ours, theirs in names.items()}
    ranges.nothing_else(ignored=("heading",))
    return command
