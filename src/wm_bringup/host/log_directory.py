"""Where ROS puts its log files, looked at before ROS does: it would end with a traceback."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from wm_control.errors import WmError

CURE = "export ROS_LOG_DIR=/tmp/ros_log, or any folder that can be written"


class LogDirectoryError(WmError):
    """ROS cannot start, because there is no place for its log files."""


def log_directory(environment: Mapping[str, str]) -> Path | None:
    """Return the folder that rcl_logging takes: ROS_LOG_DIR, ROS_HOME/log or HOME/.ros/log.

    None when none of the three is set; an empty one counts as not set, and ``~`` is HOME.
    """
    home = environment.get("HOME", "")
    for variable, below in (("ROS_LOG_DIR", ""), ("ROS_HOME", "log"), ("HOME", ".ros/log")):
        text = environment.get(variable, "")
        if text.startswith("~"):
            text = f"{home}{text[1:]}" if home else ""
        if text:
            return Path(text) / below
    return None


def check_log_directory(environment: Mapping[str, str]) -> None:
    """Make the folder for logs; LogDirectoryError with the cure when that cannot be."""
    folder = log_directory(environment)
    if folder is None:
        raise LogDirectoryError(
            f"ROS has no place for its logs: neither ROS_LOG_DIR nor HOME is set: {CURE}"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LogDirectoryError(
            f"ROS cannot make the folder of its logs, {folder}: {error.strerror}: {CURE}"
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise LogDirectoryError(f"ROS cannot write its logs into {folder}: {CURE}")
