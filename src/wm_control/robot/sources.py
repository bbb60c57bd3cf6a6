"""Find the files that a robot is made of: the YAML files of its folder, and its URDF.

``config/robots/<name>/`` holds everything about one robot: ``robot.yaml`` describes it, the other
parts beside it are what planner, estimator, arbiter and training need to know of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, files
from pathlib import Path
from typing import TypeVar

from wm_control.configuration.parameters import load_parameters
from wm_control.configuration.share import share_directory
from wm_control.errors import RobotDescriptionError

ROBOT = "robot.yaml"
SUFFIXES = (".yaml", ".yml")

T = TypeVar("T")

EXAMPLE_ROBOTS = "example-robot-data"

_DISTRIBUTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

_NAME = re.compile(r"[A-Za-z0-9_-]+")
"""What may be the name of a shipped robot; all else is a path."""


def robot_file(source: str | Path) -> Path:
    """Path of a robot's ``robot.yaml``.

    source: the name of a shipped robot (a folder of config/robots), any folder that holds a
    ``robot.yaml``, or the path of the file itself; a file of a shipped robot also by its folder's
    name, ``g1/mode_11.yaml``. RobotDescriptionError says what was looked at, or that a name is that
    of two.
    """
    path = Path(source)
    if path.suffix in SUFFIXES:
        shipped = robots_folder() / path
        return shipped if shipped.is_file() and not path.is_file() else path
    own, shipped = path / ROBOT, robots_folder() / path / ROBOT
    if _NAME.fullmatch(str(source)) and shipped.is_file():
        if own.is_file() and not own.samefile(shipped):
            raise RobotDescriptionError(
                f"robot '{source}': is the name of a shipped robot, and of a folder here: say "
                f"./{source} for the folder, or go to another one for the shipped robot"
            )
        return shipped
    if own.is_file():
        return own
    known = ", ".join(sorted(f.name for f in robots_folder().iterdir() if f.is_dir()))
    raise RobotDescriptionError(
        f"robot '{source}': neither the name of a shipped robot ({known}), nor a folder with a "
        f"{ROBOT}, nor a .yaml file"
    )


def robots_folder() -> Path:
    """Folder of the shipped robots."""
    return share_directory() / "config" / "robots"


def robot_part(source: str | Path, part: str) -> Path:
    """Path of one part of a robot's configuration: ``<part>.yaml`` beside its robot file.

    RobotDescriptionError when there is none.
    """
    robot = robot_file(source)
    path = robot.with_name(f"{part}.yaml")
    if not path.is_file():
        there = ", ".join(sorted(p.name for p in path.parent.glob("*.yaml"))) or "nothing"
        raise RobotDescriptionError(
            f"robot '{source}': there is no {path}; found there: {there} (docs/robots.md says what "
            "a robot's folder holds)"
        )
    return path


def has_part(source: str | Path, part: str) -> bool:
    """Whether a robot's folder says something of a part that may be left out."""
    return robot_file(source).with_name(f"{part}.yaml").is_file()


def load_part(schema: type[T], source: str | Path, part: str) -> T:
    """Read one part of a robot's configuration; ParameterError for what must not be in it."""
    return load_parameters(schema, robot_part(source, part))


def urdf_file(source: str, robot: Path) -> Path:
    """Path of the URDF that the robot file names.

    source: ``DISTRIBUTION:PATH`` for a file of an installed Python distribution, found by the end
    of its path; ``package://NAME/PATH`` for one of a ROS package; ``file://PATH``; or a path,
    relative to the robot file. RobotDescriptionError says what was looked at.
    """
    scheme, is_uri, rest = source.partition("://")
    if is_uri and scheme not in ("file", "package"):
        raise RobotDescriptionError(
            f"{robot}: urdf '{source}': '{scheme}://' is not understood; give a path, "
            "package://NAME/PATH or DISTRIBUTION:PATH of a Python distribution"
        )
    if scheme == "package" and is_uri:
        return _package_file(rest, robot)
    plain = robot.parent / (rest if is_uri else source)
    name, colon, inside = source.partition(":")
    if colon and not is_uri and _DISTRIBUTION.fullmatch(name) and not plain.is_file():
        path = _wheel_file(name, inside, robot)
    else:
        path = plain
    if not path.is_file():
        raise RobotDescriptionError(f"{robot}: urdf '{source}': no such file: {path}")
    return path


def package_folders(package: str, above: Path) -> Iterator[Path]:
    """Yield the folders in which a ROS package may lie, best first, whether they are there or not.

    Above the robot file itself, a sourced ROS (AMENT_PREFIX_PATH, ROS_PACKAGE_PATH), and the
    Python distribution example-robot-data.
    """
    yield from (folder for folder in above.resolve().parents if folder.name == package)
    for variable, below in (("AMENT_PREFIX_PATH", "share"), ("ROS_PACKAGE_PATH", "")):
        entries = filter(None, os.environ.get(variable, "").split(os.pathsep))
        yield from (Path(entry) / below / package for entry in entries)
    yield from _example_robots(package)


def _example_robots(package: str) -> list[Path]:
    """Folders of that name in the distribution example-robot-data; none without it."""
    try:
        robots = distribution(EXAMPLE_ROBOTS)
    except PackageNotFoundError:
        return []
    above = (entry.parts[:-1] for entry in robots.files or () if package in entry.parts[:-1])
    named = {parts[: parts.index(package) + 1] for parts in above}
    return [Path(str(robots.locate_file("/".join(parts)))) for parts in sorted(named)]


def _package_file(inside: str, robot: Path) -> Path:
    package, _, rest = inside.lstrip("/").partition("/")
    if not (package and rest):
        raise RobotDescriptionError(f"{robot}: urdf 'package://{inside}': give package://NAME/PATH")
    folders = list(package_folders(package, robot))
    for folder in folders:
        if (folder / rest).is_file():
            return folder / rest
    looked = ", ".join(str(folder / rest) for folder in folders)
    raise RobotDescriptionError(
        f"{robot}: urdf 'package://{inside}': not found; looked at: "
        f"{looked or f'nothing, for no ROS package {package} is known here'} (folders named "
        f"'{package}' above the robot file, AMENT_PREFIX_PATH, ROS_PACKAGE_PATH, "
        f"{EXAMPLE_ROBOTS}); source the workspace that has the package, or give a path"
    )


def _wheel_file(name: str, inside: str, robot: Path) -> Path:
    try:
        listed = files(name) or []
    except PackageNotFoundError as error:
        raise RobotDescriptionError(
            f"{robot}: urdf '{name}:{inside}': Python distribution '{name}' is not "
            "installed; install it if there is one of that name, or give a path"
        ) from error
    found = [entry for entry in listed if f"/{entry.as_posix()}".endswith(f"/{inside}")]
    if len(found) != 1:
        raise RobotDescriptionError(
            f"{robot}: urdf '{name}:{inside}': {len(found)} files of the distribution end "
            "with this path, expected exactly one"
        )
    return Path(str(found[0].locate())).resolve()
