"""Metadata as foreign exporters write it, for the 29 joints of the G1 on 96 or 100 values."""

from __future__ import annotations

import json
from typing import Any

from policy_files import ALL, G1

POSE = [round(float(q), 3) for q in G1.default_position]


def csv(values: list[Any]) -> str:
    return ",".join(f"{v:.3f}" if isinstance(v, float) else str(v) for v in values)


def mjlab_metadata(**changes: str) -> dict[str, str]:
    terms = "base_ang_vel,projected_gravity,command,joint_pos,joint_vel,actions"
    metadata = {
        "run_path": "somewhere/run",
        "joint_names": ",".join(ALL),
        "joint_stiffness": csv([40.0] * 29),
        "joint_damping": csv([2.5] * 29),
        "default_joint_pos": csv(POSE),
        "action_scale": csv([0.5] * 29),
        "command_names": "twist",
        "observation_names": terms,
        "observation_terms_scale": "1.000,1.000,1.000,1.000,0.500,1.000",
        "observation_terms_clip": ",".join(["-inf;inf"] * 4 + ["-10.000;10.000", "-inf;inf"]),
        "observation_terms_history_length": csv([0.0] * 6),
        "observation_terms_flatten_history_dim": csv([1.0] * 6),
    }
    return {key: value for key, value in {**metadata, **changes}.items() if value}


MJLAB_OVERLAY = {
    "rate": 50.0,
    "command": {"linear_x": [-1.0, 1.0], "linear_y": [-0.5, 0.5], "angular_z": [-1.0, 1.0]},
}


def holosoma_metadata() -> dict[str, str]:
    ranges = {"lin_vel_x": [-1.0, 1.0], "lin_vel_y": [-1.0, 1.0], "ang_vel_yaw": [-1.0, 1.0]}
    content = {
        "dof_names": list(ALL),
        "kp": [40.0] * 29,
        "kd": [2.0] * 29,
        "command_ranges": {**ranges, "heading": [-3.14, 3.14]},
    }
    return {key: json.dumps(value) for key, value in content.items()}
