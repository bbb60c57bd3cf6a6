"""The course that the demo's operator drives, and the scenario that goes with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import accumulate
from math import isfinite
from pathlib import Path

from pydantic import Field, TypeAdapter, model_validator
from pydantic.dataclasses import dataclass

from wm_bringup.faults.fault import Fault
from wm_bringup.faults.presence import absent_driver
from wm_bringup.scenarios.possible import check_possible, velocity_text
from wm_bringup.scenarios.scenario import Push, Scenario, VelocitySegment
from wm_bringup.scenarios.sizing import share_of, sized
from wm_control.configuration.parameters import STRICT, load_parameters
from wm_control.configuration.plain_yaml import write_plain
from wm_control.configuration.share import config_file
from wm_control.errors import ParameterError
from wm_control.robot.sources import robot_file
from wm_control.types import VelocityCommand


@dataclass(frozen=True, slots=True, config=STRICT)
class Segment:
    """A time during which one velocity is commanded, with or without a push."""

    name: str
    seconds: float = Field(5.0, gt=0.0, le=3600.0, description="[s]")
    x: float = Field(0.0, ge=-2.0, le=2.0, description="forward [m/s]")
    y: float = Field(0.0, ge=-1.0, le=1.0, description="left [m/s]")
    yaw: float = Field(0.0, ge=-2.0, le=2.0, description="anti-clockwise [rad/s]")
    push: tuple[float, float, float] | None = Field(
        None, description="impulse on the base, 0.1 s long: forward, left, up [N·s]"
    )
    push_after: float = Field(1.0, ge=0.0, description="of the segment's begin [s]")
    fault: str | None = Field(
        None, description="TARGET:VERB[=VALUE]@T[+DURATION], T after the segment's begin [s]"
    )

    @model_validator(mode="after")
    def _pushed_while_it_lasts(self) -> Segment:
        if self.push is not None and not self.push_after < self.seconds:
            raise ValueError(
                f"push_after {self.push_after:g} s: the segment '{self.name}' is over after "
                f"{self.seconds:g} s"
            )
        return self

    @model_validator(mode="after")
    def _faulty_while_it_lasts(self) -> Segment:
        if self.fault is not None and not Fault.parse(self.fault).start < self.seconds:
            raise ValueError(
                f"fault {self.fault}: the segment '{self.name}' is over after {self.seconds:g} s"
            )
        return self

    @property
    def velocity(self) -> VelocityCommand:
        """Velocity to command."""
        return VelocityCommand(self.x, self.y, self.yaw)


@dataclass(frozen=True, slots=True, config=STRICT)
class DemoCourse:
    """Segments one after the other, and what else happens to the simulated robot."""

    segments: tuple[Segment, ...] = Field(min_length=1)
    scenario: Scenario = Field(default_factory=Scenario)

    @property
    def seconds(self) -> float:
        """Length of the course [s]."""
        return sum(segment.seconds for segment in self.segments)

    @property
    def starts(self) -> tuple[float, ...]:
        """Time at which each segment begins [s]."""
        return (0.0, *accumulate(segment.seconds for segment in self.segments[:-1]))

    def at(self, time: float) -> Segment:
        """Segment at ``time`` [s] since the start; the last one after the end."""
        for segment, start in zip(self.segments, self.starts, strict=True):
            if time < start + segment.seconds:
                return segment
        return self.segments[-1]

    def pushes(self) -> tuple[Push, ...]:
        """Pushes at their times since the start."""
        return tuple(
            Push(impulse=segment.push, at=start + segment.push_after)
            for segment, start in zip(self.segments, self.starts, strict=True)
            if segment.push is not None
        )

    def faults(self) -> tuple[Fault, ...]:
        """Faults of the segments, at their times since the start."""
        return tuple(
            _moved(fault, start + fault.start)
            for segment, start in zip(self.segments, self.starts, strict=True)
            if segment.fault is not None
            for fault in [Fault.parse(segment.fault)]
        )

    def of(self, controllers: Collection[str]) -> DemoCourse:
        """Leave out the faults of controllers that are not there."""
        return replace(self, segments=tuple(_with_faults_of(controllers, s) for s in self.segments))

    def shortened(self, seconds: float) -> DemoCourse:
        """Keep the proportions, in ``seconds`` instead."""
        scale = seconds / self.seconds
        return replace(
            self,
            segments=tuple(
                replace(
                    s,
                    seconds=scale * s.seconds,
                    push_after=scale * s.push_after,
                    fault=s.fault and _scaled(Fault.parse(s.fault), scale),
                )
                for s in self.segments
            ),
        )

    def sized(self, robot: str) -> DemoCourse:
        """Return the course with pushes as hard for a robot's weight, see ``Scenario.for_mass``."""
        if self.scenario.for_mass is None:
            return self
        share = share_of(robot, self.scenario.for_mass)
        return replace(
            self,
            scenario=sized(self.scenario, robot),
            segments=tuple(_pushed(share, segment) for segment in self.segments),
        )

    @property
    def whole(self) -> Scenario:
        """The scenario with the course's length, pushes and faults, for the processes."""
        pushes = (*self.scenario.pushes, *self.pushes())
        faults = (*self.scenario.faults, *(fault.text for fault in self.faults()))
        return replace(self.scenario, duration=self.seconds, pushes=pushes, faults=faults)

    @property
    def commanded(self) -> Scenario:
        """``whole`` with the velocities of the segments at their times."""
        velocity = tuple(
            VelocitySegment(at=start, x=s.x, y=s.y, yaw=s.yaw)
            for s, start in zip(self.segments, self.starts, strict=True)
        )
        return replace(self.whole, velocity=velocity)

    def check(self) -> None:
        """ParameterError for what cannot happen on this course."""
        check_possible(self.whole)
        if self.scenario.velocity:
            found = velocity_text(self.scenario.velocity[0])
            expected = "none: on a course the segments say what is commanded"
            raise ParameterError("scenario.velocity", found, expected)
        waiting = [push.phase for push in self.scenario.pushes if push.phase is not None]
        if waiting:
            expected = "no phase: on a course a push comes at a time, by which it is judged"
            raise ParameterError("scenario.pushes.phase", waiting[0], expected)

    def write_scenario(self, path: Path) -> None:
        """Write ``whole`` to a file."""
        content = TypeAdapter(Scenario).dump_python(self.whole, mode="json")
        path.write_text(write_plain(content), encoding="utf-8")


def _pushed(share: float, segment: Segment) -> Segment:
    """Multiply a segment's push."""
    if segment.push is None:
        return segment
    x, y, z = (share * impulse for impulse in segment.push)
    return replace(segment, push=(x, y, z))


def _with_faults_of(controllers: Collection[str], segment: Segment) -> Segment:
    """Leave out a segment's fault if it is one of a controller that is not there."""
    if segment.fault is None or not absent_driver(Fault.parse(segment.fault), controllers):
        return segment
    return replace(segment, fault=None)


def _moved(fault: Fault, start: float, duration: float | None = None) -> Fault:
    """Return the same fault at another time [s], and for another one."""
    lasts = fault.duration if duration is None else duration
    until = f"+{lasts:g}" if isfinite(lasts) else ""
    return Fault.parse(f"{fault.text.partition('@')[0]}@{start:g}{until}")


def _scaled(fault: Fault, scale: float) -> str:
    return _moved(fault, scale * fault.start, scale * fault.duration).text


def course_file(robot: str) -> Path:
    """Course of a robot: the ``demo.yaml`` of its folder, or the one for all."""
    own = robot_file(robot).with_name("demo.yaml")
    return own if own.is_file() else config_file("demo.yaml")


def load_course(path: Path) -> DemoCourse:
    """Read a course; ParameterError names file, key, value and bound."""
    return load_parameters(DemoCourse, path)
