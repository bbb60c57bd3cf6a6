"""Where the files that are not Python lie: the robot, controller and scenario configuration.

The same code runs from a checkout, from an editable or ordinary ``pip install`` and from a colcon
workspace, so nothing may assume a place: it is found from where this very file lies.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from wm_control.errors import WmError

PACKAGE = "wm_humanoid"

DEFAULT_ROBOT = "g1"
"""The robot that is meant where nobody names one; nothing else in the code names one either."""

ROBOT_HELP = (
    "Robot: a name in config/robots, a folder with a robot.yaml, or a robot file (g1/mode_11.yaml)."
)
"""Of every option that takes one."""


class ShareNotFoundError(WmError):
    """A file that belongs to the package is not where the package was installed."""


def share_directory(source_file: Path = Path(__file__)) -> Path:
    """Return the folder that holds ``config/`` and ``launch/``.

    source_file: path of this module; from a checkout, the checkout's root is returned, otherwise
    ``share/wm_humanoid`` of the nearest installation prefix above it (a virtual environment,
    ``install/wm_humanoid`` of a colcon workspace, ``/usr/local``). ShareNotFoundError otherwise.
    """
    module = source_file.resolve()
    checkout = module.parents[3]
    if module.parents[2].name == "src" and (checkout / "package.xml").is_file():
        return checkout
    for prefix in module.parents:
        candidate = prefix / "share" / PACKAGE
        if (candidate / "config").is_dir():
            return candidate
    raise ShareNotFoundError(
        f"no share/{PACKAGE}/config in any folder above {module}: the package was installed "
        "without its configuration; install it with 'pip install .', 'make venv' or colcon"
    )


def config_file(relative: str | Path) -> Path:
    """Return the shipped configuration file ``config/<relative>``.

    ShareNotFoundError names the path where it was expected and what there is instead.
    """
    path = share_directory() / "config" / relative
    if path.is_file():
        return path
    siblings = sorted(p.name for p in path.parent.glob("*.yaml")) if path.parent.is_dir() else []
    raise ShareNotFoundError(
        f"no configuration file {path}; found there: {', '.join(siblings) or 'nothing'}"
    )


def package_version() -> str:
    """Return the version of this package, which package.xml states."""
    return ElementTree.parse(share_directory() / "package.xml").findtext("version") or "unknown"
