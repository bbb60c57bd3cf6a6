"""Robots with their IMU above the waist: the G1 with that of its torso, Talos."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml
from talos_folder import talos_folder

from wm_control.robot.sources import robot_file

TORSO_IMU = {"link": "torso_link", "position": [-0.04, -0.002, 0.15], "rpy": [0.02, -0.03, 3.1]}
"""Askew, so that a rotation that is forgotten shows."""


def g1_with_torso_imu(folder: Path) -> Path:
    """Write the folder of a G1 whose IMU three waist joints carry; returns it."""
    shutil.copytree(robot_file("g1").parent, folder, dirs_exist_ok=True)
    return _with_imu(folder, TORSO_IMU)


def talos_with_torso_imu(folder: Path) -> Path:
    """Write the folder of a Talos with its IMU where the real one has it; returns it."""
    return _with_imu(talos_folder(folder), {"link": "torso_2_link", "position": [0.05, 0.0, 0.08]})


def _with_imu(folder: Path, imu: dict[str, object]) -> Path:
    file = folder / "robot.yaml"
    config = {**yaml.safe_load(file.read_text()), "imu": imu}
    file.write_text(yaml.safe_dump(config, sort_keys=False))
    return folder
