"""The processes of the graph that a page belongs to: children of whoever started it."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

PACKAGES = ("wm_bringup.nodes.", "wm_bringup.cycle.loop_process")
"""Modules that count as processes of a graph."""


def siblings(parent: int | None = None, proc: Path = Path("/proc")) -> Mapping[str, int]:
    """Process ids of the graph's other processes, and of those that they started, by name.

    parent: who started the graph; None: who started us.
    """
    begin = os.getppid() if parent is None else parent
    found: dict[str, int] = {}
    for pid in _below(begin, proc):
        module = _module(pid, proc)
        if pid != os.getpid() and module.startswith(PACKAGES):
            found[module.rpartition(".")[2]] = pid
    return found


def kill(name: str) -> str:
    """Kill a sibling at once, as the system would; say what came of it."""
    pid = siblings().get(name)
    if pid is None:
        return f"{name} is not running"
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return f"{name} killed (SIGKILL)"


def _below(parent: int, proc: Path) -> list[int]:
    """Children of a process, and theirs."""
    found: list[int] = []
    for file in (proc / str(parent) / "task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, file.read_text().split()):
                found += [child, *_below(child, proc)]
    return found


def _module(pid: int, proc: Path) -> str:
    """Return what ``python -m`` runs there; empty for another program."""
    try:
        words = (proc / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    return words[words.index("-m") + 1] if "-m" in words[:-1] else ""
