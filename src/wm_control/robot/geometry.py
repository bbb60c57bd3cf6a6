"""Soles, IMU and capsules: the places on the robot that control and simulation refer to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from wm_control.errors import RobotDescriptionError
from wm_control.robot.config import CapsuleConfig, ImuConfig, SoleConfig
from wm_control.robot.folding import FoldedRobot, Frame
from wm_control.robot.joint_table import constant
from wm_control.robot.rotations import rotation_from_rpy
from wm_control.robot.urdf import Placement, SphereShape
from wm_control.types import Array

Margin = Annotated[float, Field(ge=0.0, lt=0.2)]
"""Kept from an edge of the sole [m]; a parameter of whoever puts force there."""

_CORNER = 0.005
"""Radius of the spheres that a sole gets when nobody gives it any [m]."""

_ROUNDING = 1e-3
"""A support rectangle may reach so far beyond its contact spheres: files are rounded [m]."""


@dataclass(frozen=True, slots=True)
class Sphere:
    """A contact sphere of a simulated foot: centre (3,) in the sole's link, radius [m]."""

    center: Array
    radius: float


@dataclass(frozen=True, slots=True)
class Sole:
    """One foot's sole: z up, x to the toe, origin on the ground when the robot stands.

    link: the moving link that carries it. position (3,) [m] and rotation (3, 3): sole in link.
    half_length (x), half_width (y): of the support rectangle for control, about the origin [m].
    spheres: contact geometry for simulators; the rectangle lies inside their hull.
    """

    link: str
    position: Array
    rotation: Array
    half_length: float
    half_width: float
    spheres: tuple[Sphere, ...]

    def corners(self) -> Array:
        """Corners (4, 3) of the support rectangle in the link's frame [m]."""
        x, y = self.half_length, self.half_width
        inside = np.array([[x, y, 0.0], [x, -y, 0.0], [-x, -y, 0.0], [-x, y, 0.0]])
        return inside @ self.rotation.T + self.position


@dataclass(frozen=True, slots=True)
class SoleArea:
    """Where the centre of pressure may be in a sole: corners (2,) x, y about its origin [m]."""

    lower: Array
    upper: Array


def sole_area(soles: tuple[Sole, Sole], heel: float, toe: float, side: float) -> SoleArea:
    """Return the support rectangle that both soles have, without margins at its edges [m].

    To the micrometre, so that 75 mm less 5 mm are 70 mm whatever binary fractions make of it.
    RobotDescriptionError when the margins leave nothing.
    """
    x, y = (min(sole.half_length for sole in soles), min(sole.half_width for sole in soles))
    lower = np.round((heel - x, side - y), 6)
    upper = np.round((x - toe, y - side), 6)
    if not (lower < upper).all():
        raise RobotDescriptionError(
            f"soles: half_length {x:g} and half_width {y:g} m leave nothing inside margins of "
            f"{heel:g} m at the heel, {toe:g} m at the toe and {side:g} m at the sides"
        )
    return SoleArea(lower, upper)


@dataclass(frozen=True, slots=True)
class ImuPlacement:
    """Where the IMU is: position (3,) [m] and rotation (3, 3), IMU axes to those of the link.

    link: the moving link that carries it: the base, or one above the waist.
    """

    link: str
    position: Array
    rotation: Array


@dataclass(frozen=True, slots=True)
class Capsule:
    """A limb for self-collision: two points (3,) of a moving link's frame and a radius [m]."""

    link: str
    start: Array
    end: Array
    radius: float


def locate(link: str, key: str, folded: FoldedRobot, file: str) -> Frame:
    """Where a link of the URDF is now; RobotDescriptionError when there is no such link."""
    if link not in folded.frames:
        raise RobotDescriptionError(
            f"{file}: {key}: link '{link}' does not exist in the URDF, expected one of: "
            f"{', '.join(folded.frames)}"
        )
    return folded.frames[link]


def build_sole(config: SoleConfig, side: str, folded: FoldedRobot, file: str) -> Sole:
    """Place one sole and check that its support rectangle can be touched by the ground.

    Contact spheres are the robot file's, or else the URDF's; where neither has any, small ones
    stand on the ground at the corners of the rectangle.
    """
    key = f"soles.{side}"
    frame = locate(config.link, f"{key}.link", folded, file)
    place = frame.placement.then(_placement(config.position, config.rpy))
    given = tuple(SphereShape(np.array(s.center), s.radius) for s in config.contact_spheres)
    shapes = tuple(
        SphereShape(_apply(frame.placement, shape.center), shape.radius) for shape in given
    )
    spheres = shapes or folded.bodies[frame.body].spheres or _corners(config, place)
    sole = Sole(
        link=frame.body,
        position=constant(place.position),
        rotation=constant(place.rotation),
        half_length=config.half_length,
        half_width=config.half_width,
        spheres=tuple(Sphere(constant(s.center), s.radius) for s in spheres),
    )
    _check_rectangle(sole, key, file)
    return sole


def build_imu(config: ImuConfig | None, base: str, folded: FoldedRobot, file: str) -> ImuPlacement:
    """Place the IMU on the moving link that carries it; without a word, at the base's origin."""
    if config is None:
        return ImuPlacement(base, constant(np.zeros(3)), constant(np.eye(3)))
    frame = locate(config.link, "imu.link", folded, file)
    place = frame.placement.then(_placement(config.position, config.rpy))
    return ImuPlacement(frame.body, constant(place.position), constant(place.rotation))


def build_capsule(config: CapsuleConfig, name: str, folded: FoldedRobot, file: str) -> Capsule:
    """Place one capsule on the moving body that carries its link."""
    frame = locate(config.link, f"capsules.{name}.link", folded, file)
    if config.start == config.end:
        raise RobotDescriptionError(
            f"{file}: capsules.{name}: start and end are the same point; move them apart"
        )
    return Capsule(
        frame.body,
        constant(_apply(frame.placement, np.array(config.start))),
        constant(_apply(frame.placement, np.array(config.end))),
        config.radius,
    )


def _corners(config: SoleConfig, place: Placement) -> tuple[SphereShape, ...]:
    """Four spheres whose lowest points are the corners of the support rectangle."""
    x, y = config.half_length, config.half_width
    corners = [(x, y), (x, -y), (-x, -y), (-x, y)]
    return tuple(
        SphereShape(_apply(place, np.array((*corner, _CORNER))), _CORNER) for corner in corners
    )


def _placement(position: tuple[float, ...], rpy: tuple[float, ...]) -> Placement:
    return Placement(rotation_from_rpy(np.array(rpy)), np.array(position))


def _apply(placement: Placement, point: Array) -> Array:
    moved: Array = placement.rotation @ point + placement.position
    return moved


def _check_rectangle(sole: Sole, key: str, file: str) -> None:
    """Require the rectangle inside the hull of the spheres, seen along the sole's normal."""
    if len(sole.spheres) < 3:
        raise RobotDescriptionError(
            f"{file}: {key}: {len(sole.spheres)} contact spheres on link '{sole.link}', expected "
            "three or more in the URDF's <collision> or in contact_spheres"
        )
    points = np.array([s.center for s in sole.spheres]) - sole.position
    hull = (points @ sole.rotation)[:, :2]
    reach = np.array([s.radius for s in sole.spheres])
    x, y = sole.half_length, sole.half_width
    corners = np.array([[x, y], [x, -y], [-x, -y], [-x, y]])
    for angle in np.linspace(0.0, 2.0 * np.pi, 360, endpoint=False):
        direction = np.array([np.cos(angle), np.sin(angle)])
        excess = float(np.max(corners @ direction) - np.max(hull @ direction + reach))
        if not excess <= _ROUNDING:
            raise RobotDescriptionError(
                f"{file}: {key}: the support rectangle reaches {excess:.4f} m beyond the contact "
                f"spheres of link '{sole.link}'; reduce half_length or half_width, or move it"
            )
