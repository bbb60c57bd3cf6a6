"""What a plan and the balance look like: visualization_msgs/MarkerArray for RViz and Foxglove."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from math import cos, sin

from wm_bringup.wire.cdr import Writer
from wm_bringup.wire.transforms import ODOM
from wm_control.arbiter.balance import reach_of, region_of, stands_on
from wm_control.arbiter.look import Look, Looker
from wm_control.constants import CONTROL_PERIOD
from wm_control.gait.state import Mode
from wm_control.mpc.plan import WalkingPlan
from wm_control.robot.description import RobotDescription
from wm_control.robot.geometry import Sole
from wm_control.types import Array, Estimate

MARKER_PERIOD = 0.1
"""Between two messages of markers [s]."""

MARKER_TICKS = round(MARKER_PERIOD / CONTROL_PERIOD)
"""The same in control cycles."""

LIFETIME = 0.35
"""A marker that nobody renews disappears [s]."""

Color = tuple[float, float, float, float]
"""Red, green, blue, opacity."""

FEET: tuple[Color, Color] = ((0.13, 0.47, 0.71, 0.9), (0.89, 0.47, 0.11, 0.9))
"""Of what is about the left and the right foot."""

_DCM: Color = (0.84, 0.15, 0.16, 1.0)
_PREDICTED: Color = (0.84, 0.15, 0.16, 0.45)
_PRESSURE: Color = (0.17, 0.63, 0.17, 1.0)
_REGION: Color = (0.58, 0.40, 0.74, 0.9)

_POINT, _LINE, _THICKNESS = 0.04, 0.01, 0.008
"""Diameter of a point, width of a line, height of a footstep [m]."""

_LATER = 0.45
"""Opacity of footsteps after the next one, in parts of that."""


class Shape(IntEnum):
    """Of visualization_msgs/Marker, those in use."""

    CUBE = 1
    SPHERE = 2
    LINE_STRIP = 4


@dataclass(frozen=True, slots=True)
class Marker:
    """One marker in ``odom``; name and number say which earlier one it takes the place of.

    position: [m]. yaw: [rad]. size: [m]; of a line only the first, its width. points: of a line.
    """

    name: str
    number: int
    shape: Shape
    position: tuple[float, float, float]
    size: tuple[float, float, float]
    color: Color
    yaw: float = 0.0
    points: tuple[tuple[float, float, float], ...] = ()


def encode_markers(stamp: float, markers: Iterable[Marker]) -> bytes:
    """visualization_msgs/MarkerArray."""
    writer, markers = Writer(), tuple(markers)
    writer.uint32(len(markers))
    for marker in markers:
        _write(writer, stamp, marker)
    return bytes(writer.finish())


def _write(writer: Writer, stamp: float, marker: Marker) -> None:
    writer.stamp(stamp)
    writer.string(ODOM)
    writer.string(marker.name)
    for number in (marker.number, int(marker.shape), 0):  # 0: add or modify
        writer.int32(number)
    half = 0.5 * marker.yaw
    writer.float64s(*marker.position, 0.0, 0.0, sin(half), cos(half), *marker.size)
    writer.float32s(*marker.color)
    writer.int32(0)
    writer.uint32(round(1e9 * LIFETIME))
    writer.uint8(0)  # moves with no frame
    writer.uint32(len(marker.points))
    for point in marker.points:
        writer.float64s(*point)
    writer.uint32(0)  # colours of points
    writer.string("")  # texture
    writer.stamp()
    for _ in ("frame", "format"):
        writer.string("")
    writer.uint32(0)  # its data
    writer.uint32(0)  # uv coordinates
    for _ in ("text", "mesh", "mesh file"):
        writer.string("")
    writer.uint32(0)  # its data
    writer.uint8(0)  # no materials


class PlanMarkers:
    """Footsteps of the planner, its DCM now and at touchdown, and where it wants the pressure."""

    def __init__(self, soles: tuple[Sole, Sole]) -> None:
        """soles: (left, right), as large as footsteps are drawn."""
        self._size = [(2.0 * s.half_length, 2.0 * s.half_width, _THICKNESS) for s in soles]

    def encode(self, plan: WalkingPlan) -> bytes:
        """Return the message of one plan."""
        return encode_markers(plan.stamp, self.markers(plan))

    def markers(self, plan: WalkingPlan) -> Iterator[Marker]:
        """Yield what there is to see: of a robot that stands only the DCM."""
        gait = plan.gait
        height = float(gait.support_pose[2])
        yield _point("dcm", 0, plan.dcm, height, _DCM)
        if gait.mode == Mode.STAND:
            return
        yield _point("dcm", 1, plan.dcm_touchdown, height, _PREDICTED)
        yield _point("pressure", 0, gait.support_pose[:2] + plan.cop_offset, height, _PRESSURE)
        yield self._step(0, gait.support, gait.support_pose, 1.0)
        feet = (gait.swing, gait.support, gait.swing)
        for number, (foot, pose) in enumerate(zip(feet, plan.footsteps, strict=True), 1):
            yield self._step(number, foot, pose, 1.0 if number == 1 else _LATER)

    def _step(self, number: int, foot: int, pose: Array, opacity: float) -> Marker:
        x, y, z, yaw = pose.tolist()
        red, green, blue, alpha = FEET[foot]
        color = (red, green, blue, opacity * alpha)
        return Marker("footsteps", number, Shape.CUBE, (x, y, z), self._size[foot], color, yaw)


class BalanceMarkers:
    """The estimated DCM, and the region in which steps still catch it, whoever drives."""

    def __init__(self, description: RobotDescription) -> None:
        """Build a model of its own."""
        self._look = Looker(description)
        self._reach = reach_of(self._look.robot)

    def encode(self, estimate: Estimate) -> bytes | None:
        """Return the message of one estimate; None where that is not finite."""
        look = self._look(estimate)
        return None if look is None else encode_markers(estimate.stamp, self.markers(look))

    def markers(self, look: Look) -> Iterator[Marker]:
        """Yield DCM, and outlines: the DCM is caught within any of them."""
        foot = stands_on(look, self._reach)
        height = look.soles[foot][2]
        yield _point("dcm", 0, look.dcm(foot), height, _DCM)
        for number, corners in enumerate(region_of(look, self._reach, foot)):
            points = tuple((x, y, height) for x, y in (*corners, corners[0]))
            yield Marker(
                "capture_region",
                number,
                Shape.LINE_STRIP,
                (0.0, 0.0, 0.0),
                (_LINE, 0.0, 0.0),
                _REGION,
                points=points,
            )


def _point(
    name: str, number: int, at: Sequence[float] | Array, height: float, color: Color
) -> Marker:
    x, y = float(at[0]), float(at[1])
    return Marker(name, number, Shape.SPHERE, (x, y, height), (_POINT,) * 3, color)
