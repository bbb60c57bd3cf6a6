"""From a trained network to a policy that anybody can run: ONNX file and manifest, no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from wm_control.robot.description import RobotDescription
from wm_control.types import Array
from wm_policy.checking.bodies import bodies_of
from wm_policy.checking.golden import record_golden, record_story
from wm_policy.loading import load_policy
from wm_training.learning.calibration import AxisMap
from wm_training.learning.commands import STANDING_BELOW
from wm_training.learning.gait import START, START_RIGHT
from wm_training.learning.network_graph import INPUT, OUTPUT, SPEED, Layer, build_network
from wm_training.learning.parameters import TrainingParameters
from wm_training.learning.student import build_student

TOUCHDOWN = (2.95, 6.15)
"""First phase at which left and right foot land, shortly before their swing would be over: median
of walks at 0.3 to 1.0 m/s, in which it varies by 0.1 [rad]."""


def build_manifest(
    description: RobotDescription,
    p: TrainingParameters,
    network: Path,
    source: str,
    maps: Sequence[AxisMap] = (),
) -> dict[str, Any]:
    """Say everything about an exported network, as ``wm_policy.manifest`` wants it."""
    student = build_student(description, p)
    legs, gait = student.legs.names, student.gait
    pick = [description.joint_names.index(name) for name in legs]
    limits = zip(description.position_lower[pick], description.position_upper[pick], strict=True)
    return {
        "manifest_version": 1,
        "name": p.name,
        "licence": "Apache-2.0",
        "source": source,
        "network": {"file": network.name, "sha256": sha256(network)},
        "robot": [_bodies(description, legs)],
        "rate": p.rate,
        "joints": list(legs),
        "default_position": rounded(gait.default),
        "inputs": [{"name": INPUT, "blocks": _blocks(p)}],
        "phase": {
            "frequency": 1.0 / p.gait.stride,
            "initial": list(START),
            "advance": "before",
            "standing": {
                "linear_below": STANDING_BELOW,
                "angular_below": STANDING_BELOW,
                "phase": [0.0, 0.0],
                "wake": {
                    "angular_velocity": p.gait.wake_above,
                    "strides": p.gait.wake_strides,
                    "initial_right": list(START_RIGHT),
                    "settling": {
                        "angular_velocity": p.gait.settling_above,
                        "seconds": p.gait.settling_time,
                    },
                },
            },
            "speed": SPEED,
            "touchdown": list(TOUCHDOWN),
        },
        "command": _ranges(p, maps),
        "action": {
            "output": OUTPUT,
            "joints": list(legs),
            "target": "default",
            "scale": rounded(student.scale),
            "limits": [[float(low), float(high)] for low, high in limits],
        },
        "gains": {
            "stiffness": rounded(description.stiffness[pick]),
            "damping": rounded(description.damping[pick]),
        },
    }


def _bodies(description: RobotDescription, legs: tuple[str, ...]) -> dict[str, Any]:
    """Say whom it was made for; who walks it on another body as well adds that one's name."""
    bodies = bodies_of(description, legs)
    return {"names": list(bodies.names), "armature": list(bodies.armature)}


def _ranges(p: TrainingParameters, maps: Sequence[AxisMap]) -> dict[str, list[float]]:
    """Commands that may be asked for: those that are reached by commands that were trained."""
    trained = (p.command.forward, p.command.sideways, p.command.turning)
    bounds = [m.range for m in maps] or trained
    names = ("linear_x", "linear_y", "angular_z")
    return {name: rounded(np.array(b)) for name, b in zip(names, bounds, strict=True)}


def _blocks(p: TrainingParameters) -> list[dict[str, Any]]:
    s = p.observation
    now = [
        {"name": "velocity_command", "frame": "base_link", "scale": 1.0},
        {"name": "phase_sin", "scale": 1.0},
        {"name": "phase_cos", "scale": 1.0},
    ]
    frame = [
        {"name": "base_angular_velocity", "frame": "base_link", "scale": s.gyro_scale},
        {"name": "projected_gravity", "frame": "base_link", "scale": 1.0},
        {"name": "joint_position_relative", "scale": 1.0},
        {"name": "joint_velocity", "scale": s.joint_velocity_scale},
        {"name": "last_action", "scale": s.action_scale},
    ]
    history = {
        "length": s.history + 1,
        "layout": "per_frame",
        "order": "newest_first",
        "fill": "first",
        "current": True,
    }
    return [{"terms": now}, {"terms": frame, "history": history}]


def rounded(values: Array) -> list[float]:
    """Plain floats with nine digits, the same in training and in the manifest's text."""
    return [float(f"{value:.9g}") for value in values.tolist()]


def sha256(path: Path) -> str:
    """Hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def save_policy(
    layers: Sequence[Layer],
    description: RobotDescription,
    p: TrainingParameters,
    folder: Path,
    source: str,
    statistics: tuple[Array, Array] | None = None,
    maps: Sequence[AxisMap] = (),
) -> Path:
    """Write network and manifest into ``folder``; returns the manifest's path.

    statistics: mean and deviation (w,) of the observation during training, for its novelty.
    maps: from asked to told velocity, see calibration.py.
    """
    folder.mkdir(parents=True, exist_ok=True)
    network = folder / f"{p.name}.onnx"
    network.write_bytes(build_network(layers, build_student(description, p), maps))
    manifest = build_manifest(description, p, network, source, maps)
    if statistics is not None:
        mean, deviation = statistics
        manifest["statistics"] = {
            INPUT: {"mean": rounded(mean), "deviation": rounded(np.maximum(deviation, 0.02))}
        }
    return write_manifest(folder / f"{p.name}.yaml", manifest)


def pin_golden(manifest_file: Path, description: RobotDescription) -> None:
    """Add to the manifest what the policy answers now, network alone and as a whole."""
    content = yaml.safe_load(manifest_file.read_text(encoding="utf-8"))
    policy = load_policy(manifest_file, description)
    content["golden"] = [record_golden(policy)]
    content["story"] = record_story(policy, description)
    write_manifest(manifest_file, content)


def write_manifest(path: Path, content: dict[str, Any]) -> Path:
    """Write YAML with its lists in one line each."""
    text = yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=100)
    path.write_text(text, encoding="utf-8")
    return path
