"""Diagnostics as rqt_robot_monitor shows them: a tree of processes, nodes and their parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from wm_bringup.wire.cdr import Reader
from wm_bringup.wire.messages import HealthStatus, Level

STALE_AFTER = 5.0
"""Without news for so long, a status says nothing of now [s]."""


def decode_diagnostics(data: bytes) -> list[HealthStatus]:
    """Read diagnostic_msgs/DiagnosticArray; MessageError for anything else."""
    reader = Reader(data)
    reader.stamp()
    reader.string()
    return [_status(reader) for _ in range(reader.uint32())]


def _status(reader: Reader) -> HealthStatus:
    level = Level(min(reader.uint8(), Level.STALE))
    name, message, hardware = (reader.string() for _ in range(3))
    values = {reader.string(): reader.string() for _ in range(reader.uint32())}
    return HealthStatus(name, level, message, values, hardware)


class DiagnosticTree:
    """Keeps the newest status of every part of one robot."""

    def __init__(self, hardware: str, process_of: Mapping[str, str]) -> None:
        """hardware: of the robot, others are passed over. process_of: by node; else its own."""
        self._hardware, self._process_of = hardware, process_of
        self._newest: dict[str, tuple[float, HealthStatus]] = {}

    def see(self, statuses: Sequence[HealthStatus], now: float) -> None:
        """Take in what was heard at ``now`` [s]."""
        for status in statuses:
            if status.hardware == self._hardware:
                self._newest[self._path(status.name)] = (now, status)

    def _path(self, name: str) -> str:
        """Turn ``NODE: PART`` into ``/PROCESS/NODE/PART``; a slash in a part would be a branch."""
        node, _, part = name.partition(": ")
        process = self._process_of.get(node, node)
        nodes = (process,) if process == node else (process, node)
        parts = (*nodes, part) if part else nodes
        return "".join(f"/{one.replace('/', '|')}" for one in parts)

    def statuses(self, now: float) -> list[HealthStatus]:
        """Return the tree: branches before what hangs on them, in the order of their names."""
        leaves = {path: _aged(status, now - seen) for path, (seen, status) in self._newest.items()}
        found = dict(leaves)
        for path in leaves:
            for branch in _branches(path):
                below = [s for p, s in leaves.items() if p.startswith(f"{branch}/")]
                found.setdefault(branch, _summed_up(below, self._hardware))
        return [replace(found[path], name=path) for path in sorted(found)]


def _aged(status: HealthStatus, age: float) -> HealthStatus:
    if age <= STALE_AFTER:
        return status
    return replace(status, level=Level.STALE, message=f"nothing heard for {age:.0f} s")


def _branches(path: str) -> list[str]:
    parts = path.split("/")[1:]
    return ["/" + "/".join(parts[:n]) for n in range(1, len(parts))]


_RANKS = (Level.OK, Level.WARN, Level.STALE, Level.ERROR)
"""The worst last: what was heard once, long ago, does not hide an error of now."""


def _summed_up(below: Sequence[HealthStatus], hardware: str) -> HealthStatus:
    worst = max((status.level for status in below), key=_RANKS.index)
    told = [s.name for s in below if s.level == worst]
    message = "OK" if worst == Level.OK else f"{worst.name}: {', '.join(sorted(told))}"
    return HealthStatus("", worst, message, {}, hardware)
