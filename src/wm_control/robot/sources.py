"""Find the files that a robot is made of: its YAML and its URDF."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, files
from pathlib import Path

from wm_control.configuration.share import ShareNotFoundError, config_file
from wm_control.errors import RobotDescriptionError

EXAMPLE_ROBOTS = "example-robot-data"

_DISTRIBUTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def robot_file(source: str | Path) -> Path:
    """Path of a robot's YAML, given the path itself or the name of a shipped robot (``g1``)."""
    path = Path(source)
    if path.suffix in (".yaml", ".yml"):
        return path
    try:
        return config_file(f"robots/{source}.yaml")
    except ShareNotFoundError as error:
        raise RobotDescriptionError(f"robot '{source}': {error}") from error


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
    package, _, rest = inside.partition("/")
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
