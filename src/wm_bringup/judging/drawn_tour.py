"""A tour, punches on it and the motion of taken arms, drawn by the C++ standard's generator.

So that an episode of a benchmark that is written in C++ is the same one here: each part has a
stream of its own, ``std::mt19937(std::seed_seq{seed, stream})``, and draws in the order written
below.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import product

import numpy as np
import pinocchio as pin
from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_bringup.judging.standard_random import StandardTwister
from wm_bringup.scenarios.scenario import Punch, PunchAxes, TakenJoints, Waypoint
from wm_control.configuration.parameters import STRICT
from wm_control.robot.description import RobotDescription, load_robot
from wm_control.robot.posture import link_frame
from wm_control.types import Array

Vector3 = tuple[float, float, float]


@dataclass(frozen=True, slots=True, config=STRICT)
class DrawnTour:
    """Waypoints even over a disc, with headings even over the circle."""

    stream: int = Field(ge=0)
    count: int = Field(ge=1)
    radius: float = Field(gt=0.0, description="of the disc [m]")
    center: tuple[float, float] = Field(default=(0.0, 0.0), description="ahead, left [m]")

    def draw(self, seed: int) -> tuple[Waypoint, ...]:
        """Of each: radius, bearing, heading."""
        twister = StandardTwister(seed, self.stream)
        return tuple(self._waypoint(*twister.units(3).tolist()) for _ in range(self.count))

    def _waypoint(self, out: float, bearing: float, yaw: float) -> Waypoint:
        away, at = self.radius * math.sqrt(out), 2.0 * math.pi * bearing
        x, y = self.center
        return Waypoint(
            x + away * math.cos(at),
            y + away * math.sin(at),
            math.remainder(2.0 * math.pi * yaw, 2.0 * math.pi),
        )


@dataclass(frozen=True, slots=True, config=STRICT)
class DrawnPunches:
    """A punch every so often, at any joint, in any direction of space, ever harder."""

    stream: int = Field(ge=0)
    count: int = Field(ge=1)
    joints: tuple[str, ...] = Field(min_length=1, description="that may be hit")
    largest: float = Field(gt=0.0, description="force in the end [N]")
    first: float = Field(default=0.1, ge=0.0, description="[s]")
    every: float = Field(default=5.0, gt=0.0, description="[s]")
    duration: float = Field(default=0.08, gt=0.0, description="[s]")
    least_share: float = Field(default=0.5, gt=0.0, le=1.0, description="of the largest so far")
    from_share: float = Field(default=1.0, gt=0.0, le=1.0, description="of it at the first punch")
    rising: float = Field(default=60.0, gt=0.0, description="until it is reached [s]")

    def draw(self, seed: int) -> tuple[Punch, ...]:
        """Of each: joint, whose axes, direction (height, then angle), force."""
        twister = StandardTwister(seed, self.stream)
        return tuple(self._punch(twister, self.every * k) for k in range(self.count))

    def _punch(self, twister: StandardTwister, since: float) -> Punch:
        """since: the first punch [s]."""
        joint = self.joints[twister.below(len(self.joints))]
        axes: PunchAxes = "child" if twister.below(2) else "parent"
        z, angle = twister.between(-1.0, 1.0), twister.between(0.0, 2.0 * math.pi)
        share = self.from_share + (1.0 - self.from_share) * min(since / self.rising, 1.0)
        size = self.largest * share * twister.between(self.least_share, 1.0)
        across = size * math.sqrt(max(0.0, 1.0 - z * z))
        force = (across * math.cos(angle), across * math.sin(angle), size * z)
        return Punch(joint, force, self.first + since, self.duration, axes)


@dataclass(frozen=True, slots=True, config=STRICT)
class Hand:
    """A box around a hand, in axes of its link."""

    link: str
    low: Vector3 = Field(description="least corner [m]")
    high: Vector3 = Field(description="largest corner [m]")


@dataclass(frozen=True, slots=True, config=STRICT)
class DrawnArms:
    """Both arms walk at random, one the mirror image of the other, and keep their hands in sight.

    Every so often they set out for another posture, to which a random walk of so many ticks leads;
    one in which a hand would be too far back or too high is drawn again, and after so many tries
    they stay where they are.
    """

    stream: int = Field(ge=0)
    joints: tuple[str, ...] = Field(min_length=1, description="of one arm")
    mirrored: tuple[str, ...] = Field(min_length=1, description="of the other, in the same order")
    signs: tuple[float, ...] = Field(min_length=1, description="of the other's positions")
    start: tuple[float, ...] = Field(min_length=1, description="posture of the first arm [rad]")
    hands: tuple[Hand, Hand] = Field(description="of both")
    seen_from: str = Field(description="link in whose axes the bounds of the hands are")
    least_x: float = Field(description="no corner of a hand may be further back [m]")
    most_z: float = Field(description="no corner of a hand may be higher [m]")
    step: float = Field(default=0.06, gt=0.0, description="bound of one tick's step [rad]")
    ticks: int = Field(default=25, ge=1, description="of a random walk")
    tries: int = Field(default=8, ge=1)
    every: float = Field(default=0.5, gt=0.0, description="[s]")
    lead: float = Field(default=0.02, ge=0.0, description="they are there so much earlier [s]")

    def draw(self, seed: int, duration: float, robot: str) -> TakenJoints:
        """Of each try: tick after tick one number per joint. duration: to be filled [s]."""
        return _walked(self, seed, duration, robot)


@lru_cache(maxsize=512)
def _walked(drawn: DrawnArms, seed: int, duration: float, robot: str) -> TakenJoints:
    sight = _sight_of(drawn, robot)
    twister, signs = StandardTwister(seed, drawn.stream), np.array(drawn.signs)
    arm = np.array(drawn.start)
    times, positions = [-drawn.lead], [arm]
    for window in range(1, math.ceil(duration / drawn.every - 1e-9) + 1):
        tries = (sight.walk(arm, twister) for _ in range(drawn.tries))
        arm = next(filter(sight.allows, tries), arm)
        times.append(drawn.every * window - drawn.lead)
        positions.append(arm)
    both = tuple((*one.tolist(), *(signs * one).tolist()) for one in positions)
    return TakenJoints((*drawn.joints, *drawn.mirrored), tuple(times), both)


class _Sight:
    """Where the hands of a posture are, seen from a link of the robot."""

    def __init__(self, drawn: DrawnArms, description: RobotDescription) -> None:
        self._drawn = drawn
        self._model = pin.buildModelFromXML(description.urdf)
        self._data = self._model.createData()
        self._q = pin.neutral(self._model)
        self._places = [self._places_of(drawn.joints), self._places_of(drawn.mirrored)]
        indices = [description.joint_names.index(name) for name in drawn.joints]
        self._lower = description.position_lower[indices]
        self._upper = description.position_upper[indices]
        self._eyes = link_frame(self._model, drawn.seen_from)
        self._hands = [link_frame(self._model, hand.link) for hand in drawn.hands]
        self._boxes = [_box(hand) for hand in drawn.hands]
        self._signs = np.array(drawn.signs)

    def _places_of(self, joints: tuple[str, ...]) -> list[int]:
        return [self._model.joints[self._model.getJointId(name)].idx_q for name in joints]

    def walk(self, arm: Array, twister: StandardTwister) -> Array:
        """Return the end of a random walk from a posture of one arm (k,) [rad]."""
        units = twister.units(self._drawn.ticks * arm.size).reshape(self._drawn.ticks, -1)
        steps = self._drawn.step * (2.0 * units - 1.0)
        way = arm + np.cumsum(steps, axis=0)
        if ((way >= self._lower) & (way <= self._upper)).all():  # as mostly: none at its limit
            arm = way[-1]
        else:
            for step in steps:
                arm = np.clip(arm + step, self._lower, self._upper)
        return arm

    def allows(self, arm: Array) -> bool:
        """Tell whether both hands are within their bounds with the arms in this posture."""
        self._q[self._places[0]] = arm
        self._q[self._places[1]] = self._signs * arm
        pin.framesForwardKinematics(self._model, self._data, self._q)
        corners = (self.corners(hand) for hand in (0, 1))
        return all(
            box[:, 0].min() >= self._drawn.least_x and box[:, 2].max() <= self._drawn.most_z
            for box in corners
        )

    def corners(self, hand: int) -> Array:
        """(8, 3) corners of a hand's box in the newest posture, seen from the link [m]."""
        place = self._data.oMf[self._eyes].actInv(self._data.oMf[self._hands[hand]])
        corners: Array = self._boxes[hand] @ place.rotation.T + place.translation
        return corners


@lru_cache(maxsize=4)
def _sight_of(drawn: DrawnArms, robot: str) -> _Sight:
    return _Sight(drawn, load_robot(robot))


def _box(hand: Hand) -> Array:
    """(8, 3) corners of a hand's box in axes of its link [m]."""
    return np.array(list(product(*zip(hand.low, hand.high, strict=True))))
