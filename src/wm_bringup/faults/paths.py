"""All faulty paths of one run, by target; none is built that nobody asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wm_bringup.faults.fault import Fault
from wm_bringup.faults.meanings import PLAN, TIMING
from wm_bringup.faults.path import FaultyPath
from wm_bringup.faults.schedule import Acted
from wm_bringup.faults.spoiling import SPOILERS
from wm_control.types import Array


def path_of(target: str) -> str:
    """Return the path that a target is on."""
    return PLAN if target == TIMING else target


class FaultyPaths:
    """The paths that faults are asked for on; faults of sensors are not for here."""

    def __init__(self, faults: Iterable[Fault], default_position: Array, seed: int = 0) -> None:
        """default_position: posture (n,) of the robot [rad]. seed: of what is lost."""
        self._default, self._seed = default_position, seed
        scripted: dict[str, list[Fault]] = {}
        for fault in faults:
            if not fault.of_sensors:
                scripted.setdefault(path_of(fault.target), []).append(fault)
        self._paths = {name: self._made(name, own) for name, own in scripted.items()}

    def _made(self, name: str, faults: Iterable[Fault] = ()) -> FaultyPath[Any]:
        seed = (self._seed, list(SPOILERS).index(name))
        return FaultyPath(SPOILERS[name](self._default), faults, seed)

    def begin(self, zero: float) -> None:
        """Begin a run whose time zero is ``zero`` on the clock of the messages [s]."""
        for path in self._paths.values():
            path.begin(zero)

    def get(self, path: str) -> FaultyPath[Any] | None:
        """Return a path; None where no fault is asked for."""
        return self._paths.get(path)

    def made(self, path: str) -> FaultyPath[Any]:
        """Return a path, built if there is none yet."""
        if path not in self._paths:
            self._paths[path] = self._made(path)
        return self._paths[path]

    @property
    def acted(self) -> tuple[Acted, ...]:
        """What came of each fault, path by path."""
        return tuple(one for path in self._paths.values() for one in path.acted)
