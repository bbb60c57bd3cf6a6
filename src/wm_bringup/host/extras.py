"""Libraries that only some commands need, by the extra of the package that brings them.

What drives a robot needs none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

EXTRAS: Final[Mapping[str, Mapping[str, str]]] = {
    "sim": {"mujoco": "mujoco", "pybullet": "pybullet"},
    "report": {"jinja2": "jinja2", "matplotlib": "matplotlib", "pillow": "PIL", "psutil": "psutil"},
}
"""Of each extra, every library by its name on PyPI, and its Python module."""


ON_REQUEST: Final[Mapping[str, Mapping[str, str]]] = {
    "view": {"viser": "viser", "trimesh": "trimesh"},
}
"""The same of extras that are no part of a whole installation."""


OTHER_NAMES: Final[Mapping[str, str]] = {
    "rclpy": "'wm_humanoid[ros-wheels]', or source a ROS 2 installation",
    "pinocchio": "pin",
    "yaml": "pyyaml",
}
"""What to install for a Python module that is not called like what brings it."""


def remedy(name: str) -> str:
    """Say how to get a library. name: on PyPI, or that of its Python module."""
    top = name.split(".")[0]
    known = {**EXTRAS, **ON_REQUEST}
    extra = next((e for e, of in known.items() if top in of or top in of.values()), None)
    wanted = f"'wm_humanoid[{extra}]'" if extra else OTHER_NAMES.get(top, top)
    target = extra if extra in ON_REQUEST else "venv"
    return f"run 'make {target}' in a checkout, or python3 -m pip install {wanted}"
