"""What colcon must know of this package; libraries and tools are in pyproject.toml.

Name, version, description and licence come from package.xml. They, the executables and the Python
versions are stated here because ``colcon build --symlink-install`` runs this file where there is no
pyproject.toml, and ``colcon build`` cannot digest ``requires-python`` from one: it evaluates the
printed metadata as literals, and setuptools turns that line into an object.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
SHARE = Path("share/wm_humanoid")

EXECUTABLES = {
    "wm": "wm_bringup.cli:main",
    # ros2 run wm_humanoid <node>
    "arbiter": "wm_bringup.nodes.arbiter:main",
    "control": "wm_bringup.nodes.control:main",
    "policy": "wm_bringup.nodes.policy:main",
    "mpc": "wm_bringup.nodes.mpc:main",
    "recorder": "wm_bringup.nodes.recorder:main",
    "robot": "wm_bringup.nodes.robot:main",
    "state_estimator": "wm_bringup.nodes.state_estimator:main",
    "view": "wm_bringup.nodes.view:main",
    "velocity_source": "wm_bringup.nodes.velocity_source:main",
    "whole_body_controller": "wm_bringup.nodes.whole_body_controller:main",
}


def share_files() -> list[tuple[str, list[str]]]:
    """Return (destination folder, files) of the ament marker, package.xml, launch/ and config/."""
    folders: dict[str, list[str]] = {
        "share/ament_index/resource_index/packages": ["resource/wm_humanoid"],
        SHARE.as_posix(): ["package.xml", "LICENSE"],
    }
    for path in sorted([*ROOT.glob("launch/*.py"), *ROOT.glob("config/**/*")]):
        relative = path.relative_to(ROOT)
        if path.is_file():
            folders.setdefault((SHARE / relative.parent).as_posix(), []).append(relative.as_posix())
    return list(folders.items())


manifest = ElementTree.parse(ROOT / "package.xml").getroot()

setup(
    name=manifest.findtext("name"),
    version=manifest.findtext("version"),
    description=manifest.findtext("description"),
    license=manifest.findtext("license"),
    python_requires=">=3.10,<3.13",
    package_dir={"": "src"},
    packages=find_packages("src"),
    package_data={
        "wm_bringup.costs": ["bars/*.yaml"],
        "wm_bringup.page": ["*.css", "*.j2"],
        "wm_policy.models": ["*.onnx", "*.yaml", "*.md"],
    },
    data_files=share_files(),
    entry_points={"console_scripts": [f"{name} = {at}" for name, at in EXECUTABLES.items()]},
)
