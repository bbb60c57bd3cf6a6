"""A scenario: what happens in one episode, apart from who controls the robot.

Files live in ``config/scenarios/``; every key has a default, so a file says only what is special.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic.dataclasses import dataclass

from wm_bringup.faults.fault import Fault
from wm_control.configuration.parameters import STRICT, load_parameters
from wm_control.configuration.share import config_file
from wm_control.constants import CONTROL_PERIOD
from wm_control.types import VelocityCommand

Noise = Literal["off", "nominal", "double", "hardware"]

PunchAxes = Literal["world", "child", "parent"]

HEAVIEST = 50.0
"""Payload at most [kg]."""


def _valid_fault(text: str) -> str:
    Fault.parse(text)
    return text


@dataclass(frozen=True, slots=True, config=STRICT)
class VelocitySegment:
    """From ``at`` on, this is commanded, in the heading-aligned base frame (x forward, y left)."""

    at: float = Field(default=0.0, ge=0.0, description="time [s]")
    x: float = Field(default=0.0, ge=-2.0, le=2.0, description="forward [m/s]")
    y: float = Field(default=0.0, ge=-1.0, le=1.0, description="left [m/s]")
    yaw: float = Field(default=0.0, ge=-2.0, le=2.0, description="anti-clockwise [rad/s]")


@dataclass(frozen=True, slots=True, config=STRICT)
class Push:
    """A constant force on the base; it acts along heading, left and up of the moment it starts."""

    impulse: tuple[float, float, float] = Field(description="forward, left, up [N·s]")
    at: float = Field(
        default=0.0, ge=0.0, description="time, or earliest time when a phase is given [s]"
    )
    duration: float = Field(default=0.1, gt=0.0, le=5.0, description="[s]")
    phase: float | None = Field(
        default=None,
        ge=0.0,
        lt=1.0,
        description="wait for this phase of the stride; null: start at once",
    )


@dataclass(frozen=True, slots=True, config=STRICT)
class Kick:
    """At once the whole robot moves faster, as in the push tests of training."""

    velocity: tuple[float, float, float] = Field(description="added, along the world's axes [m/s]")
    at: float = Field(default=0.0, ge=0.0, description="time [s]")


@dataclass(frozen=True, slots=True, config=STRICT)
class Punch:
    """A force at the centre of a joint, on the link that the joint moves.

    Its direction is told in axes of the world, of that link (``child``) or of the link that the
    joint sits on (``parent``), and turns with them.
    """

    joint: str
    force: tuple[float, float, float] = Field(description="[N]")
    at: float = Field(default=0.0, ge=0.0, description="time [s]")
    duration: float = Field(default=0.1, gt=0.0, le=5.0, description="[s]")
    axes: PunchAxes = "world"


@dataclass(frozen=True, slots=True, config=STRICT)
class Waypoint:
    """A place to be at, and where to look there, seen from where the robot began."""

    x: float = Field(description="ahead [m]")
    y: float = Field(description="to the left [m]")
    yaw: float = Field(description="anti-clockwise [rad]")


@dataclass(frozen=True, slots=True, config=STRICT)
class Tour:
    """Waypoints, one after the other, in place of velocities.

    An outer loop that sees where the robot truly is asks for velocities in proportion to the
    distance; in lock-step only. Its bounds are those of what is asked for, before the driver's.
    """

    waypoints: tuple[Waypoint, ...] = ()
    every: float = Field(default=5.0, gt=0.0, description="for each waypoint [s]")
    gain: float = Field(default=1.5, gt=0.0, description="speed per distance [1/s]")
    yaw_gain: float = Field(default=1.5, gt=0.0, description="rate per error of the heading [1/s]")
    reached: float = Field(default=0.10, gt=0.0, description="closer than this is there [m]")
    left: float = Field(default=0.20, gt=0.0, description="and not any more beyond this [m]")
    yaw_reached: float = Field(default=0.05, gt=0.0, description="the same of the heading [rad]")
    yaw_left: float = Field(default=0.12, gt=0.0, description="and not any more beyond [rad]")
    x: tuple[float, float] = Field(default=(-0.5, 0.5), description="asked forward, bounds [m/s]")
    y: tuple[float, float] = Field(default=(-0.5, 0.5), description="asked left, bounds [m/s]")
    yaw: tuple[float, float] = Field(default=(-1.0, 1.0), description="asked turn, bounds [rad/s]")
    period: float = Field(default=0.02, ge=CONTROL_PERIOD, description="of the outer loop [s]")

    @model_validator(mode="after")
    def _wider(self) -> Tour:
        if not (self.left > self.reached and self.yaw_left > self.yaw_reached):
            raise ValueError("left and yaw_left must be beyond reached and yaw_reached")
        return self


@dataclass(frozen=True, slots=True, config=STRICT)
class TakenJoints:
    """Joints that somebody else moves, whoever drives, as a teleoperator the arms.

    Their drives follow this course with the robot's own gains and hear nothing of the driver's
    command. Between two times of the course they go straight; it is read every ``period``.
    """

    joints: tuple[str, ...] = Field(min_length=1)
    times: tuple[float, ...] = Field(default=(), description="rising [s]; none: as they began")
    positions: tuple[tuple[float, ...], ...] = Field(
        default=(), description="of every joint at each of these times [rad]"
    )
    period: float = Field(default=0.02, ge=CONTROL_PERIOD, description="[s]")

    @model_validator(mode="after")
    def _whole(self) -> TakenJoints:
        if len(self.positions) != len(self.times):
            raise ValueError(f"{len(self.positions)} positions for {len(self.times)} times")
        if any(later <= earlier for earlier, later in pairwise(self.times)):
            raise ValueError("times must rise")
        if any(len(position) != len(self.joints) for position in self.positions):
            raise ValueError(f"a position must have {len(self.joints)} numbers, one for each joint")
        return self


@dataclass(frozen=True, slots=True, config=STRICT)
class Crane:
    """The robot is held before it is let go of, upright and in a posture; then time begins.

    Its base is put back after every step, so that its joints, held by their own gains, feel no
    weight meanwhile.
    """

    seconds: float = Field(default=3.0, ge=0.0, le=60.0, description="[s]")
    clearance: float = Field(
        default=0.0, ge=0.0, le=1.0, description="of the soles in this posture above ground [m]"
    )
    posture: dict[str, float] = Field(
        default_factory=dict, description="joint positions; not named: the default posture's [rad]"
    )


@dataclass(frozen=True, slots=True, config=STRICT)
class FallRule:
    """What counts as a fall; what is not said is as in ``record/fall.py``."""

    min_height: float | None = Field(
        default=None, gt=0.0, description="of base_link; null: 60 % of the beginning's [m]"
    )
    max_tilt: float | None = Field(
        default=1.0, gt=0.0, description="of base_link; null: any will do [rad]"
    )
    touching: bool = Field(default=True, description="whether a link that is no foot may not touch")


@dataclass(frozen=True, slots=True, config=STRICT)
class Wish:
    """From ``at`` on the operator wants this driver most, of those that may drive."""

    driver: str
    at: float = Field(default=0.0, ge=0.0, description="time [s]")


Timed = TypeVar("Timed", VelocitySegment, Wish)


@dataclass(frozen=True, slots=True, config=STRICT)
class Body:
    """The body that is simulated, where its controller believes in another.

    Spreads are bounds of uniform errors that are drawn per link from the episode's seed.
    """

    robot: str = Field(
        default="",
        description="robot file by name or path, with the same joints; empty: the believed one",
    )
    mass_spread: float = Field(
        default=0.0, ge=0.0, lt=1.0, description="relative; moments of inertia change alike"
    )
    inertia_spread: float = Field(
        default=0.0, ge=0.0, lt=1.0, description="relative, of the moments beyond that"
    )
    com_spread: float = Field(
        default=0.0, ge=0.0, le=0.1, description="of centres of mass, per axis [m]"
    )
    length_spread: float = Field(
        default=0.0, ge=0.0, le=0.1, description="relative, of all that is placed in a link"
    )
    friction_spread: float = Field(
        default=0.0, ge=0.0, lt=1.0, description="relative, of the feet's on the ground"
    )

    @property
    def varies(self) -> bool:
        """Whether links differ from their description."""
        spreads = (self.mass_spread, self.inertia_spread, self.com_spread, self.length_spread)
        return any(spread > 0.0 for spread in spreads)


@dataclass(frozen=True, slots=True, config=STRICT)
class Payload:
    """A point mass fixed to a link, unknown to the controller."""

    mass: float = Field(default=0.0, ge=0.0, le=HEAVIEST, description="[kg]")
    offset: tuple[float, float, float] = Field(
        default=(0.0, 0.0, 0.2), description="in the link's frame; the default is in the torso [m]"
    )
    link: str | None = Field(
        default=None, description="null: the link that the last waist joint moves"
    )


@dataclass(frozen=True, slots=True, config=STRICT)
class Ground:
    """The ground: flat, or with tiles of random height, or with a ramp."""

    friction: float = Field(
        default=0.6, gt=0.0, le=2.0, description="Coulomb coefficient of feet on it"
    )
    bumps: float = Field(
        default=0.0, ge=0.0, le=0.1, description="tiles of height -bumps to +bumps [m]"
    )
    tile: float = Field(default=0.4, ge=0.1, le=2.0, description="edge of a tile [m]")
    slope: float = Field(
        default=0.0, ge=-0.5, le=0.5, description="uphill along x is positive [rad]"
    )
    slope_start: float = Field(default=1.0, ge=0.5, description="x at which the ramp begins [m]")
    compliance: float = Field(
        default=0.0,
        ge=0.0,
        le=1e-3,
        description="by which a point of contact sinks, four to a sole [m/N]; 0 is rigid",
    )


@dataclass(frozen=True, slots=True, config=STRICT)
class Scenario:
    """One episode."""

    name: str = "default"
    duration: float = Field(default=20.0, ge=CONTROL_PERIOD, le=3600.0, description="[s]")
    seed: int = Field(
        default=0, ge=0, description="the first episode's; the others count on from it"
    )
    velocity: tuple[VelocitySegment, ...] = Field(default=(), description="in order of time")
    pushes: tuple[Push, ...] = ()
    kicks: tuple[Kick, ...] = ()
    punches: tuple[Punch, ...] = ()
    tour: Tour | None = Field(default=None, description="in lock-step, in place of velocity")
    taken: TakenJoints | None = Field(default=None, description="joints that no driver has")
    crane: Crane | None = Field(default=None, description="null: it begins standing")
    fall: FallRule = Field(default_factory=FallRule)
    wishes: tuple[Wish, ...] = Field(
        default=(), description="of the operator, in lock-step, in order of time"
    )
    body: Body = Field(default_factory=Body)
    payload: Payload = Field(default_factory=Payload)
    for_mass: float | None = Field(
        default=None,
        gt=0.0,
        description="of the robot that pushes, punches and payload are said for; another one gets "
        "them in proportion to its own mass; null: as they are [kg]",
    )
    ground: Ground = Field(default_factory=Ground)
    noise: Noise = Field(default="off", description="sensor preset")
    delay: float = Field(default=0.0, ge=0.0, le=0.2, description="command to drive, constant [s]")
    delay_jitter: float = Field(
        default=0.0, ge=0.0, le=0.1, description="bound of a further, random delay per command [s]"
    )
    sensor_delay: float = Field(
        default=0.0, ge=0.0, le=0.1, description="sensor to observation [s]"
    )
    motor_strength: float = Field(
        default=1.0, gt=0.0, le=1.5, description="true torque / believed torque"
    )
    joint_dry_friction: float = Field(
        default=0.0, ge=0.0, le=5.0, description="at every joint [N·m]"
    )
    joint_viscous_friction: float = Field(default=0.0, ge=0.0, le=5.0, description="[N·m·s/rad]")
    initial_joint_noise: float = Field(
        default=0.0, ge=0.0, le=0.1, description="spread at reset [rad]"
    )
    faults: tuple[Annotated[str, AfterValidator(_valid_fault)], ...] = Field(
        default=(), description="TARGET:VERB[=VALUE]@TIME[+DURATION]"
    )

    @field_validator("velocity", "wishes")
    @classmethod
    def _in_order(cls, segments: tuple[Timed, ...]) -> tuple[Timed, ...]:
        """Of two that begin at the same time, or in the wrong order, one would never be."""
        times = [segment.at for segment in segments]
        if any(later <= earlier for earlier, later in pairwise(times)):
            raise ValueError(f"times must rise, found {', '.join(f'{t:g} s' for t in times)}")
        return segments

    @model_validator(mode="after")
    def _one_asks(self) -> Scenario:
        if self.tour is not None and self.velocity:
            raise ValueError("either a tour or velocities")
        return self

    def velocity_at(self, time: float) -> VelocityCommand:
        """Command in force at ``time`` [s]; zero before the first segment."""
        index = bisect_right([segment.at for segment in self.velocity], time) - 1
        if index < 0:
            return VelocityCommand()
        segment = self.velocity[index]
        return VelocityCommand(segment.x, segment.y, segment.yaw)


def load_scenario(source: str | Path) -> Scenario:
    """Load a shipped scenario by name, or any by the path of its YAML file.

    Empty: nothing special happens. ParameterError names file, key, value and bound.
    """
    if not str(source):
        return Scenario()
    path = Path(source)
    if path.suffix not in (".yaml", ".yml"):
        path = config_file(f"scenarios/{source}.yaml")
    return load_parameters(Scenario, path)
