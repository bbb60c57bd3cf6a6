"""Find the files that a robot is made of: its YAML and its URDF."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from wm_control.errors import RobotDescriptionError
from wm_control.share import ShareNotFoundError, config_file


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
    of its path, or a path, relative to the robot file.
    """
    distribution, colon, inside = source.partition(":")
    path = _wheel_file(distribution, inside, robot) if colon else robot.parent / source
    if not path.is_file():
        raise RobotDescriptionError(f"{robot}: urdf '{source}': no such file: {path}")
    return path


def _wheel_file(distribution: str, inside: str, robot: Path) -> Path:
    try:
        listed = files(distribution) or []
    except PackageNotFoundError as error:
        raise RobotDescriptionError(
            f"{robot}: urdf '{distribution}:{inside}': Python distribution '{distribution}' is not "
            f"installed (pip install {distribution})"
        ) from error
    found = [entry for entry in listed if f"/{entry.as_posix()}".endswith(f"/{inside}")]
    if len(found) != 1:
        raise RobotDescriptionError(
            f"{robot}: urdf '{distribution}:{inside}': {len(found)} files of the distribution end "
            "with this path, expected exactly one"
        )
    return Path(str(found[0].locate())).resolve()
