"""Manifests, deploy.yaml files and estimates that tests start from, and change one thing of."""

from __future__ import annotations

import copy
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from wm_control.robot.description import RobotDescription, load_robot
from wm_control.types import Array, Estimate, Observation
from wm_policy.loading import Examination, examine

G1: RobotDescription = load_robot("g1")
LEGS = G1.joint_names[:12]
ALL = G1.joint_names

DUMPER = yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper
"""The quicker one where there is one: hundreds of files are written."""

LEG_TERMS = [
    {"name": "base_angular_velocity", "frame": "base_link", "scale": 0.25},
    {"name": "projected_gravity", "frame": "base_link", "scale": 1.0},
    {"name": "velocity_command", "frame": "base_link", "scale": [2.0, 2.0, 0.25]},
    {"name": "joint_position_relative", "scale": 1.0},
    {"name": "joint_velocity", "scale": 0.05},
    {"name": "last_action", "scale": 1.0},
    {"name": "phase_sin", "scale": 1.0},
    {"name": "phase_cos", "scale": 1.0},
]
"""The 47 values of unitree_rl_gym's 12-joint policies."""

LEG_DEFAULTS = {
    "*_hip_pitch_joint": -0.1,
    "*_hip_roll_joint": 0.0,
    "*_hip_yaw_joint": 0.0,
    "*_knee_joint": 0.3,
    "*_ankle_pitch_joint": -0.2,
    "*_ankle_roll_joint": 0.0,
}


def leg_manifest(network: Path) -> dict[str, Any]:
    """Return a complete manifest of a 12-joint leg policy on 47 values."""
    return {
        "manifest_version": 1,
        "name": "legs",
        "licence": "Apache-2.0",
        "network": {"file": network.name, "sha256": sha256(network)},
        "rate": 50.0,
        "joints": list(LEGS),
        "default_position": dict(LEG_DEFAULTS),
        "inputs": [{"name": "obs", "blocks": [{"terms": copy.deepcopy(LEG_TERMS)}]}],
        "phase": {"frequency": 1.25, "initial": [0.0], "advance": "before"},
        "command": {"linear_x": [-0.8, 0.8], "linear_y": [-0.5, 0.5], "angular_z": [-1.57, 1.57]},
        "action": {"output": "actions", "target": "default", "scale": 0.25},
        "gains": {"stiffness": 100.0, "damping": 2.0},
    }


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_yaml(content: dict[str, Any], path: Path) -> Path:
    path.write_text(yaml.dump(content, Dumper=DUMPER, sort_keys=False))
    return path


def deploy_yaml(joints: int = 29, history: int = 1) -> dict[str, Any]:
    """Return a deploy.yaml as unitree_rl_lab's exporter writes it, all joints in SDK order."""

    def term(width: int, scale: float) -> dict[str, Any]:
        return {
            "params": {},
            "clip": None,
            "scale": [scale] * width,
            "history_length": history,
        }

    pose = [round(float(q), 3) for q in G1.default_position[:joints]]
    return {
        "joint_ids_map": list(range(joints)),
        "step_dt": 0.02,
        "stiffness": [60.0] * 29,
        "damping": [2.0] * 29,
        "default_joint_pos": pose,
        "commands": {
            "base_velocity": {
                "ranges": {
                    "lin_vel_x": [-0.5, 1.0],
                    "lin_vel_y": [-0.3, 0.3],
                    "ang_vel_z": [-0.2, 0.2],
                    "heading": None,
                }
            }
        },
        "actions": {
            "JointPositionAction": {
                "clip": None,
                "joint_names": [".*"],
                "scale": [0.25] * joints,
                "offset": list(pose),
                "joint_ids": None,
            }
        },
        "observations": {
            "base_ang_vel": term(3, 0.2),
            "projected_gravity": term(3, 1.0),
            "velocity_commands": term(3, 1.0),
            "joint_pos_rel": term(joints, 1.0),
            "joint_vel_rel": term(joints, 0.05),
            "last_action": term(joints, 1.0),
        },
    }


def examined(path: Path, overlay: Path | None = None) -> Examination:
    return examine(path, G1, overlay)


def first_problem(path: Path, overlay: Path | None = None) -> str:
    """Return the first problem as "ErrorClass: text"; fails when there is none."""
    problems = examined(path, overlay).problems
    assert problems, "accepted"
    return f"{type(problems[0]).__name__}: {problems[0]}"


def estimate(
    stamp: float = 0.0,
    *,
    position: Array | None = None,
    velocity: Array | None = None,
    gyro: tuple[float, float, float] = (0.0, 0.0, 0.0),
    orientation: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0),
    linear: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Estimate:
    """Return an estimate of the G1 that rests in its default posture but for what is given."""
    n = len(ALL)
    q = np.array(G1.default_position) if position is None else position
    dq = np.zeros(n) if velocity is None else velocity
    observation = Observation(
        stamp, round(500 * stamp), q, dq, np.zeros(n), np.array(orientation), np.array(gyro),
        np.array([0.0, 0.0, 9.81]),
    )  # fmt: skip
    return Estimate(
        observation,
        np.array([0.0, 0.0, 0.75]),
        np.array(orientation),
        np.array(linear),
        np.array(gyro),
        q,
        dq,
        np.ones(2),
        np.zeros((2, 6)),
        np.zeros((6, 6)),
        np.zeros((6, 6)),
    )
