"""Where a result comes from: code version, parameters, machine. Part of every result file."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from wm_control.configuration.share import package_version, share_directory

DECIDES = ("src", "config", "launch")
"""Folders of a checkout in which a new file may decide what comes out."""

NO_CHECKOUT: Final = {"git": None, "git_dirty": None, "git_changes": None}

LIBRARIES = ("casadi", "daqp", "mujoco", "numpy", "pin", "pybullet", "rosbags", "scipy")


@cache
def provenance() -> dict[str, Any]:
    """Version, git commit and whether it was modified, hash of config/, machine and libraries."""
    return {
        "version": package_version(),
        **_git(),
        "parameters_sha256": parameters_hash(),
        "machine": {
            "processor": _processor(),
            "cores": len(os.sched_getaffinity(0)),
            "system": platform.platform(),
            "python": sys.version.split()[0],
        },
        "libraries": {name: _library(name) for name in LIBRARIES},
    }


def parameters_hash() -> str:
    """Hash of every file under config/, with its name.

    Suites and comparisons, which only ask, have their own.
    """
    folder = share_directory() / "config"
    digest = hashlib.sha256()
    asking = (folder / "suites", folder / "comparisons")
    for path in sorted(path for path in folder.rglob("*.yaml") if path.parent not in asking):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _git() -> dict[str, Any]:
    """Commit of the checkout that runs, and what was changed since; empty for an installed package.

    git_dirty: whether files that git knows were changed, or there are new ones where code and
    parameters lie. git_changes: hash of what differs from the commit in files that git knows.
    """
    root = share_directory()
    try:
        if Path(os.fsdecode(_run("rev-parse", "--show-toplevel", root=root))) != root.resolve():
            return NO_CHECKOUT  # installed within a repository of somebody else's
        commit = _run("rev-parse", "HEAD", root=root).decode()
        known = _run("status", "--porcelain", "--untracked-files=no", root=root)
        dirty = bool(known or _run("status", "--porcelain", "--", *DECIDES, root=root))
        changes = _run("diff", "HEAD", "--binary", root=root) if dirty else b""
    except (OSError, subprocess.SubprocessError):
        return NO_CHECKOUT
    sha256 = hashlib.sha256(changes).hexdigest() if changes else None
    return {"git": commit, "git_dirty": dirty, "git_changes": sha256}


def _run(*arguments: str, root: Path) -> bytes:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, check=True, timeout=10.0).stdout.strip()


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor()


def _library(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
