"""What is rehearsed: a course, and what goes wrong on it."""

from __future__ import annotations

from math import ceil
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from wm_bringup.demo.course import Segment
from wm_control.configuration.parameters import STRICT, load_parameters

ProcessName = Literal["loop_process", "control", "mpc", "policy"]


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Mishap:
    """Something that goes wrong while the robot walks, and how that has to end.

    One of kill, stop, ask. ends: walking: it goes on, and nobody falls; damped: within ``within``
    the robot gets damping and nothing else.
    """

    name: str
    ends: Literal["walking", "damped"]
    kill: ProcessName | None = Field(None, description="process that gets SIGKILL")
    stop: ProcessName | None = Field(None, description="process that gets SIGSTOP")
    lasts: float = Field(0.05, gt=0.0, le=10.0, description="until SIGCONT [s]")
    ask: dict[str, Any] | None = Field(None, description="request to the emulated robot")
    within: float = Field(0.04, gt=0.0, le=10.0, description="[s]")
    several: bool = Field(False, description="only where several drivers may have the robot")

    @model_validator(mode="after")
    def _one_thing(self) -> Mishap:
        if sum(way is not None for way in (self.kill, self.stop, self.ask)) != 1:
            raise ValueError(f"{self.name}: must be one of kill, stop, ask")
        return self


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Plan:
    """All of it.

    course: walked whole where nothing goes wrong. walking: while something does, before and after.
    """

    course: tuple[Segment, ...] = Field(min_length=1)
    walking: Segment
    mishaps: tuple[Mishap, ...] = ()

    def segments(self, mishap: Mishap | None, minutes: float = 0.0) -> tuple[Segment, ...]:
        """Return what is driven: the course, again and again for at least so long."""
        if mishap is not None:
            return (self.walking, self.walking)
        lap = sum(segment.seconds for segment in self.course)
        return self.course * max(ceil(60.0 * minutes / lap), 1)

    def named(self, names: tuple[str, ...]) -> tuple[Mishap, ...]:
        """Mishaps of these names, or all; ValueError for an unknown one."""
        known = {mishap.name: mishap for mishap in self.mishaps}
        for name in names:
            if name not in known:
                raise ValueError(f"'{name}': must be one of {', '.join(known)}")
        return tuple(known[name] for name in names) if names else self.mishaps


def load_plan(path: Path) -> Plan:
    """Read a plan; ParameterError names file, key, value and bound."""
    return load_parameters(Plan, path)
