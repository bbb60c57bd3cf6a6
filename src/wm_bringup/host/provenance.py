"""Where a result comes from: code version, parameters, machine. Part of every result file."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from functools import cache
from importlib import metadata
from typing import Any

from wm_control.configuration.share import package_version, share_directory

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

    git_changes: hash of what differs from the commit in files that git knows.
    """
    root = share_directory()
    try:
        commit = _run("rev-parse", "HEAD", root=str(root))
        dirty = bool(_run("status", "--porcelain", root=str(root)))
        changes = _run("diff", "HEAD", "--binary", root=str(root)) if dirty else ""
    except (OSError, subprocess.CalledProcessError):
        return {"git": None, "git_dirty": None, "git_changes": None}
    sha256 = hashlib.sha256(changes.encode()).hexdigest() if changes else None
    return {"git": commit, "git_dirty": dirty, "git_changes": sha256}


def _run(*arguments: str, root: str) -> str:
    command = ["git", "-C", root, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=10.0
    ).stdout.strip()


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
