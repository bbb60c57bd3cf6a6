"""The shipped Talos said otherwise: joints in an order that is not Pinocchio's, posture and all.

90 kg, 28 of its joints driven.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from wm_control.robot.sources import robot_part, urdf_file
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


def talos_folder(folder: Path) -> Path:
    """Write the folder of the robot; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "robot.yaml").write_text(yaml.safe_dump(robot_yaml(), sort_keys=False))
    shutil.copy(robot_part("talos", "training"), folder)
    return folder
