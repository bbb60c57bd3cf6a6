"""Files and folders that a command will write: looked at before the work, not after it."""

from __future__ import annotations

import os
from pathlib import Path

from wm_control.errors import WmError


class OutputError(WmError):
    """What a command is to leave cannot be written where it was asked for."""


def check_file(path: Path | None, option: str, *suffixes: str) -> None:
    """OutputError unless ``path`` can be written as a file with one of the suffixes (none: any).

    Folders above it are made when it is written; None is no file and no error.
    """
    if path is None:
        return
    if suffixes and path.suffix not in suffixes:
        raise OutputError(f"{option} {path}: the name must end in {' or '.join(suffixes)}")
    if path.is_dir():
        raise OutputError(f"{option} {path}: is a folder, not a file")
    if path.exists() and not os.access(path, os.W_OK):
        raise OutputError(f"{option} {path}: may not be written; name another file")
    _check_parent(path, option)


def check_folder(path: Path, option: str, *, new: bool = False) -> None:
    """OutputError unless ``path`` is a folder that can be written, or can be made.

    new: it must not be there yet.
    """
    if new and os.path.lexists(path):
        raise OutputError(f"{option} {path}: is there already; remove it or name another folder")
    if path.exists() and not path.is_dir():
        raise OutputError(f"{option} {path}: is a file, not a folder")
    if path.is_dir() and not os.access(path, os.W_OK | os.X_OK):
        raise OutputError(f"{option} {path}: may not be written; name another folder")
    _check_parent(path, option)


def _check_parent(path: Path, option: str) -> None:
    """Look at the nearest folder above ``path`` that is there: what lies below will be made."""
    above = next(folder for folder in path.absolute().parents if os.path.lexists(folder))
    if not above.is_dir():
        raise OutputError(f"{option} {path}: {above} is a file, not a folder")
    if not os.access(above, os.W_OK | os.X_OK) or os.statvfs(above).f_flag & os.ST_RDONLY:
        raise OutputError(f"{option} {path}: {above} may not be written; name another place")
