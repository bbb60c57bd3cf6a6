"""A second humanoid, by configuration alone: the folder of a Talos of example-robot-data.

90 kg, 28 of its joints driven, in an order that is not Pinocchio's; its numbers have nothing to do
with the G1's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from wm_control.robot.sources import urdf_file
from wm_control.robot.urdf import MOVING_TYPES, read_urdf

TALOS_URDF = "example-robot-data:robots/talos_data/robots/talos_reduced.urdf"
GROUPS = {
    "leg_left": "left_leg",
    "leg_right": "right_leg",
    "torso": "waist",
    "arm_left": "left_arm",
    "arm_right": "right_arm",
}
POSTURE = {
    "3_joint": -0.4115,
    "4_joint": 0.8592,
    "5_joint": -0.4477,
}
"""Hip pitch, knee and ankle pitch of the half-sitting posture in its SRDF [rad]."""

ARMS = {
    "arm_left_2_joint": 0.3,
    "arm_right_2_joint": -0.3,
    "arm_left_4_joint": -0.5,
    "arm_right_4_joint": -0.5,
}
"""Postures that the joint limits allow [rad]."""


def robot_yaml() -> dict[str, Any]:
    """Describe the robot: arms first, the legs last."""
    urdf = read_urdf(urdf_file(TALOS_URDF, Path("talos.yaml")))
    moving = [name for name, joint in urdf.joints.items() if joint.kind in MOVING_TYPES]
    groups = {name: group for name in moving for key, group in GROUPS.items() if key in name}
    corners = [(x, y) for x in (-0.1, 0.1) for y in (-0.06, 0.06)]
    foot = {"half_length": 0.1, "half_width": 0.06}
    foot["contact_spheres"] = [{"center": [x, y, 0.005], "radius": 0.005} for x, y in corners]
    legs = {f"leg_{side}_{joint}": q for side in ("left", "right") for joint, q in POSTURE.items()}
    defaults = ARMS | legs
    return {
        "name": "talos",
        "urdf": TALOS_URDF,
        "base_link": "base_link",
        "imu": {"link": "base_link"},
        "actuators": {"motor": 0.1},
        "soles": {side: {"link": f"{side}_sole_link", **foot} for side in ("left", "right")},
        "joints": {
            name: {"group": groups[name], "actuator": "motor", "default": defaults.get(name, 0.0)}
            for name in sorted(groups)
        },
        "locked": {name: 0.0 for name in moving if name not in groups},
    }


MODEL_BASED = {
    "gait": {
        "com_height": 0.83,
        "step_duration": 0.42,
        "double_support": 0.05,
        "shift_duration": 0.19,
        "step_width": 0.2,
        "apex_height": 0.07,
        "stand_dcm_margin": 0.06,
        "linear_slew": 0.4,
        "angular_slew": 1.0,
    },
    "mpc": {
        "cop_margin_x": [0.02, 0.015],
        "cop_margin_y": 0.012,
        "step_x": 0.7,
        "step_y": [0.15, 0.59],
        "swing_speed": 3.3,
        "single_support": [0.19, 0.59],
    },
    "whole_body": {
        "sole_margin": [0.005, 0.007],
        "com_height_stiffness": 87.0,
        "com_height_damping": 17.0,
    },
}
ESTIMATOR = {
    "contact": {
        "joint_torque_noise": 9.9,
        "base_force_noise": 224.0,
        "base_torque_noise": 132.0,
        "prior_force": 1400.0,
        "prior_torque": 66.0,
        "unexplained_moment": 115.0,
        "unexplained_torque": 20.0,
    },
}
ARBITER = {
    "arbiter": {"base_height": 0.56},
    "filter": {"stiffness_limit": 1000.0, "damping_limit": 100.0},
    "velocity": {
        "max_linear_x": 0.6,
        "max_linear_x_backward": 0.4,
        "max_linear_y": 0.2,
        "max_angular_z": 0.5,
    },
    "envelopes": {
        "mpc": {"forward": 0.6, "backward": 0.4, "sideways": 0.2, "turning": 0.5, "exponent": 1.0}
    },
}
TRAINING = {
    "name": "talos_legs",
    "gait": {
        "stride": 0.84,
        "double_support": 0.05,
        "apex": 0.07,
        "height": 0.98,
        "least_height": 0.6,
        "hip_pitch": -0.3,
        "knee": 0.65,
        "ankle_pitch": -0.35,
        "foot_distance": 0.17,
    },
    "observation": {"critic_height": 0.98, "critic_load": 0.002},
    "command": {"forward": [-0.3, 0.6], "sideways": [-0.2, 0.2], "turning": [-0.5, 0.5]},
    "randomisation": {"trunk_mass": [-5.0, 8.0], "trunk_com": 0.04},
    "imitation": {"com_height": 0.86},
}


def talos_folder(folder: Path) -> Path:
    """Write the folder of the robot; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = {
        "robot": robot_yaml(),
        "model_based": MODEL_BASED,
        "estimator": ESTIMATOR,
        "arbiter": ARBITER,
        "training": TRAINING,
    }
    for part, content in parts.items():
        (folder / f"{part}.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return folder
