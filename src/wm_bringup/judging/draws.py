"""What a case leaves to chance: drawn from the episode's seed, alike for every contestant."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_bringup.judging.drawn_tour import DrawnArms, DrawnPunches, DrawnTour
from wm_bringup.scenarios.scenario import Kick, Push, Scenario, Tour, VelocitySegment, Wish
from wm_control.configuration.parameters import STRICT
from wm_control.configuration.share import DEFAULT_ROBOT
from wm_control.constants import CONTROL_PERIOD
from wm_control.types import Array

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True, config=STRICT)
class DrawnVelocity:
    """A new velocity every so often, each axis even between two bounds."""

    low: Triple = Field(description="x, y [m/s], yaw [rad/s]")
    high: Triple = Field(description="x, y [m/s], yaw [rad/s]")
    every: float = Field(default=4.0, gt=0.0, description="[s]")
    first: float = Field(default=1.0, ge=0.0, description="[s]")
    mixed: bool = Field(
        default=False,
        description="the more of one axis, the less of the others: shares of the bounds add up "
        "to one at most",
    )


@dataclass(frozen=True, slots=True, config=STRICT)
class DrawnPush:
    """One level push; seeds take the directions in turn, and then the moments."""

    impulse: float = Field(gt=0.0, description="[N·s]")
    directions: int = Field(default=8, ge=1, description="evenly spaced, forward first")
    moments: tuple[float, ...] = Field(default=(3.0,), min_length=1, description="[s]")


@dataclass(frozen=True, slots=True, config=STRICT)
class DrawnWishes:
    """Drivers that the operator wants, one after the other, each at a random moment."""

    drivers: tuple[str, ...] = Field(min_length=1)
    first: float = Field(default=3.0, ge=0.0, description="[s]")
    every: float = Field(default=4.0, gt=0.0, description="[s]")
    within: float = Field(default=1.0, ge=0.0, description="after each of these times [s]")


@dataclass(frozen=True, slots=True, config=STRICT)
class DrawnFaults:
    """Faults of the sensors that last for some samples each, every so often at a random moment.

    With sizes, every one is tried on every target in turn, over all episodes, to a random side.
    """

    verb: str
    targets: tuple[str, ...] = Field(min_length=1)
    sizes: tuple[float, ...] = Field(default=(), description="values; none: the verb's own")
    samples: tuple[int, int] = Field(default=(1, 1), description="from, to")
    count: int = Field(default=7, ge=1, description="in an episode")
    first: float = Field(default=3.0, ge=0.0, description="[s]")
    every: float = Field(default=2.5, gt=0.0, description="[s]")
    within: float = Field(default=1.0, ge=0.0, description="after each of these times [s]")


@dataclass(frozen=True, slots=True, config=STRICT)
class DrawnKicks:
    """Level kicks of one size every so often, in directions drawn from the seed alone."""

    size: float = Field(gt=0.0, le=5.0, description="[m/s]")
    every: float = Field(default=4.0, gt=0.0, description="[s]")


@dataclass(frozen=True, slots=True, config=STRICT)
class Draws:
    """What is drawn, in this order from one generator; tour, punches and arms from their own."""

    stream: int | None = Field(
        default=None, ge=0, description="makes other draws of the same seeds; null: none"
    )
    faults: DrawnFaults | None = None
    velocity: DrawnVelocity | None = None
    friction: tuple[float, float] | None = Field(default=None, description="even between these")
    kicks: DrawnKicks | None = None
    push: DrawnPush | None = None
    wishes: DrawnWishes | None = None
    tour: DrawnTour | None = Field(default=None, description="waypoints of the scenario's tour")
    punches: DrawnPunches | None = None
    arms: DrawnArms | None = None
    payload: tuple[float, float] | None = Field(
        default=None, description="mass even between these [kg]"
    )


def draw(draws: Draws, scenario: Scenario, seed: int, robot: str = DEFAULT_ROBOT) -> Scenario:
    """Return the scenario with what chance adds to it.

    robot: whose arms move, where they do.
    """
    rng = np.random.default_rng(seed if draws.stream is None else (draws.stream, seed))
    if draws.faults is not None:
        scenario = replace(scenario, faults=(*scenario.faults, *_faults(draws.faults, seed, rng)))
    if draws.velocity is not None:
        segments = _segments(draws.velocity, scenario.duration, rng)
        scenario = replace(scenario, velocity=segments)
    if draws.friction is not None:
        friction = float(rng.uniform(*draws.friction))
        scenario = replace(scenario, ground=replace(scenario.ground, friction=friction))
    if draws.kicks is not None:
        kicks = kicks_every(draws.kicks.every, draws.kicks.size, scenario.duration, seed)
        scenario = replace(scenario, kicks=(*scenario.kicks, *kicks))
    if draws.push is not None:
        scenario = replace(scenario, pushes=(*scenario.pushes, _push(draws.push, seed)))
    if draws.wishes is not None:
        scenario = replace(scenario, wishes=(*scenario.wishes, *_wishes(draws.wishes, rng)))
    if draws.payload is not None:
        mass = float(rng.uniform(*draws.payload))
        scenario = replace(scenario, payload=replace(scenario.payload, mass=mass))
    return _with_standard(draws, scenario, seed, robot)


def _with_standard(draws: Draws, scenario: Scenario, seed: int, robot: str) -> Scenario:
    """Add what has a generator of its own."""
    if draws.tour is not None:
        tour = replace(scenario.tour or Tour(), waypoints=draws.tour.draw(seed))
        scenario = replace(scenario, tour=tour)
    if draws.punches is not None:
        punches = (*scenario.punches, *draws.punches.draw(seed))
        scenario = replace(scenario, punches=punches)
    if draws.arms is not None:
        taken = draws.arms.draw(seed, scenario.duration, robot)
        scenario = replace(scenario, taken=taken)
    return scenario


def kicks_every(period: float, size: float, duration: float, seed: int) -> tuple[Kick, ...]:
    """Kicks of one size [m/s] every ``period`` [s] from then on, in directions from ``seed``."""
    rng = np.random.default_rng(seed)
    times = np.arange(period, duration - 1e-9, period)
    return tuple(_level(float(at), size, float(rng.uniform(-np.pi, np.pi))) for at in times)


def _push(drawn: DrawnPush, seed: int) -> Push:
    """Return the push whose turn it is."""
    turn, k = divmod(seed, drawn.directions)
    angle = 2.0 * np.pi * k / drawn.directions
    x, y = drawn.impulse * np.cos(angle), drawn.impulse * np.sin(angle)
    return Push((float(x), float(y), 0.0), at=drawn.moments[turn % len(drawn.moments)])


def _wishes(drawn: DrawnWishes, rng: np.random.Generator) -> tuple[Wish, ...]:
    times = (drawn.first + drawn.every * k for k in range(len(drawn.drivers)))
    return tuple(
        Wish(driver, at + float(rng.uniform(0.0, drawn.within)))
        for driver, at in zip(drawn.drivers, times, strict=True)
    )


def _level(at: float, size: float, direction: float) -> Kick:
    """Kick in a horizontal direction [rad] of the world."""
    x, y = size * np.cos(direction), size * np.sin(direction)
    return Kick(velocity=(float(x), float(y), 0.0), at=at)


def _segments(
    drawn: DrawnVelocity, duration: float, rng: np.random.Generator
) -> tuple[VelocitySegment, ...]:
    segments = []
    for at in np.arange(drawn.first, duration, drawn.every):
        velocity = rng.uniform(drawn.low, drawn.high)
        if drawn.mixed:
            velocity /= max(1.0, float(_shares(velocity, drawn).sum()))
        segments.append(VelocitySegment(float(at), *velocity.tolist()))
    return tuple(segments)


def _shares(velocity: Array, drawn: DrawnVelocity) -> Array:
    """(3,) of the bound on the side that each axis goes to."""
    bounds = np.abs(np.where(velocity < 0.0, drawn.low, drawn.high))
    return np.divide(np.abs(velocity), bounds, out=np.zeros(3), where=bounds > 0.0)


def _faults(drawn: DrawnFaults, seed: int, rng: np.random.Generator) -> tuple[str, ...]:
    faults = []
    for k in range(drawn.count):
        moment = drawn.first + drawn.every * k + rng.uniform(0.0, drawn.within)
        low, high = drawn.samples
        samples = low if low == high else int(rng.integers(low, high + 1))
        what = _what(drawn, seed * drawn.count + k, rng)
        # from half a period before the first bad sample to half a period before the next good one
        begin = (round(moment / CONTROL_PERIOD) - 0.5) * CONTROL_PERIOD
        faults.append(f"{what}@{begin:.3f}+{samples * CONTROL_PERIOD:.3f}")
    return tuple(faults)


def _what(drawn: DrawnFaults, k: int, rng: np.random.Generator) -> str:
    """Target, verb and value of the k-th fault of all."""
    turn = k // max(len(drawn.sizes), 1)
    what = f"{drawn.targets[turn % len(drawn.targets)]}:{drawn.verb}"
    if not drawn.sizes:
        return what
    return f"{what}={rng.choice((-1.0, 1.0)) * drawn.sizes[k % len(drawn.sizes)]:g}"
