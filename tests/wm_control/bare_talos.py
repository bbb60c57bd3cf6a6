"""A Talos of which one knows no more than its links: no meshes, no contact spheres, no IMU."""

from __future__ import annotations

from pathlib import Path

import yaml
from talos_folder import TALOS_URDF, talos_folder

from wm_control.robot.sources import urdf_file


def bare_talos(folder: Path) -> Path:
    """Write the folder of the robot, with a URDF of its own; returns it."""
    file = talos_folder(folder) / "robot.yaml"
    urdf = urdf_file(TALOS_URDF, file).read_text()
    elsewhere = urdf.replace("package://example-robot-data/robots/", "package:///nowhere/")
    (folder / "talos.urdf").write_text(elsewhere)
    config = {**yaml.safe_load(file.read_text()), "urdf": "talos.urdf"}
    del config["imu"]
    for sole in config["soles"].values():
        del sole["contact_spheres"]
    file.write_text(yaml.safe_dump(config, sort_keys=False))
    return folder
